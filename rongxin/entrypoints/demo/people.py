"""Who a visitor of the demo can sign in as: the owner of the story's firm, and staff of every portal.

All of them are invented. Passwords are made anew with each demo; the page that asks for the authenticator's
code shows it, in a demo and nowhere else.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone

from rongxin.consent import cases, requests, templates
from rongxin.consent.rules import CaseKind
from rongxin.entrypoints.demo.bank import ITEMS
from rongxin.entrypoints.demo.cast import BANK, CITY, Player
from rongxin.entrypoints.demo.story import Hero
from rongxin.parties import accounts, departments, duty_mandates, identity, memberships, sign_ins, subjects
from rongxin.parties.rules import duty
from rongxin.parties.rules.membership import PartyKind, Role
from rongxin.vocabulary.actor import SYSTEM, Actor, ActorKind

DEPARTMENT, DEPARTMENT_NAME = "emergency_bureau", "云州市应急管理局（虚构）"
_STAFF = (
    ("bank-clerk", "云小谷（虚构）", PartyKind.INSTITUTION, BANK, Role.CLERK),
    ("bank-checker", "沈复核（虚构）", PartyKind.INSTITUTION, BANK, Role.CHECKER),
    ("bank-admin", "管理员小任（虚构）", PartyKind.INSTITUTION, BANK, Role.ADMINISTRATOR),
    ("duty-clerk", "应小急（虚构）", PartyKind.DEPARTMENT, DEPARTMENT, Role.CLERK),
    ("tax-clerk", "税小文（虚构）", PartyKind.PROVIDER, "tax_bureau", Role.CLERK),
    ("market-clerk", "施小市（虚构）", PartyKind.PROVIDER, "market_regulation_bureau", Role.CLERK),
    ("system-admin", "严系统（虚构）", PartyKind.OPERATOR, None, Role.SYSTEM_ADMINISTRATOR),
    ("security-admin", "安守全（虚构）", PartyKind.OPERATOR, None, Role.SECURITY_ADMINISTRATOR),
    ("audit-admin", "申计明（虚构）", PartyKind.OPERATOR, None, Role.AUDIT_ADMINISTRATOR),
    ("desk-clerk", "桂窗口（虚构）", PartyKind.OPERATOR, None, Role.CLERK),
    ("desk-checker", "傅复核（虚构）", PartyKind.OPERATOR, None, Role.CHECKER),
)


@dataclass(frozen=True)
class Door:
    """One way in, as the demo prints it."""

    username: str
    password: str
    name: str
    role: str
    role_en: str


Staff = Sequence[tuple[str, str, PartyKind, str | None, Role]]


def staff(*, as_of: datetime) -> list[Door]:
    """Open an account for one person of every kind, with a password that this demo alone has.

    The department has a mandate of two persons', so that its clerk may ask something.
    """
    departments.admit(DEPARTMENT, name=DEPARTMENT_NAME, actor=SYSTEM, as_of=as_of)
    doors = open_staff(_STAFF, first_number=1, as_of=as_of)
    today = timezone.localdate(as_of)
    terms = duty.Terms(
        department=DEPARTMENT,
        duty="核发危险化学品经营许可前的审查",
        legal_basis="危险化学品安全管理条例第三十五条",
        items=dict.fromkeys(("administrative_permit", "administrative_penalty"), ""),
        valid_from=today,
        valid_until=today + timedelta(days=180),
        regions=(CITY,),
        daily_limit=50,
    )
    proposed = duty_mandates.propose(terms, actor=_as_operator("desk-clerk"), as_of=as_of)
    duty_mandates.grant(proposed.id, actor=_as_operator("security-admin"), as_of=as_of)
    return doors


def _as_operator(username: str) -> Actor:
    card = accounts.named(username)
    assert card is not None
    return Actor(ActorKind.ACCOUNT, str(card.id), "operator:")


def open_staff(some: Staff, *, first_number: int, as_of: datetime) -> list[Door]:
    """Open accounts for these people; their invented identity numbers go on from `first_number`."""
    doors = []
    for number, (username, name, kind, party, role) in enumerate(some, start=first_number):
        card = accounts.open_account(username, name, actor=SYSTEM, as_of=as_of)
        evidence = {"name": name, "id_number": f"99010119900101{number:03d}X", "represents": ""}
        assertion = identity.DemoIdentityProvider().attest(evidence, as_of=as_of)
        accounts.register_real_name(card.id, assertion, actor=SYSTEM, as_of=as_of)
        today = timezone.localdate(as_of)
        memberships.appoint(card.id, kind, party, role, valid_from=today, actor=SYSTEM, as_of=as_of)
        password = f"Rx-{secrets.token_urlsafe(9)}-9"
        sign_ins.change_password(card.id, password, profile="mlps3", actor=SYSTEM, as_of=as_of)
        # The identifiers are the glossary's English words.
        in_english = f"{kind.value}: {role.value.replace('_', ' ')}"
        doors.append(Door(username, password, name, f"{kind.label}·{role.label}", in_english))
    return doors


def waiting(hero: Hero, bank: Player, *, as_of: datetime) -> str:
    """Leave one request of the bank for the owner to answer; return its number."""
    firm = subjects.find(hero.uscc)
    assert firm is not None
    case = cases.open_case(
        BANK, firm.id, "YZ-2026-0002", CaseKind.LOAN_APPLICATION, actor=bank.actor, as_of=as_of
    )
    draft = templates.draft("one_time_underwriting", frozenset(ITEMS), on=timezone.localdate(as_of))
    return str(requests.request(case.id, draft, actor=bank.actor, as_of=as_of).id)
