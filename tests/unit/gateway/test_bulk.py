"""A department's own machine answers the platform itself only as far as its own file agrees."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from rongxin.disclosure import rules
from rongxin.exchange import collection
from rongxin.exchange.question import Question
from rongxin.gateway import checking
from rongxin.gateway import config as configs
from rongxin.gateway.sources import opening
from rongxin.vocabulary.availability import Availability
from rongxin.vocabulary.purpose import Purpose
from rongxin.vocabulary.reason import Reason
from rongxin.vocabulary.subject_kind import SubjectKind
from tests.unit.gateway.stage import CATALOGUE, FIRM, NODE, Office, question

ITEM = "abnormal_operations_list"
LISTED = {"sql": "SELECT n AS name, c AS uscc, d AS abnormal_operations_listed_on FROM a WHERE c = :uscc"}
AGREED = {ITEM: {"until": "2026-12-31", "since": "2026-03-01", "a_day": 2}}


def _office(open_office: Callable[..., Office], bulk: dict[str, Any]) -> Office:
    office = open_office("market_regulation_bureau", bulk=bulk)
    office.holds("a(n, c, d)", (FIRM.name, FIRM.uscc, "2026-02-01"))
    office.writes(ITEM, LISTED)
    return office


def _asked(item: str = ITEM, **changes: Any) -> Question:
    base = {"recipient_kind": "node", "recipient": NODE.id, "purpose": Purpose.COLLECTION, "case": None}
    return question(item, **{**base, **changes})


def _why(office: Office, **changes: Any) -> Reason | None:
    answer = office.ask(_asked(asked_at=office.clock, **changes))
    assert (answer.receipt.availability is Availability.WITHHELD) == (answer.rows == [])
    return answer.receipt.reason


def test_it_answers_where_its_own_file_agrees(open_office: Callable[..., Office]) -> None:
    answer = _office(open_office, AGREED).ask(_asked())
    assert answer.receipt.availability is Availability.RECORDS
    assert answer.rows[0]["abnormal_operations_listed_on"] == "2026-02-01"


def test_it_answers_nothing_in_bulk_by_default_nor_for_another_purpose_or_name(
    open_office: Callable[..., Office],
) -> None:
    office = _office(open_office, {})
    assert _why(office) is Reason.BULK_NOT_AGREED
    assert _why(office, purpose=Purpose.FINANCING_SUPPORT) is Reason.PURPOSE_NOT_PERMITTED
    assert _why(office, recipient="another") is Reason.RECIPIENT_MISMATCH
    bank = {"recipient_kind": "institution", "recipient": "bank_a"}
    assert _why(office, **bank) is Reason.PURPOSE_NOT_PERMITTED
    assert _why(office, **bank, purpose=Purpose.FINANCING_SUPPORT) is None  # a case's question, as before


def test_it_answers_from_the_first_to_the_last_day_and_no_longer(
    open_office: Callable[..., Office],
) -> None:
    office = _office(open_office, AGREED)
    for days, reason in ((-32, Reason.BULK_NOT_AGREED), (274, None), (275, Reason.BULK_NOT_AGREED)):
        office.clock += timedelta(days=days)
        assert _why(office) is reason
        office.clock -= timedelta(days=days)


def test_it_answers_so_many_a_day_and_the_next_day_again(open_office: Callable[..., Office]) -> None:
    office = _office(open_office, AGREED)
    assert [_why(office) for _ in range(3)] == [None, None, Reason.BULK_LIMIT_REACHED]
    office.clock += timedelta(days=1)
    assert _why(office) is None


@pytest.mark.parametrize("item", ["annual_report", "work_injury_insurance"])
def test_a_file_that_agrees_too_much_opens_nothing_and_check_says_so(
    open_office: Callable[..., Office], item: str
) -> None:
    provider = CATALOGUE.item(item).channels[0].provider
    office = open_office(provider, bulk={item: {"until": "2026-12-31", "a_day": 9}})
    office.holds("a(n, c)", (FIRM.name, FIRM.uscc))
    office.writes(item, {"sql": "SELECT n AS name, c AS uscc FROM a WHERE c = :uscc"})
    assert _why(office, item=item) in (Reason.BULK_NOT_AGREED, Reason.CONSENT_MISSING)
    read = configs.read(office.directory / "gateway.yaml")
    source = opening.open_source(read)
    said = [fault for found in checking.check(read, CATALOGUE, source) for fault in found.faults]
    source.close()
    assert [fault for fault in said if fault.startswith("bulk:")]


def test_node_and_gateway_come_to_the_same_for_every_field_that_may_be_collected() -> None:
    nobodys = rules.Consented(Reason.CONSENT_MISSING)
    for item in CATALOGUE.items.values():
        channel = collection.channel_of(item)
        for kind in SubjectKind:
            context = rules.Context(rules.RecipientKind.NODE, kind, nobodys)
            for entry in rules.table(item, context):
                if entry.channel is channel:
                    own = {name: made.verdict for name, made in entry.fields.items()}
                    assert own == collection.verdicts(item, channel, kind), item.item
                elif entry.channel.consent:
                    assert not entry.permits_call, item.item


def test_the_gate_releases_nothing_to_the_node_itself() -> None:
    for purpose in Purpose:
        assert rules.admit(purpose, rules.RecipientKind.NODE) is Reason.PURPOSE_NOT_PERMITTED
        if purpose is Purpose.COLLECTION:
            assert rules.admit(purpose, rules.RecipientKind.INSTITUTION) is Reason.PURPOSE_NOT_PERMITTED
