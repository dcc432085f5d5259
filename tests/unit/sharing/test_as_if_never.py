"""A batch that is withdrawn leaves report, lake and set path as if it had never come: for any series of
batches, full lists, corrections, ended rows, rows taken back, matched and unmatched ones, and withdrawals.
"""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import HealthCheck, Phase, example, given, reject, settings
from hypothesis import strategies as st

from . import as_if_stage as stage
from .as_if_stage import DEBTORS, LICENCES, RATINGS, Line, Step, Store, Subject
from .conftest import NOW, Bureau

pytestmark = pytest.mark.django_db(transaction=True)
Act = tuple[str, tuple[Line, ...], int, int, int, str]
SMALL = st.integers(0, 5)


def acts_of(subject: Subject) -> st.SearchStrategy[list[Act]]:
    waits = st.booleans() if subject.waits else st.just(False)
    keys = st.integers(0, 2) if subject.keys[0] else st.just(0)
    line = st.builds(Line, keys, st.integers(0, 1), waits)
    by_firm = not subject.keys[0]
    lines = st.lists(
        line, min_size=1, max_size=3, unique_by=lambda one: one.firm if by_firm else one.key
    ).map(tuple)
    brings = st.tuples(
        st.sampled_from(["file", "list"] if subject.lists else ["file"]),
        lines, st.just(0), st.just(0), st.just(0), st.just(""),
    )  # fmt: skip
    names = ["correct", "take_back", "withdraw", *(["end"] if subject.keys[0] else [])]
    names += ["match", "match", "unmatch"] if subject.waits else []
    other = st.tuples(
        st.sampled_from(names), st.just(()), SMALL, SMALL, SMALL, st.sampled_from(["name", "key", "firm"])
    )
    return st.lists(st.one_of(brings, other), min_size=2, max_size=9)


def played(store: Store, acts: list[Act]) -> list[Step] | None:
    """Play the acts; return what of them was taken.

    None where a full list had a row handed back: it names it all the same, and without it says another thing.
    """
    script: list[Step] = []
    rows: list[tuple[int, int]] = []
    for place, (what, lines, of, row, to, how) in enumerate(acts):
        step = Step(place, what, tuple(enumerate(lines)), to=to, how=how)
        if not lines:
            if not rows:
                continue
            at = rows[(of * 6 + row) % len(rows)]
            why = ("over", "removed")[row % 2] if what == "end" else how
            step = Step(place, what, of=-1 if what == "end" else at[0], row=at[1], to=to, how=why)
        taken = store.plays(step)
        if what == "list" and (taken is None or taken.lines != step.lines):
            return None
        if taken is None or (lines and not taken.lines):
            continue
        script.append(taken)
        rows += [(place, number) for number, _ in taken.lines] or ([(place, 0)] if what == "correct" else [])
    return script


def holds(bureau: Bureau, subject: Subject, acts: list[Act], which: int) -> None:
    """Play the acts and withdraw one of their batches; then play them without it, and compare."""
    store = Store(bureau, subject)
    script = played(store, acts) or []
    brought = [step.place for step in script if step.what in ("file", "list", "correct")]
    if not brought:
        reject()
    place = brought[which % len(brought)]
    over = {step.of for step in script if step.what == "withdraw"}
    end = NOW + timedelta(days=len(acts) + 1)
    if place not in over:
        last = Step(len(acts), "withdraw", of=place)
        # A row of a correction that was taken back has taken the correction along.
        store.plays(last)
    found = store.shows(end)
    gone = stage.closure(place, script)
    without = Store(bureau, subject)
    for step in script:
        # What only the batch had made room for can't be done without it; such a series says nothing.
        if step.place not in gone and without.plays(step) != step and step.what != "end":
            reject()
    assert found == without.shows(end)


LAX = settings(max_examples=5, deadline=None, suppress_health_check=list(HealthCheck))
# What a failing series shrinks to takes minutes to find; a long run only says that there is one.
LONG = settings(LAX, max_examples=150, phases=[Phase.explicit, Phase.generate])


def files(*lines: Line) -> Act:
    return ("file", lines, 0, 0, 0, "")


def lists(*lines: Line) -> Act:
    return ("list", lines, 0, 0, 0, "")


def does(what: str, row: int = 0) -> Act:
    """An act on one of the rows that were brought so far, counted from the first."""
    return (what, (), 0, row, 0, "name")


ONE, OTHER, THIRD = Line(0, 0), Line(1, 1), Line(2, 1)
# Each stood wrong once: what a list ended stayed away though all that came later was taken back;
DELISTED = [files(ONE), lists(OTHER), files(ONE), files(ONE), does("withdraw", 2), does("withdraw", 3)]
# a record that was over came back in an older version;
OVER = [files(ONE), files(ONE), does("end"), files(ONE), does("withdraw", 1)]
# what two lists had left out came back when the first of them and a later row were taken back;
LISTED_TWICE = [
    files(ONE), lists(OTHER), lists(OTHER), files(ONE), does("withdraw", 1), does("withdraw", 3)
]  # fmt: skip
# a corrected row outlived its batch; a list of another year kept those of an earlier one away.
CORRECTED = [files(ONE), does("correct")]
OTHER_YEAR = [files(ONE), lists(Line(0, 1)), lists(THIRD)]


@LAX
@example(acts=DELISTED, which=1)
@example(acts=OVER, which=2)
@example(acts=LISTED_TWICE, which=1)
@example(acts=CORRECTED, which=0)
@given(acts=acts_of(DEBTORS), which=SMALL)
def test_of_records_by_key(bureau: Bureau, acts: list[Act], which: int) -> None:
    holds(bureau, DEBTORS, acts, which)


@LAX
@example(acts=OTHER_YEAR, which=1)
@given(acts=acts_of(RATINGS), which=SMALL)
def test_of_lists_by_key(bureau: Bureau, acts: list[Act], which: int) -> None:
    holds(bureau, RATINGS, acts, which)


@LAX
@example(acts=CORRECTED, which=0)
@given(acts=acts_of(LICENCES), which=SMALL)
def test_of_states(bureau: Bureau, acts: list[Act], which: int) -> None:
    holds(bureau, LICENCES, acts, which)


@pytest.mark.long
@pytest.mark.parametrize("subject", [DEBTORS, RATINGS, LICENCES], ids=lambda subject: subject.item)
def test_of_many_series(bureau: Bureau, subject: Subject) -> None:
    @LONG
    @given(acts=acts_of(subject), which=SMALL)
    def any_series(acts: list[Act], which: int) -> None:
        holds(bureau, subject, acts, which)

    any_series()
