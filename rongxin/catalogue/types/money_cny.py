"""An amount in 元. Amounts in 万元 are another type, or a column that says so: a unit is never guessed.

Masked, it becomes a band."""

from __future__ import annotations

from rongxin.catalogue.decimal_type import DecimalType


class MoneyCny(DecimalType):
    name = "money_cny"
    label = "金额（元）"
    label_en = "Amount in yuan"
    prefixes = ("人民币", "CNY", "RMB", "¥")
    suffixes = ("元整", "元")
    band_name = "amount_cny"
    unit = "元"
    hundredths_max = 900000


TYPE = MoneyCny()
