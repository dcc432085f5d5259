"""Kept answers 留存的应答: what providers answered for a consented request, for as long as that consent lets
it be kept (国办发〔2021〕52号 （六）（九）, 附件注2; 个人信息保护法 art. 19, 47).

Answers of calls and checks never join the store. What left of them is sealed per request and kept for the
consent's retention, counted from the day of release and never beyond the consent's own last day: after that
nothing could be given by it. Within that time the institution may have the same answer again
(`Request.repeats`) without a provider being asked. Once the consent is withdrawn, superseded or over, or its
case closed, the gate finds no consent that carries it, and the worker deletes it; a pause only stops its use.
What remains are hash and reason codes in the journal.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import orjson
from django.db import transaction
from django.db.models import QuerySet

from rongxin.catalogue import loader
from rongxin.consent.rules import Terms, business_day
from rongxin.disclosure import plan, rules
from rongxin.disclosure.look import Look
from rongxin.disclosure.models import Kept
from rongxin.disclosure.release import ReleasedItem, ReleasedRow
from rongxin.exchange.question import Match
from rongxin.exchange.receipt import Decided
from rongxin.journal import entries, keyring, news, plans
from rongxin.journal.rules import Kind
from rongxin.journal.sealing import SealedColumn
from rongxin.proof import canonical
from rongxin.sharing import calls
from rongxin.vocabulary.actor import SYSTEM
from rongxin.vocabulary.availability import Availability
from rongxin.vocabulary.reason import Reason
from rongxin.vocabulary.verdict import Verdict

_TABLE = ("disclosure_kept", "answers")
_SCORE = ("disclosure_kept", "score")
#: Sealed for one request, one consent and one last day: with another day beside it, it does not open.
SEALED = SealedColumn(
    *_TABLE,
    key=("intent_id",),
    first=("00000000-0000-0000-0000-000000000000",),
    beside=("consent", "until"),
    place=lambda row: _place(row[0], row[1], row[2]),
)
#: What the score of such a request was computed from (授权评价): it goes when the answers go.
SEALED_SCORE = replace(SEALED, column=_SCORE[1], place=lambda row: _place(row[0], row[1], row[2], _SCORE))
#: A provider that said something: what could not be asked, or did not answer, leaves nothing to keep.
_SAID = (Availability.RECORDS, Availability.PARTIAL, Availability.NO_RECORD, Availability.WITHHELD)
_INSERT = """
    INSERT INTO disclosure_kept (intent_id, consent, "case", until, answers, score)
    VALUES (%s, %s, %s, %s, %s, %s)
"""
_OVER = {
    Kind.CONSENT_WITHDRAWN: "consent",
    Kind.CONSENT_EXPIRED: "consent",
    Kind.CONSENT_SUPERSEDED: "consent",
    Kind.CASE_CLOSED: "case",
}


def _place(
    intent: object, consent: object, until: date, column: tuple[str, str] = _TABLE
) -> tuple[str | int, ...]:
    return (*column, str(intent), str(consent), until.isoformat())


@dataclass(frozen=True)
class Answer:
    """A provider's answer as it was kept: what left of it, and by which verdicts it did."""

    availability: Availability
    provider: str
    answered_at: datetime
    rows: Sequence[Mapping[str, Any]] = ()
    verdicts: Sequence[Decided] = ()
    reason: Reason | None = None
    results: Mapping[str, Match] = field(default_factory=dict)
    sealed: bytes = b""
    narrowed: Decided = field(default_factory=dict)
    #: The fields that were compared; what was claimed of them is not kept.
    claims: Sequence[str] = ()

    def limits(self, row: int) -> Decided:
        """Return the verdicts by which a row's fields left; none of them leaves more freely now."""
        return self.verdicts[row]


@dataclass(frozen=True)
class Answers:
    """All that is kept of one request. `rows` names the store's rows that left by the consent: what one filed
    since would show by it had not been given, and is no part of a repeat.
    """

    by_item: Mapping[str, Mapping[int, Answer]]
    rows: Mapping[str, frozenset[int]]
    #: When it was asked for: what the platform was told later is no part of a repeat either.
    asked_at: datetime

    def claims(self, item: str) -> dict[str, str]:
        """Return the fields that were compared, each without its value."""
        return {name: "" for answer in self.by_item.get(item, {}).values() for name in answer.claims}

    def of(self, entry: plan.ItemPlan, decision: rules.ChannelDecision, *, as_of: datetime) -> Answer:
        """Return what was said through a channel; where nothing is kept of it, that it is not at hand."""
        item = entry.item
        kept = self.by_item.get(item.item, {}).get(item.channels.index(decision.channel))
        return kept or Answer(Availability.PROVIDER_UNAVAILABLE, decision.channel.provider, as_of)


def until(terms: Terms, released_at: datetime) -> date:
    """Return the last day on which an answer may be kept: retention counts from the release."""
    return min(business_day(released_at) + timedelta(days=terms.retention_days), terms.valid_until)


def content(
    answered: Sequence[tuple[plan.ItemPlan, Sequence[calls.Answer]]],
    items: Sequence[ReleasedItem],
    *,
    day: date,
) -> dict[str, Any] | None:
    """Return what is to be kept of providers' answers, as plain values; None where none said anything."""
    if not any(reply.asked and reply.availability in _SAID for _, replies in answered for reply in replies):
        return None
    return {
        "items": {entry.item.item: _of_item(entry, replies, day) for entry, replies in answered if replies},
        "rows": {
            item.item: [row.record_id for row in item.rows if row.record_id is not None]
            for (entry, _), item in zip(answered, items, strict=True)
            if entry.outline.rests_on_consent
        },
    }


def keep(
    intent: UUID,
    consent: Look,
    content: Mapping[str, Any] | None,
    *,
    score: bytes | None,
    repeats: UUID | None,
    as_of: datetime,
) -> None:
    """Write what providers answered, as `content` has it, and what the request's score was computed from into
    the transaction that releases. Of a repeat only its own score is kept, as long as the answers it rests on.
    """
    if content is None and score is None:
        return
    last = until(consent.grant.terms, as_of)
    if repeats is not None:
        last = min(last, Kept.objects.values_list("until", flat=True).get(intent=repeats))
    keys, sealed, sealed_score = keyring.data_keys(), None, None
    if content is not None:
        sealed = keys.seal(canonical.dumps(content), place=_place(intent, consent.id, last))
    if score is not None:
        sealed_score = keys.seal(score, place=_place(intent, consent.id, last, _SCORE))
    plans.rows(_INSERT, [intent, consent.id, consent.case_id, last, sealed, sealed_score])


def _of_item(entry: plan.ItemPlan, replies: Sequence[calls.Answer], day: date) -> dict[str, Any]:
    return {
        "version": entry.item.version,
        "answers": [
            {
                "channel": entry.item.channels.index(made.channel),
                "claims": sorted(entry.claimed(made)),
                **_of_answer(reply, plan.called(entry, made, reply, day=day)),
            }
            for made, reply in zip(entry.questions, replies, strict=True)
        ],
    }


def _of_answer(reply: calls.Answer, rows: Sequence[ReleasedRow]) -> dict[str, Any]:
    return {
        "availability": reply.availability,
        "provider": reply.provider,
        "answered_at": reply.answered_at.isoformat(),
        "reason": reply.reason,
        "results": dict(reply.results),
        "sealed": base64.b64encode(reply.sealed).decode(),
        "narrowed": {name: list(made) for name, made in reply.narrowed.items()},
        "rows": [
            {name: [one.value, one.verdict, one.reason] for name, one in row.fields.items()}
            for row in rows
            if row.fields
        ],
    }


def there(intent: UUID, *, as_of: datetime) -> bool:
    """Whether anything of a request is kept and may still be used today."""
    return _answered(intent, as_of).exists()


def _answered(intent: UUID, as_of: datetime) -> QuerySet[Kept]:
    return Kept.objects.filter(intent=intent, until__gte=business_day(as_of), answers__isnull=False)


def score_of(intent: UUID, *, as_of: datetime) -> bytes | None:
    """Open what the score of a request was computed from; None where it has none, or its time is over."""
    row = Kept.objects.filter(intent=intent, until__gte=business_day(as_of), score__isnull=False).first()
    if row is None or row.score is None:
        return None
    place = _place(row.intent_id, row.consent, row.until, _SCORE)
    return keyring.data_keys().open(bytes(row.score), place=place)


def read(intent: UUID, *, as_of: datetime) -> Answers | None:
    """Open what is kept of a request; None where it is gone or its time is over."""
    row = _answered(intent, as_of).select_related("intent").first()
    if row is None or row.answers is None:
        return None
    place = _place(row.intent_id, row.consent, row.until)
    content = orjson.loads(keyring.data_keys().open(bytes(row.answers), place=place))
    return Answers(
        {name: {one["channel"]: _answer(one) for one in kept["answers"]} for name, kept in _current(content)},
        {name: frozenset(ids) for name, ids in content["rows"].items()},
        row.intent.asked_at,
    )


def _current(content: Mapping[str, Any]) -> Iterable[tuple[str, Mapping[str, Any]]]:
    """What was answered about another version of an item is no answer about today's."""
    known = loader.load().items
    return [
        (name, kept)
        for name, kept in content["items"].items()
        if name in known and known[name].version == kept["version"]
    ]


def _answer(kept: Mapping[str, Any]) -> Answer:
    return Answer(
        Availability(kept["availability"]),
        kept["provider"],
        datetime.fromisoformat(kept["answered_at"]),
        [{name: value for name, (value, *_) in row.items()} for row in kept["rows"]],
        [{name: _made(*made) for name, (_, *made) in row.items()} for row in kept["rows"]],
        Reason(kept["reason"]) if kept["reason"] else None,
        {name: Match(match) for name, match in kept["results"].items()},
        base64.b64decode(kept["sealed"]),
        {name: _made(*made) for name, made in kept["narrowed"].items()},
        kept["claims"],
    )


def _made(verdict: str, reason: str) -> tuple[Verdict, Reason]:
    return Verdict(verdict), Reason(reason)


def delete_due(*, as_of: datetime, requests_max: int = 1000) -> int:
    """Delete what was kept to its last day; returns how many requests' answers."""
    over = Kept.objects.filter(until__lt=business_day(as_of)).order_by("until")
    consents = list(dict.fromkeys(over.values_list("consent", flat=True)[:requests_max]))
    return sum(
        _delete(Kept.objects.filter(consent=one, until__lt=business_day(as_of)), "retention_over", as_of)
        for one in consents
    )


def follow_consents(*, as_of: datetime) -> int:
    """React to the journal's news: delete what was kept by consents that have come to their end since last
    time, or for cases that were closed. Returns how many requests' answers.
    """
    deleted = 0
    with news.read("disclosure.kept", list(_OVER)) as ends:
        for end in ends:
            by = _OVER[end.kind]
            found = Kept.objects.filter(**{by: UUID(str(end.refs[by]))})
            deleted += _delete(found, end.kind.value.replace(".", "_"), as_of)
    return deleted


def _delete(found: Any, why: str, as_of: datetime) -> int:
    """Delete kept answers, and say so in the journal, consent by consent: numbers and ids, no content."""
    with transaction.atomic():
        rows = list(found.select_for_update(of=("self",)).select_related("intent"))
        Kept.objects.filter(pk__in=[row.pk for row in rows]).delete()
        for consent in dict.fromkeys(row.consent for row in rows):
            of_it = [row for row in rows if row.consent == consent]
            refs: dict[str, str | int] = {
                "consent": str(consent),
                "subject": of_it[0].intent.subject_id,
                "institution": of_it[0].intent.recipient,
                "requests": len(of_it),
                "why": why,
            }
            entries.append(Kind.ANSWERS_DELETED, actor=SYSTEM, refs=refs, as_of=as_of)
    return len(rows)
