"""A provider learns what became of loans as counts alone: enough of them, of enough institutions, rounded."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from uuid import UUID

import pytest

from rongxin.catalogue import loader
from rongxin.delivery import usage_feedback
from rongxin.disclosure import gate, outcome_use
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


def lend(firm, bank: str, number: int, *steps) -> UUID:
    actor = Actor(ActorKind.ACCOUNT, "1", f"institution:{bank}")
    case = stage.case(firm, bank, f"DK-{number}", as_of=NOON)
    recipient = Recipient(RecipientKind.INSTITUTION, bank, "云州银行", "clerk-7")
    asked = Request(recipient, firm.uscc, (PENALTY,), Purpose.FINANCING_SUPPORT, f"DK-{number}")
    for _ in range(2):  # a case counts once, however often it is asked about
        answer = gate.release(asked, actor=actor, as_of=NOON)
        assert not isinstance(answer, Refusal)
        assert answer.items[0].provider == PROVIDER
    lines = [Line(place, case, step) for place, step in enumerate(steps)]
    assert len(outcomes.tell(bank, lines, actor=actor, as_of=NOON).accepted) == len(steps)
    return case


def of_bureau() -> list[Became]:
    return outcome_use.of_provider(PROVIDER, since=TODAY, until=TODAY)


def test_enough_cases_of_enough_banks_are_counted_and_rounded(firm):
    for number in range(12):
        steps = (RECEIVED, APPROVED, DRAWN, LATE) if number < 7 else (RECEIVED, EACH[Stage.REJECTED])
        lend(firm, BANKS[number % 3], number, *steps)
    assert of_bureau() == [
        Became(PENALTY, cases=10, approved=5, rejected=5, drawn=5, settled=0, overdue=5, defaulted=0)
    ]


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
