"""数据核验: a claim is compared and no value leaves; nobody feels the way to one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from rongxin.exchange.question import Match
from rongxin.exchange.receipt import Answer
from rongxin.vocabulary.availability import Availability
from rongxin.vocabulary.reason import Reason
from tests.unit.gateway.stage import FIRM, Office, question, terms

ESTATE = {
    "sql": "SELECT c AS right_holder_identifier, cert AS real_estate_certificate_number, m AS area_sqm"
    " FROM e WHERE c = :uscc"
}
NUMBER = "real_estate_certificate_number"


@pytest.fixture
def estate(open_office: Callable[..., Office]) -> Office:
    office = open_office("natural_resources_bureau")
    rows = [(FIRM.uscc, "云(2026)不动产权第1号", 100), (FIRM.uscc, "云(2026)不动产权第2号", 200)]
    office.holds("e(c, cert, m)", *rows)
    office.writes("real_estate", ESTATE)
    return office


@pytest.fixture
def insurance(open_office: Callable[..., Office]) -> Office:
    office = open_office("social_insurance_agency")
    office.holds("s(n, c, k)", (FIRM.name, FIRM.uscc, 57))
    office.writes(
        "social_insurance",
        {
            "sql": "SELECT n AS name, c AS uscc, k AS pension_insured_band_avg_12m FROM s WHERE c = :uscc",
            "bands": {"pension_insured_band_avg_12m": {"edges": [10, 50, 100], "unit": "人"}},
        },
    )
    return office


def check(office: Office, item: str, institution: str = "bank_a", **claims: str) -> Answer:
    consent = terms(institution=institution)
    asked = question(item, *claims, given=consent, recipient=institution)
    return office.ask(replace(asked, claims=claims), consent)


@pytest.mark.parametrize(
    ("number", "area", "expected"),
    [
        ("云（2026）不动产权第2号", "200", [Match.MATCH, Match.MATCH]),
        ("云(2026)不动产权第1号", "200", [Match.MATCH, Match.MISMATCH]),
        ("云(2026)不动产权第9号", "很大", [Match.MISMATCH, Match.MISMATCH]),
    ],
)
def test_it_compares_claims_with_one_record_and_gives_no_value(
    estate: Office, number: str, area: str, expected: list[Match]
) -> None:
    answer = check(estate, "real_estate", **{NUMBER: number, "area_sqm": area})
    assert answer.receipt.results == dict(zip((NUMBER, "area_sqm"), expected, strict=True))
    assert answer.rows == []
    assert "100" not in repr(answer.receipt.results)


def test_a_field_of_which_the_record_says_nothing_is_no_record_and_no_mismatch(estate: Office) -> None:
    estate.holds("f(c, cert, m)", (FIRM.uscc, "云(2026)不动产权第1号", None))
    estate.writes("real_estate", {"sql": ESTATE["sql"].replace("FROM e", "FROM f")})
    answer = check(estate, "real_estate", **{NUMBER: "云(2026)不动产权第1号", "area_sqm": "100"})
    assert answer.receipt.results == {NUMBER: Match.MATCH, "area_sqm": Match.NO_RECORD}
    assert answer.receipt.availability is Availability.RECORDS


def test_it_checks_nothing_without_consent_and_tells_no_record_apart(estate: Office) -> None:
    bare = replace(question("real_estate", "area_sqm"), claims={"area_sqm": "100"})
    assert estate.ask(bare).receipt.reason is Reason.CONSENT_MISSING
    nobody = replace(FIRM, uscc="91990100MA0000099J")
    consent = terms(subject=nobody.uscc)
    asked = question("real_estate", "area_sqm", given=consent, subject=nobody)
    answer = estate.ask(replace(asked, claims={"area_sqm": "100"}), consent)
    assert answer.receipt.results == {"area_sqm": Match.NO_RECORD}
    assert answer.receipt.availability is Availability.NO_RECORD


@pytest.mark.parametrize(
    ("claim", "expected"),
    [
        ("50–99人", Match.MATCH),
        ("50-99人", Match.MATCH),
        ("60", Match.MATCH),
        ("10–49人", Match.MISMATCH),
        ("100人以上", Match.MISMATCH),
        ("49", Match.MISMATCH),
    ],
)
def test_social_insurance_is_compared_by_bands_alone(insurance: Office, claim: str, expected: Match) -> None:
    answer = check(insurance, "social_insurance", pension_insured_band_avg_12m=claim)
    assert answer.receipt.results == {"pension_insured_band_avg_12m": expected}


@pytest.mark.parametrize("claim", ["20–49人", "第3档", "50万元以上", "很多"])
def test_a_band_that_the_department_does_not_use_is_refused_and_costs_no_try(
    insurance: Office, claim: str
) -> None:
    for _ in range(6):
        receipt = check(insurance, "social_insurance", pension_insured_band_avg_12m=claim).receipt
        assert (receipt.availability, receipt.reason, receipt.results) == (
            Availability.WITHHELD,
            Reason.CLAIM_OUTSIDE_BANDS,
            {},
        )
    after = check(insurance, "social_insurance", pension_insured_band_avg_12m="50–99人").receipt
    assert after.results == {"pension_insured_band_avg_12m": Match.MATCH}


def test_binary_search_is_stopped_by_the_budget(estate: Office) -> None:
    """Ten halvings find a whole number below 1,024; the gateway allows three a day and five that miss."""
    answers = [check(estate, "real_estate", area_sqm=str(tried)).receipt for tried in (512, 256, 128, 64)]
    assert [one.reason for one in answers] == [None, None, None, Reason.VERIFICATION_BUDGET]
    assert answers[-1].results == {}
    said = []
    for day in range(1, 40):
        estate.clock += timedelta(days=1)
        fresh = {"asked_at": estate.clock}
        consent = terms()
        asked = question("real_estate", "area_sqm", given=consent, **fresh)
        answer = estate.ask(replace(asked, claims={"area_sqm": str(900 + day)}), consent, at=estate.clock)
        said.append(answer.receipt.reason)
    assert sum(reason is None for reason in said[:25]) == 2
    assert said[-8:].count(None) >= 1


def test_the_same_claim_again_costs_nothing_and_others_have_a_budget_of_their_own(estate: Office) -> None:
    for _ in range(6):
        assert check(estate, "real_estate", area_sqm="512").receipt.reason is None
    for tried in ("1", "2"):
        check(estate, "real_estate", area_sqm=tried)
    assert check(estate, "real_estate", area_sqm="3").receipt.reason is Reason.VERIFICATION_BUDGET
    assert check(estate, "real_estate", **{NUMBER: "x"}).receipt.reason is None
    assert check(estate, "real_estate", "bank_b", area_sqm="100").receipt.results == {"area_sqm": Match.MATCH}


def test_a_claim_is_kept_nowhere_in_clear(estate: Office) -> None:
    check(estate, "real_estate", **{NUMBER: "云(2026)不动产权第77123号"})
    estate.close()
    for path in estate.directory.glob("evidence.sqlite*"):
        assert b"77123" not in path.read_bytes()
