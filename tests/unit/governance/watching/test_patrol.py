"""The watch on a node: a scraping clerk is barred, a spread scrape suspends, a decision takes it back."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from rongxin.consent.rules import BUSINESS_ZONE
from rongxin.disclosure import gate
from rongxin.disclosure.errors import UnknownSubject
from rongxin.disclosure.release import Recipient, Refusal, Release, Request
from rongxin.disclosure.rules import RecipientKind
from rongxin.financing import outcomes
from rongxin.financing.rules import Security, Stage, Told
from rongxin.governance import measures
from rongxin.governance.errors import (
    GovernanceError,
    IncidentOver,
    NotTheOperators,
    SamePerson,
    UnknownIncident,
)
from rongxin.governance.measures import Wanted
from rongxin.governance.rules import Act
from rongxin.governance.watching import incidents, parameters, patrol, rules
from rongxin.governance.watching.rules import Action, Finding, Rule, State
from rongxin.journal.models import Entry
from rongxin.parties import institutions, quotas
from rongxin.parties.rules.quota import Scope
from rongxin.parties.rules.standing import Standing
from rongxin.vocabulary.actor import SYSTEM, Actor, ActorKind
from rongxin.vocabulary.purpose import Purpose
from rongxin.vocabulary.reason import Reason
from tests.unit.consent import stage

pytestmark = pytest.mark.django_db(transaction=True)
BANK = Actor(ActorKind.ACCOUNT, "1", "institution:bank_a")
OPERATOR = Actor(ActorKind.ACCOUNT, "7", "operator:")
SECOND = Actor(ActorKind.ACCOUNT, "8", "operator:")
NOON = stage.NOW.astimezone(BUSINESS_ZONE).replace(hour=12)


@pytest.fixture(autouse=True)
def bank() -> str:
    quotas.forget_lately()
    return stage.bank()


def ask(firm: Any, person: str = "7", *, at: datetime = NOON, **changes: Any) -> Release | Refusal:
    request = Request(
        Recipient(RecipientKind.INSTITUTION, "bank_a", "云州银行", person),
        firm.uscc,
        ("administrative_penalty",),
        Purpose.FINANCING_SUPPORT,
        "DK-1",
        **changes,
    )
    return gate.release(request, actor=BANK, as_of=at)


def limit(scope: Scope, allowed: int, key: str = "") -> None:
    quotas.set_limit("bank_a", scope, allowed, key=key, actor=SYSTEM, as_of=NOON)


def walk(at: datetime = NOON) -> list[incidents.Card]:
    patrol.walk(window=True, as_of=at + timedelta(minutes=1))
    return incidents.every()


def test_a_clerk_who_scrapes_is_stopped_at_the_quota_and_barred_within_a_minute() -> None:
    limit(Scope.PERSON, 5)
    firms = [stage.firm() for _ in range(30)]
    answers = [ask(firm) for firm in firms]
    assert sum(isinstance(answer, Release) for answer in answers) == 5
    (card,) = walk()
    assert (card.rule, card.person, card.figures) == (Rule.PERSON_PAST_LIMIT, "7", {"refusals": 25})
    assert quotas.barred("bank_a") == ["7"]
    tomorrow = ask(firms[0], at=NOON + timedelta(days=1))
    assert isinstance(tomorrow, Refusal)
    assert tomorrow.reason is Reason.PERSON_QUOTA_EXHAUSTED
    assert isinstance(ask(firms[0], "8"), Release)
    assert walk() == [card]  # looked at again, the same facts open nothing new


def test_a_scrape_spread_over_twenty_colleagues_is_found() -> None:
    limit(Scope.NEW_SUBJECTS, 10)
    firms = [stage.firm() for _ in range(40)]
    answers = [ask(firm, f"clerk-{number % 20}") for number, firm in enumerate(firms)]
    assert sum(isinstance(answer, Release) for answer in answers) == 10
    (card,) = walk()
    assert card.rule is Rule.NEW_SUBJECTS_PAST_LIMIT
    assert institutions.get("bank_a").standing is Standing.SUSPENDED
    assert incidents.suspended() == 1
    kinds = list(Entry.objects.filter(kind__in=["incident.opened", "institution.changed"]).values("kind"))
    assert {"kind": "incident.opened"} in kinds


def test_a_slow_scrape_by_twenty_colleagues_is_found_though_no_limit_is_met() -> None:
    """Two firms a day each, in business hours, over days, beside colleagues who work on cases."""
    number = 0
    for day in range(3):
        at = NOON + timedelta(days=day)
        for clerk in range(20):
            for _ in range(2):
                assert isinstance(ask(stage.firm(), f"clerk-{clerk}", at=at), Release)
        for _ in range(10):
            firm, number = stage.firm(), number + 1
            stage.case(firm, "bank_a", f"DK-{number}", as_of=at)
            assert isinstance(ask(firm, f"officer-{number % 5}", at=at), Release)
    given = parameters.in_force(at.date()).model_copy(update={"no_case_person_of": 6})
    early = patrol.look("bank_a", as_of=at + timedelta(minutes=1))
    assert early.subjects == 0  # a case may still come
    seen = patrol.look("bank_a", as_of=at + timedelta(days=given.case_within_days))
    assert (seen.subjects, seen.subjects_without_case) == (150, 120)  # below the share of all
    assert seen.person_subjects["clerk-3"] == (6, 6)
    assert seen.person_subjects["officer-3"] == (6, 0)
    assert [one.rule for one in rules.find(seen, given)] == [Rule.NO_CASES]
    assert list(rules.find(seen, given.model_copy(update={"no_case_persons": 21}))) == []


def test_who_tries_out_codes_must_name_cases_from_then_on() -> None:
    firm = stage.firm()
    for _ in range(50):
        with pytest.raises(UnknownSubject):
            ask(stage.Firm(0, stage.code(), firm.owner))
    assert isinstance(ask(firm), Release)
    (card,) = walk()
    assert card.rule is Rule.UNKNOWN_SUBJECTS
    refused = ask(firm)
    assert isinstance(refused, Refusal)
    assert refused.reason is Reason.CASE_MISSING
    case = stage.case(firm, "bank_a")
    stage.consent(firm, case, draft=stage.draft("administrative_penalty"))
    named = ask(firm, case_id=case)
    assert not isinstance(named, Refusal) or named.reason is not Reason.CASE_MISSING


def test_queries_after_a_case_is_over_are_seen() -> None:
    from rongxin.consent import cases

    firm = stage.firm()
    case = stage.case(firm, "bank_a")
    cases.close_case(case, actor=BANK, as_of=NOON)
    later = NOON + timedelta(days=3)
    for _ in range(9):
        ask(firm, at=later)
    assert walk(later) == []
    ask(firm, at=later)
    assert [card.rule for card in walk(later)] == [Rule.AFTER_THE_END]
    stage.case(firm, "bank_a", "DK-2")
    assert patrol.look("bank_a", as_of=later).after_the_end == 0


def test_queries_beyond_a_loans_term_are_seen_but_not_of_one_that_is_overdue() -> None:
    drawn = NOON.date() - timedelta(days=200)
    grace = timedelta(days=parameters.in_force(NOON.date()).tenure_grace_days)
    late, overdue = stage.firm(), stage.firm()
    for number, (firm, days_overdue) in enumerate(((late, 0), (overdue, 40))):
        case = stage.case(firm, "bank_a", f"DK-{number}", as_of=NOON - timedelta(days=300))
        steps = [
            Told(Stage.APPROVED, drawn, Decimal("500000"), 385, 3, Security.CREDIT),
            Told(Stage.DRAWN, drawn, Decimal("500000")),
            Told(Stage.REPAYMENT, drawn, outstanding_cny=Decimal("9"), overdue_days=days_overdue),
        ]
        lines = [outcomes.Line(n, case, step) for n, step in enumerate(steps)]
        assert len(outcomes.tell("bank_a", lines, actor=BANK, as_of=NOON).accepted) == 3
    ends_on = date(drawn.year, drawn.month + 3, drawn.day)
    assert ends_on + grace < NOON.date()
    last = NOON.replace(year=ends_on.year, month=ends_on.month, day=ends_on.day) + grace
    for _ in range(10):
        assert isinstance(ask(late, at=last), Release)  # on the last day of grace
    assert patrol.look("bank_a", as_of=last + timedelta(minutes=1)).beyond_tenure == 0
    for _ in range(10):
        assert isinstance(ask(late), Release)
        assert isinstance(ask(overdue), Release)
    assert patrol.look("bank_a", as_of=NOON + timedelta(minutes=1)).beyond_tenure == 10
    assert [(card.rule, card.action) for card in walk()] == [(Rule.BEYOND_TENURE, Action.WARN)]
    stage.case(late, "bank_a", "DK-9")  # a new loan is asked for
    assert patrol.look("bank_a", as_of=NOON + timedelta(minutes=1)).beyond_tenure == 0


def test_a_loan_that_was_settled_is_over_and_no_longer_beyond_its_term() -> None:
    firm, drawn = stage.firm(), NOON.date() - timedelta(days=200)
    case = stage.case(firm, "bank_a", as_of=NOON - timedelta(days=300))
    steps = [
        Told(Stage.APPROVED, drawn, Decimal("500000"), 385, 3, Security.CREDIT),
        Told(Stage.DRAWN, drawn, Decimal("500000")),
        Told(Stage.SETTLED, drawn + timedelta(days=90)),
    ]
    lines = [outcomes.Line(n, case, step) for n, step in enumerate(steps)]
    assert len(outcomes.tell("bank_a", lines, actor=BANK, as_of=NOON).accepted) == 3
    later = NOON + timedelta(days=3 + parameters.in_force(NOON.date()).tenure_grace_days)
    for _ in range(10):
        assert isinstance(ask(firm, at=later), Release)
    seen = patrol.look("bank_a", as_of=later + timedelta(minutes=1))
    assert (seen.after_the_end, seen.beyond_tenure) == (10, 0)


def test_who_asks_much_at_night_must_show_a_new_code_and_colleagues_go_on() -> None:
    night = NOON.replace(hour=22)
    for _ in range(15):
        assert isinstance(ask(stage.firm(), "钱四", at=night), Release)
    (card,) = walk(night)
    assert (card.rule, card.action, card.person) == (Rule.PERSON_AT_NIGHT, Action.STEP_UP, "钱四")
    refused = ask(stage.firm(), " 钱四", at=night)
    assert isinstance(refused, Refusal)
    assert refused.reason is Reason.STEP_UP_REQUIRED
    assert isinstance(ask(stage.firm(), "孙五", at=night), Release)
    incidents.decide(card.id, cleared=True, why="夜班", actor=OPERATOR, as_of=night)
    assert isinstance(ask(stage.firm(), "钱四", at=night), Release)


def test_a_confirmed_incident_is_lifted_by_two_persons_and_only_by_them() -> None:
    limit(Scope.NEW_SUBJECTS, 0)
    for _ in range(20):
        ask(stage.firm())
    (card,) = walk()
    first, second = stage.operators()
    wanted = Wanted("bank_a", Act.LIFT_INCIDENT, key=str(card.id))
    with pytest.raises(IncidentOver):
        measures.propose(wanted, why="整改完成", actor=first, as_of=NOON)
    incidents.decide(card.id, cleared=False, why="属实", actor=OPERATOR, as_of=NOON)
    with pytest.raises(UnknownIncident):
        measures.propose(replace(wanted, key="x"), why="整改完成", actor=first, as_of=NOON)
    made = measures.propose(wanted, why="整改完成", actor=first, as_of=NOON)
    assert institutions.get("bank_a").standing is Standing.SUSPENDED
    with pytest.raises(SamePerson):
        measures.confirm(UUID(made["measure"]), actor=first, as_of=NOON)
    measures.confirm(UUID(made["measure"]), actor=second, as_of=NOON)
    assert institutions.get("bank_a").standing is Standing.ACTIVE
    assert [one.state for one in incidents.every()] == [State.LIFTED]
    with pytest.raises(IncidentOver):
        measures.propose(wanted, why="再次", actor=first, as_of=NOON)


def test_a_cleared_incident_takes_its_measure_back_and_stays_closed() -> None:
    limit(Scope.NEW_SUBJECTS, 0)
    for _ in range(20):
        ask(stage.firm())
    (card,) = walk()
    told = incidents.state_case(
        card.id, "批量续贷 13900139000", institution_id="bank_a", actor=BANK, as_of=NOON
    )
    assert told.state is State.STATED
    assert "139" not in told.statement
    with pytest.raises(IncidentOver):
        incidents.state_case(card.id, "again", institution_id="bank_a", actor=BANK, as_of=NOON)
    with pytest.raises(NotTheOperators):
        incidents.decide(card.id, cleared=True, why="x", actor=BANK, as_of=NOON)
    with pytest.raises(GovernanceError):
        incidents.decide(card.id, cleared=True, why=" ", actor=OPERATOR, as_of=NOON)
    incidents.decide(card.id, cleared=True, why="续贷属实", actor=OPERATOR, as_of=NOON)
    assert institutions.get("bank_a").standing is Standing.ACTIVE
    assert [one.state for one in walk()] == [State.CLEARED]
    assert institutions.get("bank_a").standing is Standing.ACTIVE


def test_a_confirmed_incident_keeps_its_measure() -> None:
    limit(Scope.PERSON, 0, "7")
    for _ in range(20):
        ask(stage.firm())
    (card,) = walk()
    incidents.decide(card.id, cleared=False, why="属实", actor=OPERATOR, as_of=NOON)
    assert quotas.barred("bank_a") == ["7"]
    assert incidents.every(live_only=True) == []
    with pytest.raises(IncidentOver):
        incidents.decide(card.id, cleared=True, why="x", actor=OPERATOR, as_of=NOON)


def test_an_institution_sees_its_own_incidents_only() -> None:
    limit(Scope.NEW_SUBJECTS, 0)
    for _ in range(20):
        ask(stage.firm())
    (card,) = walk()
    assert incidents.every(institution_id="bank_b") == []
    with pytest.raises(UnknownIncident):
        incidents.state_case(card.id, "x", institution_id="bank_b", actor=BANK, as_of=NOON)


def test_what_is_past_its_deadline_is_journalled_once() -> None:
    limit(Scope.NEW_SUBJECTS, 0)
    for _ in range(20):
        ask(stage.firm())
    (card,) = walk()
    assert incidents.mark_overdue(as_of=NOON + timedelta(days=15)) == 0
    assert incidents.mark_overdue(as_of=NOON + timedelta(days=16)) == 1
    assert incidents.mark_overdue(as_of=NOON + timedelta(days=17)) == 0
    assert card.document(on=card.statement_due_on + timedelta(days=1))["overdue"]


def test_clearing_an_incident_does_not_undo_what_a_person_imposed() -> None:
    """Cases were required by hand before; the suspension was lifted and imposed anew by people since."""
    limit(Scope.NEW_SUBJECTS, 0)
    for _ in range(20):
        ask(stage.firm())
    (card,) = walk()
    first, second = stage.operators()
    lifted = measures.propose(Wanted("bank_a", Act.REINSTATE), why="核实", actor=first, as_of=NOON)
    measures.confirm(UUID(lifted["measure"]), actor=second, as_of=NOON)
    measures.propose(Wanted("bank_a", Act.SUSPEND), why="另有原因", actor=first, as_of=NOON)
    incidents.decide(card.id, cleared=True, why="续贷属实", actor=OPERATOR, as_of=NOON)
    assert institutions.get("bank_a").standing is Standing.SUSPENDED


def test_clearing_leaves_required_cases_that_were_required_before() -> None:
    institutions.require_cases("bank_a", True, actor=OPERATOR, as_of=NOON)
    found = Finding(Rule.UNKNOWN_SUBJECTS, {"unknown": 50})
    card = incidents.open_incident("bank_a", found, seen=(NOON, NOON), as_of=NOON)
    assert card is not None
    incidents.decide(card.id, cleared=True, why="属实", actor=OPERATOR, as_of=NOON)
    assert institutions.get("bank_a").cases_required


def test_clearing_gives_a_person_the_limit_back_that_it_had() -> None:
    limit(Scope.PERSON, 5, "7")
    found = Finding(Rule.PERSON_PAST_LIMIT, {"refusals": 25}, "7")
    card = incidents.open_incident("bank_a", found, seen=(NOON, NOON), as_of=NOON)
    assert card is not None
    assert quotas.own_limit("bank_a", Scope.PERSON, "7") == 0
    incidents.decide(card.id, cleared=True, why="属实", actor=OPERATOR, as_of=NOON)
    assert quotas.own_limit("bank_a", Scope.PERSON, "7") == 5


def test_of_two_incidents_the_last_one_cleared_takes_the_measure_back() -> None:
    opened = [
        incidents.open_incident("bank_a", Finding(rule, {}), seen=(NOON, NOON), as_of=NOON)
        for rule in (Rule.NEW_SUBJECTS_PAST_LIMIT, Rule.CONSENT_FAILURES)
    ]
    for card, standing in zip(opened, (Standing.SUSPENDED, Standing.ACTIVE), strict=True):
        assert card is not None
        incidents.decide(card.id, cleared=True, why="属实", actor=OPERATOR, as_of=NOON)
        assert institutions.get("bank_a").standing is standing
