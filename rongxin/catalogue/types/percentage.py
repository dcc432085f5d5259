"""A share in percent: `12.5` and `12.5%` are the same. Masked, it becomes a band."""

from __future__ import annotations

from rongxin.catalogue.decimal_type import DecimalType


class Percentage(DecimalType):
    name = "percentage"
    label = "百分比"
    label_en = "Percentage"
    suffixes = ("%",)
    band_name = "percentage"
    unit = "%"
    grouped = False
    hundredths_max = 10000


TYPE = Percentage()
