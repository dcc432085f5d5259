"""附件 10 行政管理信息 as departments hand it in: 双公示 files, their numbers and their dates."""

import pytest

from rongxin.catalogue import loader
from rongxin.catalogue.schema import Item

CATALOGUE = loader.load()
LAYOUTS = [("administrative_permit", "XK"), ("administrative_penalty", "CF")]


def target(item: Item, header: str) -> str:
    return item.layouts["double_publicity"][header].field


def names(item: Item) -> set[str]:
    return {field.name for field in item.fields} | {column.name for column in item.source_columns}


@pytest.mark.parametrize(("name", "prefix"), LAYOUTS)
def test_it_knows_every_header_with_and_without_its_prefix(name: str, prefix: str):
    layout = CATALOGUE.item(name).layouts["double_publicity"]
    bare = {header for header in layout if not header.startswith(f"{prefix}_")}
    assert set(layout) == bare | {f"{prefix}_{header}" for header in bare}
    assert all(layout[header] == layout[f"{prefix}_{header}"] for header in bare)


@pytest.mark.parametrize(("name", "prefix"), LAYOUTS)
def test_it_maps_every_header_to_a_field_or_a_source_column(name: str, prefix: str):
    item = CATALOGUE.item(name)
    assert {target(item, header) for header in item.layouts["double_publicity"]} <= names(item)


@pytest.mark.parametrize(
    "name", ["administrative_permit", "administrative_penalty", "administrative_compulsion"]
)
def test_it_tells_decisions_apart_by_their_number(name: str):
    item = CATALOGUE.item(name)
    assert list(item.record_key) == ["document_number"]
    assert {"document_title", "authority"} <= set(item.record_key_falls_back)


def test_it_keeps_the_number_of_a_penalty_and_never_releases_it():
    item = CATALOGUE.item("administrative_penalty")
    assert "document_number" in {column.name for column in item.source_columns}
    assert "document_number" not in {field.name for field in item.fields}


def test_it_releases_the_number_of_a_permit_as_the_annex_prints_it():
    assert CATALOGUE.item("administrative_permit").field("document_number").annex == "行政许可决定书文号"


def test_it_reads_penalty_amounts_of_a_double_publicity_file_as_ten_thousands():
    layout = CATALOGUE.item("administrative_penalty").layouts["double_publicity"]
    in_10k = {header for header, mapping in layout.items() if mapping.unit == "10k_cny"}
    assert in_10k == {"NR_FK", "NR_WFFF", "CF_NR_FK", "CF_NR_WFFF"}


def test_it_lets_validity_and_publication_end_in_the_future_but_no_decision_lie_there():
    for name in ["administrative_permit", "administrative_penalty", "administrative_compulsion"]:
        for field in CATALOGUE.item(name).fields:
            if field.type == "date":
                ahead = field.name in {"valid_from", "valid_until", "published_until"}
                assert field.future_allowed is ahead, f"{name}.{field.name}"


def test_it_leaves_what_a_permit_contains_to_its_provider():
    assert CATALOGUE.item("administrative_permit").field("permit_content").provider_defined
