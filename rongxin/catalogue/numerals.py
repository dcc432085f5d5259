"""Numbers as departments write them: thousands separators, a unit where the type allows it, never a guess."""

from __future__ import annotations

import re
from decimal import Decimal

from rongxin.catalogue.errors import Unclean
from rongxin.catalogue.field_type import half_width

#: A number with or without thousands separators; ASCII digits only.
PLAIN = re.compile(r"[+-]?(?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)(?:\.[0-9]+)?")
DIGITS_MAX = 18
DECIMALS_MAX = 6
#: The whole numbers up to which every reader of JSON agrees (RFC 8785, RFC 7493): 2^53-1.
EXACT_MAX = 2**53 - 1
_STORED_DIGITS_MAX = 30
_STORED = re.compile(rf"-?[0-9]{{1,{_STORED_DIGITS_MAX}}}(\.[0-9]{{1,12}})?")
_CHINESE = re.compile(r"[〇零一二三四五六七八九十百千壹贰叁肆伍陆柒捌玖拾佰仟两]")
_SCALE = re.compile(r"[0-9.,]\s*(?:百万|千万|万|亿|千|百)")


def read(text: str, *, prefixes: tuple[str, ...] = (), suffixes: tuple[str, ...] = ()) -> Decimal:
    """Read a decimal number, taking off at most one known prefix and one known suffix."""
    plain = half_width(text).strip()
    for prefix in prefixes:
        if plain.startswith(prefix):
            plain = plain[len(prefix) :].strip()
            break
    for suffix in suffixes:
        if plain.endswith(suffix):
            plain = plain[: -len(suffix)].strip()
            break
    if not PLAIN.fullmatch(plain):
        raise _refusal(text, plain)
    digits = plain.lstrip("+-").replace(",", "")
    whole, _, fraction = digits.partition(".")
    if len(whole.lstrip("0")) > DIGITS_MAX:
        raise Unclean("too_many_digits", f"数值 {text} 超过{DIGITS_MAX}位整数，请核对")
    if len(fraction.rstrip("0")) > DECIMALS_MAX:
        raise Unclean("too_many_decimals", f"数值 {text} 的小数超过{DECIMALS_MAX}位，请四舍五入后报送")
    return normal(Decimal(("-" if plain[0] == "-" else "") + digits))


def _refusal(text: str, plain: str) -> Unclean:
    if _SCALE.search(plain):
        return Unclean("unit", f"数值 {text} 带有本列不使用的单位；请按列标题的单位填写数字")
    if _CHINESE.search(plain):
        return Unclean("chinese_numerals", f"数值 {text} 为中文数字，请改用阿拉伯数字（平台不作推测）")
    return Unclean("number_format", f"{text} 不是数字，应如 1234.5 或 1,234.5 (not a number)")


def normal(number: Decimal) -> Decimal:
    """Give equal numbers one form: no exponent, no trailing zeros, no negative zero."""
    # Through its digits and not `Decimal.normalize`, which rounds to the 28 digits of the thread's context.
    text = format(number, "f")
    number = Decimal(text.rstrip("0").rstrip(".") if "." in text else text)
    return number if number else Decimal(0)


def plain(number: Decimal) -> str:
    """Write a number without exponent or trailing zeros, as it is stored and hashed."""
    return format(normal(number), "f")


def stored(value: object) -> Decimal | None:
    """Read a value or its stored form back; None where it is no number."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int | Decimal):
        number = Decimal(value)
        if not number.is_finite() or number.adjusted() >= _STORED_DIGITS_MAX:
            return None
        value = plain(number)  # so that a number and its stored form are numbers together
    if isinstance(value, str) and _STORED.fullmatch(value):
        return Decimal(value)
    return None
