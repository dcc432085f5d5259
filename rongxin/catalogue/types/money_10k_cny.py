"""An amount in 万元, because the field says so. Masked, it becomes a band in 元."""

from __future__ import annotations

from rongxin.catalogue.decimal_type import DecimalType


class Money10kCny(DecimalType):
    name = "money_10k_cny"
    label = "金额（万元）"
    label_en = "Amount in ten thousand yuan"
    prefixes = ("人民币", "CNY", "RMB", "¥")
    suffixes = ("万元", "万")
    band_name = "amount_cny"
    scale_factor = 10000
    unit = "万元"
    hundredths_max = 900000


TYPE = Money10kCny()
