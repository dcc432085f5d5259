"""附件 note 2: what is stored at the platform, what is only called, what is only verified."""

import pytest

from rongxin.catalogue import loader
from rongxin.vocabulary.level import Level
from rongxin.vocabulary.sharing_mode import SharingMode

CATALOGUE = loader.load()
STORED = {
    "business_licence",
    "dishonest_judgment_debtor",
    "taxpayer_credit_rating",
    "environmental_credit_rating",
    "customs_registration",
    "customs_credit_grade",
    "trademark",
    "software_copyright",
    "administrative_permit",
    "administrative_penalty",
    "administrative_compulsion",
}


def test_it_stores_these_items_and_no_other():
    stored = {name for name, item in CATALOGUE.items.items() if item.aggregation and item.category}
    assert stored == STORED


@pytest.mark.parametrize("item", ["real_estate", "mortgage"])
def test_it_never_moves_real_estate(item: str):
    [channel] = CATALOGUE.item(item).channels
    assert channel.mode is SharingMode.DATA_VERIFICATION
    assert not CATALOGUE.item(item).may_be_stored({})


def test_it_verifies_social_insurance_in_bands():
    item = CATALOGUE.item("social_insurance")
    assert {channel.mode for channel in item.channels} == {SharingMode.DATA_VERIFICATION}
    assert [field.annex for field in item.fields if field.type == "band"] == [
        "企业职工基本养老保险近一年均参保人数分档",
        "企业职工基本养老保险近一年均单位缴费金额分档",
    ]


def test_it_uses_bands_for_social_insurance_alone():
    banded = {name for name, item in CATALOGUE.items.items() for field in item.fields if field.type == "band"}
    assert banded == {"social_insurance"}


def test_it_stores_the_a_list_and_no_other_tax_grade():
    item = CATALOGUE.item("taxpayer_credit_rating")
    assert item.may_be_stored({"taxpayer_credit_grade": "A"})
    for grade in ["B", "M", "C", "D", None, ""]:
        assert not item.may_be_stored({"taxpayer_credit_grade": grade}), grade


def test_it_stores_half_a_licence_and_calls_the_other_half():
    item = CATALOGUE.item("business_licence")
    modes = {field.name: getattr(item.channel_for(field.name, {}), "mode", None) for field in item.fields}
    assert modes["established_on"] is SharingMode.PHYSICAL_AGGREGATION
    assert modes["registered_capital_cny"] is SharingMode.INTERFACE_CALL


def test_it_shares_only_judgments_published_on_the_internet():
    item = CATALOGUE.item("court_judgment")
    assert item.channel_for("judgment_result", {"published_online": True}) is not None
    for silent in [{"published_online": False}, {"published_online": None}, {}]:
        assert item.channel_for("judgment_result", silent) is None


def test_it_never_releases_the_column_that_says_a_judgment_is_published():
    item = CATALOGUE.item("court_judgment")
    assert "published_online" in {column.name for column in item.source_columns}
    assert "published_online" not in {field.name for field in item.fields}


@pytest.mark.parametrize(
    ("item", "levels"),
    [
        ("tax_payment", {Level.LOCAL}),
        ("housing_fund", {Level.NATIONAL}),
        ("administrative_penalty", {Level.NATIONAL, Level.LOCAL}),
        ("environmental_credit_rating", {Level.NATIONAL, Level.LOCAL}),
        ("agricultural_operator", {Level.NATIONAL, Level.LOCAL}),
    ],
)
def test_it_shares_at_the_level_the_annex_names(item: str, levels: set[Level]):
    assert {level for channel in CATALOGUE.item(item).channels for level in channel.levels} == levels


def test_it_shares_the_a_list_nationally_and_the_other_grades_locally():
    by_mode = {
        channel.mode: set(channel.levels) for channel in CATALOGUE.item("taxpayer_credit_rating").channels
    }
    assert by_mode == {
        SharingMode.PHYSICAL_AGGREGATION: {Level.NATIONAL},
        SharingMode.INTERFACE_CALL: {Level.LOCAL},
    }
