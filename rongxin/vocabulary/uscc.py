"""统一社会信用代码 per GB 32100-2015: 登记管理部门 1, 机构类别 1, 行政区划 6, 主体标识码 9, 校验码 1.

Codes may begin with a letter: the notice covers 农村集体经济组织 (附件 注1), whose codes begin with N.
A wrong outer check digit is an error; a wrong inner one (GB 11714) a warning, as registers hold such codes.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from rongxin.vocabulary.subject_kind import SubjectKind

ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
LENGTH = 18

_VALUE = {character: value for value, character in enumerate(ALPHABET)}
_WEIGHTS = tuple(pow(3, position, 31) for position in range(17))
_INNER_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_INNER_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)
_SHAPE = re.compile(f"[{ALPHABET}]{{2}}[0-9]{{6}}[{ALPHABET}]{{10}}")
_KINDS = {
    "91": SubjectKind.COMPANY,
    "92": SubjectKind.INDIVIDUAL_BUSINESS,
    "93": SubjectKind.FARMER_COOPERATIVE,
    "N1": SubjectKind.VILLAGE_COLLECTIVE,  # 组级
    "N2": SubjectKind.VILLAGE_COLLECTIVE,  # 村级
    "N3": SubjectKind.VILLAGE_COLLECTIVE,  # 乡镇级
}


@dataclass(frozen=True, slots=True)
class Examination:
    """What was found about a code. `message` is empty where nothing is wrong, and Chinese for people."""

    well_formed: bool
    outer_ok: bool
    inner_ok: bool
    message: str = ""

    @property
    def acceptable(self) -> bool:
        """Whether the code may be taken in; a wrong inner check digit alone is only a warning."""
        return self.well_formed and self.outer_ok


def clean(text: str) -> str:
    """Bring a code to its written form: half width, no blanks, capitals."""
    return "".join(unicodedata.normalize("NFKC", text).split()).upper()


def check_digit(first17: str) -> str:
    """Compute the 18th character from the first seventeen."""
    if len(first17) != LENGTH - 1 or any(character not in _VALUE for character in first17):
        raise ValueError(f"seventeen characters of {ALPHABET} are needed, not {first17!r}")
    total = sum(_VALUE[character] * weight for character, weight in zip(first17, _WEIGHTS, strict=True))
    return ALPHABET[-total % 31]


def organisation_check_digit(first8: str) -> str:
    """Compute the ninth character of an organisation code (GB 11714)."""
    if len(first8) != len(_INNER_WEIGHTS) or any(character not in _INNER_ALPHABET for character in first8):
        raise ValueError(f"eight digits or capitals are needed, not {first8!r}")
    total = sum(
        _INNER_ALPHABET.index(character) * weight
        for character, weight in zip(first8, _INNER_WEIGHTS, strict=True)
    )
    return "0123456789X"[-total % 11]


def examine(code: str) -> Examination:
    """Say whether a code, already cleaned, is one, and what is wrong with it if not."""
    if len(code) != LENGTH:
        return Examination(False, False, False, f"统一社会信用代码应为18位，实为{len(code)}位")
    if not _SHAPE.fullmatch(code):
        return Examination(
            False, False, False, "统一社会信用代码含有不允许的字符（不用I、O、Z、S、V；第3至8位为数字）"
        )
    expected = check_digit(code[:17])
    if code[17] != expected:
        return Examination(True, False, _inner_ok(code), "统一社会信用代码末位校验码不符，请核对是否录入有误")
    if not _inner_ok(code):
        return Examination(True, True, False, "主体标识码（第9至17位）校验码不符，代码仍予接受，请核实")
    return Examination(True, True, True)


def organisation_code(code: str) -> str:
    """Give the old 组织机构代码 inside the code (positions 9–17)."""
    return code[8:17]


def region(code: str) -> str:
    """Give the region of registration (positions 3–8)."""
    return code[2:8]


def kind(code: str) -> SubjectKind | None:
    """Tell the kind of subject by the first two characters, or None where not ours."""
    return _KINDS.get(code[:2])


def compose(department_and_class: str, region: str, body8: str) -> str:
    """Make a full code from its parts, both check digits computed."""
    first17 = department_and_class + region + body8 + organisation_check_digit(body8)
    code = first17 + check_digit(first17)
    if not _SHAPE.fullmatch(code):
        raise ValueError(f"these parts make no code: {department_and_class!r} {region!r} {body8!r}")
    return code


def _inner_ok(code: str) -> bool:
    return code[16] == organisation_check_digit(code[8:16])
