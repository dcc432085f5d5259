"""Whatever both sides try in whatever order: no illegal step, one truth with outcomes, a clock that stops."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from rongxin.consent import cases, register
from rongxin.consent.rules import Status
from rongxin.financing import outcomes
from rongxin.financing.applying import answers, applications, cards
from rongxin.financing.applying.rules import TRANSITIONS, Act, Clock, State
from rongxin.financing.errors import ApplicationNotPossible
from rongxin.financing.outcomes import Line
from rongxin.financing.rules import FINAL, Stage, Told
from tests.unit.consent import stage
from tests.unit.financing import desk, shelf

pytestmark = pytest.mark.django_db(transaction=True)
# What a bank may tell by the way of outcomes, without the application's own verbs.
STEPS = {
    Act.APPROVE: Stage.APPROVED,
    Act.REJECT: Stage.REJECTED,
    Act.DRAW: Stage.DRAWN,
    Act.REPAY: Stage.REPAYMENT,
    Act.SETTLE: Stage.SETTLED,
    Act.WRITE_OFF: Stage.WRITTEN_OFF,
}


class Life(RuleBasedStateMachine):
    """One application; `expected` is where the table says that it stands."""

    def __init__(self) -> None:
        super().__init__()
        bank = f"bank_{next(stage._numbers)}"
        self.bank, self.firm, self.day = stage.bank(bank), stage.firm(), 0
        self.clerk = shelf.clerk(bank)
        (card,) = desk.drafted(self.firm, shelf.published(bank).id)
        self.id, self.expected, self.answered_on = card.id, State.DRAFT, None

    @property
    def now(self):
        return stage.NOW + timedelta(days=self.day)

    def tries(self, act, verb, *given, actor=None):
        """Do something and hold it to the table: what it allows goes through, what it doesn't is refused."""
        possible = act in TRANSITIONS[self.expected]
        try:
            verb(self.id, *given, actor=actor or self.clerk, as_of=self.now)
        except ApplicationNotPossible:
            assert not possible, f"{act} refused in {self.expected}"
            return
        assert possible, f"{act} went through in {self.expected}"
        self.reached(act)

    def reached(self, act):
        self.expected = TRANSITIONS[self.expected][act]
        if act is not Act.SUBMIT and self.answered_on is None:
            self.answered_on = self.day

    @rule(days=st.integers(0, 4))
    def time_goes_by(self, days):
        self.day = min(self.day + days, 20)  # the institution's assessment and the identity hold longer

    @rule(consents=st.booleans())
    def submit(self, consents):
        signed = desk.signed(self.firm, as_of=self.now) if consents else None
        self.tries(Act.SUBMIT, applications.submit, signed, actor=self.firm.owner.actor)

    @rule()
    def take_up(self):
        self.tries(Act.TAKE_UP, answers.take_up)

    @rule()
    def ask(self):
        self.tries(Act.ASK_PAPERS, answers.ask_papers, ["近三个月流水"])

    @precondition(lambda self: self.expected is not State.DRAFT)
    @rule()
    def hand_in(self):
        # Of a draft it is another act: papers for all institutions of the form.
        file = replace(desk.PDF, content=desk.PDF.content[:9])
        self.tries(Act.HAND_IN, applications.hand_in, [file], actor=self.firm.owner.actor)

    @rule(approves=st.booleans())
    def decide(self, approves):
        told = desk.approved(self.now) if approves else desk.rejected(self.now)
        self.tries(Act.APPROVE if approves else Act.REJECT, answers.decide, told, "按本行政策")

    @rule()
    def withdraw(self):
        self.tries(Act.WITHDRAW, applications.withdraw, actor=self.firm.owner.actor)

    @precondition(lambda self: self.expected is not State.DRAFT)
    @rule(act=st.sampled_from(sorted(STEPS)))
    def tell(self, act):
        """The bank tells an outcome of the case by itself."""
        before = cards.find(self.id)
        told = self.told(STEPS[act])
        taken = outcomes.tell(self.bank, [Line(1, before.case.id, told)], actor=self.clerk, as_of=self.now)
        if taken.accepted:
            assert act in TRANSITIONS[self.expected], f"{act} told in {self.expected}"
            self.reached(act)
        elif taken.refused and act in TRANSITIONS[self.expected]:
            assert act is Act.REPAY, taken.refused  # once a day

    def told(self, step):
        today = stage.business_day(self.now)
        given = {
            Stage.DRAWN: {"amount_cny": desk.AMOUNT},
            Stage.REPAYMENT: {"outstanding_cny": desk.AMOUNT, "overdue_days": 0},
            Stage.WRITTEN_OFF: {"amount_cny": desk.AMOUNT},
        }
        if step is Stage.APPROVED:
            return desk.approved(self.now)
        return desk.rejected(self.now) if step is Stage.REJECTED else Told(step, today, **given.get(step, {}))

    @invariant()
    def stands_where_the_table_says(self):
        assert cards.find(self.id).state is self.expected

    @invariant()
    def is_one_truth_with_the_outcomes(self):
        card = cards.find(self.id)
        if card.case is None:
            assert self.expected is State.DRAFT
            return
        line = outcomes.of_case(card.case.id)
        assert list(card.line) == line
        assert line[0].stage is Stage.RECEIVED
        assert cases.get(card.case.id).closed == (line[-1].stage in FINAL)
        given = register.of_case(self.firm.id, self.bank, card.case.id)
        assert all(one.status is Status.ACTIVE for one in given)

    @invariant()
    def has_a_clock_that_stops_with_the_first_answer(self):
        card = cards.find(self.id)
        clock = card.clock(stage.business_day(self.now))
        if self.expected is State.DRAFT:
            assert clock is None
        elif self.answered_on is not None:
            assert clock is Clock.ANSWERED
        else:
            assert (clock is Clock.LATE) == (stage.business_day(self.now) > card.due_on)


def test_no_order_of_acts_breaks_an_application():
    run_state_machine_as_test(
        Life,
        settings=settings(
            max_examples=25,
            stateful_step_count=14,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
