"""附件: what leaves only 经企业授权, and what needs no consent."""

import pytest

from rongxin.catalogue import loader
from rongxin.vocabulary.openness import Openness
from rongxin.vocabulary.whose import Whose

CATALOGUE = loader.load()
ADMINISTRATIVE = ["administrative_permit", "administrative_penalty", "administrative_compulsion"]


def consented(item: str, field: str, row: dict[str, object] | None = None) -> bool:
    """Whether this field of this row takes a consent to leave."""
    found = CATALOGUE.item(item)
    channel = found.channel_for(field, row or {})
    assert channel is not None
    return channel.consent or found.field(field).consent


@pytest.mark.parametrize("item", ["tax_payment", "tax_arrears", "abnormal_taxpayer"])
def test_it_requires_consent_for_tax_payment_arrears_and_abnormal_status(item: str):
    assert all(channel.consent for channel in CATALOGUE.item(item).channels)


@pytest.mark.parametrize("item", ["water_fee", "electricity_fee", "gas_fee", "housing_fund"])
def test_it_requires_consent_for_every_bill_and_contribution(item: str):
    assert all(consented(item, field.name) for field in CATALOGUE.item(item).fields)


def test_it_requires_consent_for_the_scope_but_not_for_the_name_on_a_licence():
    assert consented("business_licence", "business_scope")
    assert not consented("business_licence", "name")


def test_it_requires_consent_for_a_tax_grade_unless_it_is_a():
    assert not consented("taxpayer_credit_rating", "taxpayer_credit_grade", {"taxpayer_credit_grade": "A"})
    for grade in ["B", "M", "C", "D"]:
        assert consented("taxpayer_credit_rating", "taxpayer_credit_grade", {"taxpayer_credit_grade": grade})


@pytest.mark.parametrize("item", ADMINISTRATIVE)
def test_it_requires_consent_for_the_identity_papers_of_the_legal_representative(item: str):
    assert consented(item, "legal_representative_id_number")
    assert consented(item, "legal_representative_id_type")
    assert not consented(item, "legal_representative")


@pytest.mark.parametrize("item", ADMINISTRATIVE)
def test_it_counts_identity_papers_as_a_third_persons_and_sensitive(item: str):
    number = CATALOGUE.item(item).field("legal_representative_id_number")
    assert (number.whose, number.openness, number.classification_level) == (
        Whose.THIRD_PERSON,
        Openness.CONSENT,
        3,
    )


@pytest.mark.parametrize(
    "item",
    [
        "abnormal_operations_list",
        "serious_violation_list",
        "spot_check",
        "court_judgment",
        "terminated_enforcement",
        "bankruptcy",
    ],
)
def test_it_calls_what_the_law_publishes_without_consent(item: str):
    assert not any(channel.consent for channel in CATALOGUE.item(item).channels)


def test_it_calls_work_injury_insurance_without_consent_though_nobody_publishes_it():
    item = CATALOGUE.item("work_injury_insurance")
    assert not any(channel.consent for channel in item.channels)
    assert {field.openness for field in item.fields} == {Openness.GOVERNMENT}


@pytest.mark.parametrize("item", sorted(CATALOGUE.items.keys() - {"taxpayer_credit_rating"}))
def test_it_calls_open_only_what_leaves_without_consent(item: str):
    """Only 纳税信用等级 is asked by row; there the stricter word stands (docs/decisions/0003)."""
    found = CATALOGUE.item(item)
    for field in found.fields:
        carrying = [channel for channel in found.channels if field.name in channel.fields]
        asks = field.consent or any(channel.consent for channel in carrying)
        assert (field.openness is Openness.CONSENT) == asks, f"{item}.{field.name}"
