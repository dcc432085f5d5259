"""A provider learns what became of loans as counts alone: enough of them, of enough institutions, rounded."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from uuid import UUID

import pytest

from rongxin.catalogue import loader
from rongxin.delivery import usage_feedback
from rongxin.disclosure import gate, outcome_use, usage
from rongxin.disclosure.models import GivenCase, Outcome
from rongxin.disclosure.outcome_use import Became
from rongxin.disclosure.release import Recipient, Refusal, Request
from rongxin.disclosure.rules import RecipientKind
from rongxin.financing import aggregates, outcomes
from rongxin.financing.outcomes import Line
from rongxin.financing.rules import Stage
from rongxin.parties import seed
from rongxin.sharing.aggregation import sources
from rongxin.vocabulary.actor import SYSTEM, Actor, ActorKind
from rongxin.vocabulary.purpose import Purpose
from tests.unit.consent import stage
from tests.unit.disclosure.test_usage import NOON, PENALTY, TODAY
from tests.unit.financing.test_rules import APPROVED, DRAWN, EACH, RECEIVED
from tests.unit.records.conftest import Bureau, Row

pytestmark = pytest.mark.django_db(transaction=True)
LATE = replace(EACH[Stage.REPAYMENT], overdue_days=31)
# Who answers for penalties where a national source is known to hold them.
PROVIDER = loader.load().item(PENALTY).channels[0].provider
BANKS = ("bank_a", "bank_b", "bank_c")


@pytest.fixture
def firm():
    sources.forget()
    seed.seed(loader.load(), actor=SYSTEM, as_of=NOON)
    made = stage.firm()
    for bank in BANKS:
        stage.bank(bank)
    Bureau().files(Row(2, made.id, "一号", {"uscc": made.uscc, "fine_cny": "9.00"}, date(2026, 1, 9)))
    return made


def lend(firm, bank: str, number: int, *steps, at=NOON) -> UUID:
    case = stage.case(firm, bank, f"DK-{number}", as_of=at)
    for _ in range(2):  # a case counts once, however often it is asked about
        actor = ask(firm, bank, number, at=at)
    lines = [Line(place, case, step) for place, step in enumerate(steps)]
    assert len(outcomes.tell(bank, lines, actor=actor, as_of=at).accepted) == len(steps)
    return case


def ask(firm, bank: str, number: int, *, at) -> Actor:
    """Ask for what is public under the number of a case."""
    actor = Actor(ActorKind.ACCOUNT, "1", f"institution:{bank}")
    recipient = Recipient(RecipientKind.INSTITUTION, bank, "云州银行", "clerk-7")
    asked = Request(recipient, firm.uscc, (PENALTY,), Purpose.FINANCING_SUPPORT, f"DK-{number}")
    answer = gate.release(asked, actor=actor, as_of=at)
    assert not isinstance(answer, Refusal)
    assert answer.items[0].provider == PROVIDER
    return actor


def of_bureau(at=NOON) -> list[Became]:
    return outcome_use.of_provider(PROVIDER, since=TODAY, until=at.date(), as_of=at)


def test_enough_cases_of_enough_banks_are_counted_and_rounded(firm):
    for number in range(12):
        steps = (RECEIVED, APPROVED, DRAWN, LATE) if number < 7 else (RECEIVED, EACH[Stage.REJECTED])
        lend(firm, BANKS[number % 3], number, *steps)
    assert of_bureau() == [
        Became(PENALTY, cases=10, approved=5, rejected=5, drawn=5, settled=0, overdue=5, defaulted=0)
    ]


def test_the_same_is_told_once_the_day_is_over_and_a_later_day_adds_to_it(firm):
    for number in range(12):
        lend(firm, BANKS[number % 3], number, RECEIVED, APPROVED)
    live, tomorrow = of_bureau(), NOON + timedelta(days=1)
    assert [one.approved for one in live] == [10]
    assert usage.settle(as_of=tomorrow) == 1
    assert GivenCase.objects.filter(provider=PROVIDER, day=TODAY).count() == 12
    # From the kept day alone: the answers are no longer looked at.
    Outcome.objects.filter(released=True).update(summary={})
    assert of_bureau(tomorrow) == live
    for number in range(12, 15):
        lend(firm, BANKS[number % 3], number, RECEIVED, APPROVED, at=tomorrow)
    ask(firm, BANKS[0], 0, at=tomorrow)  # a case of the day before counts once all the same
    assert [one.cases for one in of_bureau(tomorrow)] == [15]


def test_a_day_is_kept_for_the_provider_that_gave_it_and_no_other(firm):
    lend(firm, "bank_a", 1, RECEIVED)
    usage.settle(as_of=NOON + timedelta(days=1))
    others = outcome_use.of_provider("customs", since=TODAY, until=TODAY, as_of=NOON + timedelta(days=1))
    assert (others, of_bureau(NOON + timedelta(days=1))) == ([], [Became(PENALTY)])


def test_what_was_corrected_no_longer_counts(firm):
    on_time = replace(LATE, overdue_days=0)
    for number in range(12):
        bank = BANKS[number % 3]
        case = lend(firm, bank, number, RECEIVED, APPROVED, DRAWN, LATE)
        late = outcomes.of_reference(bank, f"DK-{number}")[-1].id
        if number < 10:
            outcomes.correct(late, bank, on_time, "系统错误", actor=SYSTEM, as_of=NOON)
        assert outcomes.of_case(case)[-1].overdue_days == (0 if number < 10 else 31)
    assert [one.overdue for one in of_bureau()] == [0]


@pytest.mark.parametrize(("banks", "cases"), [(2, 12), (3, 9)])
def test_too_few_say_nothing(firm, banks, cases):
    for number in range(cases):
        lend(firm, BANKS[number % banks], number, RECEIVED, EACH[Stage.REJECTED])
    assert of_bureau() == [Became(PENALTY)]


def test_the_month_of_a_provider_tells_it_beside_the_use(firm):
    case = lend(firm, "bank_a", 1, RECEIVED)
    told = usage_feedback.of(PROVIDER, f"{TODAY:%Y-%m}", as_of=NOON)
    (line,) = told["loans"]
    assert (line["item"], line["cases"]) == (PENALTY, None)
    assert str(case) not in str(told)


def test_one_more_case_seldom_shows():
    step = aggregates.limits(TODAY).round_to
    rounded = [outcome_use._rounded(count, step) for count in range(13)]
    assert rounded == [0, 0, 0, 5, 5, 5, 5, 5, 10, 10, 10, 10, 10]
