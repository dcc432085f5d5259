"""Between intent and outcome: which sources a request may touch, and what of their rows leaves.

A plan is made from catalogue and consent alone, before anything is read. Carrying it out reads the store for
what is aggregated, calls the provider for what may be called, and leaves alone what may not: a call that
isn't permitted is not made.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from functools import lru_cache
from typing import Any, Protocol

from rongxin.catalogue.schema import Item
from rongxin.disclosure import rules
from rongxin.disclosure.release import ReleasedField, ReleasedItem, ReleasedRow, WithheldField
from rongxin.exchange.question import Match
from rongxin.exchange.receipt import Decided
from rongxin.vocabulary import sharing_mode
from rongxin.vocabulary.availability import Availability
from rongxin.vocabulary.period import Period
from rongxin.vocabulary.reason import Reason
from rongxin.vocabulary.sharing_mode import SharingMode
from rongxin.vocabulary.subject_kind import SubjectKind
from rongxin.vocabulary.verdict import Verdict


class Stored(Protocol):
    """A row of the store, as `records.reading` gives it."""

    @property
    def id(self) -> int: ...
    @property
    def payload(self) -> Mapping[str, Any]: ...
    @property
    def provider(self) -> str: ...
    @property
    def observed_on(self) -> date | None: ...
    @property
    def received_at(self) -> datetime: ...


class Answered(Protocol):
    """A provider's answer to an interface call, as `sharing.calls` gives it."""

    @property
    def availability(self) -> Availability: ...
    @property
    def rows(self) -> Sequence[Mapping[str, Any]]: ...
    @property
    def provider(self) -> str: ...
    @property
    def answered_at(self) -> datetime: ...
    @property
    def reason(self) -> Reason | None: ...
    @property
    def sealed(self) -> bytes: ...
    @property
    def results(self) -> Mapping[str, Match]: ...
    @property
    def narrowed(self) -> Decided: ...
    def limits(self, row: int) -> Decided:
        """Verdicts on the fields of one of the rows that hold beside today's; the stricter counts."""
        ...


@dataclass(frozen=True)
class Outline:
    """What catalogue and consent alone settle about an item, before anything is read."""

    table: tuple[rules.ChannelDecision, ...]
    reads_store: bool
    # Whether what the platform itself makes or was told (信用评价, 结果反馈) may leave.
    reads_own: bool
    calls: tuple[rules.ChannelDecision, ...]
    checks: tuple[rules.ChannelDecision, ...]
    # Every field that some channel holds back; known before a row is, so it tells nothing of rows.
    withheld: tuple[WithheldField, ...]
    # Whether something leaves only because a consent covers the item, and whether whole rows do.
    rests_on_consent: bool
    rows_rest_on_consent: bool


@lru_cache(maxsize=4096)
def outline(item: Item, context: rules.Context) -> Outline:
    """Return the outline of an item; kept, because it is the same for every request of the same kind."""
    table = rules.table(item, context)
    fields = [(entry, name, decision) for entry in table for name, decision in entry.fields.items()]
    return Outline(
        table=table,
        reads_store=any(
            entry.permits_call for entry in table if entry.channel.mode is SharingMode.PHYSICAL_AGGREGATION
        ),
        reads_own=any(entry.permits_call for entry in table if entry.channel.mode in sharing_mode.OWN),
        calls=tuple(
            entry
            for entry in table
            if entry.channel.mode is SharingMode.INTERFACE_CALL and entry.permits_call
        ),
        checks=tuple(
            entry
            for entry in table
            if any(decision.verdict is Verdict.VERIFY_ONLY for decision in entry.fields.values())
        ),
        withheld=tuple(
            WithheldField(name, decision.reason, entry.channel.mode)
            for entry, name, decision in fields
            if not decision.leaves
        ),
        rests_on_consent=any(
            decision.leaves and rules.needs_consent(entry.channel, item.field(name))
            for entry, name, decision in fields
        ),
        rows_rest_on_consent=any(entry.channel.consent and entry.permits_call for entry in table),
    )


@dataclass(frozen=True)
class ItemPlan:
    """What one request may do with one item."""

    item: Item
    context: rules.Context
    outline: Outline
    applicable: bool
    # Whether an identity number is that of the person who signed beside the firm.
    is_signers: Callable[[str], bool]
    # Values that the asker claims, field by field, to be compared at the provider (数据核验).
    claims: Mapping[str, str] = field(default_factory=dict)

    @property
    def reads_store(self) -> bool:
        return self.applicable and self.outline.reads_store

    @property
    def reads_own(self) -> bool:
        return self.applicable and self.outline.reads_own

    @property
    def calls(self) -> tuple[rules.ChannelDecision, ...]:
        return self.outline.calls if self.applicable else ()

    @property
    def checks(self) -> tuple[rules.ChannelDecision, ...]:
        """The channels through which something claimed may be compared."""
        if not self.applicable or not self.claims:
            return ()
        return tuple(check for check in self.outline.checks if self.claimed(check))

    def claimed(self, check: rules.ChannelDecision) -> dict[str, str]:
        """Return what is claimed and may be compared through a channel."""
        return {
            name: value
            for name, value in self.claims.items()
            if name in check.fields and check.fields[name].verdict is Verdict.VERIFY_ONLY
        }

    @property
    def questions(self) -> tuple[rules.ChannelDecision, ...]:
        """Everything that a provider is asked for this item, calls before checks."""
        return (*self.calls, *self.checks)

    @property
    def period(self) -> Period | None:
        """The span of dated facts that the consent opens, where rows leave by it and not just a field of
        them.
        """
        dated = self.item.observed_on is not None and self.outline.rows_rest_on_consent
        return self.context.consented.period if dated else None

    def used_consent(self, item: ReleasedItem) -> bool:
        """Whether the answer made use of the consent: something left, or a source said that it has nothing.

        A source that did not answer costs no use: it can be asked again.
        """
        if item.results:
            return any(check.channel.consent for check in self.checks)
        if not self.outline.rests_on_consent:
            return False
        opened = any(field.reason is Reason.CONSENTED for row in item.rows for field in row.fields.values())
        looked = bool(self.calls) and item.availability is Availability.NO_RECORD
        return opened or looked or bool(item.sealed)


def make(
    items: Sequence[Item],
    consented: Callable[[Item], rules.Consented],
    *,
    recipient: rules.RecipientKind,
    subject_kind: SubjectKind,
    is_signers: Callable[[str], bool],
    claims: Mapping[str, Mapping[str, str]] | None = None,
) -> tuple[ItemPlan, ...]:
    """Return the plan of a request, one entry per item in the order asked."""
    plans = []
    for item in items:
        context = rules.Context(recipient, subject_kind, consented(item))
        plans.append(
            ItemPlan(
                item,
                context,
                outline(item, context),
                applicable=subject_kind not in item.not_applicable_to,
                is_signers=is_signers,
                claims=(claims or {}).get(item.item, {}),
            )
        )
    return tuple(plans)


def without_consent(plan: ItemPlan, reason: Reason) -> ItemPlan:
    """Return what the plan would be if the consent did not carry the item, for this reason."""
    context = replace(plan.context, consented=rules.Consented(reason))
    return replace(plan, context=context, outline=outline(plan.item, context))


def answer(
    plan: ItemPlan,
    stored: Sequence[Stored],
    answers: Sequence[Answered],
    *,
    connected: bool,
    day: date,
) -> ReleasedItem:
    """Apply the plan to what was read and called; `connected` says whether the store has a source for the
    item, `day` is the business day on which the answer leaves.
    """
    rows = from_store(plan, stored, day=day)
    rows += [
        row
        for entry, reply in zip(plan.questions, answers, strict=True)
        for row in called(plan, entry, reply, day=day)
    ]
    return released(plan, rows, answers, connected=connected)


def from_store(plan: ItemPlan, stored: Sequence[Stored], *, day: date) -> list[ReleasedRow]:
    """Return what leaves of stored rows, row by row."""
    return [
        _from_store(plan, row) for row in stored if rules.published(plan.item, row.payload, plan.context, day)
    ]


def called(plan: ItemPlan, entry: rules.ChannelDecision, reply: Answered, *, day: date) -> list[ReleasedRow]:
    """Return what leaves of a provider's answer to a call, row by row."""
    if entry.channel.mode is not SharingMode.INTERFACE_CALL:
        return []
    return [
        _from_call(plan, entry, reply, row, reply.limits(number))
        for number, row in enumerate(reply.rows)
        if rules.published(plan.item, row, plan.context, day)
    ]


def released(
    plan: ItemPlan, rows: Sequence[ReleasedRow], answers: Sequence[Answered], *, connected: bool
) -> ReleasedItem:
    """Put rows that have been decided on into the answer, with the word for having none."""
    if not plan.applicable:
        return _without_rows(plan, Availability.NOT_APPLICABLE, None, withheld=())
    rows = [row for row in rows if row.fields]
    sealed = tuple(base64.b64encode(answer.sealed).decode() for answer in answers if answer.sealed)
    results = {name: match for answer in answers for name, match in answer.results.items()}
    known = any(match is not Match.NO_RECORD for match in results.values())
    availability, reason = _availability(plan, bool(rows or sealed or known), answers, connected=connected)
    return ReleasedItem(
        item=plan.item.item,
        item_version=plan.item.version,
        availability=availability,
        reason=reason,
        rows=tuple(rows),
        withheld=_withheld(plan, answers),
        provider=plan.item.channels[0].provider,
        period=plan.period,
        sealed=sealed,
        results=results,
    )


def _withheld(plan: ItemPlan, answers: Sequence[Answered]) -> tuple[WithheldField, ...]:
    """Name what is held back by catalogue and consent, then what a provider held back of what it was asked:
    for its own reason, and in place of the gate's word on a field that was to be compared only.
    """
    theirs = [
        WithheldField(name, reason, entry.channel.mode, by_provider=True)
        for entry, reply in zip(plan.questions, answers, strict=bool(answers))
        for name, (verdict, reason) in reply.narrowed.items()
        # Nobody here can mark a value as masked that stands in a sealed row.
        if verdict is Verdict.WITHHOLD or reply.sealed
    ]
    if not theirs:
        return plan.outline.withheld
    named = {(one.field, one.mode) for one in theirs}
    return (*(one for one in plan.outline.withheld if (one.field, one.mode) not in named), *theirs)


def _without_rows(
    plan: ItemPlan, availability: Availability, reason: Reason | None, *, withheld: tuple[WithheldField, ...]
) -> ReleasedItem:
    item = plan.item
    return ReleasedItem(
        item.item, item.version, availability, reason, (), withheld, item.channels[0].provider
    )


def _availability(
    plan: ItemPlan, any_row: bool, answers: Sequence[Answered], *, connected: bool
) -> tuple[Availability, Reason | None]:
    """ "No answer" is never "no record": each way of having no rows keeps its own word."""
    failed = [a for a in answers if a.availability not in (Availability.RECORDS, Availability.NO_RECORD)]
    if any_row:
        return (Availability.PARTIAL, _because(failed[0])) if failed else (Availability.RECORDS, None)
    # Of what a provider gave in part nothing may leave: there is no record to be told of.
    failed = [a for a in failed if a.availability is not Availability.PARTIAL]
    if failed:
        return failed[0].availability, _because(failed[0])
    if plan.reads_own:
        return Availability.NO_RECORD, None
    if not plan.reads_store and not plan.questions:
        return Availability.WITHHELD, _leading_reason(plan)
    if plan.reads_store and not connected and not answers:
        return Availability.SOURCE_NOT_CONNECTED, Reason.SOURCE_NOT_CONNECTED
    return Availability.NO_RECORD, None


def _because(answer: Answered) -> Reason:
    """A provider that finds a question not authorised says why; the others have one reason each."""
    if answer.reason is not None:
        return answer.reason
    if answer.availability is Availability.SOURCE_NOT_CONNECTED:
        return Reason.SOURCE_NOT_CONNECTED
    return Reason.PROVIDER_UNAVAILABLE


def _leading_reason(plan: ItemPlan) -> Reason | None:
    """The reason to show for an item of which nothing leaves: that of its last, usually narrowest,
    channel.
    """
    return plan.outline.withheld[-1].reason if plan.outline.withheld else None


def _from_store(plan: ItemPlan, row: Stored) -> ReleasedRow:
    fields = {
        name: _field(
            plan, name, value, rules.decide_by(plan.outline.table, plan.item, name, row.payload, plan.context)
        )
        for name, value in row.payload.items()
    }
    return ReleasedRow(
        record_id=row.id,
        observed_on=row.observed_on,
        received_at=row.received_at,
        provider=row.provider,
        mode=plan.item.channels[0].mode if plan.reads_own else SharingMode.PHYSICAL_AGGREGATION,
        fields={name: field for name, field in fields.items() if field is not None},
    )


def _from_call(
    plan: ItemPlan,
    entry: rules.ChannelDecision,
    reply: Answered,
    row: Mapping[str, Any],
    limits: Decided,
) -> ReleasedRow:
    fields = {
        name: _field(
            plan,
            name,
            row[name],
            rules.stricter(rules.decide_in(entry, plan.item, name, row, plan.context), limits.get(name)),
        )
        for name in entry.fields
        if row.get(name) is not None
    }
    return ReleasedRow(
        record_id=None,
        observed_on=_date_of(plan.item, row),
        received_at=reply.answered_at,
        provider=reply.provider,
        mode=SharingMode.INTERFACE_CALL,
        fields={name: field for name, field in fields.items() if field is not None},
    )


def _date_of(item: Item, row: Mapping[str, Any]) -> date | None:
    value = row.get(item.observed_on) if item.observed_on else None
    return rules.span_of(str(value)).from_ if value is not None else None


def _field(plan: ItemPlan, name: str, value: Any, decision: rules.Decision) -> ReleasedField | None:
    if not decision.leaves:
        return None
    field = plan.item.field(name)
    decision = rules.settle(decision, field, value, plan.is_signers)
    return ReleasedField(decision.verdict, rules.apply(decision, field, value), decision.reason)
