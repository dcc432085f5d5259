"""What a mandate says and carries, and that it takes two persons of the operator's."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import IntegrityError, transaction

from rongxin.catalogue import loader
from rongxin.journal import entries
from rongxin.journal.models import Entry
from rongxin.parties import accounts, departments, duty_mandates
from rongxin.parties.errors import NotAllowed, UnknownParty
from rongxin.parties.models import DutyMandate
from rongxin.parties.rules import duty
from rongxin.parties.rules.duty import Act, State
from rongxin.parties.rules.membership import PartyKind
from rongxin.proof import canonical
from rongxin.vocabulary.actor import SYSTEM, Actor, ActorKind
from rongxin.vocabulary.reason import Reason
from tests.unit.consent import stage
from tests.unit.disclosure.duty_stage import FIRST, SECOND, granted, terms

DAY = timedelta(days=1)


@pytest.fixture
def bureau(db):
    return departments.admit("emergency_bureau", name="云州市应急管理局", actor=SYSTEM, as_of=stage.NOW)


def test_every_state_has_its_ways_and_every_act_its_owner():
    assert set(duty.TRANSITIONS) == set(State)
    assert set(duty.OWNERS) == set(Act)


def test_terms_come_back_from_json_as_they_were():
    assert duty.read(terms().as_json()) == terms()


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"legal_basis": " "}, "请写明法律依据"),
        ({"duty": ""}, "请写明履职事项"),
        ({"items": {}}, "请至少列明一个信息项"),
        ({"items": {"astrology": ""}}, "清单中没有信息项“astrology”"),
        ({"regions": ()}, "请列明行政区划或信息主体"),
        ({"regions": ("99",)}, "不是六位行政区划代码"),
        ({"regions": (), "subjects": ("91",)}, "应为18位"),
        ({"valid_until": stage.TODAY - DAY}, "早于起始日"),
        ({"daily_limit": 0}, "至少为1"),
    ],
)
def test_terms_without_law_items_scope_or_time_are_no_mandate(changes, said):
    assert said in "".join(duty.faults(terms(**changes), loader.load().items))


def test_a_mandate_stands_from_its_first_to_its_last_day_for_its_department():
    given = terms()

    def said(state=State.GRANTED, department="emergency_bureau", day=stage.TODAY):
        return duty.standing(given, state, department=department, day=day)

    assert said() is said(day=given.valid_until) is None
    assert said(day=given.valid_from - DAY) is Reason.DUTY_MANDATE_NOT_YET_VALID
    assert said(day=given.valid_until + DAY) is Reason.DUTY_MANDATE_EXPIRED
    assert said(department="tax_bureau") is Reason.DUTY_MANDATE_MISSING
    assert said(State.PROPOSED) is said(State.DECLINED) is Reason.DUTY_MANDATE_MISSING
    assert said(State.REVOKED) is Reason.DUTY_MANDATE_REVOKED


def test_it_reaches_its_regions_and_the_firms_that_it_names():
    code = stage.code()
    given = terms(regions=("990100",), subjects=(code,))
    assert duty.reaches(given, uscc="", region="990101") is None
    assert duty.reaches(given, uscc=code, region="110000") is None
    assert duty.reaches(given, uscc="", region="990200") is Reason.DUTY_SUBJECT_NOT_COVERED
    assert duty.reaches(terms(regions=("100000",)), uscc="", region="") is Reason.DUTY_SUBJECT_NOT_COVERED


def test_nobody_grants_what_they_proposed(bureau):
    proposed = duty_mandates.propose(terms(), actor=FIRST, as_of=stage.NOW)
    with pytest.raises(NotAllowed, match="另一人"):
        duty_mandates.grant(proposed.id, actor=FIRST, as_of=stage.NOW)
    assert duty_mandates.get(proposed.id).state is State.PROPOSED
    assert duty_mandates.grant(proposed.id, actor=SECOND, as_of=stage.NOW).state is State.GRANTED


def test_the_database_itself_holds_that_it_takes_two(bureau):
    proposed = duty_mandates.propose(terms(), actor=FIRST, as_of=stage.NOW)
    with pytest.raises(IntegrityError, match="duty_mandate_takes_two"), transaction.atomic():
        DutyMandate.objects.update(state="granted")
    with pytest.raises(IntegrityError, match="duty_mandate_takes_two"), transaction.atomic():
        DutyMandate.objects.update(state="granted", decided_by=proposed.proposed_by)


def test_only_the_operator_gives_mandates_and_only_people_known_by_name(bureau):
    clerk = stage.staff(PartyKind.DEPARTMENT, "emergency_bureau")
    with pytest.raises(NotAllowed, match="平台运营机构"):
        duty_mandates.propose(
            terms(),
            actor=Actor(ActorKind.ACCOUNT, str(clerk.account), "department:emergency_bureau"),
            as_of=stage.NOW,
        )
    nameless = accounts.open_account("x", "某人", actor=SYSTEM, as_of=stage.NOW)
    with pytest.raises(NotAllowed, match="实名"):
        duty_mandates.propose(
            terms(), actor=Actor(ActorKind.ACCOUNT, str(nameless.id), "operator"), as_of=stage.NOW
        )


def test_what_is_over_stays_over(bureau):
    mandate = granted()
    duty_mandates.revoke(mandate, reason="机构改革", actor=FIRST, as_of=stage.NOW)
    with pytest.raises(NotAllowed, match="已撤销"):
        duty_mandates.grant(mandate, actor=SECOND, as_of=stage.NOW)
    with pytest.raises(NotAllowed, match="已撤销"):
        duty_mandates.revoke(mandate, reason="再撤", actor=FIRST, as_of=stage.NOW)
    with pytest.raises(UnknownParty):
        duty_mandates.get(uuid4())


def test_every_act_stands_in_the_journal_with_the_digest_of_the_terms(bureau):
    mandate = granted()
    duty_mandates.revoke(mandate, reason="机构改革", actor=FIRST, as_of=stage.NOW)
    found = [entries.get(id) for id in Entry.objects.values_list("id", flat=True)]
    acts = [entry for entry in found if entry.refs.get("mandate") == str(mandate)]
    assert sorted(str(entry.refs["change"]) for entry in acts) == ["granted", "proposed", "revoked"]
    assert {entry.commitments["terms"] for entry in acts} == {canonical.digest(terms().as_json())}
