"""What an institution's administrator does by the SDK, to a node that runs as a process, sync and async."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from hashlib import sha256
from uuid import UUID

import pytest
from django.utils import timezone

from rongxin.client import connection, errors, incidents, people
from rongxin.client.credentials import ApiKey
from rongxin.client.senders import AsyncClient, Client
from rongxin.consent.redirection import addresses
from rongxin.governance import measures
from rongxin.governance.measures import Wanted
from rongxin.governance.models import Incident
from rongxin.governance.onboarding import parameters
from rongxin.governance.rules import Act
from rongxin.parties import step_ups
from rongxin.parties.models import Institution
from rongxin.parties.rules.membership import PartyKind, Role
from rongxin.vocabulary.actor import SYSTEM
from tests.journeys import connected
from tests.journeys.connected import Bank
from tests.unit.consent import stage
from tests.unit.entrypoints.api import keys

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def node(settings, monkeypatch, tmp_path):
    with connected.node(tmp_path, settings, monkeypatch) as web:
        yield web


@pytest.fixture
def bank(node):
    return Bank()


def administrator(bank):
    someone = stage.staff(PartyKind.INSTITUTION, bank, Role.ADMINISTRATOR)
    return ApiKey(keys.header_of(someone)["authorization"].removeprefix("Bearer "))


def incident(bank):
    now, today = timezone.now(), timezone.localdate()
    span = {"seen_from": now, "seen_until": now, "opened_at": now}
    due = {"statement_due_on": today, "decision_due_on": today}
    said = {"rule": "person_past_limit", "person": "王一", "action": "warn", "figures": {"asked": 9}}
    return Incident.objects.create(institution_id=bank, edition="2026-01-01", **said, **span, **due).id


def test_people_and_machines_are_brought_in_and_ended(node, bank):
    with Client(node, administrator("bank_a")) as sdk:
        made = sdk.send(people.invite("bank_a", "王小云", "checker"))
        assert made.secret
        assert [one.secret for one in sdk.each(people.invitations("bank_a"))] == [None]
        assert sdk.send(people.revoke("bank_a", made.invitation)).revoked_at
        machine = sdk.send(people.open_machine("bank_a", "core.system", "核心系统"))
        there = {one.membership for one in sdk.each(people.own("bank_a", page_rows=1))}
        assert machine.membership in there
        assert sdk.send(people.end("bank_a", machine.membership)) is None
        assert {one.membership for one in sdk.each(people.own("bank_a"))} == there - {machine.membership}
        step_ups.demand("bank_a", "王一", actor=SYSTEM, as_of=timezone.now())
        (demanded,) = sdk.each(people.step_ups("bank_a"))
        with pytest.raises(errors.Problem):  # the administrator has no authenticator
            sdk.send(people.give_code("bank_a", demanded.step_up, "000000"))
        with pytest.raises(errors.NotFound):
            list(sdk.each(people.own("bank_b")))


def test_a_lapsed_bank_sees_why_and_renews_by_itself(node, bank, tmp_path):
    Institution.objects.filter(pk="bank_a").update(assessed_until=timezone.localdate() - timedelta(days=1))
    file = tmp_path / "licence.pdf"
    file.write_bytes(b"%PDF-1.7 licence")
    named = sha256(file.read_bytes()).hexdigest()
    documents = dict.fromkeys(parameters.in_force(timezone.localdate()).documents, named)
    key = administrator("bank_a")

    async def act():
        async with AsyncClient(node, key) as sdk:
            stands = await sdk.send(connection.standing("bank_a"))
            made = await sdk.send(connection.renew("bank_a", documents))
            here = await sdk.send(connection.hand_in("bank_a", made.application, file))
            return stands, made, here, [one async for one in sdk.each(connection.renewals("bank_a"))]

    stands, made, here, listed = asyncio.run(act())
    assert (made.lacking, here.lacking) == (list(documents), [])
    assert [one.sha256 for one in here.files] == [named]
    assert (stands.served, stands.reason) == (False, "institution_not_assessed")
    assert [one.application for one in listed] == [made.application]
    assert made.state == "submitted"


def test_what_is_registered_is_seen_and_stopped_at_once(node, bank):
    now, (one, other) = timezone.now(), stage.operators()
    entered = addresses.propose("bank_a", "https://bank.example/back", actor=one, as_of=now)
    addresses.confirm("bank_a", entered.id, actor=other, as_of=now)
    with Client(node, administrator("bank_a")) as sdk:
        (key,) = sdk.send(connection.keys("bank_a"))
        assert sdk.send(connection.revoke_key("bank_a", key.key)).revoked_at
        (address,) = sdk.send(connection.redirect_uris("bank_a"))
        assert address.redirect_uri == entered.id
        assert sdk.send(connection.revoke_redirect_uri("bank_a", address.redirect_uri)).revoked_at


def test_an_incident_is_explained_and_measures_are_seen(node, bank):
    number, (someone,) = incident("bank_a"), stage.operators(1)
    measures.propose(Wanted("bank_a", Act.REQUIRE_CASES), why="异常查询", actor=someone, as_of=timezone.now())

    async def act() -> tuple[list[UUID], incidents.Incident, list[str]]:
        async with AsyncClient(node, bank.api_key) as sdk:
            live = [one.incident async for one in sdk.each(incidents.own())]
            told = await sdk.send(incidents.explain(number, "新增网点集中受理"))
            return live, told, [one.act async for one in sdk.each(incidents.measures())]

    live, told, imposed = asyncio.run(act())
    assert (live, told.statement, imposed) == ([number], "新增网点集中受理", ["require_cases"])
