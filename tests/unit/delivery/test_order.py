"""Items and fields stand in the annex's order in each form, however a store or a row had them."""

from __future__ import annotations

import io
import re

import pypdf
import pytest

from rongxin.catalogue import loader
from rongxin.delivery.rendering import html, pdf
from tests.unit.delivery import factory

CATALOGUE = loader.load()
ITEMS = ("business_licence", "spot_check", "court_judgment", "trademark")


def _backwards(item, row):
    """As a store might hand it out, with texts of all lengths."""
    wide = {k: "虚构长文本" * 12 if isinstance(v, str) and "虚构" in v else v for k, v in row.items()}
    return dict(reversed(list(wide.items())))


def _ordered(names, item):
    order = [field.name for field in CATALOGUE.item(item).fields]
    return sorted(names, key=order.index)


@pytest.fixture(scope="module")
def given():
    return factory.release(consent=factory.FULL, rows=2, items=ITEMS, change=_backwards)


def test_the_fields_of_a_row_stand_in_the_annexs_order(given):
    for section in factory.document(given)["sections"]:
        for item in section["items"]:
            for row in item["rows"]:
                names = [field["name"] for field in row["fields"]]
                assert names == _ordered(names, item["item"])


def test_columns_stand_in_the_annexs_order_though_no_row_has_all():
    names = [field.name for field in CATALOGUE.item("trademark").fields]
    lacking = iter(names[2:6])
    whose = {"name": factory.COMPANY.name, "uscc": factory.COMPANY.uscc}

    def change(item, row):
        left_out = next(lacking)
        return {name: value for name, value in {**row, **whose}.items() if name != left_out}

    prepared = factory.prepared(factory.release(items=["trademark"], rows=4, change=change))
    item = prepared["sections"][0]["items"][0]
    labels = [field.label for field in CATALOGUE.item("trademark").fields]
    assert item["tabular"]
    assert item["columns"] == [label for label in labels if label in item["columns"]]


def _labels_in(text, item):
    """Where each label of the item's first record stands, in the order of the text."""
    text = text[text.index(item["label"]) :]
    at, found = 0, []
    for field in item["rows"][0]["fields"]:
        at = text.index(re.sub(r"\s", "", field["label"]), at)
        found.append(at)
    return found


@pytest.mark.parametrize("form", ["pdf", "html"])
def test_page_and_paper_show_every_field_in_the_annexs_order(given, form):
    prepared = factory.prepared(given)
    if form == "pdf":
        reader = pypdf.PdfReader(io.BytesIO(pdf.render(prepared, [])))
        text = "".join(page.extract_text() for page in reader.pages)
    else:
        text = re.sub(r"<[^>]+>", "", html.render(prepared, []))
    text = re.sub(r"\s", "", text)
    for section in prepared["sections"]:
        for item in section["items"]:
            found = _labels_in(text, item)
            assert len(found) > 2
            assert found == sorted(found)


def test_items_stand_in_the_annexs_order_on_paper_with_and_without_records():
    every = factory.release(consent=factory.FULL)
    kept = [factory.without_rows(item) if n % 2 else item for n, item in enumerate(every.items)]
    prepared = factory.prepared(factory.replace(every, items=tuple(kept)))
    reader = pypdf.PdfReader(io.BytesIO(pdf.render(prepared, [])))
    text = re.sub(r"\s", "", "".join(page.extract_text() for page in reader.pages))
    at = 0
    for section in prepared["sections"]:
        at = text.index(section["label"], at)
        for item in section["items"]:
            at = text.index(item["label"] + item["availability"]["label"], at)
