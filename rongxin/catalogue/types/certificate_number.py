"""Number of a certificate or registration. A 不动产权证 keeps region and year (level B: also 4 digits)."""

from __future__ import annotations

import random
import re
from typing import Any

from rongxin.catalogue import masking
from rongxin.catalogue.field_type import FieldType, without_blanks

# 浙(2021)杭州市不动产权第0012345号, also 不动产证明 of a mortgage
_REAL_ESTATE = re.compile(
    r"([\u4e00-\u9fff]{1,2}\([12][0-9]{3}\)[\u4e00-\u9fff]{1,20}?不动产(?:权|证明)第)([0-9*]{4,12})(号)"
)


class CertificateNumber(FieldType):
    name = "certificate_number"
    label = "证书编号"
    label_en = "Certificate number"
    max_length = 100

    def _read(self, text: str) -> str:
        return without_blanks(text)

    def mask(self, value: Any) -> str:
        return _masked(value, 0)

    def mask_for_operator(self, value: Any) -> str:
        return _masked(value, 4)

    def example(self, rng: random.Random) -> str:
        return f"虚构{rng.randint(2018, 2025)}第{rng.randint(1, 9999999):07d}号"


def _masked(value: Any, last: int) -> str:
    if not isinstance(value, str):
        return masking.STARS
    match = _REAL_ESTATE.fullmatch(without_blanks(value))
    if match is None:
        return masking.STARS
    digits = match[2]
    kept = last if len(digits) > last else 0
    return match[1] + "*" * (len(digits) - kept) + digits[len(digits) - kept :] + match[3]


TYPE = CertificateNumber()
