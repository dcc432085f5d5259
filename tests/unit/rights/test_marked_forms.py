"""A mark stands in all three forms of a report, and in a department's delivery ((九))."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import pypdf

from rongxin.delivery import report
from rongxin.delivery.rendering import html, pdf, presentation
from rongxin.disclosure import marking
from rongxin.disclosure.release import ReleasedMark
from rongxin.records.rules import MarkKind
from tests.unit.rights.stage import PENALTY, Scene, rows_of

WORDS = "异议申诉处理中"


def prepared(document: dict[str, Any]) -> dict[str, Any]:
    return presentation.prepare(document, region_label="云州市", notice=None)


def test_page_and_paper_say_what_is_under_objection_and_since_when(scene: Scene) -> None:
    record = scene.fined()
    plain = prepared(scene.asks())
    assert WORDS not in html.render(plain, [])
    scene.objects(record, "fine_cny")
    shown = prepared(scene.asks())
    page = html.render(shown, [])
    assert f"{WORDS} under objection（2026年3月3日提出）：罚款金额" in page
    paper = pypdf.PdfReader(BytesIO(pdf.render(shown, [])))
    text = "".join(one.extract_text() for one in paper.pages).replace("\n", "")
    assert WORDS in text
    assert "罚款金额" in text


def test_a_marked_row_is_printed_however_long_the_list(scene: Scene) -> None:
    record = scene.fined()
    scene.objects(record)
    document = scene.asks()
    (item,) = [one for section in document["sections"] for one in section["items"]]
    (row,) = rows_of(document)
    others = [{key: value for key, value in row.items() if key != "marks"} for _ in range(20)]
    item["rows"] = [*others, row]
    (shown,) = [one for section in prepared(document)["sections"] for one in section["items"]]
    assert shown["rows"][0]["marks_label"] is not None
    assert not shown["tabular"]


def test_a_mark_on_what_is_withheld_is_told_nowhere(scene: Scene) -> None:
    record = scene.fined()
    scene.objects(record, "legal_representative_id_number")
    (row,) = rows_of(scene.asks())
    assert "marks" not in row
    (own,) = rows_of(scene.asks(own=True))
    assert [field["name"] for field in own["fields"] if field["name"].endswith("id_number")] == []


def test_an_item_of_which_no_record_is_held_is_marked_as_a_whole_where_it_leaves(scene: Scene) -> None:
    scene.objects(None, item="tax_payment", statement="缺少2025年的缴税记录")
    withheld = {one.item: one for one in scene.releases("tax_payment").items}["tax_payment"]
    assert withheld.marks == ()  # the bank has no consent: nothing of the item leaves, nor its mark
    scene.objects(None, item=PENALTY, statement="缺少撤销决定")
    scene.fined()
    (given,) = scene.releases(PENALTY).items
    assert [(one.kind, one.field) for one in given.marks] == [(MarkKind.OBJECTION, "")]
    assert isinstance(given.marks[0], ReleasedMark)
    assert marking.of([scene.firm.id])[scene.firm.id]
    assert report.to_json(scene.asks(PENALTY)).count(WORDS.encode()) == 1
