"""The monthly report: frozen, honest where too little is known, telling of groups alone."""

from __future__ import annotations

import json
from datetime import date, timedelta

import pytest

from rongxin.delivery.rendering import model_report
from rongxin.evaluation.errors import BadMonth, NotScored, UnknownModelReport
from rongxin.evaluation.models import Baseline, ModelReport
from rongxin.evaluation.monitoring import reports
from rongxin.parties.models import Subject
from rongxin.vocabulary.actor import SYSTEM
from tests.unit.consent import stage as people
from tests.unit.evaluation.stage import PENALTY, VERSION, City, penalty

from .stage import lent


def _settle(city: City, to: date) -> None:
    city.now = city.now.replace(year=to.year, month=to.month, day=to.day)


def _fined(city: City, count: int, every: int) -> list[Subject]:
    firms = [city.firm() for _ in range(count)]
    _fines(city, [firm for n, firm in enumerate(firms) if n % every == 0], "2026-03-01")
    return firms


def _fines(city: City, firms: list[Subject], on: str) -> None:
    """Five heavy penalties each: a thin file's cap would hide less."""
    rows = [(firm, f"{on}-{n}", penalty(on, "9000000.00")) for firm in firms for n in range(5)]
    city.files(PENALTY, *rows)


def test_a_month_is_told_as_it_was_and_never_again_otherwise(city: City) -> None:
    _fined(city, 40, 4)
    city.run()
    _settle(city, date(2026, 5, 3))
    found = reports.of("2026-04", actor=SYSTEM, as_of=city.now)
    assert found["population"]["subjects"] == 40
    assert (found["score"]["psi_hundred_thousandths"], found["score"]["signal"]["code"]) == (0, "steady")
    assert found["model"] == {"version": VERSION, "registered": False}
    city.files(PENALTY, (city.firm(), "九号", penalty("2026-04-20")))
    city.run()
    assert reports.of("2026-04", actor=SYSTEM, as_of=city.now) == found
    held = ModelReport.objects.get(pk="2026-04")
    assert json.loads(held.content) == found
    assert reports.make_due(as_of=city.now) == 0


def test_a_shift_is_seen_against_the_frozen_baseline(city: City) -> None:
    firms = _fined(city, 60, 60)
    city.run()
    reports.of("2026-04", actor=SYSTEM, as_of=city.now)
    frozen = Baseline.objects.get(pk=VERSION).sha256
    _fines(city, firms[1:40], "2026-04-02")
    _settle(city, date(2026, 5, 20))
    city.run()
    found = reports.of("2026-05", actor=SYSTEM, as_of=city.now)
    moved = {one["code"] for one in found["indicators"] if one["signal"]["code"] == "act"}
    assert {"A04", "A05"} <= moved
    assert "R01" not in moved
    assert found["score"]["signal"]["code"] == "act"
    assert Baseline.objects.get(pk=VERSION).sha256 == frozen


def test_a_silent_source_shows_as_a_jump_in_missing_values(city: City) -> None:
    for _ in range(35):
        city.firm()
    city.connects(PENALTY)
    city.run()
    reports.of("2026-04", actor=SYSTEM, as_of=city.now)
    _settle(city, date(2026, 12, 20))
    city.run()
    found = reports.of("2026-12", actor=SYSTEM, as_of=city.now)
    line = next(one for one in found["indicators"] if one["code"] == "A04")
    assert line["missing_permille"] == {"baseline": 0, "now": 1000}
    assert line["missing_signal"]["code"] == "act"


def test_too_few_outcomes_are_said_to_be_too_few(city: City) -> None:
    firms = _fined(city, 30, 3)
    city.run()
    people.bank()
    for firm in firms[:3]:
        lent(firm, "bank_a", date(2026, 4, 2), bad=True)
    _settle(city, date(2028, 2, 1))
    city.run()
    found = reports.of("2028-01", actor=SYSTEM, as_of=city.now)
    assert found["outcomes"]["all"] == {"withheld": True, "reason": "too_few_to_tell"}
    assert all("bad_permille" not in line for line in found["calibration"]["lines"])
    prepared = model_report.prepare(found, node="云州", notice=None)
    text = json.dumps(prepared, ensure_ascii=False)
    assert "尚不能校准" in text
    assert "不予公布" in text


def _lend(city: City, firms: list[Subject]) -> None:
    """Every fined firm fails, and of the others one in five; loans of three banks over two quarters."""
    banks = [people.bank(name) for name in ("bank_a", "bank_b", "bank_c")]
    for n, firm in enumerate(firms):
        lent(
            firm, banks[n % 3], date(2026, 4, 2) + timedelta(days=100 * (n % 2)), bad=n % 2 == 0 or n % 5 == 0
        )


def test_outcomes_tell_what_a_score_was_worth_by_quarter_and_grade(city: City) -> None:
    firms = _fined(city, 160, 2)
    city.run()
    _lend(city, firms)
    _settle(city, date(2028, 2, 1))
    found = reports.of("2028-01", actor=SYSTEM, as_of=city.now)
    auc = found["outcomes"]["all"]["auc"]
    assert 8000 < auc["from"] <= auc["value"] <= auc["to"] <= 10_000
    assert [one["vintage"] for one in found["outcomes"]["vintages"]] == ["2026Q2", "2026Q3"]
    assert found["outcomes"]["loans"]["scored"] == 160
    shown = [line for line in found["calibration"]["lines"] if "bad_permille" in line]
    assert all(line["from_permille"] <= line["bad_permille"] <= line["to_permille"] for line in shown)
    assert "subject" not in json.dumps(found["outcomes"])


def test_a_bank_alone_tells_nothing_whatever_its_number(city: City) -> None:
    firms = _fined(city, 70, 2)
    city.run()
    people.bank()
    for n, firm in enumerate(firms):
        lent(firm, "bank_a", date(2026, 4, 2), bad=n % 2 == 0)
    _settle(city, date(2028, 2, 1))
    found = reports.of("2028-01", actor=SYSTEM, as_of=city.now)
    assert found["outcomes"]["all"] == {"withheld": True, "reason": "too_few_to_tell"}


def test_small_groups_are_withheld_with_one_more(city: City) -> None:
    for n in range(100):
        firm = city.firm("company" if n < 60 else "individual_business" if n < 95 else "farmer_cooperative")
        Subject.objects.filter(pk=firm.id).update(size_class=("micro", "small")[n % 2])
    city.connects(PENALTY)
    city.run()
    found = reports.of("2026-04", actor=SYSTEM, as_of=city.now)
    by = {one["breakdown"]: one for one in found["fairness"]}
    assert [group["group"] for group in by["ownership"]["groups"]] == ["company"]
    assert by["ownership"]["withheld_groups"] == 2
    assert {group["group"]: group["rated"] for group in by["size"]["groups"]} == {"micro": 50, "small": 50}
    assert "farmer" not in json.dumps(by["ownership"])


def test_a_month_must_be_one_and_somebody_must_be_scored(city: City) -> None:
    city.firm()
    for wrong in ("2026-13", "2026", "2027-01", "x"):
        with pytest.raises(BadMonth):
            reports.checked_month(wrong, as_of=city.now)
    assert reports.checked_month(None, as_of=city.now) == "2026-03"
    with pytest.raises(NotScored, match="rongxin evaluate run"):
        reports.of("2026-04", actor=SYSTEM, as_of=city.now)
    with pytest.raises(UnknownModelReport):
        reports.held("2026-04")
    assert reports.make_due(as_of=city.now) == 0
