"""Who may hand in what: a door that no stranger can shut, and a renewal that is the institution's own."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import IntegrityError, transaction

from rongxin.governance import alarms
from rongxin.governance.errors import (
    ApplicationNotPossible,
    ApplicationRefused,
    NotTheirInstitution,
    TooManyApplications,
    UnknownApplication,
)
from rongxin.governance.models import InstitutionApplication
from rongxin.governance.onboarding import applications, door, parameters, rules
from rongxin.governance.onboarding.rules import Full, State, Waiting
from rongxin.governance.rules import Kind
from rongxin.journal import sequencer
from rongxin.parties import institutions
from rongxin.vocabulary.actor import SYSTEM, Actor, ActorKind
from tests.unit.consent import stage
from tests.unit.governance.onboarding.test_applications import ASKED, found, renewed, wish

pytestmark = pytest.mark.django_db
STRANGERS = [f"198.51.100.{number}" for number in range(1, ASKED.waiting_of_one_code)]


@pytest.fixture
def two():
    return stage.operators()


def applied(code, origin, **changes):
    return door.apply(wish(uscc=code, **changes), origin=origin, as_of=stage.NOW)[0]


def approved(card, two):
    applications.assess(card.id, found(), actor=two[0], as_of=stage.NOW)
    return applications.approve(card.id, actor=two[1], as_of=stage.NOW)


def test_strangers_who_name_a_banks_code_do_not_lock_the_bank_out():
    code = stage.code()
    strange = [applied(code, origin, institution=f"bank_{n}") for n, origin in enumerate(STRANGERS)]
    true = applied(code, "203.0.113.7")
    (others,) = applications.beside([true]).values()
    assert {one.id for one in others} == {one.id for one in strange}


def test_one_place_hands_in_once_for_a_code_and_few_in_all():
    code = stage.code()
    applied(code, "198.51.100.1")
    with pytest.raises(ApplicationNotPossible, match="已为该机构提交"):
        applied(code, "198.51.100.1")
    for _ in range(ASKED.waiting_of_one_place - 1):
        applied(stage.code(), "198.51.100.1")
    with pytest.raises(TooManyApplications, match="网络地址"):
        applied(stage.code(), "198.51.100.1")
    applied(stage.code(), "198.51.100.2")


def test_one_ipv6_line_is_one_place_and_an_unknown_one_is_none():
    assert rules.place("2001:db8::1") == rules.place("2001:db8::ffff") != rules.place("2001:db8:0:1::1")
    assert rules.place("::ffff:198.51.100.1") == rules.place(" 198.51.100.1") == "198.51.100.1"
    assert rules.place("") == rules.place("unix:") == ""


def test_the_operator_is_alarmed_before_a_code_or_the_door_is_full(two, monkeypatch):
    code = stage.code()
    for origin in (*STRANGERS, "203.0.113.7"):
        applied(code, origin)
    sequencer.integrate()
    alarms.follow(as_of=stage.NOW)
    assert [one.kind for one in alarms.every(waiting_only=True)] == [Kind.APPLICATIONS_CROWDED]
    with pytest.raises(TooManyApplications, match="致电"):
        applied(code, "203.0.113.8")
    few = ASKED.model_copy(update={"waiting_in_all": ASKED.waiting_of_one_code})
    monkeypatch.setattr(parameters, "in_force", lambda on: few)
    with pytest.raises(TooManyApplications, match="暂不受理"):
        applied(stage.code(), "203.0.113.9")
    (one, *_) = InstitutionApplication.objects.filter(uscc=code)
    applications.decline(one.id, reason="查无此事", actor=two[0], as_of=stage.NOW)
    assert applied(code, "203.0.113.8").state is State.SUBMITTED


def test_what_fills_the_door_is_told_in_the_order_in_which_it_can_be_mended():
    here = Waiting(of_code=9, of_code_from_here=1, from_here=9, in_all=999)
    orders = [here, Waiting(9, 0, 9, 999), Waiting(9, 0, 0, 999), Waiting(0, 0, 0, 999), Waiting(0, 0, 0, 0)]
    assert [rules.full(ASKED, one) for one in orders] == [Full.ONCE, Full.PLACE, Full.CODE, Full.ALL, None]


def test_approving_one_closes_the_others_of_its_code_with_the_reason_and_no_other(two):
    code = stage.code()
    stranger, true = applied(code, "198.51.100.1", institution="bank_x"), applied(code, "203.0.113.7")
    apart = applied(stage.code(), "198.51.100.9", institution="bank_z")
    assert approved(true, two).state is State.APPROVED
    closed = applications.get(stranger.id)
    assert (closed.state, "另一份申请已获核准" in closed.reason) == (State.DECLINED, True)
    assert applications.get(apart.id).state is State.SUBMITTED
    assert set(InstitutionApplication.objects.filter(uscc=code).values_list("origin", flat=True)) == {""}


def test_no_stranger_renews_or_stands_in_the_way_of_a_renewal(two):
    stage.bank("bank_a")
    code = institutions.get("bank_a").uscc
    with pytest.raises(ApplicationRefused, match="管理员登录"):
        applied(code, "198.51.100.1", institution="bank_a")
    card = renewed("bank_a")
    assert (card.renewal, card.wish.uscc) == (True, code)
    assert card.submitted_by.startswith("account:77")
    done = approved(card, two)
    assert institutions.get("bank_a").assessed_until == done.valid_until == stage.TODAY + timedelta(days=365)


def test_renewals_are_counted_apart_from_the_open_door(monkeypatch):
    stage.bank("bank_a")
    few = ASKED.model_copy(update={"waiting_in_all": 1})
    monkeypatch.setattr(parameters, "in_force", lambda on: few)
    renewed("bank_a")
    applied(stage.code(), "198.51.100.1")
    with pytest.raises(ApplicationNotPossible, match="已有续评"):
        renewed("bank_a")
    row = InstitutionApplication.objects.get(renewal=True)
    row.pk = uuid4()
    with pytest.raises(IntegrityError, match="one_waiting_renewal"), transaction.atomic():
        row.save(force_insert=True)
    assert [one.renewal for one in door.renewals("bank_a")] == [True]


def test_what_the_open_door_took_for_a_renewal_before_is_never_approved(two):
    stage.bank("bank_a")
    card = renewed("bank_a")
    InstitutionApplication.objects.filter(pk=card.id).update(submitted_by="")
    with pytest.raises(ApplicationNotPossible, match="登录提交"):
        approved(card, two)
    assert renewed("bank_a").renewal


@pytest.mark.parametrize(
    "actor",
    [
        SYSTEM,
        Actor(ActorKind.ACCOUNT, "7", "institution:bank_b"),
        Actor(ActorKind.ACCOUNT, "7", "operator"),
        Actor(ActorKind.SYSTEM, "cli", "institution:bank_a"),
    ],
)
def test_a_renewal_is_the_institutions_own_act(actor):
    stage.bank("bank_a")
    with pytest.raises(NotTheirInstitution):
        door.renew("bank_a", dict.fromkeys(ASKED.documents, "c" * 64), actor=actor, as_of=stage.NOW)


def test_a_renewal_brings_every_document_and_a_closed_institution_renews_no_more():
    stage.bank("bank_a")
    with pytest.raises(ApplicationRefused, match="营业执照"):
        renewed("bank_a", other="c" * 64)
    institutions.suspend("bank_a", actor=SYSTEM, as_of=stage.NOW)
    assert renewed("bank_a").state is State.SUBMITTED
    InstitutionApplication.objects.all().delete()
    institutions.close("bank_a", actor=SYSTEM, as_of=stage.NOW)
    with pytest.raises(ApplicationNotPossible, match="终止"):
        renewed("bank_a")


def test_an_application_is_followed_by_its_own_secret_alone():
    (one, secret), (other, _) = (door.apply(wish(), origin="", as_of=stage.NOW) for _ in range(2))
    assert door.track(one.id, secret).id == one.id
    stage.bank("bank_a")
    renewal = renewed("bank_a")
    for number, word in (
        (one.id, ""),
        (one.id, "x"),
        (other.id, secret),
        (renewal.id, ""),
        (uuid4(), secret),
    ):
        with pytest.raises(UnknownApplication):
            door.track(number, word)


def test_nobody_takes_anothers_name_or_code():
    stage.bank("bank_a")
    code = institutions.get("bank_a").uscc
    for changes in ({"institution": "bank_a"}, {"uscc": code}):
        with pytest.raises(ApplicationRefused, match="其他接入机构"):
            door.apply(wish(**changes), origin="", as_of=stage.NOW)
    institutions.close("bank_a", actor=SYSTEM, as_of=stage.NOW)
    with pytest.raises(ApplicationRefused, match="终止"):
        door.apply(wish(institution="bank_a", uscc=code), origin="", as_of=stage.NOW)
