"""The law of deletion: a whole table, one reason for each refusal, and renewal that is no end."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rongxin.consent.deletion import policy, rules
from rongxin.consent.deletion.rules import OWNERS, TRANSITIONS, Act, Duty, Fault, Owner, State, Statement
from rongxin.consent.errors import ConsentError
from rongxin.consent.rules import Status
from rongxin.vocabulary.purpose import Purpose
from tests.unit.gateway.stage import terms

NOW = datetime(2026, 5, 4, 2, tzinfo=UTC)
TODAY = date(2026, 5, 4)
CONSENT = UUID(int=1)
LIMITS = rules.Limits(24, 30, {"anti_money_laundering"})
DUTY = Duty(CONSENT, "bank_a", State.OWED, NOW - timedelta(hours=2), TODAY + timedelta(days=15))
DELETED = Statement(CONSENT, "bank_a", Act.DELETE, NOW, deleted_on=TODAY)
KEPT = Statement(CONSENT, "bank_a", Act.RESTRICT, NOW, until=date(2031, 1, 1), law="anti_money_laundering")


def test_the_table_names_every_state_and_act_and_leads_nowhere_else():
    assert set(TRANSITIONS) == set(State)
    assert {act for row in TRANSITIONS.values() for act in row} == set(Act) == set(OWNERS)
    assert {to for row in TRANSITIONS.values() for to in row.values()} == set(State) - {State.OWED}
    assert not TRANSITIONS[State.DELETED]
    assert all(Act.DELETE in TRANSITIONS[state] for state in State if state is not State.DELETED)
    assert {state for state in State if Act.RESTRICT in TRANSITIONS[state]} == {State.OWED}
    assert OWNERS[Act.LAPSE] == {Owner.NODE}


@pytest.mark.parametrize(
    ("statement", "duty", "expected"),
    [
        (DELETED, DUTY, None),
        (KEPT, DUTY, None),
        (DELETED, replace(DUTY, state=State.RESTRICTED), None),
        (DELETED, replace(DUTY, state=State.LAPSED), None),
        (replace(DELETED, consent=UUID(int=2)), DUTY, Fault.OTHER_CONSENT),
        (replace(DELETED, institution="bank_b"), DUTY, Fault.OTHER_INSTITUTION),
        (KEPT, replace(DUTY, state=State.RESTRICTED), Fault.NOT_OWED),
        (KEPT, replace(DUTY, state=State.LAPSED), Fault.NOT_OWED),
        (DELETED, replace(DUTY, state=State.DELETED), Fault.NOT_OWED),
        (replace(DELETED, act=Act.LAPSE), replace(DUTY, state=State.RESTRICTED), Fault.NOT_OWED),
        (replace(DELETED, at=DUTY.since - timedelta(seconds=1)), DUTY, Fault.BEFORE_THE_END),
        (replace(DELETED, at=NOW + timedelta(minutes=6)), DUTY, Fault.AHEAD),
        (
            replace(DELETED, at=NOW - timedelta(hours=25)),
            replace(DUTY, since=NOW - timedelta(days=9)),
            Fault.STALE,
        ),
        (replace(DELETED, deleted_on=TODAY + timedelta(days=1)), DUTY, Fault.NOT_YET_DELETED),
        (replace(DELETED, deleted_on=None), DUTY, Fault.NOT_YET_DELETED),
        (replace(KEPT, until=TODAY), DUTY, Fault.RESTRICTION_OVER),
        (replace(KEPT, until=None), DUTY, Fault.RESTRICTION_OVER),
        (replace(KEPT, until=date(2057, 1, 1)), DUTY, Fault.RESTRICTION_TOO_LONG),
        (replace(KEPT, law="our_own_rules"), DUTY, Fault.LAW_UNKNOWN),
    ],
)
def test_a_receipt_is_taken_or_refused_with_the_first_reason(
    statement: Statement, duty: Duty, expected: Fault | None
):
    assert rules.fault(statement, duty, LIMITS, now=NOW) is expected


def test_every_reason_that_the_law_gives_is_given_somewhere_above():
    (mark,) = test_a_receipt_is_taken_or_refused_with_the_first_reason.pytestmark
    given = {case[2] for case in mark.args[1]} - {None}
    assert given == set(Fault) - {Fault.SIGNATURE, Fault.NOT_A_RECEIPT, Fault.KEY_NEEDED}


@given(
    st.builds(
        Statement,
        consent=st.uuids(),
        institution=st.from_regex(r"[a-z_]{1,20}", fullmatch=True),
        act=st.just(Act.DELETE),
        at=st.datetimes(timezones=st.just(UTC)),
        deleted_on=st.dates(),
    )
    | st.builds(
        Statement,
        consent=st.uuids(),
        institution=st.just("bank_a"),
        act=st.just(Act.RESTRICT),
        at=st.just(NOW),
        until=st.dates(),
        law=st.text(max_size=20),
    )
)
def test_what_is_written_is_what_is_read(statement: Statement):
    assert rules.decode(rules.encode(statement)) == statement


@pytest.mark.parametrize(
    "change",
    [
        {"statement": "kept"},
        {"statement": "restricted"},
        {"extra": "x"},
        {"at": "2026-05-04T10:00:00"},
        {"at": None},
        {"consent": "x"},
        {"deleted_on": "soon"},
        {"deleted_on": 20260504},
    ],
)
def test_a_payload_that_says_less_or_more_is_none(change: dict[str, Any]):
    with pytest.raises(ValueError, match="not the payload"):
        rules.decode(rules.encode(DELETED) | change)


def test_what_a_renewed_consent_names_again_is_not_owed_yet():
    former = terms(items=frozenset({"tax_payment", "real_estate"}))
    same = replace(former, id=UUID(int=9))
    assert rules.passes_on(former, same) == former.items
    assert rules.passes_on(former, replace(same, items=frozenset({"tax_payment"}))) == {"tax_payment"}
    assert not rules.passes_on(former, replace(same, purpose=Purpose.POST_LOAN_MONITORING))
    assert not rules.passes_on(former, replace(same, institution="bank_b"))


def test_a_withdrawal_leaves_no_time_of_keeping_but_the_end_of_a_term_does():
    given, ended = terms(retention_days=30), date(2026, 5, 1)
    for status, expected in [(Status.WITHDRAWN, 16), (Status.ENDED, 16), (Status.EXPIRED, 46)]:
        due = rules.due_on(given, status, ended=ended, told=ended, receipt_days=15)
        assert due == date(2026, 4, 30) + timedelta(days=expected), status
    told = ended + timedelta(days=100)
    late = rules.due_on(given, Status.WITHDRAWN, ended=ended, told=told, receipt_days=15)
    assert late == told + timedelta(days=15), "nobody is late before being told"


def test_restriction_holds_through_its_last_day():
    kept = replace(DUTY, state=State.RESTRICTED, until=TODAY)
    assert not rules.lapsed(kept, TODAY)
    assert rules.lapsed(kept, TODAY + timedelta(days=1))
    assert not rules.overdue(kept, TODAY + timedelta(days=999))
    assert not rules.overdue(DUTY, DUTY.due_on)
    assert rules.overdue(DUTY, DUTY.due_on + timedelta(days=1))
    assert not rules.overdue(replace(DUTY, state=State.DELETED), DUTY.due_on + timedelta(days=1))


def test_the_policy_is_dated_cited_and_names_laws_only():
    first = policy.editions()[0]
    assert policy.on(date(2020, 1, 1)) == first
    assert "自定" in first.citation
    assert all(law.name.startswith("《中华人民共和国") for law in first.laws.values())
    assert policy.law_name("no_such_law") == "no_such_law"


def test_a_faulty_policy_is_named_by_file(tmp_path, monkeypatch):
    (tmp_path / "deletion_x.yaml").write_text("receipt_days: 0")
    monkeypatch.setattr(policy, "DIRECTORY", tmp_path)
    policy.editions.cache_clear()
    try:
        with pytest.raises(ConsentError, match=r"deletion_x\.yaml"):
            policy.editions()
    finally:
        monkeypatch.undo()
        policy.editions.cache_clear()
