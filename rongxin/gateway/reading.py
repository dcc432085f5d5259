"""From the department's rows to the catalogue's: what isn't a value of its type stops the answer."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from rongxin.catalogue import numerals
from rongxin.catalogue.errors import Unclean
from rongxin.catalogue.schema import Item
from rongxin.consent.rules import business_day
from rongxin.exchange import subjects
from rongxin.exchange.question import Question
from rongxin.exchange.subjects import Key, NotTheSubject
from rongxin.gateway.config import Bands, Mapped
from rongxin.gateway.errors import MeterMissing, SourceFailed
from rongxin.gateway.sources.source import Source

Row = dict[str, Any]


def rows(
    question: Question,
    item: Item,
    mapped: Mapped,
    source: Source,
    fields: Collection[str],
    *,
    most: int,
    now: datetime,
) -> list[Row]:
    """Return the subject's rows of the channel, with these fields, the subject's keys and the filter's field.

    Raises `SourceFailed` where the store fails, holds what can't be read, or answers about somebody else,
    and `MeterMissing` where it can't be asked without the number that the question lacks.
    """
    channel = item.channels[question.channel]
    keys = {Key(name) for name in mapped.asked_by}
    if keys == {Key.METER} and not question.subject.meter:
        raise MeterMissing(f"{item.item}: 只按户号查询，提问未带户号 asked by meter alone, and none is given")
    if not subjects.may_find(keys, question.subject):
        raise SourceFailed(f"{item.item}: 无法据此确定唯一主体 no key tells this subject from others")
    needed = {*fields, *_shown_keys(item), *([channel.where.field] if channel.where else ())}
    meter = question.subject.meter if item.asks else ""
    if item.asks and meter:
        needed.add(item.asks)
    found: list[Row] = []
    asked = {key: key.of(question.subject) for key in keys}
    for raw in source.rows(mapped, asked, most=most + 1):
        row = _clean(item, mapped, raw, needed, today=business_day(now))
        _about(item, question, row)
        if channel.where is not None and channel.where.field not in row:
            raise SourceFailed(f"{item.item}: 缺少{channel.where.field}，无法判断该记录可否共享")
        if channel.carries(row) and (not meter or _same_meter(item, row, meter)):
            found.append(row)
        if len(found) > most:
            raise SourceFailed(f"{item.item}: 同一主体超过{most}条记录 more rows than may be of one subject")
    return found


def _same_meter(item: Item, row: Row, meter: str) -> bool:
    """Whether a row is of the contract that the firm named; one that doesn't show its number isn't."""
    assert item.asks is not None
    return row.get(item.asks) == item.field(item.asks).field_type.clean(meter)


def _shown_keys(item: Item) -> list[str]:
    return [name for name in item.subject_key if subjects.key_of(item.field(name)) is not None]


def _about(item: Item, question: Question, row: Row) -> None:
    """A query that forgets its condition finds everybody; the row itself must show whose it is."""
    if not any(row.get(name) is not None for name in _shown_keys(item)):
        raise SourceFailed(f"{item.item}: 记录未带主体标识 the row doesn't show whose it is")
    try:
        subjects.about(item, question.subject, row)
    except NotTheSubject as error:
        raise SourceFailed(str(error)) from error


def _clean(
    item: Item, mapped: Mapped, raw: Mapping[str, Any], needed: Collection[str], *, today: date
) -> Row:
    by_name = {str(name).casefold(): value for name, value in raw.items()}
    row: Row = {}
    for name in needed:
        value = by_name.get(mapped.columns.get(name, name).casefold())
        if value is None or str(value).strip() == "":
            continue
        row[name] = clean(item, name, _text(value), mapped.bands.get(name), today=today)
    return row


def clean(item: Item, name: str, text: str, bands: Bands | None, *, today: date) -> Any:
    """Return a text as the catalogue's JSON value of a field; raises `SourceFailed` for what is none."""
    column = item.column(name)
    if bands is not None and (figure := numerals.stored(text)) is not None:
        text = bands.of(figure)
    try:
        return column.field_type.json(column.clean(text, today=today))
    except Unclean as error:
        raise SourceFailed(f"{item.item}.{name}: {error.message}") from error


def _text(value: Any) -> str:
    """Return a database's value as a department would write it."""
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, datetime):
        return value.date().isoformat()
    if isinstance(value, Decimal | float):
        return format(Decimal(str(value)), "f")
    return str(value)
