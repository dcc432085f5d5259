"""One file's way into the store, in one transaction: read, check, match to subjects, stage, settle."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import polars as pl

from rongxin.catalogue.schema import Channel, Item
from rongxin.parties import matching
from rongxin.parties.rules.matching import Finding, Pending
from rongxin.parties.rules.remit import Remit
from rongxin.records import filing, lake_ahead
from rongxin.records.rules import Fate
from rongxin.sharing.aggregation import (
    gates,
    measures,
    outcomes,
    profiles,
    readers,
    receipts,
    record_keys,
    registration,
    validation,
)
from rongxin.sharing.aggregation import headers as heads
from rongxin.sharing.aggregation.acquaintances import Acquaintances, Matched
from rongxin.sharing.aggregation.ahead import ahead
from rongxin.sharing.aggregation.full_lists import FullList
from rongxin.sharing.aggregation.outcomes import RowEnd
from rongxin.sharing.aggregation.own_columns import Saved
from rongxin.sharing.quality import timeliness
from rongxin.sharing.quality.counts import connected
from rongxin.sharing.rules import NEVER_KEPT, OUTSIDE_CHANNEL, Counts, RowOutcome
from rongxin.vocabulary.actor import Actor

# Called with the rows done so far and the rate in rows per second.
Progress = Callable[[int, float], None]

# What a receipt says of single rows that were taken all the same; more are only counted.
_WARNED_MAX = 20
# These can't become right by waiting: the sender has to correct them.
_REJECTED_BY_MATCHING = frozenset({Pending.INVALID_CODE, Pending.KIND_OUT_OF_SCOPE, Pending.NOTHING_TO_MATCH})


@dataclass
class Tally:
    """What one pass over a file found; becomes the receipt."""

    headers: tuple[str, ...] = ()
    mapping: heads.Mapping | None = None
    notes: list[str] = field(default_factory=list)
    read: int = 0
    accepted: int = 0
    rejected: int = 0
    pending: int = 0
    duplicate: int = 0
    superseded: int = 0
    history: int = 0
    names_differ: int = 0
    warned: int = 0
    duplicate_in_file: int = 0
    known: Counter[outcomes.Pointer] = field(default_factory=Counter)  # rows, by who shares them already
    unread: int = 0  # handed back or waiting before the store was asked, so that nobody knows which record
    ended: int = 0
    ending: gates.Ending | None = None
    profile: dict[str, Any] = field(default_factory=dict)
    measures: measures.Measures | None = None
    listed: list[receipts.Line] = field(default_factory=list)

    def take(self, end: RowEnd) -> RowEnd:
        """Count a row's end and list it if it is a reject."""
        end = outcomes.without_numbers(end)
        if self.measures is not None:
            self.measures.end(end)
        if end.outcome is RowOutcome.REJECTED:
            self.rejected += 1
            self.listed.append(receipts.Line(end.line, end.rule, end.message))
        elif end.outcome is RowOutcome.PENDING:
            self.pending += 1
        else:
            self.duplicate += 1
            self.duplicate_in_file += end.rule == str(Fate.DUPLICATE_IN_FILE)
            if end.held is not None:
                self.known[end.held] += 1
        if len(self.listed) > 2 * receipts.LISTED_MAX:
            self.listed = self._first_listed()
        return end

    def _first_listed(self) -> list[receipts.Line]:
        return sorted(self.listed, key=lambda line: line.line)[: receipts.LISTED_MAX]

    def warn(self, checked: validation.Validated, matched: Matched) -> None:
        """Note what is odd about rows that are taken all the same."""
        self.names_differ += matched.names_differ
        self.notes += [note.message for note in checked.warnings[: max(_WARNED_MAX - self.warned, 0)]]
        self.warned += len(checked.warnings)

    @property
    def rejects(self) -> tuple[receipts.Line, ...]:
        return tuple(self._first_listed())

    @property
    def counts(self) -> Counts:
        return Counts(self.accepted, self.rejected, self.pending, self.duplicate)

    def warnings(self) -> tuple[str, ...]:
        found = [*self.notes]
        if self.superseded:
            found.append(f"{self.superseded} 条记录更新了平台已有的版本")
        if self.ended:
            found.append(f"{self.ended} 条记录已不在本次全量名单中，已终止")
        if self.history:
            found.append(f"{self.history} 条记录早于现有状态，已存为历史，不改变现状")
        if self.known:
            found.append(f"{self.known.total()} 条记录已由其他来源共享，无需重复提供（来源见 known）")
        if self.names_differ:
            found.append(
                f"{self.names_differ} 行的名称与平台登记的名称不同，已按统一社会信用代码归集，请核对"
            )
        if self.warned > _WARNED_MAX:
            found.append(f"另有 {self.warned - _WARNED_MAX} 行有类似提示，未逐行列出")
        if self.rejected > receipts.LISTED_MAX:
            found.append(f"退回 {self.rejected} 行，回执只列出前 {receipts.LISTED_MAX} 行；全部见退回文件")
        return tuple(found)


@dataclass(frozen=True)
class Assembly:
    """A file, the item and channel it is for, and who handed it in."""

    path: Path
    file_name: str
    item: Item
    channel: Channel
    lot: filing.Lot
    actor: Actor
    as_of: datetime
    full_list: FullList | None = None
    saved: Saved | None = None
    ahead: lake_ahead.LakeAhead | None = None
    remit: Remit = field(default_factory=Remit)

    def file(self, progress: Progress | None = None) -> Tally:
        """File the whole batch inside the caller's transaction; raises `readers.Refusal`."""
        measured = measures.Measures(self.item)
        tally, profile = Tally(measures=measured), profiles.Profile(self.item, self.remit)
        staging = filing.stage(self.lot, as_of=self.as_of, ahead=self.ahead)
        firms = Acquaintances(self._match)
        with readers.open_file(self.path, declared_name=self.file_name) as source:
            mapping = heads.match(source.headers, self.item, self.saved)
            tally.headers, tally.mapping = tuple(source.headers), mapping
            present = frozenset(name for column in mapping.columns for name in column.fields)
            began = time.monotonic()
            # All that needs no database is done ahead: it waits for whatever is done here.
            with closing(ahead(self._checked(source, mapping, profile))) as chunks:
                for chunk, checked, rows in chunks:
                    measured.add(checked, present)
                    self._stage(staging, firms, chunk, checked, rows, tally)
                    tally.read += chunk.rows
                    if progress is not None:
                        progress(tally.read, tally.read / max(time.monotonic() - began, 1e-6))
            tally.notes += [*source.warnings, *mapping.notes]
        filed = staging.file()
        tally.accepted, tally.superseded, tally.history = filed.stored, filed.superseded, filed.history
        if filed.found:
            self._keep_findings(staging, tally)
        if self.full_list is not None:
            self._delist(staging, self.full_list, tally)
        # What another source shares is no sign of a wrong file: once it is connected, all of it may be.
        in_file, known = tally.duplicate_in_file, tally.known.total()
        held = tally.duplicate - in_file - known
        tally.profile = profile.document(read=tally.read, in_file=in_file, held=held)
        received_on = self.lot.received_at.astimezone(filing.CHINA).date()
        if timeliness.rule_for(self.item.item, received_on) is not None:
            began_on = connected(provider=self.lot.provider).get((self.lot.provider, self.item.item))
            measured.follow(staging.first_filed(), received_on=received_on, began_on=began_on)
        tally.profile["quality"] = measured.document(tally.counts)
        registration.follow(self.lot, actor=self.actor, as_of=self.as_of)
        return tally

    def _delist(self, staging: filing.Staging, full: FullList, tally: Tally) -> None:
        """End what the list no longer names. A row that could not be read names nothing, and may be any."""
        done = staging.delist(listed_on=full.listed_on, by_key=full.by_key, newer=full.newer)
        tally.ended = done.ended
        tally.ending = gates.Ending(
            ended=done.ended + done.unlisted,
            live=done.live + done.ended + done.superseded + done.standing_by + done.unlisted,
            named=tally.accepted + tally.duplicate,
            unread=tally.unread,
        )

    def _checked(
        self, source: readers.Source, mapping: heads.Mapping, profile: profiles.Profile
    ) -> Iterator[tuple[readers.Chunk, validation.Validated, pl.DataFrame]]:
        today = self.as_of.astimezone(filing.CHINA).date()
        validator = validation.Validator(self.item, mapping, today=today)
        for chunk in source.chunks():
            checked = validator.validate(chunk)
            profile.add(checked.values, checked.accepted["uscc"])
            rows = record_keys.keyed(checked.accepted)
            yield chunk, checked, rows
            del chunk, checked, rows  # else they stay alive while the next ones are made

    def _stage(
        self,
        staging: filing.Staging,
        firms: Acquaintances,
        chunk: readers.Chunk,
        checked: validation.Validated,
        rows: pl.DataFrame,
        tally: Tally,
    ) -> None:
        """Sort one chunk's rows: handed back, waiting, or staged."""
        matched = firms.match(rows)
        rows = rows.with_columns(subject_id=matched.subject_ids)
        unmatched = {int(rows["line"][place]): finding for place, finding in matched.unmatched.items()}
        raw = _raw_rows(chunk, set(unmatched))
        ends = [self._rejected(reject) for reject in checked.rejects]
        ends += [_unmatched(line, finding, raw[line]) for line, finding in unmatched.items()]
        tally.unread += sum(end.rule not in NEVER_KEPT for end in ends)
        if ends:
            ends.sort(key=lambda end: end.line)
            outcomes.keep(self.lot.batch_id, [tally.take(end) for end in ends])
        tally.warn(checked, matched)
        values = checked.values
        if unmatched:
            known = rows["subject_id"].is_not_null()
            rows, values = rows.filter(known), values.filter(known)
        if rows.height:
            staging.write(rows, values)

    def _match(self, rows: pl.DataFrame) -> matching.Matches:
        # A file says nothing of where its firms are registered, so a name alone can at most be a candidate.
        return matching.match(
            rows["uscc"].to_list(),
            rows["name"].to_list(),
            "",
            rows["observed_on"].str.to_date("%Y-%m-%d").to_list(),
            negative=self.item.negative,
            actor=self.actor,
            as_of=self.as_of,
        )

    def _rejected(self, reject: validation.Reject) -> RowEnd:
        """Hand a row back; of one that may not be stored at all, only the fact is kept."""
        if all(finding.rule != "not_aggregated" for finding in reject.findings):
            return RowEnd(reject.line, RowOutcome.REJECTED, reject.rule, reject.message, reject.raw)
        where = self.channel.where
        assert where is not None
        label, rows = self.item.field(where.field).label, "、".join(map(str, self.item.annex_row))
        message = (
            f"第{reject.line}行 附件第{rows}项只将“{label}”为“{where.equals}”的记录以物理归集方式共享"
            "（国办发〔2021〕52号附件注2）；本行不在其内，未保存，请改由接口提供。"
        )
        return RowEnd(reject.line, RowOutcome.REJECTED, OUTSIDE_CHANNEL, message)

    def _keep_findings(self, staging: filing.Staging, tally: Tally) -> None:
        """Keep what the store found; rows handed back get their text from a second look at the file."""
        back = {
            finding.line
            for finding in staging.findings()
            if finding.fate not in (Fate.HISTORY, Fate.DUPLICATE, Fate.DUPLICATE_IN_FILE, Fate.KNOWN)
        }
        raw = self._raw_lines(back)
        ends = (end for finding in staging.findings() if (end := outcomes.of_finding(finding)))
        for some in _batched(ends, 20_000):
            kept = [replace(end, raw=raw.get(end.line)) for end in some]
            outcomes.keep(self.lot.batch_id, [tally.take(end) for end in kept])

    def _raw_lines(self, lines: set[int]) -> dict[int, dict[str, str | None]]:
        found: dict[int, dict[str, str | None]] = {}
        if lines:
            with readers.open_file(self.path, declared_name=self.file_name) as source:
                for chunk in source.chunks():
                    found |= _raw_rows(chunk, lines)
        return found


def _unmatched(line: int, finding: Finding, raw: Mapping[str, str | None]) -> RowEnd:
    reason = finding.pending
    assert reason is not None
    outcome = RowOutcome.REJECTED if reason in _REJECTED_BY_MATCHING else RowOutcome.PENDING
    message = reason.message
    if finding.candidates:
        names = "；".join(f"{c.name}（{c.uscc or '无代码'}）" for c in finding.candidates)
        message += f"可能是：{names}。"
    return RowEnd(line, outcome, str(reason), message, raw)


def _raw_rows(chunk: readers.Chunk, lines: set[int]) -> dict[int, dict[str, str | None]]:
    if not lines:
        return {}
    wanted = chunk.lines.is_in(list(lines))
    rows = chunk.frame.filter(wanted).to_dicts()
    return dict(zip(chunk.lines.filter(wanted).to_list(), rows, strict=True))


def _batched(ends: Iterator[RowEnd], size: int) -> Iterator[list[RowEnd]]:
    some: list[RowEnd] = []
    for end in ends:
        some.append(end)
        if len(some) == size:
            yield some
            some = []
    if some:
        yield some
