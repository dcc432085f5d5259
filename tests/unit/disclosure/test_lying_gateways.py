"""A department's machine that signs what is no answer harms no report: it is refused, named and evidence."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import orjson
import pytest

from rongxin.delivery.evidence import checking, exporting
from rongxin.disclosure.release import Release
from rongxin.exchange import receipt
from rongxin.exchange.question import Match
from rongxin.journal import checkpoints, sequencer
from rongxin.sharing import gateways
from rongxin.vocabulary.actor import SYSTEM
from rongxin.vocabulary.availability import Availability
from tests.unit.consent import stage
from tests.unit.disclosure.gateway_stage import LATER, Direct, Scene, forms
from tests.unit.gateway.stage import Office

pytestmark = pytest.mark.django_db(transaction=True)
PAID = "vat_paid_cny_12m"
Rows = list[dict[str, Any]]
Results = dict[str, Match]


class Lying(Direct):
    """Takes the place of an honest answer's content and signs that."""

    def __init__(self, office: Office, change: Callable[[Rows, Results], tuple[Rows, Results]]) -> None:
        super().__init__(office)
        self._change = change

    def _post(self, request: Any) -> tuple[int, bytes]:
        _, body = super()._post(request)
        document = orjson.loads(body)
        said = receipt.verify(document["receipt"], self.keys)
        rows, results = self._change(document["rows"], dict(said.results))
        content = receipt.digest(receipt.content_of(rows))
        said = replace(said, results=results, rows=len(rows), content=content)
        return 200, receipt.encode(receipt.sign(said, self._office.key), rows=rows)


def _says(scene: Scene, **values: Any) -> Release:
    stage.consent(scene.firm, scene.case)
    gateways.connect("tax_bureau", Lying(scene.tax, lambda rows, said: ([{**rows[0], **values}], said)))
    answer = scene.asks()
    assert isinstance(answer, Release)
    return answer


ODD = [{"a": 1}, [1, 2], 12, True, "abc", "9" * 100, "<b>", "\x00", "1e400", "NaN", 1.5, ""]


@pytest.mark.parametrize("value", ODD, ids=[repr(each)[:12] for each in ODD])
def test_what_is_no_value_of_its_type_is_no_answer_and_every_form_of_the_report_stands(
    scene: Scene, value: Any, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        answer = _says(scene, **{PAID: value})
    (item,) = answer.items
    assert (item.availability, item.rows) == (Availability.PROVIDER_UNAVAILABLE, ())
    assert f"gave no usable answer: tax_payment.{PAID}" in caplog.text
    _, page, paper = forms(answer)
    assert "暂不可用" in page
    assert "暂不可用" in paper


@pytest.mark.parametrize("name", ["x" * 600, "云州\x07公司", ["云州"], 7])
def test_nor_is_a_text_that_no_page_can_hold(scene: Scene, name: Any) -> None:
    assert _says(scene, name=name).items[0].availability is Availability.PROVIDER_UNAVAILABLE


def test_more_rows_than_one_subject_has_are_no_answer(scene: Scene) -> None:
    stage.consent(scene.firm, scene.case)
    many = receipt.ROWS_MAX + 1
    gateways.connect("tax_bureau", Lying(scene.tax, lambda rows, said: (rows * many, said)))
    answer = scene.asks()
    assert isinstance(answer, Release)
    assert answer.items[0].availability is Availability.PROVIDER_UNAVAILABLE


def test_a_result_of_what_nobody_claimed_is_no_answer(scene: Scene) -> None:
    stage.consent(scene.firm, scene.case, draft=stage.draft("real_estate", "tax_payment"))
    lies = Lying(scene.estate, lambda rows, said: (rows, {**said, "nonsense": Match.MATCH}))
    gateways.connect("natural_resources_bureau", lies)
    answer = scene.asks("real_estate", claims={"real_estate": {"area_sqm": "90"}})
    assert isinstance(answer, Release)
    assert (answer.items[0].availability, answer.items[0].results) == (Availability.PROVIDER_UNAVAILABLE, {})
    forms(answer)


def test_what_was_signed_and_not_believed_stays_evidence(scene: Scene) -> None:
    answer = _says(scene, **{PAID: "abc"})
    sequencer.integrate()
    checkpoints.sign(as_of=LATER + timedelta(minutes=1))
    document = json.loads(json.dumps(exporting.export(answer.id, actor=SYSTEM, as_of=LATER)))
    lines = list(checking.check(document, checking.keys_of(document)))
    assert "平台未采信" in lines[-1]


def test_a_figure_that_the_department_masks_leaves_the_report_whole(scene: Scene) -> None:
    stage.consent(scene.firm, scene.case)
    scene.tax.withholds("tax_payment", masked=PAID)
    answer = scene.asks()
    assert isinstance(answer, Release)
    assert "*" in answer.items[0].rows[0].fields[PAID].value
    forms(answer)
