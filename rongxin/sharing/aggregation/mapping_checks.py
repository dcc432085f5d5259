"""What a provider's own mapping may not do: name what the catalogue lacks, hide whose row it is, turn a word
that is right already into another.

A row of a natural person is told by its subject's code, its category and its number (`persons`); a mapping
that could set or cover these would let such rows in.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Final

from rongxin.catalogue import field_type, redaction
from rongxin.catalogue.errors import Unclean, did_you_mean
from rongxin.catalogue.schema import Field, Item, SourceColumn
from rongxin.sharing.aggregation import headers, persons
from rongxin.sharing.aggregation.own_columns import OwnColumn, Saved
from rongxin.sharing.aggregation.readers.refusals import Refusal

_CATEGORIES: Final = "subject_categories"
_PERSONS_NUMBER: Final = "counterpart_id_number"
_DATE: Final = "date"


@dataclass(frozen=True)
class Problem:
    """What is wrong, and where in the mapping."""

    where: str
    what: str


def names(item: Item) -> dict[str, str]:
    """How a field may be called: by its name, or its label where no other has it; both folded."""
    channel = item.aggregation
    carried = frozenset(channel.fields) if channel is not None else item.field_names
    members = [(one.name, one.label) for one in item.fields if one.name in carried]
    members += [(column.name, column.label) for column in item.source_columns]
    labels = [headers.folded(label) for _, label in members]
    unique = {
        label: name for (name, _), label in zip(members, labels, strict=True) if labels.count(label) == 1
    }
    return unique | {headers.folded(name): name for name, _ in members}


def problems(saved: Saved, item: Item, *, today: date) -> Iterator[Problem]:
    """Yield everything that is wrong with a mapping."""
    known, taken = frozenset(names(item).values()), dict[str, str]()
    for header, own in saved.columns.items():
        where = f"columns.{header[:40]}"
        if not headers.folded(header):
            yield Problem("columns", "列名为空")
        yield from _of_field(where, own.fills, item, known, taken)
        if own.fills in known:
            yield from _of_column(where, header, own, item)
            yield from _of_values(f"{where}.values", own, item, today)
    for name, text in saved.constants.items():
        where = f"constants.{name[:40]}"
        yield from _of_field(where, name, item, known, taken)
        if name in known:
            yield from _of_constant(where, name, text, item, today)


def _of_field(
    where: str, name: str, item: Item, known: frozenset[str], taken: dict[str, str]
) -> Iterator[Problem]:
    if name not in known:
        labels = [item.column(one).label for one in known]
        yield Problem(where, f"“{item.label}”没有可报送的字段“{name[:40]}”{did_you_mean(name, labels)}")
    elif name in taken:
        yield Problem(where, f"“{item.column(name).label}”已由 {taken[name]} 给出")
    else:
        taken[name] = where


def _of_column(where: str, header: str, own: OwnColumn, item: Item) -> Iterator[Problem]:
    member = item.column(own.fills)
    try:
        headers.factor_of(item, own.fills, header, own.unit)
    except Refusal:
        yield Problem(where, f"“{member.label}”不能以“{own.unit}”计量")
    if own.date_order and member.type != _DATE:
        yield Problem(where, f"“{member.label}”不是日期，不能注明日期次序")
    meant = _meant_by_catalogue(header, item)
    if meant and meant != {own.fills} and (meant & _guarded(item) or header in meant):
        labels = "、".join(item.column(name).label for name in sorted(meant))
        yield Problem(where, f"该列名在清单中指“{labels}”，不能改作“{member.label}”")


def _meant_by_catalogue(header: str, item: Item) -> set[str]:
    try:
        column = headers.column_of(header, item)
    except Refusal:
        return set()
    return set(column.fields) if column else set()


def _of_values(where: str, own: OwnColumn, item: Item, today: date) -> Iterator[Problem]:
    member = item.column(own.fills)
    if own.values and (own.fills in item.subject_key or _hides(own.fills, item)):
        yield Problem(where, f"“{member.label}”用于识别主体或个人，不能对照取值")
        return
    for word, meant in own.values.items():
        if field_type.is_blank(word):
            yield Problem(where, "空白单元格不能对照为其他取值")
            continue
        if _reads(own.fills, word, item, today) is None:
            yield Problem(where, f"“{word[:40]}”本身即为有效取值，不能改作“{meant[:40]}”")
        if unclean := _reads(own.fills, meant, item, today):
            yield Problem(where, unclean.message)
        person = member.codes == _CATEGORIES and persons.is_natural_person(word)
        if person and not persons.is_natural_person(meant):
            yield Problem(where, f"“{word[:40]}”指自然人，不能对照为“{meant[:40]}”")


def _of_constant(where: str, name: str, text: str, item: Item, today: date) -> Iterator[Problem]:
    member = item.column(name)
    if name in item.subject_key or member.codes == _CATEGORIES:
        yield Problem(where, f"“{member.label}”说明是谁的信息，逐行不同，不能为固定值")
    elif name == item.observed_on or item.record_key == (name,):
        yield Problem(where, f"“{member.label}”区分各条记录，不能为固定值")
    elif _hides(name, item) or redaction.redact(text) != text:
        yield Problem(where, "个人的姓名、证件、电话、账号等不能为固定值")
    elif unclean := _reads(name, text, item, today):
        yield Problem(where, unclean.message)


def _reads(name: str, text: str, item: Item, today: date) -> Unclean | None:
    """Return why a text is none of the field's; None where it is one."""
    try:
        item.column(name).clean(text, today=today)
    except Unclean as unclean:
        return unclean
    return None


def _hides(name: str, item: Item) -> bool:
    kind = item.column(name).field_type
    return kind.sealed or kind.sensitive


def _guarded(item: Item) -> frozenset[str]:
    """What tells whose row it is, and whether a natural person's."""
    members: list[Field | SourceColumn] = [*item.fields, *item.source_columns]
    categories = {one.name for one in members if one.codes == _CATEGORIES}
    return frozenset({*item.subject_key, *categories, _PERSONS_NUMBER})
