"""What a field adds to its type: closed lists, bounds, the future."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from rongxin.catalogue import loader
from rongxin.catalogue.errors import Unclean

TODAY = date(2026, 3, 1)


def _clean(item: str, field: str, text: str) -> object:
    return loader.load().item(item).field(field).clean(text, today=TODAY)


def _rule(item: str, field: str, text: str) -> str:
    with pytest.raises(Unclean) as caught:
        _clean(item, field, text)
    return caught.value.rule


def test_a_decision_date_may_not_lie_in_the_future() -> None:
    assert _clean("administrative_penalty", "decided_on", "2026-03-01") == TODAY
    assert _rule("administrative_penalty", "decided_on", "2026-03-02") == "in_future"


def test_validity_and_end_of_publication_may() -> None:
    for field in ("valid_until", "published_until"):
        assert _clean("administrative_penalty", field, "2099/12/31") == date(2099, 12, 31)


def test_a_year_or_month_to_come_is_the_future_too() -> None:
    assert _rule("taxpayer_credit_rating", "rating_year", "2027") == "in_future"
    assert _rule("social_insurance", "last_normal_pension_contribution_month", "2026-04") == "in_future"
    assert _clean("social_insurance", "last_normal_pension_contribution_month", "2026年3月") == "2026-03"


def test_a_word_outside_a_closed_list_is_refused() -> None:
    assert _clean("taxpayer_credit_rating", "taxpayer_credit_grade", " A ") == "A"
    assert _rule("taxpayer_credit_rating", "taxpayer_credit_grade", "E") == "not_in_list"


def test_a_code_is_found_by_name_or_alias() -> None:
    assert _clean("administrative_penalty", "counterpart_category", "法人") == "法人及非法人组织"
    assert _rule("administrative_penalty", "counterpart_category", "外星人") == "not_in_list"
    assert _clean("industry", "industry", "零售业") == "52"
    assert _clean("industry", "industry", "C1310") == "C1310"
    assert _rule("industry", "industry", "A1310") == "not_in_list"


def test_a_number_below_its_floor_is_refused() -> None:
    assert _clean("administrative_penalty", "fine_cny", "1,000") == Decimal(1000)
    assert _rule("administrative_penalty", "fine_cny", "-1") == "below_min"
