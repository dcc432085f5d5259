"""Two of each kind of party, each with what can be its own, and a key of the first one's for every role."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import uuid4

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from rongxin.catalogue import loader
from rongxin.consent import requests
from rongxin.consent.models import SigningMatter, SigningRule
from rongxin.consent.redirection import addresses
from rongxin.consent.signing.rules import What
from rongxin.delivery.push.models import PushRun
from rongxin.delivery.webhooks import endpoints
from rongxin.financing.applying import applications, papers
from rongxin.financing.products import offers
from rongxin.governance.models import (
    Alarm,
    ApprovalCondition,
    ConditionExtension,
    Incident,
    InstitutionApplication,
)
from rongxin.governance.onboarding import invitations, parameters
from rongxin.governance.rules import Kind as AlarmKind
from rongxin.parties import departments, institutions, memberships, seed
from rongxin.parties.bureaus import mandates
from rongxin.parties.rules.membership import ROLES, PartyKind, Role
from rongxin.proof.keys import SigningKey
from rongxin.sharing.models import Batch
from rongxin.vocabulary.actor import SYSTEM, Actor, ActorKind
from tests.unit.consent import stage
from tests.unit.delivery.push import stage as pushes
from tests.unit.entrypoints.api import keys, rights_world
from tests.unit.evaluation import cards
from tests.unit.financing import desk, shelf

ITEM, PROVIDERS = "customs_registration", ("customs", "tax_bureau")
HEAD = "企业中文名称,统一社会信用代码,海关注册编码（企业注册号）,经营类别,海关注册标志\n"
Ids = dict[str, str]


@dataclass
class World:
    """`own` and `other` give, for each kind of party, ids by the name that paths call them."""

    headers: dict[tuple[PartyKind, Role], dict[str, str]] = field(default_factory=dict)
    own: dict[PartyKind, Ids] = field(default_factory=dict)
    other: dict[PartyKind, Ids] = field(default_factory=dict)

    def foreign(self) -> Iterator[str]:
        """Ids of the others', which nobody of the first ones' may ever read."""
        for ids in self.other.values():
            yield from (value for value in ids.values() if len(value) > 8)


def build(client: Client) -> World:
    """Set the stage; everything stands at the present moment."""
    seed.seed(loader.load(), actor=SYSTEM, as_of=stage.NOW)
    world = World()
    for mine, (bank, provider) in zip(
        (world.own, world.other), zip(("bank_a", "bank_b"), PROVIDERS, strict=True), strict=True
    ):
        firm = stage.firm()
        mine[PartyKind.SUBJECT], mine[PartyKind.INSTITUTION] = _business(firm, bank)
        mine[PartyKind.PROVIDER] = {"provider": provider, "webhook": _webhook(f"provider:{provider}")}
        mine[PartyKind.DEPARTMENT] = mine[PartyKind.BUREAU] = {}
        department = f"bureau_of_{bank}"
        recipients = {"institution": bank, "department": department}
        rights = rights_world.build(firm.id, provider, recipients, told=True)
        for kind, ids in rights.items():
            mine[kind] = {**mine.get(kind, {}), **ids}
        departments.admit(department, name="云州某局", actor=SYSTEM, as_of=stage.NOW)
        if mine is world.own:
            party_of = {"institution": bank, "provider": provider, "department": department}
            _people(world, firm, party_of | {"bureau": _bureau()})
    _batches(client, world)
    del world.other[PartyKind.OPERATOR]  # to the operator nothing is another's
    rights = world.own[PartyKind.OPERATOR]
    world.own[PartyKind.OPERATOR] = {**world.own[PartyKind.INSTITUTION], **rights, "alarm": _alarm()}
    world.own[PartyKind.OPERATOR] |= {name: str(uuid4()) for name in LACKING}
    world.own[PartyKind.OPERATOR] |= {**world.own[PartyKind.PROVIDER], "bureau": "bureau_a"}
    return world


# What no party owns and this stage lacks: an operator's person gets as far as that there is none.
LACKING = (
    *("application", "agreement", "hold", "measure", "imported", "proposal", "decision_id", "mandate"),
    *("version", "month", "step_up"),
)


def _business(firm: stage.Firm, bank: str) -> tuple[Ids, Ids]:
    """A firm's consent to a bank, and all that a bank can have."""
    now = timezone.now()
    stage.bank(bank)
    until = timezone.localdate() + timedelta(days=30)
    institutions.assess(bank, until=until, actor=SYSTEM, as_of=now)
    case = stage.case(firm, bank, as_of=now)
    teller = Actor(ActorKind.ACCOUNT, "7", f"institution:{bank}")
    request = requests.request(case, stage.draft(as_of=now), actor=teller, as_of=now).id
    consent = stage.consent(firm, stage.case(firm, bank, "DK-2", as_of=now), as_of=now).id
    applied = _application(firm, bank)
    subscription = pushes.subscription(bank)
    run = PushRun.objects.create(
        subscription_id=subscription, version=1, intended_at=now, intent_entry=uuid4()
    ).id
    bank_has = {"case_id": case, "consent_id": consent, "subscription": subscription, "run": run}
    key = stage.institution_key(bank, SigningKey.generate(bank).public.pem(), as_of=now).id
    bank_has |= {
        "key": key,
        "address": _address(bank),
        **_people_of(bank),
        "webhook": _webhook(teller.party),
        "incident": _incident(bank),
        **_condition(bank),
        "request_id": request,
        "product": str(shelf.proposed(bank, as_of=now).product),
        "card": str(cards.uploaded(bank, "sum(tax_payment.vat_paid_cny_12m)", as_of=now).id),
    }
    bank_has |= applied
    firm_has = {"consent_id": consent, "request_id": request, **applied, **_signing(firm)}
    return _texts(firm_has), _texts(bank_has) | {"institution": bank, "uscc": firm.uscc}


def _people(world: World, firm: stage.Firm, party_of: dict[str, str]) -> None:
    """A key for every role; the agent has the owner's mandate."""
    for kind in set(PartyKind) - {PartyKind.SUBJECT}:
        for role in ROLES[kind]:
            someone = stage.staff(kind, party_of.get(kind.value), role)
            world.headers[kind, role] = keys.header_of(someone)
    today = timezone.localdate()
    agent, span = stage.person("李明"), {"valid_from": today, "valid_until": today + timedelta(days=9)}
    memberships.give_mandate(agent.account, firm.id, **span, actor=firm.owner.actor, as_of=timezone.now())
    world.headers[PartyKind.SUBJECT, Role.LEGAL_REPRESENTATIVE] = keys.header_of(firm.owner)
    world.headers[PartyKind.SUBJECT, Role.AGENT] = keys.header_of(agent)


def _bureau() -> str:
    now, today, (one, other) = timezone.now(), timezone.localdate(), stage.operators()
    until = today + timedelta(days=9)
    wish = mandates.Wish("bureau_a", "云州征信有限公司", stage.code(), "协议第1号", today, until)
    made = mandates.propose(wish, actor=one, as_of=now)
    return mandates.grant(made.id, actor=other, as_of=now).bureau


def _batches(client: Client, world: World) -> None:
    """The first provider hands a batch in; the second has one that differs in whose it is."""
    row = f"云州某厂（虚构）,{stage.code()},9901000001,进出口货物收发货人,正常\n"
    body: dict[str, Any] = {"item": ITEM, "file": SimpleUploadedFile("a.csv", (HEAD + row).encode())}
    headers = world.headers[PartyKind.PROVIDER, Role.CLERK]
    mine = client.post("/api/v1/batches", body, headers=headers).json()["batch"]
    theirs = Batch.objects.get(pk=mine)
    theirs.pk, theirs.provider_id = uuid4(), PROVIDERS[1]
    theirs.save(force_insert=True)
    world.own[PartyKind.PROVIDER] |= {"batch_id": mine}
    world.other[PartyKind.PROVIDER] |= {"batch_id": str(theirs.pk)}


def _webhook(party: str) -> str:
    events = ["consent.granted"] if party.startswith("institution") else ["batch.filed"]
    actor = Actor(ActorKind.ACCOUNT, "7", party)
    made = endpoints.register("http://127.0.0.1:9/", events, actor=actor, as_of=timezone.now())
    return str(made.card.id)


def _people_of(bank: str) -> Ids:
    """An invitation that waits for a second person, and a clerk's role."""
    (one,) = stage.operators(1)
    made, _ = invitations.invite(bank, "赵三", Role.ADMINISTRATOR, actor=one, as_of=timezone.now())
    clerk = stage.staff(PartyKind.INSTITUTION, bank)
    (held,) = (role for role in memberships.of_institution(bank) if role.account == clerk.account)
    return {"invitation": str(made.id), "membership": str(held.id)}


def _address(bank: str) -> str:
    now, (one, other) = timezone.now(), stage.operators()
    made = addresses.propose(bank, f"https://{bank.replace('_', '-')}.example/back", actor=one, as_of=now)
    return str(addresses.confirm(bank, made.id, actor=other, as_of=now).id)


def _incident(bank: str) -> str:
    now, today = timezone.now(), timezone.localdate()
    given: dict[str, Any] = {"rule": "person_past_limit", "person": f"of {bank}", "action": "warn"}
    given |= {"figures": {}, "edition": "x", "seen_from": now, "seen_until": now, "opened_at": now}
    given |= {"statement_due_on": today, "decision_due_on": today}
    return str(Incident.objects.create(institution_id=bank, **given).id)


def condition(bank: str) -> str:
    """A condition of an approval that the bank hasn't met yet."""
    now, today = timezone.now(), timezone.localdate()
    given: dict[str, Any] = {"institution": bank, "edition": parameters.in_force(today).edition}
    about = {"name": bank, "uscc": stage.code(), "kind": "bank", "contact": "0990-1", "documents": {}}
    decided = {"state": "approved", "assessed_by": "account:1", "decided_by": "account:2", "decided_at": now}
    application = InstitutionApplication.objects.create(
        **given, **about, **decided, renewal=False, submitted_at=now
    )
    given |= {"application": application, "number": 1, "text": "补齐测评报告", "due_on": today}
    return str(ApprovalCondition.objects.create(**given).id)


def _condition(bank: str) -> Ids:
    """A condition, and a request for a later day that is recommended."""
    now, today, about = timezone.now(), timezone.localdate(), condition(bank)
    by = {"asked_at": now, "asked_by": "account:7", "reason": "排期", "recommended_by": "account:9"}
    days = {"due_before": today, "due_wanted": today + timedelta(days=9)}
    made = ConditionExtension.objects.create(condition_id=about, state="recommended", **days, **by)
    return {"condition": about, "extension": made.id}


def _alarm() -> str:
    now = timezone.now()
    given: dict[str, Any] = {"kind": next(iter(AlarmKind)).value, "refs": {}, "entry": uuid4()}
    return str(Alarm.objects.create(**given, happened_at=now, raised_at=now).id)


def _signing(firm: stage.Firm) -> Ids:
    """A rule that doesn't hold yet, and a matter that waits for others."""
    now, today = timezone.now(), timezone.localdate()
    rule = SigningRule.objects.create(
        subject_id=firm.id, needed=2, proposed_at=now, proposed_by_id=firm.owner.account
    )
    given: dict[str, Any] = {"what": What.APPLICATION.value, "about": uuid4(), "content": {}}
    given |= {"preview_sha256": "0" * 64, "needed": 2, "opened_at": now, "lapses_on": today}
    return {"rule": str(rule.id), "matter": str(SigningMatter.objects.create(subject_id=firm.id, **given).id)}


def _application(firm: stage.Firm, bank: str) -> Ids:
    """A submitted application with a paper, of a product that nobody is offered any more."""
    now = timezone.now()
    product = shelf.published(bank, as_of=now)
    (draft,) = desk.drafted(firm, product.id, as_of=now)
    applications.hand_in(draft.id, [desk.PDF], actor=firm.owner.actor, as_of=now)
    card = applications.submit(draft.id, desk.signed(firm, as_of=now), actor=firm.owner.actor, as_of=now)
    offers.retire(product.product, bank, actor=shelf.clerk(bank), as_of=now)
    (paper,) = papers.of(card.form)
    return {"financing_application": str(card.id), "application_paper": str(paper.id)}


def _texts(ids: dict[str, Any]) -> Ids:
    return {name: str(value) for name, value in ids.items()}
