"""（四） names three kinds of public credit information that the annex has no row for."""

import pytest

from rongxin.catalogue import loader
from rongxin.vocabulary.openness import Openness
from rongxin.vocabulary.sharing_mode import SharingMode

CATALOGUE = loader.load()
ARTICLE_4 = {
    "honours": "荣誉表彰",
    "policy_support": "政策支持",
    "serious_dishonesty_list": "严重失信主体名单",
}


def test_it_adds_three_items_that_are_in_no_row():
    beyond = {name: item.label for name, item in CATALOGUE.items.items() if item.category == 0}
    assert beyond == ARTICLE_4
    assert not any(CATALOGUE.item(name).annex_row for name in beyond)


@pytest.mark.parametrize("name", ARTICLE_4)
def test_it_stores_and_opens_them_as_public_credit_information(name: str):
    item = CATALOGUE.item(name)
    assert [channel.mode for channel in item.channels] == [SharingMode.PHYSICAL_AGGREGATION]
    assert {field.openness for field in item.fields} == {Openness.PUBLIC}


@pytest.mark.parametrize("name", ARTICLE_4)
def test_it_claims_no_printed_label_for_fields_that_are_ours(name: str):
    assert not any(field.annex for field in CATALOGUE.item(name).fields)
