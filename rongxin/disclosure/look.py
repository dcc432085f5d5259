"""One fresh look at the consent behind a request: read from the primary database, inside the gate's transactions.

Consent is never read from a replica or a cache; a look lives as long as the transaction that took it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from rongxin.catalogue.schema import Item
from rongxin.consent import cases, grants
from rongxin.consent import rules as consent_rules
from rongxin.disclosure import register, rules
from rongxin.disclosure.release import Request


@dataclass(frozen=True)
class Look:
    """A consent as it stands now, with what decides its use: case and count."""

    grant: grants.Grant
    case_id: UUID
    case_closed: bool
    span: str
    uses: int
    as_of: datetime

    @property
    def id(self) -> UUID:
        return self.grant.id

    def consented(self, request: Request, item: Item) -> rules.Consented:
        """Say whether the consent covers `item` for this request."""
        ask = consent_rules.Ask(
            institution=request.recipient.id,
            subject=request.uscc,
            item=item.item,
            purpose=request.purpose,
            case=self.case_id,
            as_of=self.as_of,
            uses=self.uses,
            case_closed=self.case_closed,
        )
        coverage = consent_rules.covers(self.grant.terms, self.grant.status, ask)
        return rules.Consented(
            coverage.reason,
            person=self.grant.terms.person_signature is not None,
            period=self.grant.terms.data_period,
        )

    def count_use(self) -> bool:
        """Count one use in the present span; False when the consent's number is used up."""
        return register.count_use(self.id, self.span, self.grant.terms.frequency.limit)


def at(request: Request, subject_id: int, *, as_of: datetime) -> Look | None:
    """Look at the consent the request names, or at the one its case has; None where there is none."""
    if request.consent_id is not None:
        grant = grants.find(request.consent_id)
    else:
        assert request.case_id is not None
        found = grants.active_for(subject_id, request.recipient.id, request.case_id)
        grant = found[0] if found else None
    return None if grant is None else _of(grant, request, as_of)


def again(look: Look, request: Request) -> Look | None:
    """Read the same consent once more; the caller holds its lock."""
    grant = grants.find(look.id)
    return None if grant is None else _of(grant, request, look.as_of)


def _of(grant: grants.Grant, request: Request, as_of: datetime) -> Look:
    case_id = request.case_id or grant.terms.case
    span = grant.terms.frequency.span(consent_rules.business_day(as_of))
    return Look(grant, case_id, cases.is_closed(case_id), span, register.uses(grant.id, span), as_of)
