"""Values as people read them."""

from __future__ import annotations

import random

import pytest

from rongxin.catalogue import example, loader
from rongxin.delivery import wording


@pytest.mark.parametrize(
    ("item", "field", "value", "text"),
    [
        ("business_licence", "registered_capital_cny", "1234567", "1,234,567.00 元"),
        ("business_licence", "registered_capital_cny", "-0.5", "-0.50 元"),
        ("business_licence", "registered_capital_cny", "0.125", "0.125 元"),
        ("business_licence", "registered_capital_cny", "1E+3", "1,000.00 元"),
        ("business_licence", "established_on", "2024-03-05", "2024年3月5日"),
        ("annual_report", "has_external_guarantee", True, "是"),
        ("annual_report", "has_external_guarantee", False, "否"),
        ("industry", "industry", "13", "农副食品加工业（13）"),
        ("industry", "industry", "ZZ", "ZZ"),
        ("water_fee", "water_usage_m3_avg_3m", "1234.5", "1,234.5 立方米"),
        ("tax_payment", "consecutive_normal_tax_months", 18, "18 月"),
        ("business_licence", "legal_representative", None, "—"),
    ],
)
def test_it_says_a_value_as_people_write_it(item, field, value, text):
    assert wording.say(loader.load().item(item).field(field), value, masked=False) == text


def test_a_masked_value_is_left_as_the_gate_made_it():
    field = loader.load().item("business_licence").field("registered_capital_cny")
    assert wording.say(field, "100万–500万元", masked=True) == "100万–500万元"


def test_an_organisations_name_that_a_mask_left_alone_is_not_called_masked():
    field = loader.load().item("equity_pledge").field("pledgor")
    assert not wording.visibly_masked(field, "云州市星槐贸易有限公司")
    assert wording.visibly_masked(field, "张**")


@pytest.mark.parametrize("item", loader.load().items.values(), ids=lambda item: item.item)
def test_every_field_of_the_catalogue_has_words(item):
    row = example.row(item, random.Random(3))
    for field in item.fields:
        text = wording.say(field, row[field.name], masked=False)
        assert text.strip()
        assert "None" not in text
        assert "Decimal" not in text
