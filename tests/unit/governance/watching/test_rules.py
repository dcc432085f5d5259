"""What looks like misuse: each rule at its edge, and a month of honest and dishonest institutions."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass
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
    assert {state for state, to in TRANSITIONS.items() if to} == LIVE | {State.CONFIRMED}


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
        (Rule.BEYOND_TENURE, {"beyond_tenure": 9}, {"beyond_tenure": 10}),
        (Rule.PERSON_AT_NIGHT, {"person_off_hours": {"7": 14}}, {"person_off_hours": {"7": 15}}),
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


@dataclass(frozen=True)
class Asked:
    """One firm asked about once: on which day, by whom, and on which day it got a case, if ever."""

    day: int
    person: int
    case_on: float = math.inf


def _honest(rng: random.Random, people: int, a_day: float, never: float) -> list[Asked]:
    """A month of business: so many firms a day, most of which get a case within the week."""
    return [
        Asked(day, rng.randrange(people), math.inf if rng.random() < never else day + rng.randint(0, 7))
        for day in range(30)
        for _ in range(max(0, round(rng.gauss(a_day, a_day / 4))))
    ]


def _scrape(rng: random.Random, a_day: int) -> list[Asked]:
    """Twenty colleagues who share the work evenly, each far below every limit."""
    return [Asked(day, number % 20) for day in range(30) for number in range(a_day)]


def _seen(asked: list[Asked], until: int) -> Activity:
    """What the watch sees at the end of a day; each firm is another one."""
    window = [one for one in asked if one.day <= until - GIVEN.case_within_days]
    persons: dict[str, tuple[int, int]] = {}
    for one in window:
        count, lacking = persons.get(f"p{one.person}", (0, 0))
        persons[f"p{one.person}"] = (count + 1, lacking + (one.case_on > until))
    return Activity(
        "bank",
        asked=sum(one.day == until for one in asked),
        subjects=len(window),
        subjects_without_case=sum(one.case_on > until for one in window),
        person_subjects=persons,
    )


def _hits(asked: list[Asked]) -> set[Rule]:
    days = range(4, 31, 5)
    return {one.rule for day in days for one in rules.find(_seen(asked, day), GIVEN)}


@pytest.mark.parametrize("each", [2, 3, 5])
def test_of_a_hundred_slow_scrapes_over_twenty_colleagues_ninety_five_are_found(each: int) -> None:
    """Threats T2: each asks about a few firms a day, in business hours, beside the bank's honest business."""
    rng, found = random.Random(52), 0
    for _ in range(100):
        business = _honest(rng, rng.randint(20, 60), rng.uniform(10, 60), rng.uniform(0.15, 0.5))
        found += bool(_hits([*business, *_scrape(rng, 20 * each)]))
    assert found >= 95


def test_of_two_hundred_honest_months_hardly_one_is_suspected() -> None:
    """At most one false alarm an institution and month; here at most one in all hundred of each kind."""
    rng = random.Random(53)
    small = [_honest(rng, rng.randint(3, 10), rng.uniform(1, 10), rng.uniform(0.15, 0.5)) for _ in range(100)]
    large = [
        _honest(rng, rng.randint(20, 60), rng.uniform(10, 90), rng.uniform(0.15, 0.5)) for _ in range(100)
    ]
    for months in (small, large):
        assert sum(bool(_hits(one)) for one in months) <= 1


def test_few_persons_of_an_honest_bank_suspect_nobody() -> None:
    persons = {f"p{number}": (40, 40) for number in range(GIVEN.no_case_persons)}
    whole = {"subjects": 400, "subjects_without_case": 200}
    assert found(**whole, person_subjects=persons) == [Rule.NO_CASES]
    persons.popitem()
    assert found(**whole, person_subjects=persons) == []
