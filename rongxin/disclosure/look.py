"""One fresh look at the consent behind a request: read from the primary database, inside the gate's
transactions.

Consent is never read from a replica or a cache; a look lives as long as the transaction that took it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from rongxin.catalogue.schema import Item
from rongxin.consent import register as consents
from rongxin.consent import rules as consent_rules
from rongxin.consent.errors import UnknownConsent
from rongxin.disclosure import register, rules
from rongxin.disclosure.release import Request


@dataclass(frozen=True)
class Look:
    """A consent as it stands now, with the count that decides its use."""

    grant: consents.Grant
    case_id: UUID
    span: str
    uses: int
    as_of: datetime

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
            uses=self.uses,
            case_closed=self.grant.case_closed,
        )

    def consented(self, request: Request, item: Item) -> rules.Consented:
        """Say whether the consent covers `item` for this request."""
        terms = self.grant.terms
        coverage = consent_rules.covers(terms, self.grant.status, self.ask(request, item))
        return rules.Consented(
            coverage.reason,
            person=terms.person_signature is not None,
            period=terms.data_period,
            modes=terms.modes,
        )

    def count_use(self) -> bool:
        """Count one use in the present span; False when the consent's number is used up."""
        return register.count_use(self.id, self.span, self.grant.terms.frequency.limit)


def at(request: Request, subject_id: int, *, as_of: datetime) -> Look | None:
    """Look at the consent the request names, or at the newest of its case; None where the recipient has none.

    Somebody else's consent is no consent here: whether it exists is not the recipient's to learn.
    """
    if request.consent_id is not None:
        grant = _find(request.consent_id)
    else:
        assert request.case_id is not None
        given = consents.of_case(subject_id, request.recipient.id, request.case_id)
        active = [one for one in given if one.status is consent_rules.Status.ACTIVE]
        grant = next(iter(active or given), None)
    if grant is None or grant.institution_id != request.recipient.id or grant.subject_id != subject_id:
        return None
    return _of(grant, request, as_of)


def again(look: Look, request: Request) -> Look:
    """Read the same consent once more; the caller holds its lock, and consents are never deleted."""
    return _of(consents.get(look.id), request, look.as_of)


def _find(consent_id: UUID) -> consents.Grant | None:
    try:
        return consents.get(consent_id)
    except UnknownConsent:
        return None


def _of(grant: consents.Grant, request: Request, as_of: datetime) -> Look:
    span = grant.terms.frequency.span(consent_rules.business_day(as_of))
    return Look(grant, request.case_id or grant.case_id, span, register.count(grant.id, span), as_of)
