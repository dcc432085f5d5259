"""A quantity in the field's own unit. Masked, it becomes a band."""

from __future__ import annotations

from rongxin.catalogue.decimal_type import DecimalType


class Quantity(DecimalType):
    name = "quantity"
    label = "数量"
    label_en = "Quantity"
    suffixes = ("立方米", "平方米", "㎡", "m³", "千瓦时", "kWh", "吨", "人")
    band_name = "quantity"
    hundredths_max = 90000


TYPE = Quantity()
