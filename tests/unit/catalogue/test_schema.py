"""Channels, filters and storage: which way a field of a row may take (附件注2)."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from rongxin.catalogue import loader
from rongxin.catalogue.schema import Item
from rongxin.vocabulary.sharing_mode import SharingMode


def _item(name: str) -> Item:
    return loader.load().item(name)


def test_the_a_list_is_stored_and_other_grades_are_called() -> None:
    rating = _item("taxpayer_credit_rating")
    a, b = {"taxpayer_credit_grade": "A"}, {"taxpayer_credit_grade": "B"}
    assert rating.may_be_stored(a)
    assert not rating.may_be_stored(b)
    channel_a, channel_b = (rating.channel_for("taxpayer_credit_grade", row) for row in (a, b))
    assert channel_a is not None
    assert not channel_a.consent
    assert channel_b is not None
    assert channel_b.consent


def test_a_licence_is_two_channels_of_one_item() -> None:
    licence = _item("business_licence")
    stored, called = licence.channel_for("name", {}), licence.channel_for("business_scope", {})
    assert stored is licence.aggregation
    assert called is not None
    assert called.mode is SharingMode.INTERFACE_CALL


@pytest.mark.parametrize(
    "row", [{}, {"published_online": False}, {"published_online": None}, {"published_online": 1}]
)
def test_a_judgment_that_does_not_say_published_is_in_no_channel(row: dict[str, object]) -> None:
    assert _item("court_judgment").channel_for("case_number", row) is None


def test_a_published_judgment_is_called_without_consent_and_never_stored() -> None:
    judgment = _item("court_judgment")
    channel = judgment.channel_for("case_number", {"published_online": True})
    assert channel is not None
    assert not channel.consent
    assert judgment.aggregation is None
    assert not judgment.may_be_stored({"published_online": True})


def test_a_field_of_no_channel_has_none() -> None:
    assert _item("administrative_penalty").channel_for("document_number", {}) is None


def test_all_means_every_field_in_order() -> None:
    penalty = _item("administrative_penalty")
    (channel,) = penalty.channels
    assert penalty.fields_of(channel) == tuple(field.name for field in penalty.fields)


def test_a_layout_header_names_its_field_and_unit() -> None:
    headers = _item("administrative_penalty").layouts["double_publicity"]
    assert (headers["CF_XDR_MC"].field, headers["CF_XDR_MC"].unit) == ("name", None)
    assert (headers["CF_NR_FK"].field, headers["CF_NR_FK"].unit) == ("fine_cny", "10k_cny")


def test_items_are_frozen_and_can_be_cached() -> None:
    item = _item("honours")
    assert hash(item) == hash(item.model_copy())
    with pytest.raises(ValidationError):
        item.version = 2  # type: ignore[misc]


def test_a_column_is_a_field_or_a_source_column() -> None:
    penalty = _item("administrative_penalty")
    assert penalty.column("document_number").label == "行政处罚决定书文号"
    assert penalty.column("fine_cny") is penalty.field("fine_cny")
