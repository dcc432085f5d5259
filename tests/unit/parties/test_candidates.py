"""Who a row might belong to: found by a like name or an old code, with evidence that a person can weigh."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rongxin.parties import candidates, identity, naming, subjects
from rongxin.parties.models import Subject
from rongxin.parties.rules import desk, likeness
from rongxin.parties.rules.likeness import Comparison, Evidence, Traces
from rongxin.parties.rules.names import Key
from rongxin.parties.rules.registration import AliasKind
from rongxin.vocabulary import uscc
from rongxin.vocabulary.actor import SYSTEM
from tests.unit.consent import stage

NAME = "云州蓝鲸物流有限公司"
NUMBER = "11010119900307002X"
AGREES, DIFFERS, UNKNOWN = Comparison.AGREES, Comparison.DIFFERS, Comparison.UNKNOWN
LETTERS = st.text("云州蓝鲸物流商贸一二三", max_size=12)


def register(name: str = NAME, **changes: object) -> subjects.Card:
    given: dict[str, object] = {
        "uscc": stage.code(),
        "name": name,
        "region": "990101",
        "legal_representative": "云小满",
        "legal_representative_commitment": identity.commit(NUMBER),
        "established_on": date(2015, 5, 1),
        **changes,
    }
    return subjects.register(subjects.Registration(**given), actor=SYSTEM, as_of=stage.NOW)  # type: ignore[arg-type]


@pytest.mark.django_db
@pytest.mark.parametrize(
    "written",
    [
        NAME,
        "云州蓝鲸物流股份有限公司",
        "云州市蓝鲸物流公司",
        "云州蓝京物流有限公司",
        "云州蓝鲸运输物流有限公司",
        "蓝鲸物流（云州）有限公司",
    ],
)
def test_it_finds_a_name_that_is_written_a_little_differently(written: str) -> None:
    meant = register()
    for other in ("云州青禾商贸有限公司", "云州星槐科技有限公司", "云溪白鹭餐饮店"):
        register(other)
    found = candidates.search(Traces(written))
    assert found[0].subject_id == meant.id
    assert len(found) <= candidates.MOST


@pytest.mark.django_db
def test_it_finds_who_bore_the_name_before_and_who_has_the_code(db: None) -> None:
    renamed = register()
    subjects.rename(renamed.id, "云州青禾商贸有限公司", changed_on=stage.TODAY, actor=SYSTEM, as_of=stage.NOW)
    coded = register("云州星槐科技有限公司")
    kind = AliasKind.REGISTRATION_NUMBER
    subjects.add_old_code(coded.id, kind, "990101000012345", actor=SYSTEM, as_of=stage.NOW)
    (former,) = candidates.search(Traces(NAME))
    assert (former.subject_id, former.name, former.now) == (renamed.id, NAME, "云州青禾商贸有限公司")
    both = candidates.search(Traces(NAME, codes=("990101000012345",)))
    assert [one.subject_id for one in both] == [coded.id, renamed.id]
    assert both[0].evidence[Evidence.OLD_CODE] is AGREES


@pytest.mark.django_db
def test_it_tells_namesakes_apart_by_what_both_sides_carry() -> None:
    other = register(region="330100", legal_representative="木子", legal_representative_commitment="")
    meant = register()
    own = meant.uscc or ""
    traces = Traces(
        "云州蓝鲸物流股份有限公司",
        codes=(uscc.organisation_code(own),),
        representative=" 云小满",
        representative_number=NUMBER,
        addresses=("云岭省云州市云溪区听雨街3号",),
        established_on=date(2015, 5, 1),
        observed_on=date(2014, 1, 1),
    )
    first, second = candidates.search(traces)
    assert (first.subject_id, second.subject_id) == (meant.id, other.id)
    assert first.evidence == {
        Evidence.OLD_CODE: AGREES,
        Evidence.REPRESENTATIVE_NUMBER: AGREES,
        Evidence.REPRESENTATIVE_NAME: AGREES,
        Evidence.REGION: AGREES,
        Evidence.ESTABLISHED_ON: AGREES,
        Evidence.EXISTED: DIFFERS,
        Evidence.LEGAL_FORM: DIFFERS,
    }
    assert second.evidence[Evidence.REPRESENTATIVE_NUMBER] is UNKNOWN
    assert {second.evidence[what] for what in (Evidence.REPRESENTATIVE_NAME, Evidence.REGION)} == {DIFFERS}
    assert NUMBER not in str(first) + str(first.document()) + repr(traces)


@pytest.mark.django_db
def test_the_index_holds_the_pairs_that_a_search_asks_for() -> None:
    subject = register()
    with_grams = Subject.objects.extra(
        where=["parties_name_grams(canonical_name) @> %s AND parties_name_grams(canonical_name) <@ %s"],
        params=[list(likeness.grams(naming.key(NAME)))] * 2,
    )
    assert with_grams.get().id == subject.id


def test_a_search_says_nothing_of_a_name_that_nobody_is_like(db: None) -> None:
    register()
    assert candidates.search(Traces("青禾")) == candidates.search(Traces("青")) == []
    assert candidates.search(Traces("")) == []


@given(one=LETTERS, other=LETTERS)
def test_likeness_is_between_nothing_and_all(one: str, other: str) -> None:
    score = likeness.likeness(Key(one, "有限"), Key(other, ""))
    assert 0 <= score <= 1
    assert (score == 1) == (one == other)


def test_the_states_of_a_decision_are_a_whole_table() -> None:
    assert set(desk.TRANSITIONS) == set(desk.State)
    reached = {to for row in desk.TRANSITIONS.values() for to in row.values()}
    assert reached == set(desk.State) - {desk.State.PROPOSED}
    assert {act for row in desk.TRANSITIONS.values() for act in row} == set(desk.Act) == set(desk.OWNERS)
    ends = {state for state, row in desk.TRANSITIONS.items() if not row}
    assert ends == set(desk.State) - desk.TAKEN
    assert desk.first_state(negative=True) is desk.State.PROPOSED
