"""Cross-checks of one item: what a schema of single keys cannot see. A fault names its path."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from rongxin.catalogue import codelists
from rongxin.catalogue.errors import Unclean, did_you_mean
from rongxin.catalogue.field_type import Column
from rongxin.catalogue.reference import Reference
from rongxin.catalogue.schema import Field, Item, RowFilter, SourceColumn
from rongxin.vocabulary import sharing_mode
from rongxin.vocabulary.openness import Openness
from rongxin.vocabulary.sharing_mode import SharingMode
from rongxin.vocabulary.subject_kind import SubjectKind

Fault = tuple[Sequence[str | int], str]

_DATED = (Column.DATE, Column.MONTH, Column.YEAR)
_AMOUNTS = ("money_cny", "money_10k_cny")
_ANNEX_MODES = (SharingMode.PHYSICAL_AGGREGATION, SharingMode.INTERFACE_CALL, SharingMode.DATA_VERIFICATION)


def faults(item: Item, raw: Mapping[str, Any], file: Path, known: Reference) -> Iterator[Fault]:
    """Find every contradiction of an item with itself and with what it refers to."""
    yield from _place(item, file, known)
    yield from _uniqueness(item)
    yield from _keys(item)
    yield from _layouts(item)
    for number, field in enumerate(item.fields):
        yield from _bounds(("fields", number), field)
        yield from _openness(item, number, field)
    for number, column in enumerate(item.source_columns):
        yield from _bounds(("source_columns", number), column)
    yield from _channels(item, raw, known)


def own(item: Item, raw: Mapping[str, Any], file: Path, known: Reference) -> Iterator[Fault]:
    """Find every contradiction of an item that the platform makes or is told （（七）（八））."""
    yield from _place(item, file, known)
    yield from _uniqueness(item)
    yield from _keys(item)
    for number, field in enumerate(item.fields):
        yield from _bounds(("fields", number), field)
    for number, channel in enumerate(item.channels):
        if raw["channels"][number]["fields"] != "all":
            yield from _carried(("channels", number), channel.fields, item)
        if channel.mode not in sharing_mode.OWN:
            yield (
                ("channels", number, "mode"),
                f"{channel.mode}：平台自有信息项只有 derived、reported",
            )
    kinds = [kind for channel in item.channels for kind in channel.only or SubjectKind]
    if sorted(kinds) != sorted(set(SubjectKind) - set(item.not_applicable_to)):
        yield ("channels",), "每类信息主体应恰有一个渠道 (each kind of subject needs exactly one channel)"


def _place(item: Item, file: Path, known: Reference) -> Iterator[Fault]:
    if file.stem != item.item:
        yield ("item",), f"信息项标识 {item.item!r} 与文件名 {file.stem!r} 不一致"
    category = known.categories[item.category]
    if file.parent.name != category.folder:
        yield ("category",), f"第{item.category}类的文件应放在 {category.folder}/，现在 {file.parent.name}/"
    if item.category_label != category.label:
        yield ("category_label",), f"{item.category_label!r} 应与清单一致：{category.label!r}"
    if bool(item.annex_row) != (1 <= item.category <= 13):
        yield ("annex_row",), "清单内的信息项必须写明行号，（四）增列的信息项没有行号"


def _uniqueness(item: Item) -> Iterator[Fault]:
    columns: list[tuple[str, int, Field | SourceColumn]] = [
        *(("fields", n, field) for n, field in enumerate(item.fields)),
        *(("source_columns", n, column) for n, column in enumerate(item.source_columns)),
    ]
    for key in ("name", "label"):
        seen = set[str]()
        for where, number, column in columns:
            word = getattr(column, key)
            if word in seen:
                yield (where, number, key), f"{word!r} 在本信息项内重复"
            seen.add(word)


def _keys(item: Item) -> Iterator[Fault]:
    everything = [*item.field_names, *(column.name for column in item.source_columns)]
    for number, name in enumerate(item.subject_key):
        yield from _known(("subject_key", number), name, item.field_names)
    for key in ("record_key", "record_key_falls_back"):
        for number, name in enumerate(getattr(item, key)):
            yield from _known((key, number), name, everything)
    for number, name in enumerate(item.decided_by):
        yield from _known(("decided_by", number), name, item.field_names)
    if item.observed_on is not None:
        unknown = list(_known(("observed_on",), item.observed_on, everything))
        yield from unknown
        if not unknown and item.column(item.observed_on).field_type.column not in _DATED:
            yield ("observed_on",), f"{item.observed_on} 不是日期、月份或年度字段"
    if item.asks is not None:
        unknown = list(_known(("asks",), item.asks, item.field_names))
        yield from unknown
        if not unknown and not item.field(item.asks).field_type.sealed:
            yield ("asks",), f"{item.asks} 不是加密保存的类型，不能向企业索取"
    if item.published_until is not None:
        unknown = list(_known(("published_until",), item.published_until, everything))
        yield from unknown
        if not unknown and item.column(item.published_until).type != "date":
            yield ("published_until",), f"{item.published_until} 不是日期字段"


def _layouts(item: Item) -> Iterator[Fault]:
    everything = [*item.field_names, *(column.name for column in item.source_columns)]
    for layout, headers in item.layouts.items():
        for header, column in headers.items():
            path = ("layouts", layout, header)
            unknown = list(_known(path, column.field, everything))
            yield from unknown
            if column.unit and not unknown and item.column(column.field).type not in _AMOUNTS:
                yield path, f"{column.field} 不是金额字段，不能按 {column.unit} 换算"


def _bounds(path: Sequence[str | int], field: Field | SourceColumn) -> Iterator[Fault]:
    if field.min is not None and field.max is not None and field.min > field.max:
        yield (*path, "min"), f"下限 {field.min} 大于上限 {field.max}"
    if (field.min, field.max) != (None, None) and field.field_type.column not in (
        Column.DECIMAL,
        Column.INTEGER,
        Column.YEAR,
    ):
        yield (*path, "min" if field.min is not None else "max"), f"类型 {field.type} 没有上下限"
    if field.codes and field.values:
        yield (*path, "values"), "codes 与 values 只能有一个"
    if field.codes and field.field_type.column is not Column.TEXT:
        yield (*path, "codes"), f"类型 {field.type} 不能用代码表"


def _openness(item: Item, number: int, field: Field) -> Iterator[Fault]:
    """What is declared and what the channels do must be the same word (（九））."""
    path = ("fields", number, "openness")
    if field.consent and field.openness is not Openness.CONSENT:
        yield path, "需经授权的字段（consent: true）的共享公开属性应为 consent"
    carrying = [channel for channel in item.channels if field.name in channel.fields]
    if not carrying:
        yield ("fields", number, "name"), f"字段 {field.name} 不在任何共享渠道内，永远无法提供"
        return
    without = [channel for channel in carrying if not channel.consent and channel.where is None]
    if field.openness is Openness.CONSENT and without and not field.consent:
        yield path, f"声明为授权查询，但 {without[0].mode} 渠道无需授权即可提供"
    public_somewhere = field.name in item.subject_key or not all(c.consent for c in carrying)
    if field.openness is Openness.PUBLIC and not public_somewhere:
        yield path, "声明为社会公开，但所有渠道都需经授权"


def _channels(item: Item, raw: Mapping[str, Any], known: Reference) -> Iterator[Fault]:
    for number, channel in enumerate(item.channels):
        path = ("channels", number)
        if raw["channels"][number]["fields"] != "all":
            yield from _carried(path, channel.fields, item)
        if channel.where is not None:
            yield from _filter((*path, "where"), channel.where, item)
        if channel.provider not in known.providers:
            yield (*path, "provider"), _unknown(channel.provider, known.providers, "providers.yaml")
        if channel.edition not in known.editions:
            yield (*path, "edition"), _unknown(channel.edition, known.editions, "editions.yaml")
        if channel.only:
            yield (*path, "only"), "清单的渠道不区分主体类别，请用 not_applicable_to"
        if channel.mode not in _ANNEX_MODES:
            yield (*path, "mode"), f"{channel.mode} 不是清单的共享方式"
        if len(set(channel.levels)) != len(channel.levels):
            yield (*path, "levels"), "共享层面重复"


def _carried(path: Sequence[str | int], names: Sequence[str], item: Item) -> Iterator[Fault]:
    for number, name in enumerate(names):
        yield from _known((*path, "fields", number), name, item.field_names)
        if name in names[:number]:
            yield (*path, "fields", number), f"字段 {name} 在渠道内重复"


def _filter(path: Sequence[str | int], where: RowFilter, item: Item) -> Iterator[Fault]:
    everything = [*item.field_names, *(column.name for column in item.source_columns)]
    unknown = list(_known((*path, "field"), where.field, everything))
    yield from unknown
    if unknown:
        return
    column = item.column(where.field)
    if problem := _impossible(column, where.equals):
        yield (*path, "equals"), f"字段 {where.field} 不会等于 {where.equals!r}：{problem}"


def _impossible(column: Field | SourceColumn, equals: bool | int | str) -> str | None:
    """A filter on a value that the field can never have would let nothing through, silently."""
    if isinstance(equals, bool) != (column.field_type.column is Column.BOOLEAN):
        return "是/否字段写 true 或 false，其他字段不写"
    if isinstance(equals, bool):
        return None
    if column.values is not None and equals not in column.values:
        return f"取值为 {'、'.join(column.values)}{did_you_mean(str(equals), column.values)}"
    if column.codes is not None and codelists.get(column.codes).find(str(equals)) is None:
        return f"不在代码表 {column.codes} 内"
    try:
        value = column.field_type.clean(str(equals))
    except Unclean as unclean:
        return unclean.message
    stored = column.field_type.json(value)
    return None if stored == equals else f"应写成存储的形式 {stored!r}"


def _known(path: Sequence[str | int], name: str, names: Iterable[str]) -> Iterator[Fault]:
    known = list(names)
    if name not in known:
        yield path, f"没有字段 {name!r}{did_you_mean(name, known)} (no such field)"


def _unknown(name: str, known: Iterable[str], file: str) -> str:
    return f"{name!r} 不在 {file} 内{did_you_mean(name, known)}"
