"""Products for tests: terms that hold, changed where a test wants, and one that a bank has published."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from rongxin.financing.products import offers
from rongxin.financing.products.offers import Card
from rongxin.financing.products.rules import Terms
from rongxin.parties.rules.membership import PartyKind, Role
from rongxin.vocabulary.actor import Actor
from tests.unit.consent import stage


def document(**changes: Any) -> dict[str, Any]:
    """Return the terms of an unsecured loan, as a bank sends them."""
    return {
        "name": "云税贷",
        "kind": "loan",
        "summary": "凭纳税记录申请，随借随还",
        "amount_min_cny": "10000",
        "amount_max_cny": "500000",
        "term_min_months": 3,
        "term_max_months": 24,
        "rate_min_bp": 385,
        "rate_max_bp": 600,
        "security": ["credit"],
        "items": ["tax_payment", "business_licence"],
        "consent_template": "one_time_underwriting",
        "first_answer_days": 3,
        **changes,
    }


def terms(**changes: Any) -> Terms:
    return Terms.model_validate(document(**changes))


def clerk(bank: str, role: Role = Role.CLERK) -> Actor:
    """Somebody of the bank's, known by real name."""
    someone = stage.staff(PartyKind.INSTITUTION, bank, role)
    return Actor(someone.actor.kind, someone.actor.id, f"institution:{bank}")


def proposed(bank: str, *, as_of: datetime = stage.NOW, **changes: Any) -> Card:
    """Have one of the bank's people propose a product; nobody else sees it yet."""
    return offers.propose(bank, terms(**changes), actor=clerk(bank), as_of=as_of)


def published(bank: str, *, as_of: datetime = stage.NOW, **changes: Any) -> Card:
    """Have one of the bank's people propose a product and another publish it."""
    made = proposed(bank, as_of=as_of, **changes)
    return offers.publish(made.product, bank, actor=clerk(bank, Role.CHECKER), as_of=as_of)
