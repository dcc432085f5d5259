"""One turn of the refresh: take up, ask, file; whatever is killed in between, nothing is half done.

Before anybody is asked, the turn stands with the subjects it takes up: so the rate holds whoever dies and
comes back. What came of it is one transaction: rows, endings, freshness, the register of calls and the
journal's entry. A turn that never ends leaves its subjects as they were, and they are asked again.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from uuid import UUID

from django.conf import settings
from django.db import transaction

from rongxin.catalogue import loader
from rongxin.catalogue.schema import Item
from rongxin.journal import entries
from rongxin.journal.rules import Kind
from rongxin.records import answered, filing
from rongxin.records.rules import EndedWhy, Fate
from rongxin.scratch import folders
from rongxin.sharing import call_register
from rongxin.sharing.aggregation import batches, gates, identifiers
from rongxin.sharing.bulk import agreements, answer_file, asking, freshness, queue, rules
from rongxin.sharing.bulk.agreements import Card
from rongxin.sharing.bulk.asking import Told
from rongxin.sharing.bulk.freshness import Noted
from rongxin.sharing.bulk.models import BulkTurn
from rongxin.sharing.errors import Refused
from rongxin.sharing.models import Batch, Outcome
from rongxin.sharing.rules import Mode, RowOutcome
from rongxin.vocabulary.actor import SYSTEM
from rongxin.vocabulary.availability import Availability

log = logging.getLogger(__name__)

# A row that was handed back for these says nothing against the answer: repaired here, or another's.
_NO_FAULT = frozenset({*(f"barred_{why}" for why in EndedWhy), str(Fate.KNOWN), str(Fate.OTHER_AUTHORITY)})


class Ended(StrEnum):
    """How a turn ended."""

    FILED = "filed"
    SILENT = "silent"  # the provider did not answer
    UNWILLING = "unwilling"  # its own machine does not agree, or its day's limit is reached
    SUSPICIOUS = "suspicious"  # the answers would end too many rows: somebody has to look
    REFUSED = "refused"  # no row of the answers could be read
    OVER = "over"  # the agreement ended while the provider was asked


@dataclass(frozen=True)
class Turn:
    """What one turn did."""

    id: UUID
    item: str
    provider: str
    taken: int
    asked: int
    answered: int
    rows: int
    rows_ended: int
    ended: Ended

    def document(self) -> dict[str, str | int]:
        """The turn as a command prints it."""
        return {**asdict(self), "id": str(self.id), "ended": self.ended.value}


def take(agreement: UUID, *, as_of: datetime, accept_endings: bool = False) -> Turn | None:
    """Take one turn under an agreement; None where nobody is due, the rate is used up or another is at it.

    `accept_endings`: somebody has looked, and so many rows are really gone at the provider.
    """
    taken = _take_up(agreement, as_of=as_of, rests=not accept_endings)
    if taken is None:
        return None
    turn, card, item, subjects = taken
    told = asking.ask(turn, item, subjects, as_of=as_of)
    done = _settle(turn, card, item, told, taken=len(subjects), as_of=as_of, accept=accept_endings)
    log.info(
        "%s: %s: %d asked, %d answered: %s", done.provider, done.item, done.asked, done.answered, done.ended
    )
    return done


# ---------------------------------------------------------------------- take up


def _take_up(
    agreement: UUID, *, as_of: datetime, rests: bool
) -> tuple[UUID, Card, Item, Sequence[queue.Asked]] | None:
    with transaction.atomic(durable=True):
        card = agreements.held(agreement)
        if not card.in_force(agreements.day_of(as_of)):
            return None
        recent = list(BulkTurn.objects.filter(agreement=agreement).order_by("-taken_at", "-id")[:100])
        if rests and _rests(recent, as_of):
            return None
        limit = rules.allowance(card.terms, [(turn.taken_at, turn.count) for turn in recent], as_of=as_of)
        item = loader.load().item(card.item)
        subjects = queue.next_ones(item, card.terms, limit=limit, as_of=as_of) if limit else ()
        if not subjects:
            return None
        turn = identifiers.time_ordered()
        entry = entries.append(
            Kind.BULK_ASKED,
            actor=SYSTEM,
            refs={"turn": str(turn), **_refs(card), "subjects": len(subjects)},
            as_of=as_of,
        )
        BulkTurn.objects.create(
            id=turn,
            agreement_id=agreement,
            subjects=[one.id for one in subjects],
            count=len(subjects),
            taken_at=as_of,
            journal_entry=entry.id,
        )
    return turn, card, item, subjects


def _rests(recent: Sequence[BulkTurn], as_of: datetime) -> bool:
    """Whether another process is at it, or the provider was found silent or unwilling a moment ago."""
    if not recent:
        return False
    last = recent[0]
    if last.finished_at is None:
        return as_of < last.taken_at + rules.TURN_LASTS_MAX
    return last.ended != Ended.FILED and as_of < last.finished_at + rules.REST


# ---------------------------------------------------------------------- settle


class _Suspicious(Exception):
    """The answers would end too much; all of the filing is taken back."""


def _settle(
    turn: UUID, card: Card, item: Item, told: list[Told], *, taken: int, as_of: datetime, accept: bool
) -> Turn:
    with transaction.atomic(durable=True), folders.own(Path(settings.RONGXIN_VAR), "bulk") as directory:
        row = BulkTurn.objects.select_for_update().get(pk=turn)
        # An end waits for us or we for it; what was asked before it and answered after is not kept.
        over = not agreements.held(card.id).in_force(agreements.day_of(as_of))
        calls = call_register.keep(turn, [one.answer for one in told])
        ended, filed, noted = _state_of(told), _Filed(), _unanswered(told)
        later = BulkTurn.objects.filter(agreement=card.id, id__gt=turn).exists()  # we counted as dead
        if over or later:
            ended, noted = Ended.OVER, []
        else:
            whole = [one for one in told if asking.goes_on(one.answer)]
            try:
                with transaction.atomic():
                    path = directory / "answers.jsonl"
                    filed = _file(turn, card, item, whole, path, as_of=as_of, accept=accept)
                noted += filed.noted
            except _Suspicious:
                ended = Ended.SUSPICIOUS
                noted += [Noted(one.subject.id, Availability.PARTIAL) for one in whole]
            except Refused as refusal:
                log.warning("%s: %s: the answers can't be filed: %s", card.provider, card.item, refusal)
                ended = Ended.REFUSED
                noted += [Noted(one.subject.id, Availability.PARTIAL) for one in whole]
            freshness.note(item.item, turn, noted, as_of=as_of)
        _finish(row, card, told, filed, ended, calls, as_of)
    return Turn(
        turn, card.item, card.provider, taken, row.asked, row.answered, filed.rows, filed.rows_ended, ended
    )


@dataclass(frozen=True)
class _Filed:
    batch: UUID | None = None
    rows: int = 0
    rows_ended: int = 0
    noted: tuple[Noted, ...] = ()


def _file(
    turn: UUID, card: Card, item: Item, told: Sequence[Told], path: Path, *, as_of: datetime, accept: bool
) -> _Filed:
    """File the answers as one batch, and end what the provider holds no longer of those asked about."""
    whose = answer_file.write(path, item, told)
    batch, unread = None, set[int]()
    if whose:
        batch, unread = _hand_in(card, path, whose, as_of)
    unread |= {one.subject.id for one in told if one.answer.availability is Availability.PARTIAL}
    whole = [one.subject.id for one in told if one.subject.id not in unread]
    lot = filing.Lot(batch or turn, item.item, item.version, card.provider, as_of, not item.record_key)
    gone = answered.end_absent(lot, whole, staged=batch is not None, by=f"bulk:{turn}", as_of=as_of)
    if gone.ended and not accept and _too_many(gone, as_of):
        raise _Suspicious
    rows = Counter(whose)
    noted = [
        Noted(one, Availability.RECORDS if rows[one] else Availability.NO_RECORD)
        if one not in unread
        else Noted(one, Availability.PARTIAL)
        for one in (told_of.subject.id for told_of in told)
    ]
    return _Filed(batch, len(whose), gone.ended, tuple(noted))


def _hand_in(card: Card, path: Path, whose: Sequence[int], as_of: datetime) -> tuple[UUID, set[int]]:
    """Return the batch, and the subjects of whom a row could not be read."""
    batch, _ = batches.receive(
        path,
        item=card.item,
        provider=card.provider,
        actor=SYSTEM,
        as_of=as_of,
        file_name=f"bulk-{card.item}.jsonl",
        mode=Mode.ANSWERS,
    )
    batches.file(batch, as_of=as_of)
    back = Outcome.objects.filter(batch=batch, outcome__in=[RowOutcome.REJECTED, RowOutcome.PENDING])
    lines = back.exclude(rule__in=sorted(_NO_FAULT)).values_list("line", flat=True)
    return batch, {whose[line - 1] for line in lines}


def _too_many(gone: filing.Delisted, as_of: datetime) -> bool:
    """An emptied table answers "no record" about everybody; the limits are those of full lists."""
    limits = gates.in_force(agreements.day_of(as_of))
    share = gone.ended / (gone.ended + gone.live)
    return gone.ended >= limits.snapshot_ended_min and share > limits.snapshot_ended_share


def _state_of(told: Sequence[Told]) -> Ended:
    if not told or asking.goes_on(told[-1].answer) or any(asking.goes_on(one.answer) for one in told[-4:]):
        return Ended.FILED
    unwilling = any(one.answer.availability is Availability.WITHHELD for one in told)
    return Ended.UNWILLING if unwilling else Ended.SILENT


def _unanswered(told: Sequence[Told]) -> list[Noted]:
    """Whom the provider was asked about in vain; no way to it at all is no failure of the subject's."""
    return [
        Noted(one.subject.id, one.answer.availability)
        for one in told
        if not asking.goes_on(one.answer) and one.answer.availability is Availability.PROVIDER_UNAVAILABLE
    ]


def _finish(
    row: BulkTurn,
    card: Card,
    told: Sequence[Told],
    filed: _Filed,
    ended: Ended,
    calls: str | None,
    as_of: datetime,
) -> None:
    row.asked = sum(one.answer.asked for one in told)
    row.answered = sum(asking.goes_on(one.answer) for one in told)
    row.rows_ended, row.ended, row.finished_at = filed.rows_ended, ended, as_of
    if filed.batch is not None:
        row.batch = Batch.objects.get(pk=filed.batch)
    row.save(update_fields=["finished_at", "ended", "asked", "answered", "rows_ended", "batch"])
    counts = {"asked": row.asked, "answered": row.answered, "ended": row.rows_ended}
    batch = {"batch": str(filed.batch)} if filed.batch else {}
    entries.append(
        Kind.BULK_FILED,
        actor=SYSTEM,
        refs={"turn": str(row.id), **_refs(card), **counts, "outcome": str(ended), **batch},
        commitments={"calls": calls} if calls else None,
        as_of=as_of,
    )


def _refs(card: Card) -> dict[str, str | int]:
    return {"agreement": str(card.id), "item": card.item, "provider": card.provider}
