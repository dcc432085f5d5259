"""What a report says: sources, dates, words for each kind of nothing, what consent would add."""

from __future__ import annotations

import json
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rongxin.catalogue import loader
from rongxin.delivery import report, verification
from rongxin.disclosure import rules
from rongxin.vocabulary.availability import Availability
from rongxin.vocabulary.period import Period
from rongxin.vocabulary.reason import Reason
from tests.unit.delivery import factory

PERIOD = rules.Consented(Reason.CONSENTED, period=Period(date(2024, 1, 1), date(2026, 3, 1)))


def _items(document):
    return {item["item"]: item for section in document["sections"] for item in section["items"]}


def test_it_lays_every_item_out_by_category_with_article_4_last():
    document = factory.document(factory.release(consent=factory.FULL))
    assert [section["category"] for section in document["sections"]] == [*range(1, 14), 0]
    assert _items(document).keys() == loader.load().items.keys()


def test_every_row_carries_its_source_its_way_and_its_date_of_receipt():
    document = factory.document(factory.release(consent=factory.FULL))
    rows = [row for item in _items(document).values() for row in item["rows"]]
    assert rows
    assert all(row["source"]["label"] and row["mode"]["label"] and row["received_at"] for row in rows)


@pytest.mark.parametrize(
    ("given", "item", "word"),
    [
        ({"connected": lambda item: False}, "honours", "数据源未接入"),
        ({"rows": 0, "answers": Availability.NO_RECORD}, "honours", "无记录"),
        ({"subject": factory.SHOP}, "shareholder_contribution", "不适用"),
        ({"answers": Availability.PROVIDER_UNAVAILABLE}, "abnormal_operations_list", "数据提供单位暂不可用"),
    ],
)
def test_each_kind_of_nothing_has_its_own_word(given, item, word):
    assert _items(factory.document(factory.release(**given)))[item]["availability"]["label"] == word


def test_the_public_report_says_what_consent_would_add_and_the_consented_one_has_nothing_to_add():
    public = factory.document(factory.release())
    consented = factory.document(factory.release(consent=factory.FULL))
    assert "tax_payment" in {entry["item"] for entry in public["consent_would_add"]}
    assert consented["consent_would_add"] == []


def test_what_is_withheld_carries_its_reason_and_article():
    withheld = _items(factory.document(factory.release()))["tax_payment"]["withheld"]
    assert [group["reason"]["code"] for group in withheld] == ["consent_missing"]
    assert "（六）" in withheld[0]["reason"]["article"]


def test_it_states_the_period_that_a_consent_opens_where_it_restricts_an_item():
    items = _items(factory.document(factory.release(consent=PERIOD)))
    assert items["change_record"]["period"] == {"from": "2024-01-01", "to": "2026-03-01"}
    # Its rows are public; the consent opens a field of them, and restricts none.
    assert items["administrative_permit"]["period"] is None
    assert items["honours"]["period"] is items["tax_payment"]["period"] is None


def test_its_digest_can_be_checked_from_the_report_alone():
    given = factory.release(consent=PERIOD, rows=2)
    document = json.loads(report.to_json(factory.document(given)))
    assert verification.holds(document)
    assert verification.digest(document) == given.digest


def test_a_changed_fact_no_longer_matches_the_digest():
    document = factory.document(factory.release(consent=factory.FULL))
    _items(document)["honours"]["rows"][0]["fields"][0]["value"] = "别的"
    assert not verification.holds(document)


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    rows=st.integers(0, 3),
    consent=st.sampled_from([factory.NONE, factory.FULL, PERIOD]),
    items=st.lists(st.sampled_from(list(loader.load().items)), min_size=1, unique=True),
    answers=st.sampled_from([Availability.RECORDS, Availability.PROVIDER_UNAVAILABLE]),
)
def test_any_report_gives_back_the_content_that_was_released(seed, rows, consent, items, answers):
    given = factory.release(seed=seed, rows=rows, consent=consent, items=items, answers=answers)
    assert verification.digest(json.loads(report.to_json(factory.document(given)))) == given.digest
