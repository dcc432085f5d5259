"""What a gateway finds that it may answer: recomputed from artefact, status and catalogue, believing nobody.

The decision table is the node's own (`disclosure.rules`), so an honest node and a gateway agree on every
field; where they don't, the stricter verdict holds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache

from rongxin.catalogue.schema import Item
from rongxin.consent import rules as consent_rules
from rongxin.disclosure import rules
from rongxin.exchange import consent_status
from rongxin.exchange.question import Question
from rongxin.proof import jws
from rongxin.proof.errors import Forged
from rongxin.proof.keys import VerifyingKey
from rongxin.vocabulary.reason import Reason
from rongxin.vocabulary.sharing_mode import SharingMode
from rongxin.vocabulary.verdict import Verdict


@dataclass(frozen=True)
class Carried:
    """The consent that a question came with: its terms where they are genuine, and whether it carries it."""

    reason: Reason
    terms: consent_rules.Terms | None = None


@dataclass(frozen=True)
class Ruling:
    """What may be answered, field by field; `entry` is the table's entry for the channel asked through."""

    context: rules.Context
    entry: rules.ChannelDecision
    carried: Carried

    def allowed(self, mode: SharingMode) -> tuple[str, ...]:
        """Return the fields of which something may leave, or which may be compared."""
        wanted = (
            (Verdict.VERIFY_ONLY,)
            if mode is SharingMode.DATA_VERIFICATION
            else (Verdict.REVEAL, Verdict.MASK)
        )
        return tuple(name for name, made in self.entry.fields.items() if made.verdict in wanted)

    def narrowed(self, question: Question) -> tuple[rules.Decision, ...]:
        """Return the decisions by which less leaves than the node asked for; of a check, on claims alone."""
        claimed = question.claims if question.mode is SharingMode.DATA_VERIFICATION else question.verdicts
        return tuple(
            self.entry.fields[name]
            for name, asked in question.verdicts.items()
            if name in claimed and self.entry.fields[name].verdict.stricter_than(asked)
        )


def rule(question: Question, item: Item, carried: Carried) -> Ruling:
    """Decide on each field asked for; a field that isn't of the channel is withheld."""
    channel = item.channels[question.channel]
    terms = carried.terms
    consented = rules.Consented(
        carried.reason,
        person=terms is not None and terms.person_signature is not None,
        period=terms.data_period if terms else None,
        modes=terms.modes if terms else None,
    )
    context = rules.Context(rules.RecipientKind(question.recipient_kind), question.subject_kind, consented)
    own = rules.table(item, context)[question.channel]
    fields = {
        name: _stricter(own.fields.get(name, _WITHHELD), verdict)
        for name, verdict in question.verdicts.items()
    }
    return Ruling(context, rules.ChannelDecision(channel, fields), carried)


_WITHHELD = rules.Decision(Verdict.WITHHOLD, Reason.NOT_IN_CATALOGUE)


def _stricter(own: rules.Decision, asked: Verdict) -> rules.Decision:
    return replace(own, verdict=asked) if asked.stricter_than(own.verdict) else own


# What these bytes say under these keys stays so; where the consent stands is looked at for each question, by
# its status. A report asks one provider for up to ten items by one artefact.
@lru_cache(maxsize=4096)
def _terms(artefact: str, keys: tuple[VerifyingKey, ...]) -> consent_rules.Terms:
    known = {key.id: key for key in keys}
    return consent_rules.decode(jws.verify(artefact, known, type=consent_rules.ARTEFACT_TYPE))


def consent(
    question: Question,
    status: str | None,
    keys: Mapping[str, VerifyingKey],
    *,
    digest: str,
    now: datetime,
) -> Carried:
    """Say whether the consent that came with a question carries it at this moment, and why not; `digest` is
    the question's, to which the status is bound.
    """
    if question.artefact is None:
        return Carried(Reason.CONSENT_MISSING)
    try:
        terms = _terms(question.artefact, tuple(keys.values()))
    except (Forged, ValueError):
        return Carried(Reason.CONSENT_FORGED)
    if status is None:
        return Carried(Reason.CONSENT_STATUS_MISSING, terms)
    try:
        stands = consent_status.check(status, keys, question=digest, now=now)
    except Forged:
        return Carried(Reason.CONSENT_STATUS_MISSING, terms)
    if stands.consent != terms.id:
        return Carried(Reason.CONSENT_STATUS_MISSING, terms)
    ask = consent_rules.Ask(
        institution=question.recipient,
        subject=question.subject.uscc,
        item=question.item,
        purpose=question.purpose,
        case=question.case,
        as_of=now,
        uses=stands.uses,
        mode=question.mode,
        case_closed=stands.case_closed,
    )
    return Carried(consent_rules.covers(terms, stands.status, ask).reason, terms)
