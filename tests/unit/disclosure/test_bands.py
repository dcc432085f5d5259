"""The bands that are published are those in which the city's agency answers (附件第21行)."""

from __future__ import annotations

from datetime import date

import pytest

from rongxin.catalogue import loader
from rongxin.city.facts import contributions
from rongxin.disclosure import bands

TODAY = date(2026, 3, 2)
_EDGES = {
    "pension_insured_band_avg_12m": (contributions._HEADS, "人"),
    "pension_employer_contribution_band_avg_12m": (contributions._MONEY, "万元"),
}


@pytest.mark.parametrize("field", _EDGES)
def test_every_answer_of_the_agency_is_among_what_it_published(field: str) -> None:
    ends, unit = _EDGES[field]
    given = [contributions.band(end, ends, unit) for end in ends]
    assert tuple(given) == bands.of("social_insurance", field, on=TODAY)


def test_every_field_that_is_shared_by_band_alone_has_its_bands() -> None:
    for name in loader.load().all_names:
        for field in loader.load().item(name).fields:
            assert bool(bands.of(name, field.name, on=TODAY)) is (field.type == "band")
