"""Usage feedback: counted once a day, live until then, per provider, kind of recipient and purpose."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from rongxin.catalogue import loader
from rongxin.consent.rules import BUSINESS_ZONE
from rongxin.delivery import usage_feedback
from rongxin.disclosure import gate, usage
from rongxin.disclosure.models import UsageDay
from rongxin.disclosure.release import Recipient, Refusal, Request
from rongxin.disclosure.rules import RecipientKind
from rongxin.parties import seed
from rongxin.parties.errors import UnknownParty
from rongxin.sharing import gateways
from rongxin.sharing.aggregation import sources
from rongxin.sharing.errors import BadMonth
from rongxin.vocabulary.actor import SYSTEM, Actor, ActorKind
from rongxin.vocabulary.purpose import Purpose
from tests.unit.consent import stage
from tests.unit.records.conftest import Bureau, Row
from tests.unit.sharing import fakes

pytestmark = pytest.mark.django_db(transaction=True)
PENALTY, BUREAU = "administrative_penalty", "market_regulation_bureau"
BANK = Actor(ActorKind.ACCOUNT, "1", "institution:bank_a")
NOON = stage.NOW.astimezone(BUSINESS_ZONE).replace(hour=12)
TODAY = NOON.date()


class Tax(fakes.Provider):
    """The tax bureau, which finds one row of whoever is asked for."""

    provider = "tax_bureau"

    def fetch(self, question):
        return [{"uscc": question.subject.uscc, "vat_paid_cny_12m": "7.00"}]


@pytest.fixture
def firm():
    sources.forget()
    made = stage.firm()
    stage.bank()
    Bureau().files(Row(2, made.id, "一号", {"uscc": made.uscc, "fine_cny": "9.00"}, date(2026, 1, 9)))
    return made


def ask(firm, *items, at=NOON, **changes):
    recipient = Recipient(RecipientKind.INSTITUTION, "bank_a", "云州银行", "clerk-7")
    request = Request(recipient, firm.uscc, items, Purpose.FINANCING_SUPPORT, "DK-1")
    answer = gate.release(replace(request, **changes), actor=BANK, as_of=at)
    assert not isinstance(answer, Refusal)
    return answer


def used(provider, at=NOON, **span):
    given = {"since": TODAY, "until": TODAY + timedelta(days=5)} | span
    return usage.of_provider(provider, as_of=at, **given)


def test_what_was_given_is_told_at_once_and_the_same_once_the_day_is_over(firm):
    provider = ask(firm, PENALTY).items[0].provider
    ask(firm, PENALTY)
    (live,) = used(provider)
    assert (live.item, live.recipient_kind, live.purpose) == (PENALTY, "bank", "financing_support")
    assert (live.requests, live.records, live.no_record, live.rows) == (2, 2, 0, 2)
    tomorrow = NOON + timedelta(days=1)
    assert usage.settle(as_of=tomorrow.replace(hour=0, minute=30)) == 0
    assert usage.settle(as_of=tomorrow) == 1
    assert used(provider, tomorrow) == [live]
    ask(firm, PENALTY, at=tomorrow)
    (both,) = used(provider, tomorrow)
    assert both.requests == 3


def test_a_day_is_counted_once_whoever_counts_it(firm):
    provider = ask(firm, PENALTY).items[0].provider
    later = NOON + timedelta(days=3)
    assert usage.settle(as_of=later) == 3
    assert usage.settle(as_of=later) == 0
    assert not usage._settle(TODAY)  # another worker that saw the day uncounted, too
    assert used(provider, later)[0].requests == 1
    assert UsageDay.objects.filter(item="").count() == 3


def test_every_answer_is_counted_once_before_and_after_its_day_is_over(firm):
    for days in (0, 0, 1, 90):
        ask(firm, PENALTY, at=NOON + timedelta(days=days))
    assert usage.answers() == 4
    for days in (1, 90, 91):  # a node that nobody had count for three months counts them all
        usage.settle(as_of=NOON + timedelta(days=days))
        assert usage.answers() == 4
    assert UsageDay.objects.filter(item="").count() == 91
    assert sum(UsageDay.objects.filter(item="").values_list("requests", flat=True)) == 4
    ask(firm, PENALTY, at=NOON + timedelta(days=91))
    assert usage.answers() == 5


def test_another_providers_use_and_refusals_are_not_told(firm):
    ask(firm, PENALTY)
    assert used("tax_bureau") == []
    gone = replace(firm, uscc=stage.firm().uscc)
    other = Recipient(RecipientKind.INSTITUTION, "bank_b", "云州银行", "clerk-7")
    stage.bank("bank_b")
    request = Request(other, gone.uscc, (PENALTY,), Purpose.FINANCING_SUPPORT, "DK-1")
    assert isinstance(gate.release(request, actor=BANK, as_of=NOON), Refusal)
    assert sum(one.requests for one in used(BUREAU)) <= 1


def test_the_month_tells_calls_with_their_times_and_names_no_firm(firm):
    seed.seed(loader.load(), actor=SYSTEM, as_of=NOON)
    gateways.connect("tax_bureau", Tax())
    try:
        case = stage.case(firm, "bank_a")
        consent = stage.consent(firm, case, draft=stage.draft("tax_payment"))
        purpose = Purpose.PRE_LOAN_REVIEW
        ask(firm, "tax_payment", case_id=case, consent_id=consent.id, purpose=purpose)
    finally:
        gateways.disconnect("tax_bureau")
    told = usage_feedback.of("tax_bureau", f"{TODAY:%Y-%m}", as_of=NOON)
    (line,) = told["used"]
    assert (line["hit_percent"], line["recipient_label"]) == (100.0, "银行")
    (call,) = told["calls"]
    assert (call["item"], call["asked"], call["answered"]) == ("tax_payment", 1, 1)
    assert firm.uscc not in str(told)
    assert "bank_a" not in str(told)


def test_it_refuses_a_month_that_is_none_and_a_stranger():
    with pytest.raises(UnknownParty):
        usage_feedback.of("nobody", None, as_of=NOON)
    seed.seed(loader.load(), actor=SYSTEM, as_of=NOON)
    with pytest.raises(BadMonth):
        usage_feedback.of("tax_bureau", "2026-13", as_of=NOON)
