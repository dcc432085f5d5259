"""The report for the record stays PDF/A-3b: with the mark on every page, with charts, and signed."""

from __future__ import annotations

import io

import pypdf
import pytest

from rongxin.delivery.rendering import charts, pdf
from rongxin.delivery.signature import signing
from tests.unit.delivery import factory
from tests.unit.delivery.signature import archive, stage


@pytest.fixture(scope="module")
def printed():
    prepared = factory.prepared(factory.release(consent=factory.FULL, rows=2), "演示数据")
    return pdf.render(prepared, charts.draw(prepared))


@pytest.fixture(scope="module")
def signed(printed):
    return signing.sign(printed, stage.node(), as_of=stage.NOW).pdf


def test_it_is_pdf_a_before_it_is_signed(printed):
    assert archive.faults(printed) == []


def test_it_is_pdf_a_when_it_is_signed(signed):
    assert archive.faults(signed) == []


def test_signing_appends_and_changes_nothing_that_stood_there(printed, signed):
    assert signed.startswith(printed)
    before, after = (pypdf.PdfReader(io.BytesIO(data)) for data in (printed, signed))
    kept = [root["/Metadata"].get_object().get_data() for root in (before.root_object, after.root_object)]
    assert kept[0] == kept[1]
    assert before.attachments["report.json"] == after.attachments["report.json"]
    assert [p.extract_text() for p in before.pages] == [p.extract_text() for p in after.pages]


def test_the_signature_is_pades_and_allows_no_change(signed):
    root = pypdf.PdfReader(io.BytesIO(signed)).root_object
    signature = root["/Perms"]["/DocMDP"]
    assert signature["/SubFilter"] == "/ETSI.CAdES.detached"
    assert signature["/Reference"][0]["/TransformParams"]["/P"] == 1
    assert root["/AcroForm"]["/SigFlags"] == 3
