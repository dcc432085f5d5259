"""What a provider may agree to, who enters and checks it, and what its end means for the rows."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest

from rongxin.catalogue import loader
from rongxin.exchange import collection
from rongxin.journal.models import Entry
from rongxin.records.models import Record
from rongxin.sharing.aggregation import batches
from rongxin.sharing.bulk import agreements, freshness, refresh
from rongxin.sharing.bulk.models import BulkAgreement
from rongxin.sharing.bulk.rules import Seen, State
from rongxin.sharing.errors import Refused
from rongxin.sharing.rules import Mode
from tests.unit.sharing.bulk import stage
from tests.unit.sharing.bulk.stage import FIRST, ITEM, PROVIDER, SECOND, Town
from tests.unit.sharing.conftest import CLERK, NOW, Bureau

pytestmark = pytest.mark.django_db(transaction=True)
AGREEABLE = {
    "abnormal_operations_list",
    "serious_violation_list",
    "spot_check",
    "court_judgment",
    "terminated_enforcement",
    "bankruptcy",
    "patent",
}


def test_only_what_is_called_without_consent_and_declared_public_may_be_agreed() -> None:
    items = loader.load().items
    assert {name for name, item in items.items() if collection.channel_of(item)} == AGREEABLE
    for name, word in {
        "annual_report": "企业授权",
        "work_injury_insurance": "依法公开",
        "business_licence": "物理归集",
        "social_insurance": "数据核验",
    }.items():
        provider = items[name].channels[-1].provider
        with pytest.raises(Refused, match=word) as refusal:
            agreements.propose(stage.terms(), provider=provider, item=name, actor=FIRST, as_of=NOW)
        assert refusal.value.code == "not_in_bulk"


def test_another_person_confirms_and_nobody_is_asked_before(town: Town) -> None:
    made = agreements.propose(stage.terms(), provider=PROVIDER, item=ITEM, actor=FIRST, as_of=NOW)
    assert town.turn(made.id) is None
    with pytest.raises(Refused) as refusal:
        agreements.confirm(made.id, actor=FIRST, as_of=NOW)
    assert refusal.value.code == "second_person_needed"
    assert agreements.confirm(made.id, actor=SECOND, as_of=NOW).state is State.IN_FORCE
    assert town.turn(made.id) is not None
    said = Entry.objects.filter(kind="bulk_agreement.changed").values_list("body", flat=True)
    assert len(said) == 2


@pytest.mark.parametrize(
    "changed",
    [
        {"document_number": " "},
        {"document_number": "张三 13800138000"},
        {"document_sha256": "A" * 64},
        {"from_on": date(2028, 1, 1)},
        {"until_on": date(2026, 3, 2)},
        {"signed_on": date(2026, 3, 2)},
        {"calls_per_minute": 0},
        {"refresh_days": 0},
        {"keep_days": -1},
    ],
)
def test_terms_that_say_too_little_are_refused(changed: dict[str, Any]) -> None:
    with pytest.raises(Refused) as refusal:
        agreements.propose(stage.terms(**changed), provider=PROVIDER, item=ITEM, actor=FIRST, as_of=NOW)
    assert refusal.value.code == "bulk_terms_invalid"
    assert not BulkAgreement.objects.exists()


def test_a_provider_enters_nothing_and_agrees_only_to_what_it_provides() -> None:
    for provider, actor, code in (
        (PROVIDER, CLERK, "operator_needed"),
        ("tax_bureau", FIRST, "no_mandate"),
    ):
        with pytest.raises(Refused) as refusal:
            agreements.propose(stage.terms(), provider=provider, item=ITEM, actor=actor, as_of=NOW)
        assert refusal.value.code == code


def test_a_new_version_takes_the_place_of_the_old_one_whose_terms_stay() -> None:
    first = stage.agree()
    second = stage.agree(calls_per_minute=5)
    assert agreements.get(first.id).state is State.SUPERSEDED
    assert (second.version, agreements.get(first.id).terms) == (2, first.terms)
    assert [card.id for card in agreements.in_force(as_of=NOW)] == [second.id]
    with pytest.raises(Refused):
        agreements.end(first.id, reason="x", actor=FIRST, as_of=NOW)


def _ended_after(town: Town, keep_days: int) -> None:
    town.listed(1)
    card = stage.agree(keep_days=keep_days)
    town.turn(card.id)
    agreements.end(card.id, reason="函告终止", actor=FIRST, as_of=town.now)


def _seen(town: Town) -> Seen:
    return freshness.seen(ITEM, [town.firms[1]], as_of=town.now)[town.firms[1]]


def test_the_rows_of_an_ended_agreement_end_at_once_where_it_says_so(town: Town) -> None:
    _ended_after(town, keep_days=0)
    assert _seen(town) is Seen.MISSING
    assert refresh.sweep(as_of=town.now) == 1
    assert town.live() == {}
    assert Record.objects.get(item=ITEM).ended_why == "agreement_over"
    assert refresh.sweep(as_of=town.now) == 0


def test_they_are_kept_as_long_after_as_it_says_and_no_day_longer(town: Town) -> None:
    _ended_after(town, keep_days=3)
    for _ in range(3):
        town.passes(days=1)
        assert (refresh.sweep(as_of=town.now), town.live(), _seen(town)) == (0, {1: 1}, Seen.OBSERVED)
    town.passes(days=1)
    assert (refresh.sweep(as_of=town.now), town.live()) == (1, {})


def test_after_an_agreement_made_anew_nothing_is_known_until_it_is_asked(town: Town) -> None:
    _ended_after(town, keep_days=0)
    refresh.sweep(as_of=town.now)
    again = stage.agree()
    assert _seen(town) is Seen.MISSING  # its rows are gone: "observed none" would be false
    town.passes(minutes=11)
    town.turn(again.id)
    assert (_seen(town), town.live()) == (Seen.OBSERVED, {1: 1})


def test_an_agreement_whose_time_is_over_asks_nobody(open_town: Callable[..., Town]) -> None:
    town = open_town(1)
    card = stage.agree(until_on=(NOW + timedelta(days=1)).date())
    assert town.turn(card.id) is not None
    town.passes(days=9)
    assert town.turn(card.id) is None
    assert refresh.once(as_of=town.now) == []


def test_nobody_hands_answers_in_as_a_file(bureau: Bureau) -> None:
    path = bureau.writes(("企业名称", "统一社会信用代码"), [("云州第1商贸有限公司", "x")])
    with pytest.raises(Refused) as refusal:
        batches.submit(path, item=ITEM, provider=PROVIDER, actor=CLERK, as_of=NOW, mode=Mode.ANSWERS)
    assert refusal.value.code == "answers_handed_in"
