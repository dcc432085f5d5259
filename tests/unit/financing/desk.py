"""Applications for tests: a firm, a bank that lends, a form filled in and submitted with consent."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from rongxin.catalogue.attachments import File
from rongxin.financing.applying import applications
from rongxin.financing.applying.applications import Signed, Wish
from rongxin.financing.applying.cards import Card
from rongxin.financing.rules import Rejection, Security, Stage, Told
from tests.unit.consent import stage
from tests.unit.financing import shelf

PDF = File("流水.pdf", "application/pdf", b"%PDF-1.7 statement")
AMOUNT = Decimal("200000.00")


def signed(firm: stage.Firm, *, as_of: datetime = stage.NOW) -> Signed:
    shown = stage.shown(as_of)
    return Signed(firm.owner.attest(as_of=as_of), shown["notice_version"], shown["notice_sha256"])


def wish(*versions: UUID, **changes: Any) -> Wish:
    given: dict[str, Any] = {
        "amount_cny": AMOUNT,
        "term_months": 12,
        "purpose": "采购食材",
        "stated": {},
        **changes,
    }
    return Wish(versions, **given)


def drafted(firm: stage.Firm, *versions: UUID, as_of: datetime = stage.NOW, **changes: Any) -> list[Card]:
    return applications.fill_in(firm.id, wish(*versions, **changes), actor=firm.owner.actor, as_of=as_of)


def submitted(firm: stage.Firm, bank: str = "bank_a", *, as_of: datetime = stage.NOW, **changes: Any) -> Card:
    """Fill in a form for a product of the bank's and submit it with consent."""
    product = shelf.published(bank, as_of=as_of, **changes)
    (card,) = drafted(firm, product.id, as_of=as_of)
    return applications.submit(card.id, signed(firm, as_of=as_of), actor=firm.owner.actor, as_of=as_of)


def approved(as_of: datetime = stage.NOW, **changes: Any) -> Told:
    given: dict[str, Any] = {
        "amount_cny": Decimal("150000.00"),
        "rate_bp": 450,
        "term_months": 12,
        "security": Security.CREDIT,
        **changes,
    }
    return Told(Stage.APPROVED, stage.business_day(as_of), **given)


def rejected(as_of: datetime = stage.NOW) -> Told:
    return Told(Stage.REJECTED, stage.business_day(as_of), rejection=Rejection.POLICY)
