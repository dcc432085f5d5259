"""What is wrong with a member of a request, in Chinese first; the library's own English follows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

_DATE, _MOMENT = "应为日期，形如 2026-12-31", "应为时间，形如 2026-12-31T08:00:00+08:00"
_WHOLE, _NUMBER, _OBJECT = "应为整数", "应为数字", "应为对象"

#: Kind of mistake, as the library that validates names it → words; braces take its figures.
_WORDS: Final[Mapping[str, str]] = {
    "missing": "必填",
    "extra_forbidden": "没有这一项，请删去或改正名称",
    "string_type": "应为文本",
    "string_too_long": "至多 {max_length} 个字符",
    "string_too_short": "至少 {min_length} 个字符",
    "string_pattern_mismatch": "写法不符：应合 {pattern}",
    **dict.fromkeys(("uuid_parsing", "uuid_type"), "应为编号（UUID）"),
    **dict.fromkeys(("int_type", "int_parsing", "int_from_float", "int_parsing_size"), _WHOLE),
    **dict.fromkeys(("decimal_type", "decimal_parsing", "float_type", "float_parsing"), _NUMBER),
    **dict.fromkeys(("bool_type", "bool_parsing"), "应为 true 或 false"),
    **dict.fromkeys(("date_type", "date_parsing", "date_from_datetime_parsing"), _DATE),
    **dict.fromkeys(("datetime_type", "datetime_parsing", "datetime_from_date_parsing"), _MOMENT),
    **dict.fromkeys(("enum", "literal_error"), "应为下列之一：{expected}"),
    **dict.fromkeys(("dict_type", "model_type", "model_attributes_type"), _OBJECT),
    "list_type": "应为列表",
    "too_long": "至多 {max_length} 项",
    "too_short": "至少 {min_length} 项",
    "greater_than": "应大于 {gt}",
    "greater_than_equal": "应不小于 {ge}",
    "less_than": "应小于 {lt}",
    "less_than_equal": "应不大于 {le}",
}
_OUR_OWN = "Value error, "  # before what one of our own checks says, in its own words


def words(error: Mapping[str, Any]) -> str:
    """Say what is wrong by the library's finding (`type`, `msg`, `ctx`)."""
    said = str(error["msg"])
    if said.startswith(_OUR_OWN):
        return said.removeprefix(_OUR_OWN)
    try:
        chinese = _WORDS.get(str(error.get("type")), "内容不符").format_map(error.get("ctx") or {})
    except KeyError:
        chinese = "内容不符"
    return f"{chinese} {said}"
