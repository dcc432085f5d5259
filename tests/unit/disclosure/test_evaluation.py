"""A score leaves by the gate alone: as its channel and the consent say, with the firm's own reasons."""

from __future__ import annotations

import json
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection, transaction

from rongxin.catalogue import loader
from rongxin.delivery import report
from rongxin.delivery.rendering import charts, html, presentation
from rongxin.delivery.rendering.press import Press
from rongxin.disclosure import gate
from rongxin.disclosure.release import Recipient, Release, Request
from rongxin.disclosure.rules import RecipientKind
from rongxin.evaluation import explaining, scores, touching
from rongxin.parties.models import Subject
from rongxin.records.models import Record
from rongxin.vocabulary.actor import SYSTEM
from rongxin.vocabulary.availability import Availability
from rongxin.vocabulary.purpose import Purpose
from rongxin.vocabulary.reason import Reason
from tests.unit.consent import stage as people
from tests.unit.evaluation.stage import PENALTY, City, penalty

ITEM = "credit_evaluation"
PRESS = Press()


@pytest.fixture
def city(transactional_db: None, tmp_path: Any, settings: Any) -> City:
    settings.RONGXIN_VAR = tmp_path
    people.bank()
    return City()


def _asks(city: City, firm: Subject, *items: str) -> Release:
    bank = Recipient(RecipientKind.INSTITUTION, "bank_a", "云州银行", "clerk-7")
    request = Request(bank, firm.uscc or "", items or (ITEM,), Purpose.FINANCING_SUPPORT, "DK-1")
    answer = gate.release(request, actor=SYSTEM, as_of=city.now)
    assert isinstance(answer, Release), answer
    return answer


def test_the_bank_gets_the_batchs_score_with_the_explanation_to_the_byte(city: City) -> None:
    firm = city.firm()
    city.files(PENALTY, (firm, "一号", penalty()))
    city.run()
    (item,) = _asks(city, firm).items
    fields = {name: field.value for name, field in item.rows[0].fields.items()}
    stored = scores.of(firm.id, day=city.now.date())
    assert (fields["score"], fields["grade"]) == (stored.score, stored.grade)
    told = explaining.recomputed(firm.id, firm.uscc or "", day=city.now.date())
    assert fields["explanation"].encode() == told
    assert json.loads(told)["reasons"]["lost"]


def test_an_individual_business_is_withheld_without_its_owners_consent(city: City) -> None:
    shop = city.firm("individual_business")
    city.run()
    (item,) = _asks(city, shop).items
    assert (item.availability, item.reason) == (Availability.WITHHELD, Reason.CONSENT_MISSING)
    assert item.rows == ()


def test_before_any_run_it_says_that_nothing_has_been_evaluated(city: City) -> None:
    (item,) = _asks(city, city.firm()).items
    assert (item.availability, item.reason) == (Availability.NO_RECORD, Reason.NOT_EVALUATED)


def test_a_repaired_record_is_gone_from_score_and_report_in_the_same_second(city: City) -> None:
    firm = city.firm()
    city.files(PENALTY, (firm, "一号", penalty()))
    city.hears()
    city.run()
    before = _before_caps(_asks(city, firm))
    city.repairs(firm, Record.objects.get(subject_id=firm.id).id)
    score, record = _asks(city, firm, ITEM, PENALTY).items
    assert (score.availability, score.reason) == (Availability.NO_RECORD, Reason.EVALUATION_UNDER_WAY)
    assert score.rows == record.rows == ()
    city.hears()
    touching.follow(as_of=city.now)
    again = _asks(city, firm)
    assert _before_caps(again) > before
    told = json.loads(again.items[0].rows[0].fields["explanation"].value)
    assert "A04" not in {one["code"] for one in told["reasons"]["lost"]}


def _before_caps(answer: Release) -> int:
    told = json.loads(answer.items[0].rows[0].fields["explanation"].value)
    return int(told["score_before_veto"])


def test_the_database_gives_no_score_without_a_committed_intent_that_names_it(city: City) -> None:
    firm = city.firm()
    city.run()
    answer = _asks(city, firm, PENALTY)
    for wrong in (answer.id, uuid4()):
        with (
            pytest.raises(Exception, match="gate_score"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute("SELECT * FROM gate_score(%s)", [wrong])
    used = _asks(city, firm)
    with pytest.raises(Exception, match="was used"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT * FROM gate_score(%s)", [used.id])


def test_the_report_shows_score_reasons_and_portrait_in_every_form(city: City) -> None:
    firm = city.firm()
    city.files(PENALTY, (firm, "一号", penalty()))
    licence = {"established_on": "2015-03-01", "registration_status": "存续"}
    city.files("business_licence", (firm, "执照", licence))
    city.connects("trademark", "software_copyright")
    city.run()
    document = report.build(_asks(city, firm, ITEM, PENALTY), loader.load(), node="云州")
    (score,) = document["evaluation"]["scores"]
    assert score["score"] == scores.of(firm.id, day=city.now.date()).score
    assert [section["category"] for section in document["sections"]] == [10]
    assert document["summary"]["items"] == 1
    prepared = presentation.prepare(document, region_label="", notice=None)
    drawn = charts.draw(prepared)
    assert "信用画像（按维度）" in {chart["title"] for chart in drawn}
    page = html.render(prepared, drawn)
    assert f"{score['score']} <small>/ 1000" in page
    first = score["reasons"]["lost"][0]
    assert f"{first['code']} {first['label']['zh']}" in page
    assert first["improve"]["zh"] in page
    assert "最近记录 2026-02-01" in page
    assert "企业授权后可补充" in page
    assert PRESS.pdf(prepared).startswith(b"%PDF")


def test_a_report_without_a_score_says_why(city: City) -> None:
    document = report.build(_asks(city, city.firm()), loader.load(), node="云州")
    prepared = presentation.prepare(document, region_label="", notice=None)
    assert Reason.NOT_EVALUATED.label in html.render(prepared, [])
    assert PRESS.pdf(prepared).startswith(b"%PDF")
