"""紧急查阅 at the door: what an operator's person sees, for how long, and what the subject learns of it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from rongxin.catalogue import loader, masking
from rongxin.disclosure import gate, received, rules
from rongxin.disclosure.release import Recipient, Refusal, Release, Request
from rongxin.disclosure.rules import RecipientKind
from rongxin.parties import break_glass
from rongxin.parties.rules.membership import Role
from rongxin.records import whereabouts
from rongxin.rights import uses
from rongxin.vocabulary.purpose import Purpose
from rongxin.vocabulary.reason import Reason
from rongxin.vocabulary.sharing_mode import SharingMode
from rongxin.vocabulary.subject_kind import SubjectKind
from rongxin.vocabulary.verdict import Verdict
from rongxin.vocabulary.whose import Whose
from tests.unit.consent import stage
from tests.unit.disclosure.duty_stage import LATER, NUMBER, PENALTY, Scene, scene

pytestmark = pytest.mark.django_db(transaction=True)
WHY = "核对误并的行政处罚记录"


@pytest.fixture
def at() -> Scene:
    return scene()


@pytest.fixture
def clerk():
    return stage.operators(1, Role.CLERK)[0]


def opened(at, clerk):
    card = break_glass.ask(at.firm.uscc, reason=WHY, reference="GD-1", actor=clerk, as_of=LATER)
    second = stage.operators(1, Role.AUDIT_ADMINISTRATOR)[0]
    return break_glass.approve(card.id, actor=second, as_of=LATER)


def look(
    at, clerk, glass=None, *, minutes=1, uscc="", purpose=Purpose.BREAK_GLASS, items=(PENALTY,), by=None
):
    request = Request(
        recipient=Recipient(RecipientKind.OPERATOR, clerk.id, "云州", "员工一"),
        uscc=uscc or at.firm.uscc,
        items=items,
        purpose=purpose,
        reference="GD-1",
        mandate_id=glass.id if glass else None,
    )
    return gate.release(request, actor=by or clerk, as_of=LATER + timedelta(minutes=minutes))


def why(answer):
    assert isinstance(answer, Refusal)
    return answer.reason


def test_it_shows_what_is_stored_for_fifteen_minutes_and_masks_again(at, clerk):
    glass = opened(at, clerk)
    answer = look(at, clerk, glass)
    assert isinstance(answer, Release)
    assert {row.fields["fine_cny"].value for row in answer.items[0].rows} == {"1000.00"}
    assert isinstance(look(at, clerk, glass, minutes=14.9), Release)
    assert why(look(at, clerk, glass, minutes=15)) is Reason.BREAK_GLASS_OVER


def test_without_an_opening_of_ones_own_for_this_firm_nothing_is_seen(at, clerk):
    glass, colleague = opened(at, clerk), stage.operators(1, Role.CLERK)[0]
    assert why(look(at, clerk)) is Reason.BREAK_GLASS_MISSING
    assert why(look(at, colleague, glass)) is Reason.BREAK_GLASS_MISSING
    assert why(look(at, clerk, glass, uscc=at.other.uscc)) is Reason.BREAK_GLASS_MISSING
    assert why(look(at, clerk, glass, by=colleague)) is Reason.RECIPIENT_MISMATCH
    assert why(look(at, clerk, glass, purpose=Purpose.FINANCING_SUPPORT)) is Reason.PURPOSE_NOT_PERMITTED


def test_third_persons_stay_masked(at, clerk):
    answer = look(at, clerk, opened(at, clerk))
    assert NUMBER not in str(answer.content())
    number = answer.items[0].rows[0].fields["legal_representative_id_number"]
    assert (number.verdict, number.reason) == (Verdict.MASK, Reason.THIRD_PERSON)


def test_the_firm_sees_every_look_and_every_refused_one_with_the_reason(at, clerk):
    glass = opened(at, clerk)
    look(at, clerk, glass)
    look(at, clerk, glass, minutes=16)
    told = uses.of_subject(at.firm.id, limit=9, as_of=LATER + timedelta(minutes=17))
    assert [one.use.released for one in told] == [False, True]
    for one in told:
        assert (one.recipient_name, one.purpose_label, one.use.person) == (
            "平台运营机构",
            "紧急查阅",
            "员工一",
        )
        assert one.use.legal_basis.startswith(WHY)


def test_the_operator_owes_no_correction_for_it_keeps_no_copy(at, clerk):
    answer = look(at, clerk, opened(at, clerk))
    places = [whereabouts.of(at.firm.id, row.record_id) for row in answer.items[0].rows]
    assert places
    assert received.of(places) == []


def _tables(reason):
    for item in loader.load().items.values():
        for kind in SubjectKind:
            context = rules.Context(RecipientKind.OPERATOR, kind, rules.Consented(reason))
            for entry in rules.table(item, context):
                yield from ((item, entry, name, decision) for name, decision in entry.fields.items())


def test_no_field_of_any_item_is_shown_to_the_operators_people_without_it():
    for reason in set(Reason) - {Reason.BREAK_GLASS}:
        assert not any(decision.leaves for *_, decision in _tables(reason)), reason


def test_with_it_no_provider_is_asked_and_no_third_persons_number_is_clear():
    for item, entry, name, decision in _tables(Reason.BREAK_GLASS):
        if entry.channel.mode is not SharingMode.PHYSICAL_AGGREGATION:
            assert not decision.leaves, (item.item, name)
        field = item.field(name)
        if field.type in masking.PERSONAL and field.whose is not Whose.SUBJECT:
            assert decision.verdict is not Verdict.REVEAL, (item.item, name)
