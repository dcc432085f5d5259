"""What may leave, field by field: one decision table for the row path and the set path.

The order of a decision is fixed: channel → consent → mode → third person (国办发〔2021〕52号 (六)(九)). A
mask never stands in for consent, and a reason to withhold comes from the catalogue and the consent alone,
never from whether a row exists: so the table of an item is complete before anything is read.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import lru_cache
from typing import Any

from rongxin.catalogue import masking, types
from rongxin.catalogue.redaction import redact
from rongxin.catalogue.schema import Channel, Field, Item
from rongxin.exchange import collection
from rongxin.vocabulary import sharing_mode
from rongxin.vocabulary.openness import Openness
from rongxin.vocabulary.period import Period
from rongxin.vocabulary.purpose import Purpose
from rongxin.vocabulary.reason import Reason
from rongxin.vocabulary.sharing_mode import SharingMode
from rongxin.vocabulary.subject_kind import SubjectKind
from rongxin.vocabulary.verdict import Verdict
from rongxin.vocabulary.whose import Whose


@dataclass(frozen=True)
class Decision:
    """What happens to one field of one record, and why."""

    verdict: Verdict
    reason: Reason

    @property
    def leaves(self) -> bool:
        """Whether the field's value leaves, in clear or masked."""
        return self.verdict in (Verdict.REVEAL, Verdict.MASK)


class RecipientKind(StrEnum):
    INSTITUTION = "institution"
    SUBJECT = "subject"
    DEPARTMENT = "department"
    # The platform itself, which keeps what a provider agreed to in writing (annex note 2); a provider's
    # gateway is asked so, the gate never.
    NODE = "node"
    # A person of the operator's, by an opening that another one approved (`emergency`).
    OPERATOR = "operator"
    # A provider that checks an objection gets the papers handed in with it (`handed_in`) and no records.
    PROVIDER = "provider"


@dataclass(frozen=True)
class Consented:
    """What consent says about one item on the day of the request; for a department, what its mandate says.

    `reason` is CONSENTED where it covers the item, else why it does not; `parties.rules.duty.of_item` gives
    a department's. `person` is true where the natural
    person whose data the row carries has signed too; the firm can't consent in that person's place.
    """

    reason: Reason
    person: bool = False
    # Facts dated outside the period that the consent names stay where they are.
    period: Period | None = None
    # The ways of sharing that the consent allows; None stands for all.
    modes: frozenset[SharingMode] | None = None

    @property
    def covers(self) -> bool:
        return self.reason is Reason.CONSENTED


@dataclass(frozen=True)
class Context:
    """Who asks, about what kind of subject, with which consent for the item at hand."""

    recipient: RecipientKind
    subject_kind: SubjectKind
    consented: Consented

    @property
    def own(self) -> bool:
        return self.recipient is RecipientKind.SUBJECT

    @property
    def broken_glass(self) -> bool:
        """Whether somebody of the operator's sees, by another's approval, what the subject itself would."""
        return self.recipient is RecipientKind.OPERATOR and self.consented.reason is Reason.BREAK_GLASS


@dataclass(frozen=True)
class ChannelDecision:
    """The decisions for the rows that one channel carries."""

    channel: Channel
    fields: Mapping[str, Decision]

    @property
    def permits_call(self) -> bool:
        """Whether the provider may be asked at all: something of the channel must be allowed to leave."""
        return any(decision.leaves for decision in self.fields.values())


# Purposes for which an institution may receive anything (（十）: nothing but support for a firm's financing).
INSTITUTION_PURPOSES = frozenset(Purpose) - {
    Purpose.SELF_ACCESS,
    Purpose.OFFICIAL_DUTY,
    Purpose.BREAK_GLASS,
    Purpose.OBJECTION_CHECK,
    Purpose.COLLECTION,
}


def admit(purpose: Purpose, recipient: RecipientKind) -> Reason | None:
    """Refuse a purpose that is not the recipient's to have ((十)); None admits it."""
    if recipient is RecipientKind.SUBJECT:
        return None if purpose is Purpose.SELF_ACCESS else Reason.PURPOSE_NOT_PERMITTED
    if recipient is RecipientKind.DEPARTMENT:
        return None if purpose is Purpose.OFFICIAL_DUTY else Reason.PURPOSE_NOT_PERMITTED
    if recipient is RecipientKind.OPERATOR:
        return None if purpose is Purpose.BREAK_GLASS else Reason.PURPOSE_NOT_PERMITTED
    if recipient in (RecipientKind.NODE, RecipientKind.PROVIDER):
        # What the platform collects for itself comes in by `sharing.bulk`; nothing leaves to it by the gate.
        return Reason.PURPOSE_NOT_PERMITTED
    return None if purpose in INSTITUTION_PURPOSES else Reason.PURPOSE_NOT_PERMITTED


@lru_cache(maxsize=4096)
def table(item: Item, context: Context) -> tuple[ChannelDecision, ...]:
    """Return the decision table of `item`: one entry per channel, in the order of the catalogue."""
    return tuple(
        ChannelDecision(
            channel,
            {name: _decide_field(item.field(name), channel, context) for name in item.fields_of(channel)},
        )
        for channel in item.channels
        if not channel.only or context.subject_kind in channel.only
    )


def decide(item: Item, field: str, row: Mapping[str, Any], context: Context) -> Decision:
    """Decide what may happen to one field of one record (国办发〔2021〕52号 (六)(九))."""
    return decide_by(table(item, context), item, field, row, context)


def decide_by(
    entries: tuple[ChannelDecision, ...], item: Item, field: str, row: Mapping[str, Any], context: Context
) -> Decision:
    """Decide as `decide` does, by the item's table already at hand."""
    if field not in item.field_names:
        return Decision(Verdict.WITHHOLD, Reason.NOT_IN_CATALOGUE)
    for entry in entries:
        if field in entry.fields and entry.channel.carries(row):
            return decide_in(entry, item, field, row, context)
    return Decision(Verdict.WITHHOLD, Reason.ROW_NOT_IN_CHANNEL)


def decide_in(
    entry: ChannelDecision, item: Item, field: str, row: Mapping[str, Any], context: Context
) -> Decision:
    """Decide on a field of a row that is known to come by this channel, as a provider's answer to a call
    is.
    """
    if needs_consent(entry.channel, item.field(field)) and not _within_period(item, row, context):
        return Decision(Verdict.WITHHOLD, Reason.PERIOD_NOT_COVERED)
    return entry.fields[field]


def stricter(own: Decision, others: tuple[Verdict, Reason] | None) -> Decision:
    """Return the stricter of two decisions with its reason; the own one where they agree."""
    if others is None or not others[0].stricter_than(own.verdict):
        return own
    return Decision(*others)


def needs_consent(channel: Channel, field: Field) -> bool:
    """Whether the field leaves this channel only with the subject's consent (经企业授权, for the row or the
    field).
    """
    return channel.consent or field.consent


def _within_period(item: Item, row: Mapping[str, Any], context: Context) -> bool:
    period = context.consented.period
    if context.own or period is None or not context.consented.covers or item.observed_on is None:
        return True
    value = row.get(item.observed_on)
    if value is None:
        return True
    fact = span_of(str(value))
    return fact.from_ <= period.to and period.from_ <= fact.to


def published(item: Item, row: Mapping[str, Any], context: Context, day: date) -> bool:
    """Whether a record may still be shown: its publication has not ended, or it is the subject's own question
    (发改委令第36号: publication ends by itself, and sharing and use with it).
    """
    value = row.get(item.published_until) if item.published_until else None
    return value is None or context.own or day <= span_of(str(value)).to


def span_of(value: str) -> Period:
    """Return the days that a catalogue date stands for: a year and a month are their whole span."""
    parts = [int(part) for part in value[:10].split("-")]
    if len(parts) == 1:
        return Period(date(parts[0], 1, 1), date(parts[0], 12, 31))
    if len(parts) == 2:
        return Period(date(parts[0], parts[1], 1), date(parts[0], parts[1], monthrange(*parts)[1]))
    return Period(date(*parts), date(*parts))


def _decide_field(field: Field, channel: Channel, context: Context) -> Decision:
    asks_consent = needs_consent(channel, field)
    if context.recipient is RecipientKind.DEPARTMENT:
        barred = _outside_duty(channel, context.consented.reason, asks_consent=asks_consent)
        if barred is not None:
            return Decision(Verdict.WITHHOLD, barred)
    elif context.recipient is RecipientKind.OPERATOR:
        barred = _outside_glass(channel, context)
        if barred is not None:
            return Decision(Verdict.WITHHOLD, barred)
    elif context.recipient is RecipientKind.NODE:
        if not collection.may_be_collected(channel, field):
            reason = Reason.CONSENT_MISSING if asks_consent else Reason.BULK_NOT_AGREED
            return Decision(Verdict.WITHHOLD, reason)
    elif not context.own:
        if asks_consent and not context.consented.covers:
            return Decision(Verdict.WITHHOLD, _why_not(channel, context.consented))
        modes = context.consented.modes
        ways = modes is None or channel.mode in modes or channel.mode in sharing_mode.OWN
        if asks_consent and not ways:
            return Decision(Verdict.WITHHOLD, Reason.MODE_NOT_PERMITTED)
        if channel.mode is SharingMode.DATA_VERIFICATION:
            return Decision(Verdict.VERIFY_ONLY, Reason.VERIFICATION_ONLY)
    elif channel.mode is SharingMode.DATA_VERIFICATION:
        return Decision(Verdict.WITHHOLD, Reason.MODE_NOT_PERMITTED)
    return _third_person(field, context, asks_consent=asks_consent)


def _outside_duty(channel: Channel, reason: Reason, *, asks_consent: bool) -> Reason | None:
    """Say why a field is none of a department's duty; None where it is ((五): 依法依规同步共享).

    The mandate must name the item; what the annex shares only with consent, by a law cited for that item; and
    only what is collected here is shared on: for the rest the responsible department is asked itself.
    """
    if reason not in (Reason.OFFICIAL_DUTY, Reason.DUTY_BASIS_MISSING):
        # A firm's consent is given to an institution and carries no department.
        return Reason.DUTY_MANDATE_MISSING if reason is Reason.CONSENTED else reason
    if asks_consent and reason is not Reason.OFFICIAL_DUTY:
        return Reason.DUTY_BASIS_MISSING
    return None if channel.mode is SharingMode.PHYSICAL_AGGREGATION else Reason.NOT_COLLECTED


def _outside_glass(channel: Channel, context: Context) -> Reason | None:
    """Say why a field stays closed to the operator's people: without an opening every one; with one, what
    isn't stored here, for no provider is asked on it.
    """
    if not context.broken_glass:
        return Reason.BREAK_GLASS_MISSING
    return None if channel.mode is SharingMode.PHYSICAL_AGGREGATION else Reason.NOT_COLLECTED


def _why_not(channel: Channel, consented: Consented) -> Reason:
    """A field that only itself needs consent says so; else the reason is the consent's own."""
    if not channel.consent and consented.reason is Reason.CONSENT_MISSING:
        return Reason.FIELD_CONSENT_MISSING
    return consented.reason


def _third_person(field: Field, context: Context, *, asks_consent: bool) -> Decision:
    open_reason = _open_reason(context, asks_consent=asks_consent)
    if field.type in masking.REDACTED:
        return Decision(Verdict.MASK, Reason.MASKED_TYPE)
    if field.type in masking.PERSONAL:
        own_detail = field.whose is Whose.SUBJECT and (context.own or context.broken_glass)
        person_agreed = (
            asks_consent
            and field.person is not None
            and context.consented.covers
            and context.consented.person
        )
        if own_detail or person_agreed or _is_the_firms_own(field):
            return Decision(Verdict.REVEAL, open_reason)
        return Decision(Verdict.MASK, _masked_because(field))
    if field.whose is Whose.THIRD_PERSON and field.openness is not Openness.PUBLIC:
        return Decision(Verdict.MASK, Reason.THIRD_PERSON)
    if (
        field.type in masking.MAYBE_A_HOME
        and context.subject_kind is SubjectKind.INDIVIDUAL_BUSINESS
        and not (context.own or context.broken_glass)
    ):
        return Decision(Verdict.MASK, Reason.MASKED_TYPE)
    return Decision(Verdict.REVEAL, open_reason)


def _is_the_firms_own(field: Field) -> bool:
    """A firm's own meter or account number is its business secret, not a person's detail: consent opens
    it.
    """
    return field.type == "account_number" and field.whose is Whose.SUBJECT


def _masked_because(field: Field) -> Reason:
    return Reason.THIRD_PERSON if field.whose is Whose.THIRD_PERSON else Reason.MASKED_TYPE


def _open_reason(context: Context, *, asks_consent: bool) -> Reason:
    if context.own:
        return Reason.OWN_DATA
    if context.broken_glass:
        return Reason.BREAK_GLASS
    if asks_consent and context.recipient is RecipientKind.DEPARTMENT:
        return Reason.OFFICIAL_DUTY
    return Reason.CONSENTED if asks_consent else Reason.PUBLIC_INFORMATION


def settle(decision: Decision, field: Field, value: Any, is_signers: Callable[[str], bool]) -> Decision:
    """Look at the value itself where a person's consent opened it: it opens that person's number and nobody
    else's (a former representative's stands masked). `is_signers` tells whether a number is the signer's.
    """
    if field.person is None or decision.verdict is not Verdict.REVEAL or is_signers(str(value)):
        return decision
    return Decision(Verdict.MASK, Reason.THIRD_PERSON)


# Words in which somebody may have written a number or phone of a person: taken out even where the field is
# public. What is left are codes, dates and numbers that the catalogue's types have checked.
_WORDS = frozenset(
    {
        "text",
        "text_list",
        "organisation_name",
        "person_name",
        "party_name",
        "document_number",
        "registered_address",
        "address",
    }
)


def apply(decision: Decision, field: Field, value: Any) -> Any:
    """Return what leaves of `value`: itself, its mask, or None for what does not leave."""
    if value is None or not decision.leaves:
        return None
    if decision.verdict is Verdict.MASK:
        return types.get(field.type).mask(value)
    if field.type in _WORDS:
        return [redact(word) for word in value] if isinstance(value, list) else redact(str(value))
    return value
