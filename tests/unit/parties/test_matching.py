"""Attaching rows to subjects: by code at once, by name only where nothing can go wrong."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from rongxin.parties import matching, subjects
from rongxin.parties.rules.matching import Basis, Finding, Pending
from rongxin.parties.rules.names import Places, key
from rongxin.parties.rules.registration import AliasKind
from rongxin.vocabulary import uscc
from rongxin.vocabulary.actor import SYSTEM
from tests.unit.consent import stage

CITY = "990100"
NAME = "云州蓝鲸物流有限公司"
PLACES = Places(provinces=frozenset({"云岭", "浙江"}), cities=frozenset({"云州", "杭州"}))


@pytest.fixture
def firm(db: None) -> stage.Firm:
    return stage.firm(NAME)


def one(
    code: str | None = None,
    name: str | None = None,
    *,
    region: str = CITY,
    on: date | None = stage.TODAY,
    negative: bool = False,
) -> Finding:
    matches = matching.match([code], [name], region, on, negative=negative, actor=SYSTEM, as_of=stage.NOW)
    return matches.findings[0]


def test_a_known_code_decides(firm: stage.Firm) -> None:
    found = one(f" {firm.uscc.lower()} ", "随便什么名称", negative=True)
    assert (found.subject_id, found.basis) == (firm.id, Basis.CODE)


def test_it_says_where_the_name_is_not_the_codes(firm: stage.Firm) -> None:
    names = ["别家商贸有限公司", "云州市蓝鲸物流有限责任公司", None]
    matches = matching.match(
        [firm.uscc] * 3, names, CITY, None, negative=False, actor=SYSTEM, as_of=stage.NOW
    )
    assert matches.subject_ids == [firm.id] * 3
    assert matches.name_differs == {0}


def test_a_valid_code_not_yet_known_opens_a_subject(firm: stage.Firm) -> None:
    code = stage.code()
    found = one(code, "云州新来商贸有限公司")
    opened = subjects.find(code)
    assert opened is not None
    assert (found.subject_id, found.basis) == (opened.id, Basis.OPENED)
    assert (opened.status, opened.name, opened.region) == ("unregistered", "云州新来商贸有限公司", "990101")
    assert one(code).basis is Basis.CODE


def test_a_dry_run_opens_nothing(firm: stage.Firm) -> None:
    code = stage.code()
    matches = matching.match(
        [code], ["新来"], CITY, None, negative=False, open_unknown=False, actor=SYSTEM, as_of=stage.NOW
    )
    assert matches.findings == [Finding(None, Basis.OPENED, None)]
    assert subjects.find(code) is None


def test_letter_leading_codes_open_collectives(firm: stage.Firm) -> None:
    code = stage.code("N2")
    one(code, "云州市云溪区某村股份经济合作社")
    opened = subjects.find(code)
    assert opened is not None
    assert opened.kind == "village_collective"


def test_a_wrong_code_is_never_overruled_by_the_name(firm: stage.Firm) -> None:
    wrong = firm.uscc[:17] + next(c for c in uscc.ALPHABET if c != firm.uscc[17])
    found = one(wrong, NAME)
    assert (found.subject_id, found.pending) == (None, Pending.INVALID_CODE)
    assert [candidate.subject_id for candidate in found.candidates] == [firm.id]


def test_a_code_of_another_kind_of_body_waits(firm: stage.Firm) -> None:
    assert one(stage.code("51"), "某协会").pending is Pending.KIND_OUT_OF_SCOPE


def test_old_codes_lead_to_their_subject(firm: stage.Firm) -> None:
    inside = uscc.organisation_code(firm.uscc)
    subjects.add_old_code(
        firm.id,
        AliasKind.REGISTRATION_NUMBER,
        "990101000012345",
        actor=SYSTEM,
        as_of=stage.NOW,
    )
    for code in (inside, f"{inside[:8]}-{inside[8]}", "990101000012345"):
        assert one(code, negative=True) == Finding(firm.id, Basis.OLD_CODE, None)
    assert one("990101000099999").pending is Pending.OLD_CODE_UNKNOWN


def test_one_old_code_for_two_subjects_waits(firm: stage.Firm) -> None:
    for subject in (firm, stage.firm("云州另一家有限公司")):
        kind = AliasKind.REGISTRATION_NUMBER
        subjects.add_old_code(subject.id, kind, "990101000012345", actor=SYSTEM, as_of=stage.NOW)
    found = one("990101000012345")
    assert (found.pending, len(found.candidates)) == (Pending.OLD_CODE_AMBIGUOUS, 2)


def test_an_exact_name_unique_in_its_region_decides(firm: stage.Firm) -> None:
    for spelling in (NAME, "云州市蓝鲸物流有限责任公司", "（云州）蓝鲸物流有限公司", "云州蓝鲸 物流有限公司"):
        assert one(None, spelling) == Finding(firm.id, Basis.NAME, None)


@pytest.mark.parametrize("other", ["云州蓝鲸物流股份有限公司", "云州兰鲸物流有限公司", "蓝鲸物流有限公司"])
def test_a_name_that_is_only_alike_is_another_firm(firm: stage.Firm, other: str) -> None:
    assert one(None, other).subject_id is None


def test_an_adverse_record_is_never_attached_by_name_alone(firm: stage.Firm) -> None:
    found = one(None, NAME, negative=True)
    assert (found.subject_id, found.pending) == (None, Pending.NEGATIVE_BY_NAME_ALONE)
    assert found.candidates[0].subject_id == firm.id


def test_the_region_decides_and_must_be_known(firm: stage.Firm) -> None:
    assert one(None, NAME, region="").pending is Pending.REGION_UNKNOWN
    assert one(None, NAME, region="330100").pending is Pending.OTHER_REGION
    assert one(None, NAME, region="990101").subject_id == firm.id


def test_two_of_one_name_wait_with_their_candidates(firm: stage.Firm) -> None:
    other = stage.firm(NAME)
    found = one(None, NAME)
    assert found.pending is Pending.NAME_AMBIGUOUS
    assert [candidate.subject_id for candidate in found.candidates] == [firm.id, other.id]


def test_two_legal_forms_of_one_name_are_kept_apart(firm: stage.Firm) -> None:
    stage.firm("云州蓝鲸物流股份有限公司")
    assert one(None, NAME).pending is Pending.LEGAL_FORM_AMBIGUOUS


def test_a_former_name_holds_for_its_time(firm: stage.Firm) -> None:
    subjects.rename(firm.id, "云州白鲸物流有限公司", changed_on=stage.TODAY, actor=SYSTEM, as_of=stage.NOW)
    before = stage.TODAY - timedelta(days=1)
    assert one(None, NAME, on=before) == Finding(firm.id, Basis.FORMER_NAME, None)
    for day in (stage.TODAY, None):
        assert one(None, NAME, on=day).pending is Pending.FORMER_NAME_NOT_VALID
    assert one(None, "云州白鲸物流有限公司", on=before).basis is Basis.NAME


def test_a_person_s_name_is_no_firm_s(firm: stage.Firm) -> None:
    stage.firm("张建国（个体工商户）", department_and_class="92")
    assert one(None, "张建国").pending is Pending.NAME_TOO_BARE


def test_nothing_to_match_waits(firm: stage.Firm) -> None:
    assert one(None, "  ").pending is Pending.NOTHING_TO_MATCH
    assert one(None, "云州没有这家有限公司").pending is Pending.NAME_UNKNOWN


def test_it_shows_three_candidates_at_most(firm: stage.Firm) -> None:
    for _ in range(3):
        stage.firm(NAME)
    assert len(one(None, NAME).candidates) == 3


def test_a_whole_file_takes_a_handful_of_queries(firm: stage.Firm) -> None:
    codes = [stage.code() if n % 3 else firm.uscc for n in range(300)] + [None] * 100
    names = [f"云州第{n}号商贸有限公司" for n in range(300)] + [NAME] * 100
    with CaptureQueriesContext(connection) as queries:
        matches = matching.match(codes, names, CITY, None, negative=False, actor=SYSTEM, as_of=stage.NOW)
    assert len(queries) <= 10
    assert matches.opened == 200
    assert all(finding.subject_id for finding in matches.findings)


# ---- the canonical key


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("杭州蓝鲸物流有限公司", "浙江省杭州市蓝鲸物流有限公司"[3:]),
        ("浙江蓝鲸物流有限公司", "浙江省蓝鲸物流有限公司"),
        ("ＡＢＣ物流（杭州）有限公司", "abc物流(杭州)有限责任公司"),
        ("蓝鲸物流股份公司", "蓝鲸物流股份有限公司"),
    ],
)
def test_what_is_one_name_has_one_key(left: str, right: str) -> None:
    assert key(left, PLACES) == key(right, PLACES)


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("好邻居超市有限公司", "好邻居超有限公司"),
        ("新都市服装有限公司", "新都服装有限公司"),
        ("蓝鲸物流有限公司", "蓝鲸物流股份有限公司"),
        ("蓝鲸物流", "蓝鲸物流有限公司"),
        ("蓝鲸物流有限公司", "藍鯨物流有限公司"),
    ],
)
def test_what_is_two_names_has_two_keys(left: str, right: str) -> None:
    assert key(left, PLACES) != key(right, PLACES)


@given(st.text(max_size=30))
def test_any_text_has_a_key_and_blanks_do_not_count(text: str) -> None:
    spread = "\u3000".join(text)
    assert key(text, PLACES) == key(spread, PLACES)
