"""What is made from an item's file: export, JSON Schema, form, example, reference page."""

from __future__ import annotations

import json
import random
from datetime import date

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rongxin.catalogue import example, export, form, json_schema, loader, reference_page

ITEMS = sorted(loader.load().items)
FIELD_KEYS = {"name", "label", "annex", "type", "whose", "consent", "openness", "classification_level"}
CHANNEL_KEYS = {"mode", "levels", "consent", "fields", "where", "provider", "responsible", "due", "edition"}
ITEM_KEYS = {"item", "label", "category", "category_label", "subject_key", "record_key", "fields", "channels"}


def test_the_export_has_these_keys_and_no_others() -> None:
    for item in export.document():
        assert set(item) == ITEM_KEYS
        assert all(set(field) == FIELD_KEYS for field in item["fields"])
        assert all(set(channel) == CHANNEL_KEYS for channel in item["channels"])


def test_the_export_is_plain_json_with_closed_words() -> None:
    document = export.document()
    assert json.loads(json.dumps(document)) == document
    for item in document:
        assert item["category"] in range(14)
        names = [field["name"] for field in item["fields"]]
        for channel in item["channels"]:
            assert channel["mode"] in {"physical_aggregation", "interface_call", "data_verification"}
            assert set(channel["levels"]) <= {"national", "local"}
            assert isinstance(channel["consent"], bool)
            assert set(channel["fields"]) <= set(names)
            assert channel["where"] is None or set(channel["where"]) == {"field", "equals"}


def test_the_export_gives_the_filter_of_the_a_list() -> None:
    (rating,) = (item for item in export.document() if item["item"] == "taxpayer_credit_rating")
    assert rating["channels"][0]["where"] == {"field": "taxpayer_credit_grade", "equals": "A"}
    assert rating["channels"][0]["fields"] == [field["name"] for field in rating["fields"]]
    assert rating["channels"][1]["where"] is None


@pytest.mark.parametrize("name", ITEMS)
def test_a_schema_is_one_and_its_example_fits(name: str) -> None:
    item = loader.load().item(name)
    schema = json_schema.of(item)
    jsonschema.Draft202012Validator.check_schema(schema)
    for seed in range(20):
        jsonschema.validate(example.row(item, random.Random(seed)), schema)


@pytest.mark.parametrize("name", ITEMS)
@given(seed=st.integers(0, 2**32))
def test_an_invented_record_is_one_a_department_could_hand_in(name: str, seed: int) -> None:
    item = loader.load().item(name)
    row = example.row(item, random.Random(seed))
    for field in item.fields:
        stored = row[field.name]
        written = "；".join(stored) if isinstance(stored, list) else str(stored)
        assert field.field_type.json(field.clean(written, today=date(2026, 3, 1))) == stored


def test_a_schema_refuses_what_the_item_lacks() -> None:
    item = loader.load().item("honours")
    row = example.row(item, random.Random(1))
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({**row, "nickname": "x"}, json_schema.of(item))
    del row["uscc"]
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(row, json_schema.of(item))


def test_the_same_seed_invents_the_same_record() -> None:
    item = loader.load().item("patent")
    assert example.row(item, random.Random(7)) == example.row(item, random.Random(7))


@pytest.mark.parametrize("name", ITEMS)
def test_a_form_has_one_entry_a_field_with_a_widget(name: str) -> None:
    item = loader.load().item(name)
    entries = form.of(item)
    assert [entry.name for entry in entries] == [field.name for field in item.fields]
    for entry in entries:
        assert entry.label
        assert entry.widget
        assert (entry.widget == "select") == bool(entry.choices)


def test_a_form_offers_closed_lists_and_says_units() -> None:
    entries = {entry.name: entry for entry in form.of(loader.load().item("administrative_penalty"))}
    assert ("个体工商户", "个体工商户") in entries["counterpart_category"].choices
    assert "不小于 0" in entries["fine_cny"].help
    assert "需经授权" in entries["legal_representative_id_number"].help
    assert entries["name"].required


def test_the_reference_page_carries_every_item_field_and_channel() -> None:
    page = reference_page.page(loader.load())
    for item in export.document():
        assert f'<a id="{item["item"]}"></a>{item["label"]}' in page
        for field in item["fields"]:
            assert f"`{field['name']}`" in page
            assert field["annex"] is None or field["annex"] in page


def test_the_reference_page_is_the_same_every_time() -> None:
    assert reference_page.page(loader.load()) == reference_page.page(loader.load())
