"""What looks like misuse: each rule at its edge, and a month of honest and dishonest institutions."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from rongxin.governance.watching import parameters, rules
from rongxin.governance.watching.parameters import InvalidParameters
from rongxin.governance.watching.rules import ACTIONS, LIVE, TRANSITIONS, Activity, Parameters, Rule, State
from rongxin.vocabulary import edition

GIVEN = parameters.in_force(date(2026, 4, 1))


def found(**what: object) -> list[Rule]:
    return [one.rule for one in rules.find(Activity("bank_a", **what), GIVEN)]  # type: ignore[arg-type]


def test_every_rule_has_its_action_and_every_state_its_row() -> None:
    assert set(ACTIONS) == set(Rule)
    assert set(TRANSITIONS) == set(State)
    assert {state for state, to in TRANSITIONS.items() if to} == LIVE


@pytest.mark.parametrize(
    ("rule", "below", "above"),
    [
        (Rule.PERSON_PAST_LIMIT, {"person_refusals": {"7": 19}}, {"person_refusals": {"7": 20}}),
        (Rule.NEW_SUBJECTS_PAST_LIMIT, {"new_subject_refusals": 19}, {"new_subject_refusals": 20}),
        (
            Rule.CONSENT_FAILURES,
            {"asked": 50, "consent_failures": 5},
            {"asked": 50, "consent_failures": 6},
        ),
        (Rule.CONSENT_FAILURES, {"asked": 49, "consent_failures": 40}, {"asked": 50, "consent_failures": 40}),
        (Rule.UNKNOWN_SUBJECTS, {"unknown_subjects": 49}, {"unknown_subjects": 50}),
        (Rule.OFF_HOURS, {"asked": 50, "off_hours": 15}, {"asked": 50, "off_hours": 16}),
        (
            Rule.NO_CASES,
            {"subjects": 100, "subjects_without_case": 80},
            {"subjects": 100, "subjects_without_case": 81},
        ),
        (Rule.AFTER_THE_END, {"after_the_end": 9}, {"after_the_end": 10}),
    ],
    ids=lambda value: value.value if isinstance(value, Rule) else "",
)
def test_a_rule_begins_at_its_number(rule: Rule, below: dict, above: dict) -> None:
    assert rule not in found(**below)
    assert found(**above) == [rule]


def test_a_finding_about_a_person_names_it() -> None:
    (one,) = rules.find(Activity("bank_a", person_refusals={"7": 30, "8": 1}), GIVEN)
    assert (one.person, one.figures) == ("7", {"refusals": 30})


def test_deadlines_and_how_long_a_decision_holds() -> None:
    day, midnight = date(2026, 4, 1), datetime(2026, 4, 1, tzinfo=UTC)
    assert rules.deadlines(day, GIVEN) == (date(2026, 4, 6), date(2026, 4, 16))
    assert rules.settled_since(Rule.OFF_HOURS, midnight, GIVEN) == midnight
    assert rules.settled_since(Rule.NO_CASES, midnight, GIVEN) == midnight - timedelta(days=30)


def test_a_broken_edition_is_named(tmp_path: Path) -> None:
    file = tmp_path / "watching_x.yaml"
    file.write_text("edition: x\n")
    with pytest.raises(InvalidParameters, match="watching_x"):
        edition.load(file, Parameters, broken=InvalidParameters)


def _day(rng: random.Random, seen: Activity, *, scrapes: int) -> Activity:
    """One institution's day: people who work on applications, and `scrapes` firms asked about without one."""
    asked = rng.randint(40, 120)
    before = rng.binomialvariate(asked, 0.35) if hasattr(rng, "binomialvariate") else int(asked * 0.35)
    return replace(
        seen,
        asked=asked + scrapes,
        off_hours=int(asked * rng.uniform(0, 0.12)) + scrapes // 3,
        consent_failures=int(asked * rng.uniform(0, 0.05)),
        unknown_subjects=rng.randint(0, 6),
        subjects=seen.subjects + asked // 2 + scrapes,
        subjects_without_case=seen.subjects_without_case + before // 2 + scrapes,
        after_the_end=rng.randint(0, 4),
    )


def test_a_month_of_institutions_is_told_apart() -> None:
    """Threats T2: at least 95 of 100 slow scrapers are found, and no honest institution more than once."""
    rng = random.Random(52)
    caught = 0
    for number in range(200):
        scrapes = rng.randint(180, 400) if number % 2 else 0
        seen, hits = Activity("bank"), set()
        for _ in range(30):
            seen = _day(rng, seen, scrapes=scrapes)
            hits |= {one.rule for one in rules.find(seen, GIVEN)}
        if scrapes:
            caught += bool(hits)
        else:
            assert len(hits) <= 1, hits
    assert caught >= 95
