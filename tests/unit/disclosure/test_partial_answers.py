"""Where a department's own machine gives less than it was asked for, the report says which fields and why."""

from __future__ import annotations

import base64
import json
import sqlite3
from contextlib import closing
from datetime import timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from rongxin.disclosure.release import Release, ReleasedItem
from rongxin.exchange.question import Match
from rongxin.proof import boxes
from rongxin.vocabulary.availability import Availability
from rongxin.vocabulary.reason import Reason
from rongxin.vocabulary.verdict import Verdict
from tests.unit.consent import stage
from tests.unit.disclosure.gateway_stage import Scene, forms
from tests.unit.gateway.stage import CATALOGUE

pytestmark = pytest.mark.django_db(transaction=True)
PAID, CERTIFICATE = "vat_paid_cny_12m", "real_estate_certificate_number"


def _asks(scene: Scene, *items: str, **changes: Any) -> tuple[Release, ReleasedItem]:
    answer = scene.asks(*items, **changes)
    assert isinstance(answer, Release)
    return answer, answer.items[0]


def _first(document: dict[str, Any]) -> dict[str, Any]:
    item: dict[str, Any] = document["sections"][0]["items"][0]
    return item


def test_a_field_that_the_gateway_withholds_is_named_with_its_reason_in_every_form(scene: Scene) -> None:
    stage.consent(scene.firm, scene.case)
    scene.tax.withholds("tax_payment", PAID)
    answer, item = _asks(scene)
    assert (item.availability, item.reason) == (Availability.PARTIAL, Reason.NOT_IN_CATALOGUE)
    assert set(item.rows[0].fields) == {"name", "uscc"}
    named = [(one.field, one.reason) for one in item.withheld if one.by_provider]
    assert named == [(PAID, Reason.NOT_IN_CATALOGUE)]
    document, page, paper = forms(answer)
    (group,) = _first(document)["withheld"]
    assert (group["by_provider"], group["reason"]["code"]) == (True, "not_in_catalogue")
    label = CATALOGUE.item("tax_payment").field(PAID).label
    for text in (page, paper):
        assert f"数据提供单位未提供：{label}。原因：不在共享清单内" in text
        assert "部分提供" in text


def test_a_field_that_the_gateway_masks_stands_masked_with_its_reason(scene: Scene) -> None:
    stage.consent(scene.firm, scene.case)
    scene.tax.withholds("tax_payment", masked="name")
    _, item = _asks(scene)
    assert (item.availability, item.reason) == (Availability.PARTIAL, Reason.THIRD_PERSON)
    name = item.rows[0].fields["name"]
    assert (name.verdict, name.reason) == (Verdict.MASK, Reason.THIRD_PERSON)
    assert name.value != "云州蓝鲸物流有限公司"
    assert item.rows[0].fields[PAID].verdict is Verdict.REVEAL


def test_of_several_claims_those_withheld_are_named_and_the_others_answered(scene: Scene) -> None:
    stage.consent(scene.firm, scene.case, draft=stage.draft("real_estate", "tax_payment"))
    scene.estate.withholds("real_estate", "area_sqm")
    claims = {"real_estate": {CERTIFICATE: "云（2026）不动产权第7号", "area_sqm": "100"}}
    answer, item = _asks(scene, "real_estate", claims=claims)
    assert item.results == {CERTIFICATE: Match.MATCH}
    assert (item.availability, item.reason) == (Availability.PARTIAL, Reason.NOT_IN_CATALOGUE)
    assert [one.reason for one in item.withheld if one.field == "area_sqm"] == [Reason.NOT_IN_CATALOGUE]
    label = CATALOGUE.item("real_estate").field("area_sqm").label
    assert f"数据提供单位未提供：{label}。" in forms(answer)[1]


def test_sealed_rows_lack_what_is_withheld_and_the_report_says_so(scene: Scene) -> None:
    stage.consent(scene.firm, scene.case)
    scene.tax.withholds("tax_payment", PAID, masked="name")
    key = X25519PrivateKey.generate()
    pem = boxes.public_text(key.public_key())
    (scene.tax.directory / "institutions").mkdir()
    (scene.tax.directory / "institutions" / "bank_a.pub.pem").write_bytes(pem)
    answer, item = _asks(scene, seal_to=pem.decode())
    assert item.availability is Availability.PARTIAL
    # Masked, too: nobody here can mark a value that nobody here can read.
    assert {one.field for one in item.withheld if one.by_provider} == {"name", PAID}
    opened = json.loads(boxes.open_box(base64.b64decode(item.sealed[0]), key, info=boxes.SEALED_ROWS))
    assert (PAID in opened[0], opened[0]["uscc"]) == (False, scene.firm.uscc)
    assert "数据提供单位未提供" in forms(answer)[2]


def test_no_record_not_authorised_unavailable_and_partial_are_four_answers_on_the_page(scene: Scene) -> None:
    stage.consent(scene.firm, scene.case)
    pages, store = {}, scene.tax.directory / "store.sqlite"
    scene.tax.withholds("tax_payment", PAID)
    pages[Availability.PARTIAL] = _asks(scene)[0]
    with closing(sqlite3.connect(store)) as base, base:
        base.execute("DELETE FROM t")
    pages[Availability.NO_RECORD] = _asks(scene)[0]
    store.unlink()
    pages[Availability.PROVIDER_UNAVAILABLE] = _asks(scene)[0]
    scene.tax.clock += timedelta(seconds=20)  # the department's clock runs ahead: the status is too old
    pages[Availability.WITHHELD] = _asks(scene)[0]
    for expected, answer in pages.items():
        document, page, paper = forms(answer)
        assert _first(document)["availability"]["code"] == expected.value
        at = page.index(CATALOGUE.item("tax_payment").label)
        words = {one for one in Availability if one.label in page[at : at + 60]}
        assert expected in words
        assert words.isdisjoint(set(pages) - {expected})
        assert expected.label in paper
