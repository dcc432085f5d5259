"""Who represents a firm shows its licence once; after that the real name is enough to sign (附件 注3)."""

from __future__ import annotations

import itertools
import re
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from rongxin.consent import register
from rongxin.parties import institutions, memberships, subjects
from rongxin.parties.models import Membership
from rongxin.parties.rules.membership import Role
from rongxin.vocabulary.actor import SYSTEM
from tests.unit.consent import stage
from tests.unit.entrypoints.portals import doors
from tests.unit.financing import desk, shelf

pytestmark = pytest.mark.django_db(transaction=True)
NEEDED = "用电子营业执照登录"
_BANKS = itertools.count(1)


@pytest.fixture
def firm() -> stage.Firm:
    """A firm as the licences on file make it: the representative's name, and no number."""
    owner, code = stage.person(), stage.code()
    registered = subjects.register(
        subjects.Registration(code, "云州王记面馆", "990101", owner.name), actor=SYSTEM, as_of=stage.NOW
    )
    return stage.Firm(registered.id, code, owner)


def owner_of(firm: stage.Firm, *, licence: bool = False) -> Client:
    client = Client()
    doors.as_person(client, firm.owner, **({"represents": firm.uscc} if licence else {}))
    return client


def connects(firm: stage.Firm) -> None:
    assert owner_of(firm, licence=True).post("/enterprise/connect", {"code": firm.uscc}).status_code == 302


def submits(client: Client, firm: stage.Firm) -> tuple[str, int]:
    """Go through an application as far as the last page: what it shows, and what its answer is."""
    now = timezone.now()
    bank = stage.bank(f"bank_{next(_BANKS)}")
    institutions.assess(bank, until=timezone.localdate() + timedelta(days=30), actor=SYSTEM, as_of=now)
    (card,) = desk.drafted(firm, shelf.published(bank, as_of=now).id, as_of=now)
    at = f"/enterprise/applications/{card.id}/submit"
    page = client.get(at).content.decode()
    hidden = dict(re.findall('type="hidden" name="([^"]+)" value="([^"]*)"', page))
    return page, client.post(at, {"act": "consent", "read": "1", **hidden}).status_code


def test_without_a_licence_nobody_is_connected_and_the_page_says_what_to_do(firm: stage.Firm) -> None:
    client = owner_of(firm)
    page = client.get("/enterprise/connect").content.decode()
    assert NEEDED in page
    assert client.post("/enterprise/connect", {"code": firm.uscc}).status_code == 422
    assert not Membership.objects.filter(subject=firm.id).exists()


def test_who_has_shown_it_once_signs_by_real_name_alone(firm: stage.Firm) -> None:
    connects(firm)
    page, status = submits(owner_of(firm), firm)
    assert (NEEDED in page, status) == (False, 302)
    assert len(register.of_subject(firm.id)) == 1


def test_after_a_year_it_is_asked_for_before_anything_else_and_stands_for_another(firm: stage.Firm) -> None:
    connects(firm)
    Membership.objects.update(vouched_at=timezone.now() - timedelta(days=366))
    page, status = submits(owner_of(firm), firm)
    assert (NEEDED in page, status) == (True, 422)
    owner_of(firm, licence=True)
    page, status = submits(owner_of(firm), firm)
    assert (NEEDED in page, status) == (False, 302)


def test_another_of_the_same_name_is_not_vouched_for_and_with_a_licence_takes_the_place(
    firm: stage.Firm,
) -> None:
    connects(firm)
    other = stage.person(firm.owner.name)
    assert memberships.vouched_for(firm.id, other.attest().id_commitment, as_of=timezone.now()) is None
    client = Client()
    doors.as_person(client, other, represents=firm.uscc)
    assert client.post("/enterprise/connect", {"code": firm.uscc}).status_code == 302
    held = Membership.objects.filter(subject=firm.id, ended_at=None)
    assert [row.account_id for row in held] == [other.account]
    assert Membership.objects.get(subject=firm.id, account=firm.owner.account).ended_why


def test_a_new_representative_ends_it_at_once(firm: stage.Firm) -> None:
    connects(firm)
    subjects.change_legal_representative(firm.id, "李四", actor=SYSTEM, as_of=timezone.now())
    said = firm.owner.attest()
    assert memberships.vouched_for(firm.id, said.id_commitment, as_of=timezone.now()) is None
    on = timezone.localdate()
    assert memberships.role_in_subject(firm.owner.account, firm.id, on=on) is not Role.LEGAL_REPRESENTATIVE
