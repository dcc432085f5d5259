"""Whatever is decided and taken back: rows add up, and a reversed decision leaves no trace in what counts."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from itertools import count
from uuid import UUID

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from rongxin.records.models import Record
from rongxin.sharing.aggregation import desk, withdrawal
from rongxin.sharing.aggregation.decisions import Card
from rongxin.sharing.errors import DecisionOver, NotFiled, NotWaiting
from rongxin.sharing.models import Batch, Outcome
from rongxin.vocabulary.actor import Actor

from .conftest import CLERK, Bureau, code
from .desk_stage import COURT, DEBTOR, FIRST, SECOND, Court, counts, firm, old_code

pytestmark = pytest.mark.django_db
COURT_CLERK = Actor(CLERK.kind, CLERK.id, f"provider:{COURT}")
LINES = (2, 3, 4)
UNIVERSES = count(1)
LINE = st.sampled_from(LINES)
Act = tuple[str, int, int]
ACTS = st.lists(
    st.one_of(
        st.tuples(st.just("match"), LINE, st.sampled_from((0, 1))),
        st.tuples(st.just("match"), LINE, st.sampled_from((0, 1))),
        st.tuples(st.sampled_from(("dismiss", "return", "propose", "reverse", "reverse")), LINE, st.just(0)),
        st.tuples(st.sampled_from(("newer", "undo_newer")), st.just(0), st.just(0)),
    ),
    min_size=1,
    max_size=9,
)


@dataclass
class Universe:
    """Two firms, a batch on record, one whose three rows wait, and what comes after."""

    court: Court
    number: int = field(default_factory=lambda: next(UNIVERSES))
    newer: list[UUID] = field(default_factory=list)
    standing: dict[int, tuple[int, Card]] = field(default_factory=dict)
    # Acts that another universe leaves out: decisions taken back, their reversals, and what was refused.
    void: set[int] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.firms = [firm(self.number * 10 + n, f"云州{self.number}之{n}厂") for n in (0, 1)]
        self.older = self.court.lists(*(self._row(line, "旧", code(self.number * 10)) for line in (2, 3)))
        waiting = [self._row(line, "待", old_code(self.number * 10 + line)) for line in LINES]
        self.own = self.court.lists(*waiting)

    def _row(self, line: int, word: str, number: str) -> tuple[str, str, str]:
        return f"（2026）云{self.number}执{line}号", f"云州{word}厂", number

    def plays(self, acts: list[Act], without: set[int] = frozenset()) -> None:  # type: ignore[assignment]
        for place, act in enumerate(acts):
            if place not in without:
                self._play(place, act)
                self.adds_up()

    def _play(self, place: int, act: Act) -> None:
        what, line, which = act
        if what == "newer":
            rows = [self._row(line, f"新{len(self.newer)}", code(self.number * 10)) for line in (3, 4)]
            self.newer.append(self.court.lists(*rows))
        elif what == "undo_newer":
            if self.newer:
                withdrawal.withdraw(self.newer.pop(), actor=COURT_CLERK, as_of=self.court.later())
        elif what == "reverse":
            self._reverse(place, line)
        elif line in self.standing:
            with pytest.raises(NotWaiting):
                self._decide(what, line, which)
            self.void.add(place)
        else:
            card = self._decide(what, line, which)
            if what != "propose":
                card = desk.confirm(card.id, actor=SECOND, as_of=self.court.later())
            self.standing[line] = place, card

    def _decide(self, what: str, line: int, which: int) -> Card:
        if what in ("match", "propose"):
            return self.court.matches(self.own, line, self.number * 10 + which)
        settle = desk.dismiss if what == "dismiss" else desk.send_back
        return settle(self.own, line, reason="无", actor=FIRST, as_of=self.court.later())

    def _reverse(self, place: int, line: int) -> None:
        if line in self.standing:
            decided, card = self.standing.pop(line)
            desk.reverse(card.id, reason="看错了", actor=SECOND, as_of=self.court.later())
            self.void |= {decided, place}
            with pytest.raises(DecisionOver):
                desk.reverse(card.id, reason="再撤", actor=SECOND, as_of=self.court.later())

    def adds_up(self) -> None:
        """Counts are those of the rows, and each accepted row is one record that was not taken back."""
        accepted, rejected, pending, duplicate = counts(self.own)
        ends = Counter(Outcome.objects.filter(batch_id=self.own).values_list("outcome", flat=True))
        assert (rejected, pending, duplicate) == (ends["rejected"], ends["pending"], ends["duplicate"])
        kept = Record.objects.filter(batch_id=self.own).exclude(ended_why="unmatched")
        matched = set(
            Outcome.objects.filter(batch_id=self.own, outcome="matched").values_list("line", flat=True)
        )
        assert accepted == len(matched)
        assert matched <= set(kept.values_list("line", flat=True))

    def counts_now(self) -> list[tuple[int, str, int]]:
        """What counts for which firm, from which batch and line, whatever the universe."""
        known = {self.older: "older", self.own: "own"}
        known |= {batch: f"newer{place}" for place, batch in enumerate(self.newer)}
        live = Record.objects.filter(subject_id__in=self.firms, item=DEBTOR, ended_at=None)
        return sorted(
            (self.firms.index(subject), known[batch], line)
            for subject, batch, line in live.values_list("subject_id", "batch_id", "line")
        )


@settings(
    max_examples=20,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@example(acts=[("match", 3, 0), ("newer", 0, 0), ("reverse", 3, 0), ("undo_newer", 0, 0)], withdrawn=True)
@given(acts=ACTS, withdrawn=st.booleans())
def test_rows_add_up_and_what_is_reversed_leaves_no_trace(
    bureau: Bureau, acts: list[Act], withdrawn: bool
) -> None:
    court = Court(bureau)
    with_reversals, without = Universe(court), Universe(court)
    with_reversals.plays(acts)
    without.plays(acts, without=with_reversals.void)
    assert with_reversals.counts_now() == without.counts_now()
    assert counts(with_reversals.own) == counts(without.own)
    if withdrawn:
        withdrawal.withdraw(with_reversals.own, actor=COURT_CLERK, as_of=court.later())
        assert not Record.objects.filter(batch_id=with_reversals.own, ended_at=None).exists()
        with pytest.raises(NotFiled):
            court.matches(with_reversals.own, 2, with_reversals.number * 10)
        assert Batch.objects.get(pk=with_reversals.own).read == len(LINES)
