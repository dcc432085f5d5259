"""How one provider's columns stand to an item's fields, where neither its labels nor a known layout tell.

columns:
  处罚金额: 罚款金额                        # a header of the file: a field, by its label or name
  罚没合计: {field: fine_cny, unit: 万元}    # in what the column counts, where its header doesn't say
  决定日: {field: decided_on, date_order: dmy}  # 15/03/2026
  类别: {field: counterpart_category, values: {"1": 法人及非法人组织, "2": 自然人}}
constants:
  authority: 云州市城市管理局               # what no column says, since it is the same in every row

Every fault of a mapping is told at once, with its place; nothing is matched by likeness.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any, Final, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from rongxin.catalogue.schema import Item
from rongxin.catalogue.yaml_source import YamlSource
from rongxin.sharing.aggregation import headers, mapping_checks
from rongxin.sharing.aggregation.mapping_checks import Problem
from rongxin.sharing.aggregation.own_columns import OwnColumn, Saved
from rongxin.sharing.errors import Refused

_ENTRIES_MAX: Final = 300
_TEXT_MAX: Final = 500


Unit = Literal["元", "万元"]
# In what a column of money may count.
UNITS: tuple[str, ...] = get_args(Unit)


class _Frozen(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Target(_Frozen):
    """What a column holds, and how it writes it."""

    field: str = Field(max_length=_TEXT_MAX)
    unit: Unit | None = None
    date_order: Literal["dmy", "mdy"] | None = None
    values: dict[str, str] = Field(default_factory=dict, max_length=_ENTRIES_MAX)

    @model_validator(mode="before")
    @classmethod
    def _from_name(cls, value: Any) -> Any:
        return {"field": value} if isinstance(value, str) else value


class Document(_Frozen):
    """A mapping as it is handed in."""

    columns: dict[str, Target] = Field(default_factory=dict, max_length=_ENTRIES_MAX)
    constants: dict[str, str] = Field(default_factory=dict, max_length=_ENTRIES_MAX)


def parsed(file: Path) -> object:
    """Read a mapping's YAML or JSON file; raises `Refused` where it is none, or a key stands twice."""
    source = YamlSource(file, file.name)
    if source.problems:
        raise refused([Problem(f"{one.file} 第 {one.line} 行", one.message) for one in source.problems])
    return source.value if source.value is not None else {}


def read(document: object, item: Item, *, today: date) -> Saved:
    """Check a mapping against the catalogue; raises `Refused` with every fault in words."""
    try:
        given = Document.model_validate(document)
    except ValidationError as error:
        raise refused([_of_form(one) for one in error.errors()]) from error
    if not given.columns and not given.constants:
        raise refused([Problem("", "既没有 columns 也没有 constants")])
    if any(map(_unstorable, _texts(given))):
        raise refused([Problem("", "含有不可保存的控制字符")])
    names = mapping_checks.names(item)
    targets = {header.strip(): target for header, target in given.columns.items()}
    columns = {
        header: OwnColumn(
            fills=names.get(headers.folded(target.field), target.field),
            unit=target.unit or headers.unit_in(header),
            values={word.strip(): meant.strip() for word, meant in target.values.items()},
            date_order=target.date_order or "",
        )
        for header, target in targets.items()
    }
    constants = {names.get(headers.folded(name), name): text for name, text in given.constants.items()}
    saved = Saved(columns, constants)
    problems = [
        *_given_twice(given),
        *mapping_checks.problems(saved, item, today=today),
        *_units(targets),
    ]
    if problems:
        raise refused(problems)
    return saved


def stored(saved: Saved) -> dict[str, Any]:
    """The mapping as it is kept: by the fields' names, whatever words it came in."""
    columns = {
        header: {
            "field": own.fills,
            **({"unit": own.unit} if own.unit else {}),
            **({"date_order": own.date_order} if own.date_order else {}),
            **({"values": dict(own.values)} if own.values else {}),
        }
        for header, own in saved.columns.items()
    }
    return {"columns": columns, "constants": dict(saved.constants)}


def fields(item: Item) -> frozenset[str]:
    """Return the fields and source columns of which a mapping may speak."""
    return frozenset(mapping_checks.names(item).values())


def kept(document: dict[str, Any], version: int) -> Saved:
    """Read a mapping that was checked when it was saved."""
    columns = {
        header: OwnColumn(one["field"], one.get("unit", ""), one.get("values", {}), one.get("date_order", ""))
        for header, one in document["columns"].items()
    }
    return Saved(columns, document["constants"], version)


def refused(problems: list[Problem]) -> Refused:
    """Return the refusal of a mapping: each fault with its place."""
    what = "；".join(one.what if not one.where else f"{one.where}：{one.what}" for one in problems)
    return Refused(
        "mapping_invalid",
        what=f"列映射有误：{what}",
        where="、".join(dict.fromkeys(one.where for one in problems if one.where)) or "mapping",
        what_to_do="请改正后重新提交；原有映射未变。rongxin catalogue show 列出各项的字段。",
    )


def _given_twice(given: Document) -> Iterator[Problem]:
    seen: dict[str, str] = {}
    for header in given.columns:
        folded = headers.folded(header)
        if folded in seen:
            yield Problem(f"columns.{header[:40]}", f"与“{seen[folded][:40]}”是同一列名")
        seen[folded] = header


def _texts(given: Document) -> Iterator[str]:
    for header, target in given.columns.items():
        yield from (header, target.field, *target.values, *target.values.values())
    for name, text in given.constants.items():
        yield from (name, text)


def _unstorable(text: str) -> bool:
    """Whether no database takes it: NUL, or half of a character (YAML can write both)."""
    return any(character == "\0" or "\ud800" <= character <= "\udfff" for character in text)


def _units(targets: dict[str, Target]) -> Iterator[Problem]:
    for header, target in targets.items():
        said = headers.unit_in(header)
        if target.unit and said and said.removeprefix("人民币") != target.unit:
            yield Problem(f"columns.{header[:40]}", f"列名写明单位 {said}，与 unit: {target.unit} 矛盾")


def _of_form(error: Any) -> Problem:
    place = ".".join(str(part)[:40] for part in error["loc"])
    return Problem(place, _WORDS.get(error["type"], "形式有误"))


_WORDS: Final = {
    "extra_forbidden": "没有这个键（只有 columns、constants；列的 field、unit、date_order、values）",
    "model_type": "应为 列名: 字段 的对照表",
    "model_attributes_type": "应为 列名: 字段",
    "dict_type": "应为 列名: 字段 的对照表",
    "string_type": "应为文字（数字请加引号）",
    "missing": "缺少此键",
    "literal_error": "单位只能是 元 或 万元，日期次序只能是 dmy 或 mdy",
    "too_long": f"超过 {_ENTRIES_MAX} 项",
    "string_too_long": f"超过 {_TEXT_MAX} 字",
}
