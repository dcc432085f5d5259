"""Fetch what a plan permits: the store in one read, the providers side by side, and nothing else."""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from rongxin.catalogue import regions
from rongxin.consent import given_numbers
from rongxin.consent.rules import business_day
from rongxin.disclosure import derived, kept, marking, plan, rules, told
from rongxin.disclosure.look import Look
from rongxin.disclosure.release import ReleasedItem, Request, SubjectCard
from rongxin.evaluation.scores import Stored
from rongxin.exchange.question import Question, SubjectKeys
from rongxin.exchange.subjects import Key, key_of
from rongxin.parties import subjects
from rongxin.records import reading
from rongxin.sharing import calls, gateways
from rongxin.sharing.aggregation import sources
from rongxin.sharing.bulk import freshness
from rongxin.sharing.bulk.freshness import Kept
from rongxin.sharing.connectors.connector import Asked, Standing
from rongxin.vocabulary.availability import Availability
from rongxin.vocabulary.reason import Reason
from rongxin.vocabulary.sharing_mode import SharingMode

# Providers answer side by side, so that a report waits for the slowest and not for the sum. These threads
# never touch the ORM: a connector has its own way to its provider.
PATIENCE_SECONDS = 10.0
_CALLERS = ThreadPoolExecutor(max_workers=64, thread_name_prefix="call")


@dataclass(frozen=True)
class Collected:
    """What leaves for each item, and the providers' answers that it was made from."""

    items: tuple[ReleasedItem, ...]
    by_item: tuple[tuple[plan.ItemPlan, tuple[calls.Answer, ...]], ...] = ()
    #: The score by consent that leaves among the items, with what it was computed from.
    score: Stored | None = None

    @property
    def answers(self) -> tuple[calls.Answer, ...]:
        return tuple(answer for _, answers in self.by_item for answer in answers)


def again(
    intent: UUID,
    plans: Sequence[plan.ItemPlan],
    subject: SubjectCard,
    earlier: kept.Answers,
    *,
    as_of: datetime,
) -> Collected:
    """Return what leaves of the kept answers of an earlier request, by today's plan; no provider is asked.

    The store is read anew, so that what was repaired or corrected since is gone. What leaves by the consent
    leaves only where it did before: a row filed since shows what is public of it.
    """
    connected, day = sources.filed_items(), business_day(as_of)
    stored = reading.of(intent, [entry.item.item for entry in plans if entry.reads_store])
    items: list[ReleasedItem | None] = []
    for entry in plans:
        name = entry.item.item
        if entry.reads_own:
            items.append(None)
            continue
        entry = replace(entry, claims=earlier.claims(name))
        answers = [earlier.of(entry, decision, as_of=as_of) for decision in entry.questions]
        given, public = earlier.rows.get(name, ()), plan.without_consent(entry, Reason.ANSWERS_NOT_KEPT)
        rows = [
            left
            for row in stored.get(name, ())
            for left in plan.from_store(entry if row.id in given else public, [row], day=day)
        ]
        for decision, answer in zip(entry.questions, answers, strict=True):
            rows += plan.called(entry, decision, answer, day=day)
        item = plan.released(entry, rows, answers, connected=name in connected)
        items.append(replace(item, answered_at=min((a.answered_at for a in answers), default=None)))
    whole, score = _with_own(plans, items, intent, subject, as_of, told_until=earlier.asked_at)
    return Collected(_marked(whole, subject), score=score)


def collect(
    intent: UUID,
    request: Request,
    plans: Sequence[plan.ItemPlan],
    subject: SubjectCard,
    consent: Look | None,
    *,
    as_of: datetime,
    patience_seconds: float,
) -> Collected:
    """Return what leaves for each item of the plan, in its order; no provider is waited for longer."""
    kept = _kept(request, plans, subject, as_of)
    # No thread and no question for what isn't connected, nor for what is kept by agreement and fresh.
    ways = gateways.connected(
        (decision.channel.provider, entry.item.item)
        for entry in plans
        if entry.item.item not in kept
        for decision in entry.questions
    )
    items = {item for _, item in ways}
    keys = _keys([entry for entry in plans if entry.item.item in items], subject)
    asks = {entry.item.item for entry in plans if entry.item.asks} & items
    meters = given_numbers.of(consent.id) if consent is not None and asks else {}
    asking = _Asking(intent, request, subject, keys, consent, as_of, meters)
    called = [(entry, _start(entry, ways, asking)) for entry in plans]
    wanted = [entry.item.item for entry in plans if entry.reads_store or entry.item.item in kept]
    stored = reading.of(intent, wanted)
    connected = sources.filed_items()
    until = time.monotonic() + patience_seconds
    answered = [
        (
            entry,
            [_from_store(kept[entry.item.item], stored[entry.item.item])]
            if entry.item.item in kept
            else [
                _await(put, decision, until, as_of)
                for put, decision in zip(questions, entry.questions, strict=True)
            ],
        )
        for entry, questions in called
    ]
    released = [
        None
        if entry.reads_own
        else _dated(
            plan.answer(
                entry,
                stored.get(entry.item.item, ()) if entry.reads_store else (),
                answers,
                connected=entry.item.item in connected,
                day=business_day(as_of),
            ),
            kept.get(entry.item.item),
        )
        for entry, answers in answered
    ]
    whole, score = _with_own(plans, released, intent, subject, as_of)
    pairs = tuple((entry, tuple(answers)) for entry, answers in answered)
    return Collected(_marked(whole, subject), pairs, score)


def _marked(items: Sequence[ReleasedItem], subject: SubjectCard) -> tuple[ReleasedItem, ...]:
    return marking.beside(items, marking.of([subject.id]).get(subject.id, ()))


def _with_own(
    plans: Sequence[plan.ItemPlan],
    items: Sequence[ReleasedItem | None],
    intent: UUID,
    subject: SubjectCard,
    as_of: datetime,
    told_until: datetime | None = None,
) -> tuple[tuple[ReleasedItem, ...], Stored | None]:
    """Put in, last of all, what the platform itself makes or was told of the subject: the score rests on what
    leaves beside.
    """
    others = [(entry, item) for entry, item in zip(plans, items, strict=True) if item is not None]
    score: Stored | None = None
    whole = []
    for entry, item in zip(plans, items, strict=True):
        if item is None and entry.item.item in told.ITEMS:
            item = told.released(entry, subject, as_of=as_of, told_until=told_until)
        elif item is None:
            item, score = derived.released(entry, others, intent, subject, as_of=as_of)
        whole.append(item)
    return tuple(whole), score


def _kept(
    request: Request, plans: Sequence[plan.ItemPlan], subject: SubjectCard, as_of: datetime
) -> dict[str, Kept]:
    """Return the items of which the last answer is young enough to stand for another call."""
    if request.seal_to:
        return {}  # who wants it from the provider's hand gets it from there
    called = [entry.item.item for entry in plans if len(entry.calls) == len(entry.questions) == 1]
    own = request.recipient.kind is rules.RecipientKind.SUBJECT
    return freshness.kept(subject.id, called, own=own, as_of=as_of) if called else {}


def _dated(item: ReleasedItem, kept: Kept | None) -> ReleasedItem:
    return item if kept is None else replace(item, as_of=kept.observed_at)


def _from_store(kept: Kept, rows: Sequence[reading.Row]) -> calls.Answer:
    """Return what was answered then, as the store has it now: repaired rows are gone from it."""
    found = Availability.RECORDS if rows else Availability.NO_RECORD
    return calls.Answer(found, kept.provider, kept.observed_at, [row.payload for row in rows])


@dataclass(frozen=True)
class _Put:
    """A question on its way to a provider."""

    question: Question
    answer: Future[calls.Answer]


def _await(put: _Put | None, decision: rules.ChannelDecision, until: float, as_of: datetime) -> calls.Answer:
    """Wait no longer than the report can: a provider that hangs is unavailable, for it and for nobody
    else, and was asked all the same, so that its health tells of it.
    """
    if put is None:
        return calls.Answer(Availability.SOURCE_NOT_CONNECTED, decision.channel.provider, as_of)
    try:
        return put.answer.result(timeout=max(0.0, until - time.monotonic()))
    except TimeoutError:
        was_put = not put.answer.cancel()
        return calls.Answer(
            Availability.PROVIDER_UNAVAILABLE,
            decision.channel.provider,
            as_of,
            question=put.question if was_put else None,
        )


def _keys(plans: Sequence[plan.ItemPlan], subject: SubjectCard) -> SubjectKeys:
    """By what providers may find the subject; by name only where nobody else here bears it."""
    by_name = any(
        entry.questions
        and not any(key_of(entry.item.field(name)) is Key.CODE for name in entry.item.subject_key)
        for entry in plans
    )
    return SubjectKeys(
        subject.uscc,
        subject.name,
        regions.label(subject.region) if subject.region else "",
        unique_name=by_name and subjects.alone_with_its_name(subject.id),
    )


@dataclass(frozen=True)
class _Asking:
    """What all questions of one request have in common."""

    intent: UUID
    request: Request
    subject: SubjectCard
    keys: SubjectKeys
    consent: Look | None
    as_of: datetime
    #: What the firm gave with its consent, by item: the number of its meter.
    meters: Mapping[str, str]

    def about(self, entry: plan.ItemPlan, decision: rules.ChannelDecision) -> Asked:
        request, consent, item = self.request, self.consent, entry.item
        checks = decision.channel.mode is SharingMode.DATA_VERIFICATION
        claims = entry.claimed(decision) if checks else {}
        question = Question(
            request=self.intent,
            provider=decision.channel.provider,
            item=item.item,
            version=item.version,
            channel=item.channels.index(decision.channel),
            mode=decision.channel.mode,
            subject=replace(self.keys, meter=self.meters.get(item.item, "")),
            subject_kind=self.subject.kind,
            recipient_kind=request.recipient.kind.value,
            recipient=request.recipient.id,
            purpose=request.purpose,
            case=consent.case_id if consent else request.case_id,
            verdicts={
                name: made.verdict
                for name, made in decision.fields.items()
                if (name in claims if checks else made.leaves)
            },
            claims=claims,
            asked_at=self.as_of,
            artefact=consent.grant.artefact if consent else None,
            seal_to=request.seal_to,
        )
        return Asked(item, question, _standing(consent))


def _standing(consent: Look | None) -> Standing | None:
    if consent is None:
        return None
    return Standing(consent.id, consent.grant.status, consent.uses, consent.grant.case_closed)


def _start(entry: plan.ItemPlan, ways: Collection[tuple[str, str]], asking: _Asking) -> list[_Put | None]:
    return [
        _put(asking.about(entry, decision)) if (decision.channel.provider, entry.item.item) in ways else None
        for decision in entry.questions
    ]


def _put(asked: Asked) -> _Put:
    return _Put(asked.question, _CALLERS.submit(calls.ask, asked))
