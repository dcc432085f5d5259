"""One fresh look at the consent behind a request: read from the primary database, inside the gate's
transactions.

Consent is never read from a replica or a cache; a look lives as long as the transaction that took it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import lru_cache
from uuid import UUID

from rongxin.catalogue.schema import Item
from rongxin.consent import register as consents
from rongxin.consent import rules as consent_rules
from rongxin.consent.errors import UnknownConsent
from rongxin.consent.rules import FrequencyUnit
from rongxin.disclosure import register, rules
from rongxin.disclosure.release import Request
from rongxin.parties import identity


@dataclass(frozen=True)
class Look:
    """A consent as it stands now, with the count that decides its use."""

    grant: consents.Grant
    case_id: UUID
    span: str
    uses: int
    as_of: datetime
    # What was found of items that the terms name and of those they don't: `covers` asks no more of an item.
    # As fresh as the look itself, which lives no longer than its transaction.
    _found: dict[bool, rules.Consented] = field(default_factory=dict, compare=False, repr=False)

    @property
    def id(self) -> UUID:
        return self.grant.id

    def ask(self, request: Request, item: Item) -> consent_rules.Ask:
        """Return the request for one item as consent sees it."""
        return consent_rules.Ask(
            institution=request.recipient.id,
            subject=request.uscc,
            item=item.item,
            purpose=request.purpose,
            case=self.case_id,
            as_of=self.as_of,
            # What is given again was counted when it was first given, and a repeat gives nothing more.
            uses=0 if request.repeats else self.uses,
            case_closed=self.grant.case_closed,
        )

    def consented(self, request: Request, item: Item) -> rules.Consented:
        """Say whether the consent covers `item` for this request."""
        terms = self.grant.terms
        named = item.item in terms.items
        found = self._found.get(named)
        if found is None:
            coverage = consent_rules.covers(terms, self.grant.status, self.ask(request, item))
            found = self._found[named] = rules.Consented(
                coverage.reason,
                person=terms.person_signature is not None,
                period=terms.data_period,
                modes=terms.modes,
            )
        return found

    def is_signers(self, number: str) -> bool:
        """Tell whether an identity number is that of the person who signed beside the firm."""
        signature = self.grant.terms.person_signature
        return signature is not None and identity.commit(number) == signature.commitment

    def count_use(self) -> bool:
        """Count one use in the present span; False when the consent's number is used up."""
        return register.count_use(self.id, self.span, self.grant.terms.frequency.limit)


def at(request: Request, subject_id: int, items: Sequence[Item], *, as_of: datetime) -> Look | None:
    """Look at the consent the request names, or at one of its case; None where the recipient has none.

    Of several consents of a case the newest that carries anything asked for is meant, else the newest live
    one, else the newest. Somebody else's consent is no consent here: whether it exists is not the recipient's
    to learn.
    """
    counted = register.counted(_spans(consent_rules.business_day(as_of)))
    if request.consent_id is not None:
        named = _find(request.consent_id, counted)
        given = [] if named is None else [named]
    else:
        assert request.case_id is not None
        given = consents.of_case_with(subject_id, request.recipient.id, request.case_id, counted)
    own = [
        _of(grant, uses, request, as_of)
        for grant, uses in given
        if grant.institution_id == request.recipient.id and grant.subject_id == subject_id
    ]
    carrying = [one for one in own if any(one.consented(request, item).covers for item in items)]
    live = [one for one in own if one.grant.status is consent_rules.Status.ACTIVE]
    return next(iter(carrying or live or own), None)


def again(look: Look, request: Request) -> Look:
    """Read the same consent once more; the caller holds its lock, and consents are never deleted."""
    grant, uses = consents.get_with(look.id, register.counted(_spans(consent_rules.business_day(look.as_of))))
    return _of(grant, uses, request, look.as_of)


def _find(consent_id: UUID, counted: consents.Beside) -> tuple[consents.Grant, int] | None:
    try:
        return consents.get_with(consent_id, counted)
    except UnknownConsent:
        return None


@lru_cache(maxsize=8)
def _spans(day: date) -> tuple[str, str, str, str]:
    """Name the spans a use may be counted in on a day; a consent counts in the one that its terms name."""
    term, year, month, this_day = (consent_rules.Frequency(1, unit).span(day) for unit in FrequencyUnit)
    return term, year, month, this_day


def _of(grant: consents.Grant, uses: int, request: Request, as_of: datetime) -> Look:
    span = grant.terms.frequency.span(consent_rules.business_day(as_of))
    return Look(grant, request.case_id or grant.case_id, span, uses, as_of)
