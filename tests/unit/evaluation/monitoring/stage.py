"""Versions besides the shipped one, people who register and promote, loans that went well and badly."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import yaml

from rongxin.consent import cases
from rongxin.consent.rules import CaseKind
from rongxin.evaluation import loading
from rongxin.evaluation.monitoring import register
from rongxin.evaluation.monitoring.register import Registration
from rongxin.financing import outcomes
from rongxin.financing.outcomes import Line
from rongxin.financing.rules import Stage, Told
from rongxin.parties.models import Subject
from rongxin.vocabulary.actor import SYSTEM, Actor
from rongxin.vocabulary.zone import BUSINESS_ZONE
from tests.unit.consent import stage as people

NEXT = "2026-09-01"
MONEY = Decimal("100000.00")


def another_version(folder: Path, change: Callable[[dict[str, Any]], None], version: str = NEXT) -> Path:
    """Lay beside the shipped version another whose card `change` has changed; returns its card's file."""
    if not (folder / "parameters").is_dir():
        shutil.copytree(loading.PARAMETERS, folder / "parameters")
    for file in sorted((folder / "parameters").glob("*_2026-01-01.yaml")):
        part = file.name.removesuffix("_2026-01-01.yaml")
        if part not in ("card", "grades", "vetoes", "relief", "segments"):
            continue
        content = yaml.safe_load(file.read_text("utf-8")) | {"version": version}
        if part == "card":
            change(content)
        text = yaml.safe_dump(content, allow_unicode=True, sort_keys=False)
        (folder / "parameters" / f"{part}_{version}.yaml").write_text(text, "utf-8")
    return folder / "parameters" / f"card_{version}.yaml"


def weight(code: str, points: int) -> Callable[[dict[str, Any]], None]:
    """Have an indicator's lowest bin count so much."""

    def change(card: dict[str, Any]) -> None:
        bins = card["indicators"][code]
        bins["steps"][0][1] = points

    return change


def registered(version: str, actor: Actor, *, as_of: datetime, **more: Any) -> dict[str, Any]:
    given: dict[str, Any] = {
        "made_from": "专家判断（虚构）",
        "document": "# 模型说明\n用途：供金融机构参考。",
    }
    return register.register(Registration(version, **(given | more)), actor=actor, as_of=as_of)


def promoted(version: str, people: list[Actor], *, as_of: datetime) -> None:
    """Bring a registered version to use, by two of the people."""
    register.to_shadow(version, actor=people[0], as_of=as_of)
    register.propose(version, why="首个版本", actor=people[0], as_of=as_of)
    register.promote(version, actor=people[1], as_of=as_of)


def lent(firm: Subject, bank: str, drawn_on: date, *, bad: bool, told: bool = True) -> None:
    """A loan that was drawn and, a year and more later, is overdue or is not."""
    number, kind = f"DK-{firm.id}", CaseKind.LOAN_APPLICATION
    case = cases.open_case(bank, firm.id, number, kind, actor=SYSTEM, as_of=people.NOW)
    at = datetime(2028, 1, 1, 9, tzinfo=BUSINESS_ZONE)
    steps = [Told(Stage.DRAWN, drawn_on, amount_cny=MONEY)]
    if told:
        on = drawn_on + timedelta(days=300 if bad else 370)
        steps.append(Told(Stage.REPAYMENT, on, outstanding_cny=MONEY, overdue_days=120 if bad else 0))
    taken = outcomes.tell(
        bank, [Line(n, case.id, step) for n, step in enumerate(steps)], actor=SYSTEM, as_of=at
    )
    assert not taken.refused, taken
