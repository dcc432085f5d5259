"""授权评价 of one request: made of what the release holds by consent, on its way out （（七）, 附件注2).

What it was computed from is sealed beside the kept answers and goes with them; hash and reason codes stay.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import date, datetime
from hashlib import sha256
from typing import Any
from uuid import UUID

import orjson

from rongxin.consent.rules import business_day
from rongxin.disclosure import kept
from rongxin.disclosure.errors import ScoreNotKept, UnknownRequest
from rongxin.disclosure.look import Look
from rongxin.disclosure.models import Intent, Scored
from rongxin.disclosure.plan import ItemPlan
from rongxin.disclosure.release import Release, ReleasedItem, SubjectCard
from rongxin.evaluation import by_request, explaining
from rongxin.evaluation.by_request import Held
from rongxin.evaluation.scores import Stored
from rongxin.evaluation.tiers import Tier
from rongxin.exchange.question import Match
from rongxin.journal import entries
from rongxin.journal.rules import Kind
from rongxin.parties import subjects
from rongxin.vocabulary.actor import Actor
from rongxin.vocabulary.availability import Availability
from rongxin.vocabulary.sharing_mode import SharingMode

_WHOLE = (Availability.RECORDS, Availability.NO_RECORD)


def made(
    base: Stored,
    released: Sequence[tuple[ItemPlan, ReleasedItem]],
    subject: SubjectCard,
    *,
    as_of: datetime,
) -> Stored | None:
    """Return the score that the released items come to; None where they add nothing to the public one."""
    held = [one for entry, item in released for one in _held(entry, item)]
    return by_request.made(
        base, held, uscc=subject.uscc, name=subject.name, day=business_day(as_of), facts_at=as_of
    )


def _held(entry: ItemPlan, item: ReleasedItem) -> Iterator[Held]:
    """What a released item tells, way by way. In part is not told: the rest could be the worse."""
    if item.availability not in _WHOLE or item.sealed:
        return
    modes = {decision.channel.mode for decision in entry.calls}
    if entry.reads_store:
        modes.add(SharingMode.PHYSICAL_AGGREGATION)
    for mode in sorted(modes):
        rows = [
            {name: field.value for name, field in row.fields.items()} for row in item.rows if row.mode is mode
        ]
        since = item.period.from_ if item.period and mode is SharingMode.INTERFACE_CALL else None
        yield Held(item.item, mode, rows, since=since)
    # Of a repeat nobody kept what had been claimed: an empty claim tells nothing.
    claimed = {name: value for name, value in entry.claims.items() if value and name in item.results}
    if claimed:
        confirmed = all(item.results[name] is Match.MATCH for name in claimed)
        yield Held(item.item, SharingMode.DATA_VERIFICATION, [claimed], verified=confirmed)


def keep(
    draft: Release,
    consent: Look,
    answers: Mapping[str, Any] | None,
    made: Stored | None,
    *,
    as_of: datetime,
) -> None:
    """Keep, for as long as the consent lets it, what was answered and what the score was computed from; and
    write down what stays of the score then. In the transaction that releases.
    """
    content = orjson.dumps(asdict(made)) if made else None
    kept.keep(draft.id, consent, answers, score=content, repeats=draft.repeats, as_of=as_of)
    if made is None:
        return
    uscc = draft.subject.uscc
    Scored.objects.create(
        intent_id=draft.id,
        version=made.version,
        inputs_hash=made.inputs_hash,
        explanation_hash=sha256(explaining.document(made, uscc)).hexdigest(),
        codes=explaining.codes(made, uscc),
    )


def explain(request: UUID, *, actor: Actor, as_of: datetime) -> bytes:
    """Return the explanation of a request's score to the byte, while its inputs are kept; journalled.

    Raises `UnknownRequest`, and `ScoreNotKept` with what stayed of it.
    """
    intent = Intent.objects.filter(id=request).first()
    if intent is None:
        raise UnknownRequest(request)
    stayed = Scored.objects.filter(intent=intent).first()
    sealed = kept.score_of(request, as_of=as_of)
    entries.append(
        Kind.EVALUATION_EXPLAINED,
        actor=actor,
        refs={"request": str(request), "outcome": "given" if stayed and sealed else "not_kept"},
        as_of=as_of,
    )
    if stayed is None or sealed is None:
        raise ScoreNotKept(request, stayed.explanation_hash if stayed else "", stayed.codes if stayed else [])
    return explaining.document(_read(sealed), subjects.get(intent.subject_id).uscc or "")


def _read(sealed: bytes) -> Stored:
    given: dict[str, Any] = orjson.loads(sealed)
    given["tier"] = Tier(given["tier"])
    given["as_of"] = date.fromisoformat(given["as_of"])
    given["facts_at"] = datetime.fromisoformat(given["facts_at"])
    return Stored(**given)
