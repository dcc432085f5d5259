"""Who plays in the demo: a provider's account each, a bank with its clerk's key. All of them invented."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from django.utils import timezone

from rongxin.catalogue import loader
from rongxin.parties import accounts, api_keys, identity, institution_keys, institutions, memberships, seed
from rongxin.parties import providers as parties
from rongxin.parties.rules.institution_key import KeyPurpose
from rongxin.parties.rules.membership import PartyKind, Role
from rongxin.parties.rules.registration import AccountKind
from rongxin.parties.rules.standing import InstitutionKind
from rongxin.proof.keys import SigningKey
from rongxin.vocabulary import uscc
from rongxin.vocabulary.actor import SYSTEM, Actor, ActorKind

#: 云州市 of `codes/invented_city.yaml`.
CITY = "990100"
BANK = "yunzhou_bank"
BANK_NAME = "云州银行（虚构）"
#: Where a clerk asks about more firms than the bank has business with.
VILLAGE_BANK = "yunzhou_village_bank"
VILLAGE_BANK_NAME = "云州村镇银行（虚构）"
CLERK = "云小谷（虚构）"


@dataclass(frozen=True)
class Player:
    """One account with its key, as the demo prints it."""

    party: str
    label: str
    account: int
    key: str
    username: str = ""
    #: By which the bank signs in its own name, and by which it gets tokens; the node has the public halves.
    signing: SigningKey | None = None
    tokens: SigningKey | None = None

    @property
    def actor(self) -> Actor:
        return Actor(ActorKind.ACCOUNT, str(self.account), self.party)


def providers(*, as_of: datetime) -> dict[str, Player]:
    """Open an account for every provider that the catalogue names; all of them speak of the city's firms."""
    catalogue = loader.load()
    seed.seed(catalogue, actor=SYSTEM, as_of=as_of)
    city = parties.remit([CITY], [])
    for provider in catalogue.providers:
        parties.declare(provider, city, actor=SYSTEM, as_of=as_of)
    return {
        provider: player(
            f"clerk-{provider}", catalogue.provider_label(provider), PartyKind.PROVIDER, provider, as_of
        )
        for provider in catalogue.providers
    }


def bank(*, as_of: datetime) -> Player:
    """Take in the bank: admitted, assessed for a year, one machine account, keys of its own for tokens
    and for its signature."""
    until = admitted(BANK, BANK_NAME, "MA99BK01", as_of)
    machine = player("api-yunzhou-bank", BANK_NAME, PartyKind.INSTITUTION, BANK, as_of)
    persons, keys = officers(as_of), {}
    for purpose, account in ((KeyPurpose.SIGNATURES, None), (KeyPurpose.TOKENS, machine.account)):
        keys[purpose] = SigningKey.generate(BANK)
        register_key(BANK, keys[purpose].public.pem(), account, until=until, officers=persons, as_of=as_of)
    return replace(machine, signing=keys[KeyPurpose.SIGNATURES], tokens=keys[KeyPurpose.TOKENS])


def register_key(
    institution: str,
    pem: str,
    account: int | None,
    *,
    until: date,
    officers: tuple[Actor, Actor],
    as_of: datetime,
) -> None:
    """Have one officer enter an institution's public key and the other confirm it: for an account's tokens,
    or for signatures where there is none.
    """
    made = institution_keys.propose(
        institution,
        pem,
        purpose=KeyPurpose.SIGNATURES if account is None else KeyPurpose.TOKENS,
        account=account,
        valid_from=timezone.localdate(as_of),
        valid_until=until,
        actor=officers[0],
        as_of=as_of,
    )
    institution_keys.confirm(made.id, actor=officers[1], as_of=as_of)


def officers(as_of: datetime) -> tuple[Actor, Actor]:
    """Open accounts for two of the operator's persons, known by real name: one enters, another decides."""
    people = []
    for name, number, role in (
        ("陈守则（虚构）", "990101198001010011", Role.CLERK),
        ("林慎行（虚构）", "990101198001010038", Role.SECURITY_ADMINISTRATOR),
    ):
        card = accounts.open_account(f"officer-{number[-4:]}", name, actor=SYSTEM, as_of=as_of)
        evidence = {"name": name, "id_number": number, "represents": ""}
        assertion = identity.DemoIdentityProvider().attest(evidence, as_of=as_of)
        accounts.register_real_name(card.id, assertion, actor=SYSTEM, as_of=as_of)
        memberships.appoint(
            card.id,
            PartyKind.OPERATOR,
            None,
            role,
            valid_from=timezone.localdate(as_of),
            actor=SYSTEM,
            as_of=as_of,
        )
        people.append(Actor(ActorKind.ACCOUNT, str(card.id), "operator:"))
    return people[0], people[1]


def village_bank(*, as_of: datetime) -> Player:
    """Take in the second bank, with one machine account."""
    admitted(VILLAGE_BANK, VILLAGE_BANK_NAME, "MA99BK02", as_of)
    return player("api-yunzhou-village-bank", VILLAGE_BANK_NAME, PartyKind.INSTITUTION, VILLAGE_BANK, as_of)


def admitted(id: str, name: str, body: str, as_of: datetime) -> date:
    """Admit an invented bank and assess it; return until when."""
    institutions.admit(
        id,
        name=name,
        uscc=uscc.compose("91", "990100", body),
        kind=InstitutionKind.BANK,
        contact="客服 990-0100（虚构）",
        actor=SYSTEM,
        as_of=as_of,
    )
    until = timezone.localdate(as_of) + timedelta(days=365)
    institutions.assess(id, until=until, actor=SYSTEM, as_of=as_of)
    return until


def player(username: str, label: str, kind: PartyKind, party: str, as_of: datetime) -> Player:
    """Open a party's machine account with an API key."""
    card = accounts.open_account(username, label, kind=AccountKind.MACHINE, actor=SYSTEM, as_of=as_of)
    today = timezone.localdate(as_of)
    memberships.appoint(card.id, kind, party, Role.CLERK, valid_from=today, actor=SYSTEM, as_of=as_of)
    issued = api_keys.issue(
        card.id, label="demo", expires_at=as_of + timedelta(days=30), actor=SYSTEM, as_of=as_of
    )
    return Player(f"{kind.value}:{party}", label, card.id, issued.secret, username)
