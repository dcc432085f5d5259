"""The gateway decides for itself, and no answer is never no record."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest

from rongxin.consent import rules as consent
from rongxin.exchange import question as questions
from rongxin.exchange.question import Question
from rongxin.proof.keys import SigningKey
from rongxin.vocabulary.availability import Availability
from rongxin.vocabulary.purpose import Purpose
from rongxin.vocabulary.reason import Reason
from rongxin.vocabulary.sharing_mode import SharingMode
from rongxin.vocabulary.verdict import Verdict
from tests.unit.gateway.conftest import TAX
from tests.unit.gateway.stage import FIRM, NOW, Office, artefact, question, signed, terms

FIELDS = ("name", "vat_paid_cny_12m", "last_normal_tax_payment_on")
OTHER = "91990100MA00000451"


def test_it_answers_what_the_consent_covers_in_the_catalogues_form(tax: Office) -> None:
    given = terms()
    answer = tax.ask(question("tax_payment", *FIELDS, given=given), given)
    assert answer.receipt.availability is Availability.RECORDS
    assert answer.rows == [
        {
            "name": FIRM.name,
            "vat_paid_cny_12m": "712400",
            "last_normal_tax_payment_on": "2026-02-21",
        }
    ]


NOT_COVERED: dict[str, tuple[dict[str, Any], dict[str, Any], Reason]] = {
    "withdrawn": ({}, {"status": consent.Status.WITHDRAWN}, Reason.CONSENT_WITHDRAWN),
    "paused": ({}, {"status": consent.Status.PAUSED}, Reason.CONSENT_PAUSED),
    "other subject": ({"subject": OTHER}, {}, Reason.SUBJECT_MISMATCH),
    "other item": ({"items": frozenset({"real_estate"})}, {}, Reason.ITEM_NOT_COVERED),
    "other institution": ({"institution": "bank_b"}, {}, Reason.RECIPIENT_MISMATCH),
    "other purpose": ({"purpose": Purpose.POST_LOAN_MONITORING}, {}, Reason.PURPOSE_NOT_COVERED),
    "other case": ({"case": UUID(int=9)}, {}, Reason.CASE_MISMATCH),
    "case closed": ({}, {"case_closed": True}, Reason.CASE_CLOSED),
    "expired": ({"valid_until": date(2026, 3, 1)}, {}, Reason.CONSENT_EXPIRED),
    "not yet": ({"valid_from": date(2026, 5, 1)}, {}, Reason.CONSENT_NOT_YET_VALID),
    "used up": ({}, {"uses": 3}, Reason.FREQUENCY_EXHAUSTED),
    "mode not agreed": ({"modes": frozenset({SharingMode.DATA_VERIFICATION})}, {}, Reason.MODE_NOT_PERMITTED),
    "status too old": ({}, {"at": NOW - timedelta(seconds=6)}, Reason.CONSENT_STATUS_MISSING),
    "status of tomorrow": ({}, {"at": NOW + timedelta(seconds=6)}, Reason.CONSENT_STATUS_MISSING),
    "status of another question": ({}, {"question": "0" * 64}, Reason.CONSENT_STATUS_MISSING),
    "status of another consent": ({}, {"consent": UUID(int=9)}, Reason.CONSENT_STATUS_MISSING),
    "status by a stranger": ({}, {"key": SigningKey.generate("node")}, Reason.CONSENT_STATUS_MISSING),
}  # fmt: skip


@pytest.mark.parametrize("which", NOT_COVERED)
def test_it_gives_nothing_without_a_consent_that_covers_and_says_why(tax: Office, which: str) -> None:
    changed, stapled, reason = NOT_COVERED[which]
    given = terms(**changed)
    answer = tax.ask(question("tax_payment", *FIELDS, given=given), given, **stapled)
    assert (answer.rows, answer.receipt.rows) == ([], 0)
    assert (answer.receipt.availability, answer.receipt.reason) == (Availability.WITHHELD, reason)


def test_it_gives_nothing_without_artefact_or_status_or_by_a_forged_one(tax: Office) -> None:
    given = terms()
    bare = question("tax_payment", *FIELDS)
    assert tax.ask(bare).receipt.reason is Reason.CONSENT_MISSING
    assert tax.ask(question("tax_payment", given=given)).receipt.reason is Reason.CONSENT_STATUS_MISSING
    forged = replace(bare, artefact=artefact(given, SigningKey.generate("node")))
    assert tax.ask(forged, given).receipt.reason is Reason.CONSENT_FORGED


def test_it_follows_the_stricter_of_its_own_verdict_and_the_gates(tax: Office) -> None:
    given = terms()
    asked = question("tax_payment", *FIELDS, given=given)
    asked = replace(asked, verdicts={**asked.verdicts, "vat_paid_cny_12m": Verdict.WITHHOLD})
    assert "vat_paid_cny_12m" not in tax.ask(asked, given).rows[0]
    lying = replace(question("tax_payment", *FIELDS, given=given), verdicts={"no_such_field": Verdict.REVEAL})
    assert tax.ask(lying, given).receipt.reason is Reason.NOT_IN_CATALOGUE


def test_it_says_partial_where_it_gives_less_than_was_asked_and_signs_which(tax: Office) -> None:
    tax.withholds("tax_payment", "vat_paid_cny_12m")
    given = terms()
    said = tax.ask(question("tax_payment", *FIELDS, given=given), given).receipt
    assert (said.availability, said.reason) == (Availability.PARTIAL, Reason.NOT_IN_CATALOGUE)
    assert said.decided["vat_paid_cny_12m"] == (Verdict.WITHHOLD, Reason.NOT_IN_CATALOGUE)
    assert said.decided["last_normal_tax_payment_on"][0] is Verdict.REVEAL
    agreed = question("tax_payment", *FIELDS[::2], given=given)
    assert tax.ask(agreed, given).receipt.availability is Availability.RECORDS


def test_a_record_of_which_nothing_may_leave_is_not_called_none(tax: Office) -> None:
    tax.withholds("tax_payment", "vat_paid_cny_12m")
    given = terms()
    asked = question("tax_payment", "vat_paid_cny_12m", "consecutive_normal_tax_months", given=given)
    said = tax.ask(asked, given).receipt
    assert (said.availability, said.reason) == (Availability.WITHHELD, Reason.NOT_IN_CATALOGUE)


def test_a_subject_needs_no_consent_for_its_own_unless_the_department_wants_one(
    tax: Office, open_office: Callable[..., Office]
) -> None:
    own = question("tax_payment", *FIELDS, recipient_kind="subject", recipient="17")
    assert tax.ask(own).receipt.availability is Availability.RECORDS
    strict = open_office("tax_bureau", self_access=False, evidence="other.sqlite")
    assert (
        strict.ask(replace(own, request=question("tax_payment").request)).receipt.reason
        is Reason.CONSENT_MISSING
    )


def test_it_says_no_record_only_when_it_looked_and_found_none(tax: Office) -> None:
    nobody = replace(FIRM, uscc="91990100MA0000099J")
    given = terms(subject=nobody.uscc)
    answer = tax.ask(question("tax_payment", *FIELDS, given=given, subject=nobody), given)
    assert answer.receipt.availability is Availability.NO_RECORD


def test_what_it_does_not_serve_it_refuses_by_name(tax: Office) -> None:
    for asked in (
        question("tax_arrears"),
        replace(question("tax_payment"), version=99),
        replace(question("tax_payment"), provider="court"),
        replace(question("tax_payment"), channel=5),
        replace(question("tax_payment"), mode=SharingMode.DATA_VERIFICATION),
    ):
        assert tax.refuses(signed(questions.encode(asked, None))) == (404, "not_served")


@pytest.mark.parametrize(
    "mapped",
    [
        {"sql": "SELECT n AS name, code AS uscc, gone AS vat_paid_cny_12m FROM t WHERE code = :uscc"},
        {"sql": "SELECT n AS name, code AS uscc, n AS vat_paid_cny_12m FROM t WHERE code = :uscc"},
        {"sql": "SELECT n AS name, code AS uscc FROM gone WHERE code = :uscc"},
        {"sql": "SELECT vat AS vat_paid_cny_12m FROM t WHERE code = :uscc"},
        {"sql": "SELECT n AS name, code AS uscc, vat AS vat_paid_cny_12m FROM t WHERE code <> :uscc"},
        {"sql": "SELECT n AS name, code AS uscc, vat AS vat_paid_cny_12m FROM t WHERE :uscc = :uscc"},
        {"sql": "UPDATE t SET vat = 0 WHERE code = :uscc"},
    ],
    ids=["column gone", "no amount", "table gone", "whose?", "others'", "everybody's", "writes"],
)
def test_it_never_says_no_record_where_its_store_fails(tax: Office, mapped: dict[str, str]) -> None:
    tax.writes("tax_payment", mapped)
    given = terms()
    answer = tax.ask(question("tax_payment", *FIELDS, given=given), given)
    assert answer.receipt.availability is Availability.PROVIDER_UNAVAILABLE
    assert answer.rows == []
    tax.close()
    tax.writes("tax_payment", TAX)


def test_a_store_that_is_gone_or_garbage_is_no_answer(tax: Office) -> None:
    given = terms()
    for content in (b"SQLite format 3\0" + b"x" * 200, None):
        store = tax.directory / "store.sqlite"
        store.write_bytes(content) if content else store.unlink()
        answer = tax.ask(question("tax_payment", *FIELDS, given=given), given)
        assert answer.receipt.availability is Availability.PROVIDER_UNAVAILABLE


def _court(office: Office, columns: str) -> Question:
    office.holds("j(c, a, p)", (FIRM.uscc, "一号", "是"), (FIRM.uscc, "二号", "否"))
    office.writes("court_judgment", {"sql": f"SELECT {columns} FROM j WHERE c = :uscc"})
    return question("court_judgment", "case_number")


def test_a_row_that_the_annex_does_not_publish_is_not_answered(open_office: Callable[..., Office]) -> None:
    court = open_office("peoples_court")
    asked = _court(court, "c AS uscc, a AS case_number, p AS published_online")
    rows = court.ask(asked).rows
    assert [row["case_number"] for row in rows] == ["一号"]


def test_a_department_that_cannot_say_what_is_published_gives_no_answer(
    open_office: Callable[..., Office],
) -> None:
    court = open_office("peoples_court")
    asked = _court(court, "c AS uscc, a AS case_number")
    assert court.ask(asked).receipt.availability is Availability.PROVIDER_UNAVAILABLE


@pytest.mark.parametrize(
    ("unique", "expected"), [(True, Availability.RECORDS), (False, Availability.PROVIDER_UNAVAILABLE)]
)
def test_it_finds_by_name_and_place_only_where_the_name_is_unique(
    open_office: Callable[..., Office], unique: bool, expected: Availability
) -> None:
    farm = open_office("agriculture_bureau")
    farm.holds("f(n, p, s)", (FIRM.name, FIRM.place, "茶叶"))
    farm.writes(
        "agricultural_operator",
        {"sql": "SELECT n AS name, p AS location, s AS business_scope FROM f WHERE n = :name AND p = :place"},
    )
    own = {"recipient_kind": "subject", "recipient": "17", "subject": replace(FIRM, unique_name=unique)}
    asked = question("agricultural_operator", verdicts={"business_scope": Verdict.MASK}, **own)
    answer = farm.ask(asked)
    assert answer.receipt.availability is expected


def test_it_masks_a_third_person_whatever_the_node_asks_for(open_office: Callable[..., Office]) -> None:
    office = open_office("market_regulation_bureau")
    office.holds("b(f, code, n, r)", (FIRM.name, OTHER, "云州第一公司城西分公司", "张建国"))
    sql = "SELECT f AS name, :uscc AS uscc, n AS branch_name, code AS branch_uscc, r AS representative FROM b"
    office.writes("branch", {"sql": sql, "columns": {"branch_legal_representative": "representative"}})
    given = terms(items=frozenset({"branch"}))
    asked = question("branch", "branch_name", "branch_legal_representative", given=given)
    assert set(asked.verdicts.values()) == {Verdict.REVEAL}
    (row,) = office.ask(asked, given).rows
    assert row["branch_name"] == "云州第一公司城西分公司"
    assert "建国" not in row["branch_legal_representative"]
    assert row["branch_legal_representative"].startswith("张")
