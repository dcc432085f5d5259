"""The demo's loans: two invented banks offer products, the story's firm applies to both by one form.

One of them approves, the other still wants papers, so that whoever opens the portal finds both.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.utils import timezone

from rongxin.consent import notices
from rongxin.entrypoints.demo import cast
from rongxin.entrypoints.demo.cast import BANK, Player
from rongxin.entrypoints.demo.people import Door, open_staff
from rongxin.entrypoints.demo.story import Hero
from rongxin.financing.applying import answers, applications, statements
from rongxin.financing.applying.applications import Signed, Wish
from rongxin.financing.applying.cards import Card
from rongxin.financing.products import offers
from rongxin.financing.rules import Security, Stage, Told
from rongxin.parties import accounts, identity, subjects
from rongxin.parties.rules.membership import PartyKind, Role
from rongxin.vocabulary.actor import Actor, ActorKind

COMMERCE_BANK = "yunzhou_commerce_bank"
COMMERCE_BANK_NAME = "云州商业银行（虚构）"
AMOUNT = Decimal(200_000)
_LOAN: dict[str, Any] = {
    "kind": "loan",
    "term_min_months": 6,
    "term_max_months": 24,
    "security": ["credit"],
    "consent_template": "one_time_underwriting",
}
_PRODUCTS: dict[str, tuple[dict[str, Any], ...]] = {
    BANK: (
        _LOAN
        | {
            "name": "云店贷",
            "summary": "给有稳定经营记录的小店，不用抵押",
            "amount_min_cny": "20000",
            "amount_max_cny": "500000",
            "rate_min_bp": 385,
            "rate_max_bp": 540,
            "admission": {"regions": ["990100"], "age_months_min": 6},
            "items": ["tax_payment", "electricity_fee", "social_insurance"],
            "papers": ["近三个月收款流水"],
            "first_answer_days": 3,
        },
        _LOAN
        | {
            "name": "云房抵押贷",
            "summary": "以房产抵押，额度更高、利率更低",
            "amount_min_cny": "200000",
            "amount_max_cny": "3000000",
            "term_max_months": 60,
            "rate_min_bp": 320,
            "rate_max_bp": 420,
            "repayment": "equal_instalments",
            "fees": [{"label": "抵押登记与评估费", "fixed_cny": "1200"}],
            "security": ["mortgage"],
            "items": ["tax_payment", "real_estate"],
            "first_answer_days": 5,
        },
    ),
    COMMERCE_BANK: (
        _LOAN
        | {
            "name": "商户速贷",
            "summary": "两个工作日内答复",
            "amount_min_cny": "10000",
            "amount_max_cny": "300000",
            "rate_min_bp": 480,
            "rate_max_bp": 720,
            "repayment": "equal_instalments",
            "fees": [{"label": "账户管理费", "rate_bp": 30, "every_year": True}],
            "items": ["tax_payment", "electricity_fee"],
            "first_answer_days": 2,
        },
        _LOAN
        | {
            "name": "制造业设备贷",
            "summary": "为添置设备的制造企业",
            "amount_min_cny": "100000",
            "amount_max_cny": "2000000",
            "term_max_months": 36,
            "rate_min_bp": 345,
            "rate_max_bp": 460,
            "repayment": "equal_principal",
            "security": ["pledge", "guarantee"],
            "admission": {"industries": ["C"], "subject_kinds": ["company"]},
            "items": ["tax_payment", "customs_registration"],
            "first_answer_days": 5,
        },
    ),
}
_STAFF = (
    ("commerce-clerk", "尚小业（虚构）", PartyKind.INSTITUTION, COMMERCE_BANK, Role.CLERK),
    ("commerce-checker", "商复核（虚构）", PartyKind.INSTITUTION, COMMERCE_BANK, Role.CHECKER),
)


@dataclass(frozen=True)
class Lent:
    """What the banks offer, and where the firm's two applications stand."""

    products: int
    applications: tuple[Card, ...]
    doors: tuple[Door, ...]

    def told(self) -> str:
        """Say in a line what came of it."""
        states = "、".join(f"{card.product.terms.name}{card.state.label}" for card in self.applications)
        return f"融资产品：两家银行发布{self.products}个；企业一份申请交给两家：{states} one form, two banks"

    def summary(self) -> dict[str, Any]:
        states = [card.state.value for card in self.applications]
        return {"products": self.products, "applications": states}


def lend(hero: Hero, bank: Player, *, as_of: datetime) -> Lent:
    """Have the banks offer, the firm apply to both, one approve and the other ask for papers."""
    cast.admitted(COMMERCE_BANK, COMMERCE_BANK_NAME, "MA99BK03", as_of)
    doors = open_staff(_STAFF, first_number=101, as_of=as_of)
    commerce = _staff("commerce-clerk", COMMERCE_BANK)
    checkers = {BANK: _staff("bank-checker", BANK), COMMERCE_BANK: _staff("commerce-checker", COMMERCE_BANK)}
    published = []
    for (institution, some), clerk in zip(_PRODUCTS.items(), (bank.actor, commerce), strict=True):
        for terms in some:
            made = offers.propose(institution, offers.read(terms), actor=clerk, as_of=as_of)
            published.append(
                offers.publish(made.product, institution, actor=checkers[institution], as_of=as_of)
            )
    wanted = [card for card in published if card.terms.name in ("云店贷", "商户速贷")]
    first, second = _applied(hero, wanted, as_of=as_of)
    granted = Told(
        Stage.APPROVED,
        timezone.localdate(as_of),
        amount_cny=AMOUNT,
        rate_bp=425,
        term_months=12,
        security=Security.CREDIT,
    )
    told = "经营稳定，按优惠利率批准，请于30日内来行签约"
    first = answers.decide(first.id, granted, told, actor=bank.actor, as_of=as_of)
    second = answers.ask_papers(second.id, ["近三个月收款流水"], actor=commerce, as_of=as_of)
    return Lent(len(published), (first, second), tuple(doors))


def _applied(hero: Hero, wanted: list[offers.Card], *, as_of: datetime) -> list[Card]:
    """Apply as the firm's owner, with consent to each; in the order of `wanted`."""
    firm = subjects.find(hero.uscc)
    assert firm is not None
    evidence = {"name": hero.person, "id_number": hero.id_number, "represents": hero.uscc}
    assertion = identity.DemoIdentityProvider().attest(evidence, as_of=as_of)
    account = accounts.of_person(assertion)
    assert account is not None
    owner = Actor(ActorKind.ACCOUNT, str(account.id), f"subject:{firm.id}")
    today = timezone.localdate(as_of)
    promise, notice = statements.commitment(today), notices.current(today)
    wish = Wish(
        tuple(card.id for card in wanted),
        AMOUNT,
        12,
        "扩大店面、采购食材",
        {"main_business": "牛肉面", "employees": "6", "revenue_12m_10k_cny": "96"},
        (promise.version, promise.sha256),
    )
    drafts = {card.product.id: card for card in applications.fill_in(firm.id, wish, actor=owner, as_of=as_of)}
    signed = Signed(assertion, notice.version, notice.sha256)
    return [applications.submit(drafts[card.id].id, signed, actor=owner, as_of=as_of) for card in wanted]


def _staff(username: str, institution: str) -> Actor:
    account = accounts.named(username)
    assert account is not None
    return Actor(ActorKind.ACCOUNT, str(account.id), f"institution:{institution}")
