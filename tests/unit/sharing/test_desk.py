"""A clerk settles rows that wait: filed as if they had come with the code, two for what is against a firm."""

from __future__ import annotations

import pytest

from rongxin.journal.models import Entry
from rongxin.parties.errors import UnknownParty
from rongxin.parties.rules.desk import State
from rongxin.records.models import Record
from rongxin.sharing.aggregation import decisions, desk, outcomes, waiting_rows, withdrawal
from rongxin.sharing.errors import DecisionOver, NotFiled, NotWaiting, Refused, UnknownDecision, UnknownRow
from rongxin.sharing.models import Decision, Outcome
from rongxin.sharing.rules import RowOutcome
from rongxin.vocabulary.actor import Actor

from .conftest import CLERK, Bureau, code
from .desk_stage import DEBTOR, FIRST, SECOND, Court, counts, firm, live, old_code

pytestmark = pytest.mark.django_db
NAME = "云州蓝鲸物流有限公司"


@pytest.fixture
def court(bureau: Bureau) -> Court:
    return Court(bureau)


def test_a_matched_row_is_filed_exactly_as_if_it_had_come_with_the_code(court: Court) -> None:
    one, other = firm(1, NAME), firm(2, "云州另家商贸有限公司")
    named = court.honours((NAME, "?", "示范企业"))
    court.honours((NAME, code(2), "示范企业"))
    card = court.matches(named, 2, 1)
    assert (card.state, card.outcome, counts(named)) == (State.IN_FORCE, RowOutcome.MATCHED, (1, 0, 0, 0))
    assert live(one) == [(named, 2)]
    mine, theirs = (Record.objects.get(subject_id=subject) for subject in (one, other))
    assert {**mine.payload, "uscc": code(2)} == theirs.payload
    assert (mine.record_key, mine.observed_on, mine.source) == (
        theirs.record_key,
        theirs.observed_on,
        theirs.source,
    )
    again = court.honours((NAME, code(1), "示范企业"))
    assert counts(again) == (0, 0, 0, 1)


def test_what_is_against_a_firm_takes_two_and_the_second_sees_the_first(court: Court) -> None:
    subject = firm(1, NAME)
    batch = court.lists(("（2026）云01执1号", NAME, old_code(1)))
    proposed = court.matches(batch, 2, 1)
    assert (proposed.state, proposed.outcome, counts(batch)) == (State.PROPOSED, None, (0, 0, 1, 0))
    assert live(subject, DEBTOR) == []
    (seen,) = decisions.on(batch, 2)
    assert (seen.uscc, seen.decided_by) == (code(1), str(FIRST))
    same = Actor(FIRST.kind, FIRST.id, "operator:other_role")
    with pytest.raises(Refused) as refused:
        desk.confirm(proposed.id, actor=same, as_of=court.later())
    assert refused.value.code == "second_person_needed"
    confirmed = desk.confirm(proposed.id, actor=SECOND, as_of=court.later())
    assert (confirmed.state, counts(batch)) == (State.IN_FORCE, (1, 0, 0, 0))
    assert live(subject, DEBTOR) == [(batch, 2)]


def test_a_declined_proposal_leaves_the_row_waiting(court: Court) -> None:
    subject = firm(1, NAME)
    batch = court.lists(("（2026）云01执1号", NAME, old_code(1)))
    proposed = court.matches(batch, 2, 1)
    with pytest.raises(NotWaiting):
        court.matches(batch, 2, 1, SECOND)
    declined = desk.reverse(proposed.id, reason="法定代表人不同", actor=SECOND, as_of=court.later())
    assert (declined.state, declined.closed_by) == (State.DECLINED, str(SECOND))
    assert (live(subject, DEBTOR), counts(batch)) == ([], (0, 0, 1, 0))
    with pytest.raises(DecisionOver):
        desk.confirm(proposed.id, actor=SECOND, as_of=court.later())
    dismissed = desk.dismiss(batch, 2, reason="查无此企业", actor=FIRST, as_of=court.later())
    assert dismissed.state is State.PROPOSED
    desk.confirm(dismissed.id, actor=SECOND, as_of=court.later())
    assert counts(batch) == (0, 1, 0, 0)


def test_a_row_sent_back_is_among_the_rejects_with_the_reason(court: Court) -> None:
    batch = court.honours(("云州不知名公司", "?", "示范企业"))
    desk.send_back(batch, 2, reason="请联系13800138000补报代码", actor=FIRST, as_of=court.later())
    (row,) = outcomes.of_batch(batch, [RowOutcome.REJECTED])
    assert (row.rule, counts(batch)) == ("returned_by_desk", (0, 1, 0, 0))
    assert "补报代码" in row.message
    assert "13800138000" not in row.message + Decision.objects.get().reason
    assert "云州不知名公司" in "".join(outcomes.rejects_csv(batch))


def test_every_decision_can_be_taken_back_and_the_row_waits_as_before(court: Court) -> None:
    subject = firm(1, NAME)
    batch = court.honours((NAME, "?", "示范企业"))
    before = Outcome.objects.get()
    for decide in (
        lambda: court.matches(batch, 2, 1),
        lambda: desk.dismiss(batch, 2, reason="无", actor=FIRST, as_of=court.later()),
        lambda: desk.send_back(batch, 2, reason="无", actor=FIRST, as_of=court.later()),
    ):
        card = decide()
        assert counts(batch)[2] == 0
        desk.reverse(card.id, reason="看错了", actor=SECOND, as_of=court.later())
        after = Outcome.objects.get()
        assert (after.outcome, after.rule, after.message) == (before.outcome, before.rule, before.message)
        assert (live(subject), counts(batch)) == ([], (0, 0, 1, 0))
    assert Record.objects.get().ended_why == "unmatched"
    with pytest.raises(DecisionOver):
        desk.reverse(card.id, reason="再撤", actor=SECOND, as_of=court.later())
    kinds = list(Entry.objects.order_by("id").values_list("kind", flat=True))
    assert (kinds.count("match.decided"), kinds.count("match.reversed")) == (3, 3)


def test_only_the_operator_decides_and_only_on_what_waits(court: Court) -> None:
    firm(1, NAME)
    batch = court.honours((NAME, "?", "示范企业"), (NAME, code(1), "先进集体"))
    with pytest.raises(Refused) as refused:
        court.matches(batch, 2, 1, CLERK)
    assert refused.value.code == "not_the_operator"
    with pytest.raises(UnknownRow):
        court.matches(batch, 3, 1)
    with pytest.raises(UnknownParty):
        court.matches(batch, 2, 77)
    with pytest.raises(UnknownDecision):
        desk.confirm(batch, actor=FIRST, as_of=court.later())
    withdrawal.withdraw(batch, actor=Actor(FIRST.kind, FIRST.id, "operator"), as_of=court.later())
    with pytest.raises(NotFiled):
        court.matches(batch, 2, 1)
    assert waiting_rows.find(as_of=court.later()) == []


def test_the_list_gives_the_oldest_first_and_narrows(court: Court) -> None:
    old = court.lists(("（2026）云01执1号", NAME, old_code(1)), ("（2026）云01执2号", NAME, old_code(2)))
    new = court.honours((NAME, "?", "示范企业"))
    court.bureau.today = court.bureau.today.replace(day=28)
    now = court.bureau.today

    def found(**narrowed: object) -> list[tuple[object, int]]:
        return [(one.batch, one.line) for one in waiting_rows.find(as_of=now, **narrowed)]  # type: ignore[arg-type]

    assert found() == [(old, 2), (old, 3), (new, 2)]
    assert found(after=(old, 2), limit=1) == [(old, 3)]
    assert found(item="honours") == found(batch=new) == [(new, 2)]
    assert found(provider="peoples_court") == [(old, 2), (old, 3)]
    assert found(older_than_days=400) == []
    (row,) = waiting_rows.find(as_of=now, batch=new)
    assert row.traces.name == NAME
    assert row.age_days > 0
