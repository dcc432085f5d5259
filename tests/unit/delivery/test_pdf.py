"""The report on paper: archival, marked on every page, without anything that acts, checkable by itself."""

from __future__ import annotations

import io
import json
import re
from dataclasses import replace

import pypdf
import pytest

from rongxin.delivery import report, verification
from rongxin.delivery.rendering import charts, pdf
from tests.unit.delivery import factory

HOSTILE = (
    '#evil[注入] <script>alert(1)</script> $x$ @ref #link("http://evil.example") \\u{202e} /JS (app.alert(1))'
)
ACTIVE = (
    "/JS",
    "/JavaScript",
    "/AA",
    "/OpenAction",
    "/Launch",
    "/URI",
    "/SubmitForm",
    "/RichMedia",
    "/GoToR",
)


def _print(given):
    prepared = factory.prepared(given, "演示数据")
    return pypdf.PdfReader(io.BytesIO(pdf.render(prepared, charts.draw(prepared))))


def _text(reader):
    return "".join(page.extract_text() for page in reader.pages).replace("\n", "")


@pytest.fixture(scope="module")
def full():
    return _print(factory.release(consent=factory.FULL, rows=1))


@pytest.fixture(scope="module")
def hostile():
    def change(item, row):
        return {k: HOSTILE if isinstance(v, str) and re.search("[一-龥]", v) else v for k, v in row.items()}

    subject = replace(factory.COMPANY, name=HOSTILE)
    return _print(factory.release(consent=factory.FULL, rows=4, change=change, subject=subject))


def test_it_names_its_title_author_and_language(full):
    assert full.metadata.title == "授权信用信息报告 云州晨星精密机械有限公司"
    assert full.metadata.author == factory.NODE
    assert full.trailer["/Root"]["/Lang"].lower().startswith("zh")


def test_it_says_that_it_is_pdf_a_3_and_carries_an_output_intent(full):
    root = full.trailer["/Root"]
    xmp = root["/Metadata"].get_object().get_data().decode()
    assert re.search(r"pdfaid:part\W+3\b", xmp)
    assert re.search(r"pdfaid:conformance\W+B\b", xmp)
    intent = root["/OutputIntents"][0].get_object()
    assert intent["/S"] == "/GTS_PDFA1"
    assert intent["/DestOutputProfile"].get_object().get_data()
    assert not full.is_encrypted


def test_every_font_is_inside(full):
    for page in full.pages:
        for font in page["/Resources"].get("/Font", {}).values():
            descriptor = font.get_object()["/DescendantFonts"][0].get_object()["/FontDescriptor"].get_object()
            assert {"/FontFile2", "/FontFile3"} & descriptor.keys()


@pytest.mark.parametrize("form", ["full", "hostile"])
def test_it_holds_nothing_that_acts(form, request):
    reader = request.getfixturevalue(form)
    for number in range(1, len(reader.xref[0]) if 0 in reader.xref else reader.trailer["/Size"]):
        thing = reader.get_object(number)
        found = set(_keys(thing)) & set(ACTIVE)
        assert not found, (number, found)


def _keys(thing):
    if isinstance(thing, dict):
        for key, part in thing.items():
            yield str(key)
            if key == "/S":
                yield str(part)
            yield from _keys(part)
    elif isinstance(thing, list):
        for part in thing:
            yield from _keys(part)


def test_a_record_cannot_become_markup(hostile):
    text = _text(hostile).replace(" ", "")
    assert "#evil[注入]" in text
    assert "<script>alert(1)</script>" in text
    assert all("/Annots" not in page for page in hostile.pages)


def test_every_page_is_marked_with_institution_person_time_and_request(full):
    assert len(full.pages) > 3
    for page in full.pages:
        text = page.extract_text()
        for mark in ("云州农村商业银行", "客户经理 李四", "2026-03-02 09:30", "01900000-0000-7000-8000-"):
            assert mark in text


def test_it_carries_the_report_so_that_its_digest_can_be_checked_from_the_file_alone():
    given = factory.release(consent=factory.FULL, rows=15)
    reader = _print(given)
    attached = reader.attachments["report.json"][0]
    assert attached == report.to_json(factory.document(given))
    assert verification.digest(json.loads(attached)) == given.digest
    assert given.digest in _text(reader)


def test_a_character_that_the_font_lacks_is_numbered_and_said():
    given = factory.release(
        items=["business_licence"], change=lambda item, row: {**row, "legal_representative": "䶮𠮷\U0002a6a5"}
    )
    text = _text(_print(given))
    assert "〔U+2A6A5〕" in text
    assert re.search(r"字库缺少下列字符.*U\+2A6A5。", text)
    assert "�" not in text


def test_it_says_how_many_rows_it_left_to_the_attachment():
    assert "另有188条" in _text(_print(factory.release(rows=200, items=["trademark"]))).replace(" ", "")


def test_a_very_long_text_is_printed_to_its_end():
    given = factory.release(
        items=["business_licence"], change=lambda item, row: {**row, "registered_address": "长" * 9000 + "终"}
    )
    reader = _print(given)
    assert _text(reader).count("长") == 9000
    assert all(len(page.extract_text()) > 300 for page in reader.pages[:-1])


def test_it_states_the_period_of_a_consent():
    text = _text(_print(factory.release(consent=factory.FULL_WITH_PERIOD)))
    assert "授权仅包含2024年1月1日至2026年3月1日的记录" in text.replace(" ", "")
