"""A small stage for tests of consent: a firm with its owner, a bank, a case; all invented."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, fields
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from rongxin.consent import cases, grants, notices, templates
from rongxin.consent.rules import CaseKind, business_day
from rongxin.consent.templates import Draft
from rongxin.parties import accounts, identity, institution_keys, institutions, memberships, subjects
from rongxin.parties.rules.identity import Assertion
from rongxin.parties.rules.institution_key import KeyPurpose
from rongxin.parties.rules.membership import PartyKind, Role
from rongxin.parties.rules.standing import InstitutionKind
from rongxin.vocabulary import uscc
from rongxin.vocabulary.actor import SYSTEM, Actor, ActorKind

NOW = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)  # 10:00 in Shanghai
TODAY = business_day(NOW)
SCAN = b"%PDF-1.7 scan of a signed paper"
_numbers = itertools.count(1)


@dataclass(frozen=True)
class Person:
    name: str
    id_number: str
    account: int

    @property
    def actor(self) -> Actor:
        return Actor(ActorKind.ACCOUNT, str(self.account))

    def attest(self, represents: str = "", *, as_of: datetime = NOW) -> Assertion:
        evidence = {"name": self.name, "id_number": self.id_number, "represents": represents}
        return identity.DemoIdentityProvider().attest(evidence, as_of=as_of)


@dataclass(frozen=True)
class Firm:
    id: int
    uscc: str
    owner: Person


def person(name: str = "张建国") -> Person:
    number = next(_numbers)
    made = accounts.open_account(f"person{number}", name, actor=SYSTEM, as_of=NOW)
    someone = Person(name, f"11010119900307{number:04d}", made.id)
    accounts.register_real_name(made.id, someone.attest(), actor=SYSTEM, as_of=NOW)
    return someone


def code(department_and_class: str = "91") -> str:
    return uscc.compose(department_and_class, "990101", f"MA1{next(_numbers):05d}")


def firm(name: str = "云州蓝鲸物流有限公司", *, department_and_class: str = "91") -> Firm:
    owner = person()
    registered = subjects.register(
        subjects.Registration(
            uscc=code(department_and_class),
            name=name,
            region="990101",
            legal_representative=owner.name,
            legal_representative_commitment=identity.commit(owner.id_number),
        ),
        actor=SYSTEM,
        as_of=NOW,
    )
    assert registered.uscc is not None
    memberships.represent(owner.account, registered.id, owner.attest(), actor=owner.actor, as_of=NOW)
    return Firm(registered.id, registered.uscc, owner)


def bank(id: str = "bank_a") -> str:
    institutions.admit(
        id,
        name=f"云州{id}银行",
        uscc=code(),
        kind=InstitutionKind.BANK,
        contact="0990-12345678",
        actor=SYSTEM,
        as_of=NOW,
    )
    until = TODAY + timedelta(days=365)
    institutions.assess(id, until=until, actor=SYSTEM, as_of=NOW)
    return id


def case(firm: Firm, institution: str, reference: str = "DK-2026-0001", *, as_of: datetime = NOW) -> UUID:
    kind = CaseKind.LOAN_APPLICATION
    return cases.open_case(institution, firm.id, reference, kind, actor=SYSTEM, as_of=as_of).id


def draft(*items: str, as_of: datetime = NOW) -> Draft:
    return templates.draft(
        "one_time_underwriting", frozenset(items or ("tax_payment",)), on=business_day(as_of)
    )


def shown(as_of: datetime = NOW) -> dict[str, str]:
    notice = notices.current(business_day(as_of))
    return {"notice_version": notice.version, "notice_sha256": notice.sha256}


def signing(given: dict[str, Any]) -> grants.Signing:
    """Take what belongs to a signing out of what is given."""
    names = [one.name for one in fields(grants.Signing) if one.name in given]
    return grants.Signing(**{name: given.pop(name) for name in names})


def consent(firm: Firm, case_id: UUID, *, as_of: datetime = NOW, **changes: Any) -> grants.Grant:
    """Give consent as the firm's owner; `changes` replace any argument of grant_online."""
    given: dict[str, Any] = {
        "draft": draft(as_of=as_of),
        "assertion": firm.owner.attest(as_of=as_of),
        "actor": firm.owner.actor,
        **shown(as_of),
        **changes,
    }
    grant = grants.grant_online(case_id, given.pop("draft"), signing(given), as_of=as_of, **given)
    assert isinstance(grant, grants.Grant)
    return grant


def staff(party_kind: PartyKind, party: str | None, role: Role = Role.CLERK) -> Person:
    someone = person(f"员工{next(_numbers)}")
    memberships.appoint(someone.account, party_kind, party, role, valid_from=TODAY, actor=SYSTEM, as_of=NOW)
    return someone


def paper(firm: Firm, **changes: Any) -> grants.Paper:
    given: dict[str, Any] = {
        "scan": SCAN,
        "media_type": "application/pdf",
        "signed_by": firm.owner.name,
        "signed_on": TODAY,
        **shown(),
    }
    return grants.Paper(**(given | changes))


def operators(count: int = 2, role: Role = Role.SECURITY_ADMINISTRATOR) -> list[Actor]:
    """Persons of the operator's, as they act through the API."""
    people = [staff(PartyKind.OPERATOR, None, role) for _ in range(count)]
    return [Actor(ActorKind.ACCOUNT, str(someone.account), "operator:") for someone in people]


def institution_key(
    institution: str, pem: str, *, account: int | None = None, as_of: datetime = NOW, **span: Any
) -> institution_keys.Card:
    """Register a key as in life: one person enters it, another confirms it."""
    first, second = operators()
    purpose = KeyPurpose.SIGNATURES if account is None else KeyPurpose.TOKENS
    day = business_day(as_of)
    given: dict[str, Any] = {"valid_from": day, "valid_until": day + timedelta(days=30), **span}
    made = institution_keys.propose(
        institution, pem, purpose=purpose, account=account, actor=first, as_of=as_of, **given
    )
    return institution_keys.confirm(made.id, actor=second, as_of=as_of)
