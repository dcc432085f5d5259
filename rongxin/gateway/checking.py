"""`rongxin gateway check`: what of the catalogue a configuration serves, and what is missing or wrong."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from uuid import uuid4

from rongxin.catalogue.loader import Catalogue
from rongxin.catalogue.schema import Channel, Item
from rongxin.exchange import subjects
from rongxin.exchange.question import ASKED, Question, SubjectKeys
from rongxin.exchange.subjects import Key
from rongxin.gateway import bulk, reading
from rongxin.gateway.config import Config, Mapped
from rongxin.gateway.errors import MeterMissing, SourceFailed
from rongxin.gateway.sources.source import Source
from rongxin.proof import boxes
from rongxin.proof.errors import ProofError
from rongxin.proof.keys import PUBLIC_SUFFIX
from rongxin.vocabulary.purpose import Purpose
from rongxin.vocabulary.sharing_mode import SharingMode
from rongxin.vocabulary.subject_kind import SubjectKind


@dataclass
class Finding:
    """What was found about one item; without faults it can be served."""

    item: str
    label: str = ""
    modes: tuple[SharingMode, ...] = ()
    served: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    faults: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Pinned:
    """The key of an institution, or what is wrong with it."""

    institution: str
    suite: str = ""
    fingerprint: str = ""
    fault: str = ""


def check(config: Config, catalogue: Catalogue, source: Source) -> Iterator[Finding]:
    """Try every item of the configuration against catalogue and store, one finding each."""
    for name, mapped in config.mapped.items():
        yield _item(config, catalogue, source, name, mapped)
    for name, fault in bulk.faults(config, catalogue):
        yield Finding(name, faults=[fault])


@dataclass(frozen=True)
class Tried:
    """What an item's store says of one subject: how many rows, or why it can't be answered."""

    item: str
    label: str
    rows: int = 0
    fields: tuple[str, ...] = ()
    fault: str = ""


def tried(
    config: Config, catalogue: Catalogue, source: Source, subject: SubjectKeys, *, now: datetime
) -> Iterator[Tried]:
    """Read one subject's rows as a question would have them read; what they hold is told to nobody."""
    for name, mapped in config.mapped.items():
        item = catalogue.items.get(name)
        for channel in _channels(item, config.provider) if item else []:
            assert item is not None
            asked = _question(item, channel, subject, now)
            fields = item.fields_of(channel)
            try:
                rows = reading.rows(asked, item, mapped, source, fields, most=config.limits.rows, now=now)
            except (SourceFailed, MeterMissing) as error:
                yield Tried(name, item.label, fault=str(error))
            else:
                filled = {one for row in rows for one in row if one in fields}
                yield Tried(name, item.label, len(rows), tuple(one for one in fields if one in filled))


def _question(item: Item, channel: Channel, subject: SubjectKeys, now: datetime) -> Question:
    assert channel.provider is not None
    return Question(
        request=uuid4(),
        provider=channel.provider,
        item=item.item,
        version=item.version,
        channel=item.channels.index(channel),
        mode=channel.mode,
        subject=subject,
        subject_kind=SubjectKind.COMPANY,
        recipient_kind="subject",
        recipient="",
        purpose=Purpose.SELF_ACCESS,
        case=None,
        verdicts={},
        asked_at=now,
    )


def unserved(config: Config, catalogue: Catalogue) -> list[str]:
    """Return the items that the catalogue expects of this provider and nothing here serves."""
    return [
        name
        for name, item in catalogue.items.items()
        if _channels(item, config.provider) and name not in config.mapped
    ]


def providers(catalogue: Catalogue) -> list[str]:
    """Return the providers that the catalogue has called or asked: those who may run a gateway."""
    asked = (one for item in catalogue.items.values() for one in item.channels if one.mode in ASKED)
    return sorted({one.provider for one in asked})


def pinned(config: Config) -> Iterator[Pinned]:
    """Read the key of every institution to which rows may be sealed."""
    for path in sorted(config.place("institutions").glob(f"*{PUBLIC_SUFFIX}")):
        institution = path.name.removesuffix(PUBLIC_SUFFIX)
        try:
            key = boxes.recipient(path)
            yield Pinned(institution, boxes.suite_of(key), boxes.fingerprint(key))
        except ProofError as error:
            yield Pinned(institution, fault=str(error))


def _item(config: Config, catalogue: Catalogue, source: Source, name: str, mapped: Mapped) -> Finding:
    item = catalogue.items.get(name)
    if item is None:
        return Finding(name, faults=[f"清单中没有信息项 {name} no such item; the file's name is the item's"])
    finding = Finding(name, item.label)
    channels = _channels(item, config.provider)
    if not channels:
        finding.faults.append(f"清单中该项不由 {config.provider} 以接口调用或数据核验方式提供")
        return finding
    finding.modes = tuple(dict.fromkeys(channel.mode for channel in channels))
    try:
        columns = source.columns(mapped)
    except SourceFailed as error:
        finding.faults.append(str(error))
        return finding
    _columns(item, channels, mapped, columns, finding)
    return finding


def _columns(
    item: Item, channels: list[Channel], mapped: Mapped, columns: frozenset[str], finding: Finding
) -> None:
    known = {name.casefold() for name in columns}
    finding.faults += [
        f"columns: {name} 不是该项的字段 no field of the item"
        for name in (*mapped.columns, *mapped.bands)
        if name not in item.field_names and name not in {source.name for source in item.source_columns}
    ]
    finding.faults += [
        f"columns: {name} 对应的列 {column} 不存在 no such column"
        for name, column in mapped.columns.items()
        if column.casefold() not in known
    ]
    finding.faults += [
        f"find: {key.value} 对应的列 {column} 不存在 no such column"
        for key, column in mapped.find.items()
        if column not in columns
    ]
    there = [name for name in item.field_names if mapped.columns.get(name, name).casefold() in known]
    wanted = list(dict.fromkeys(name for channel in channels for name in item.fields_of(channel)))
    finding.served = tuple(name for name in wanted if name in there)
    finding.missing = tuple(f"{item.field(name).label} {name}" for name in wanted if name not in there)
    shown = [name for name in item.subject_key if subjects.key_of(item.field(name)) and name in there]
    if not shown:
        finding.faults.append(
            f"须带主体标识列 the rows must show whose they are: {'、'.join(item.subject_key)}"
        )
    if mapped.asked_by == {Key.METER.value}:
        finding.missing += ("（仅凭户号查找，企业未填户号的不予应答 found by the number of a meter only）",)
    elif Key.CODE.value not in mapped.asked_by:
        finding.missing += ("（仅凭名称查找，重名主体将不予应答 found by name only）",)
    for where in (channel.where for channel in channels if channel.where):
        if mapped.columns.get(where.field, where.field).casefold() not in known:
            finding.faults.append(f"缺少 {where.field}：清单只共享 {where.field}＝{where.equals} 的记录")


def _channels(item: Item, provider: str) -> list[Channel]:
    return [c for c in item.channels if c.provider == provider and c.mode in ASKED]
