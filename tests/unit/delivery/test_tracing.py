"""Any one page leads back to one request; what bears no mark or a misread one is refused in words."""

from __future__ import annotations

import io
import json
import random
from uuid import UUID

import pypdf
import pytest

from rongxin.delivery import report, tracing
from rongxin.delivery.rendering import html, pdf
from tests.unit.delivery import factory

ITEMS = ("business_licence", "honours", "patent", "trademark")


def _given(seed, **more):
    return factory.release(seed=seed, consent=factory.FULL, rows=seed % 5 + 2, items=ITEMS, **more)


def _taken_out(document, number):
    writer, taken = pypdf.PdfWriter(), io.BytesIO()
    writer.add_page(pypdf.PdfReader(io.BytesIO(document)).pages[number])
    writer.write(taken)
    return taken.getvalue()


def test_a_hundred_random_single_pages_each_lead_to_exactly_one_request():
    rng = random.Random(9)
    printed = [(given.id, pdf.render(factory.prepared(given), [])) for given in map(_given, range(1, 21))]
    for _ in range(100):
        request, document = rng.choice(printed)
        number = rng.randrange(len(pypdf.PdfReader(io.BytesIO(document)).pages))
        assert tracing.read(_taken_out(document, number)) == tracing.Found((request,), None)


def test_the_whole_file_the_data_and_the_page_lead_to_it_and_say_the_digest():
    given = _given(3)
    prepared = factory.prepared(given)
    printed = tracing.read(pdf.render(prepared, []))
    assert (printed.requests, printed.digest) == ((given.id,), given.digest)
    assert printed.document is not None
    assert printed.document["report"] == str(given.id)
    assert tracing.read(report.to_json(factory.document(given))) == tracing.Found((given.id,), given.digest)
    assert tracing.read(html.render(prepared, []).encode()) == tracing.Found((given.id,), None)


@pytest.mark.parametrize("put", [b"{", b"[]", b"\xff"])
def test_pages_still_tell_where_the_data_beside_them_was_replaced(put):
    given, taken = _given(4), io.BytesIO()
    writer = pypdf.PdfWriter()
    writer.append(io.BytesIO(_taken_out(pdf.render(factory.prepared(given), []), 0)))
    writer.add_attachment("report.json", put)
    writer.write(taken)
    found = tracing.read(taken.getvalue())
    assert (found.requests, found.digest, found.document) == ((given.id,), "not a report's content", None)


def test_pages_of_two_reports_in_one_file_lead_to_both():
    writer, bound = pypdf.PdfWriter(), io.BytesIO()
    for seed in (1, 2):
        document = pdf.render(factory.prepared(_given(seed)), [])
        writer.add_page(pypdf.PdfReader(io.BytesIO(document)).pages[0])
    writer.write(bound)
    assert tracing.read(bound.getvalue()).requests == (_given(1).id, _given(2).id)


def test_a_mark_survives_being_broken_over_lines_and_spaced_out():
    mark = tracing.mark(str(UUID(int=5)))
    assert tracing.read("\n ".join(mark).encode()).requests == (UUID(int=5),)


@pytest.mark.parametrize("place", range(3, 43, 3))
def test_a_misread_mark_is_no_mark(place):
    mark = tracing.mark("01900000-0000-7000-8000-000000000001")
    wrong = mark[:place] + ("0" if mark[place] != "0" else "1") + mark[place + 1 :]
    with pytest.raises(tracing.Untraceable, match="no mark"):
        tracing.read(wrong.encode())


@pytest.mark.parametrize(
    "data", [b"", b"%PDF-1.7 broken", b"{}", b"{", b'{"report": 7}', b"\x89PNG\r\n", json.dumps([1]).encode()]
)
def test_what_is_no_report_is_refused_in_words(data):
    with pytest.raises(tracing.Untraceable):
        tracing.read(data)
