"""The life of consents against a model in memory: any order of acts, on the real database (promises P15)."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    multiple,
    precondition,
    rule,
    run_state_machine_as_test,
)

from rongxin.consent import grants, rules
from rongxin.consent.errors import ConsentError
from rongxin.consent.rules import Ask, Status
from rongxin.parties import subjects
from rongxin.parties.errors import PartiesError
from rongxin.vocabulary.actor import SYSTEM
from rongxin.vocabulary.purpose import Purpose
from tests.unit.consent import stage

TERM_DAYS = 31


@dataclass
class Expected:
    """What the model believes of one consent, in its own words."""

    granted_day: int
    state: str = "active"


@dataclass
class World:
    """The model: days passed, who represents the firm, and the consents."""

    day: int = 0
    deregistered: bool = False
    consents: dict[UUID, Expected] = field(default_factory=dict)


class ConsentLife(RuleBasedStateMachine):
    consents: Bundle[UUID] = Bundle("consents")

    def __init__(self) -> None:
        super().__init__()
        self.transaction = transaction.atomic()
        self.transaction.__enter__()
        self.world = World()

    @initialize()
    def set_the_stage(self) -> None:
        self.firm = stage.firm()
        self.case_id = stage.case(self.firm, stage.bank())
        self.stranger = stage.person().actor

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self.transaction.__exit__(None, None, None)

    @property
    def now(self) -> Any:
        return stage.NOW + timedelta(days=self.world.day)

    def attempt(self, allowed: bool, act: Any, *arguments: Any, **named: Any) -> Any:
        """Do an act; the model says whether it must succeed or be refused."""
        if allowed:
            with transaction.atomic():
                return act(*arguments, **named, as_of=self.now)
        with pytest.raises((ConsentError, PartiesError)), transaction.atomic():
            act(*arguments, **named, as_of=self.now)
        return None

    @rule(target=consents)
    def grant(self) -> Any:
        grant = self.attempt(not self.world.deregistered, self._grant)
        return self._note(grant)

    @rule(target=consents, former=consents)
    def supersede(self, former: UUID) -> Any:
        lives = self._lives(former)
        grant = self.attempt(lives and not self.world.deregistered, self._grant, supersedes=former)
        if grant is not None:
            self.world.consents[former].state = "superseded"
        return self._note(grant)

    @rule(consent=consents)
    def pause(self, consent: UUID) -> None:
        self._act(consent, grants.pause, from_={"active"}, to="paused")

    @rule(consent=consents)
    def resume(self, consent: UUID) -> None:
        past = self.world.day >= self.world.consents[consent].granted_day + TERM_DAYS
        self._act(consent, grants.resume, from_=set() if past else {"paused"}, to="active")

    @rule(consent=consents, days=st.sampled_from([1, TERM_DAYS]))
    def pause_and_resume_later(self, consent: UUID, days: int) -> None:
        self.pause(consent)
        self.time_passes(days)
        self.resume(consent)

    @rule(consent=consents)
    def withdraw(self, consent: UUID) -> None:
        self._act(consent, grants.withdraw, from_={"active", "paused"}, to="withdrawn")

    @rule(consent=consents, act=st.sampled_from([grants.pause, grants.resume, grants.withdraw]))
    def a_stranger_tries(self, consent: UUID, act: Any) -> None:
        self.attempt(False, act, consent, actor=self.stranger)

    @rule(days=st.sampled_from([1, TERM_DAYS - 1, TERM_DAYS]))
    def time_passes(self, days: int) -> None:
        self.world.day += days

    @rule()
    def expire(self) -> None:
        grants.expire_due(as_of=self.now)
        for expected in self.world.consents.values():
            over = self.world.day >= expected.granted_day + TERM_DAYS
            if over and expected.state in {"active", "paused"} and not self.world.deregistered:
                expected.state = "expired"

    @precondition(lambda self: self.world.consents)
    @rule()
    def deregister(self) -> None:
        if self.attempt(not self.world.deregistered, subjects.deregister, self.firm.id, actor=SYSTEM):
            self.world.deregistered = True

    @rule()
    def settle_deregistration(self) -> None:
        if self.world.deregistered:
            grants.end_of_subject(self.firm.id, as_of=self.now)

    @invariant()
    def the_register_says_what_the_model_says(self) -> None:
        if not hasattr(self, "firm"):
            return
        told = {grant.id: grant.status.value for grant in grants.of_subject(self.firm.id)}
        assert told == {consent: self._state(consent) for consent in self.world.consents}

    @invariant()
    def only_what_lives_within_its_term_covers(self) -> None:
        for consent, expected in self.world.consents.items():
            grant = grants.get(consent)
            ask = Ask(
                institution="bank_a",
                subject=self.firm.uscc,
                item="tax_payment",
                purpose=Purpose.PRE_LOAN_REVIEW,
                case=self.case_id,
                as_of=self.now,
            )
            covered = rules.covers(grant.terms, grant.status, ask).covered
            within = self.world.day < expected.granted_day + TERM_DAYS
            assert covered is (self._state(consent) == "active" and within)

    def _grant(self, *, as_of: Any, **named: Any) -> grants.Grant:
        return stage.consent(self.firm, self.case_id, as_of=as_of, **named)

    def _note(self, grant: grants.Grant | None) -> Any:
        if grant is None:
            return multiple()
        self.world.consents[grant.id] = Expected(self.world.day)
        return grant.id

    def _act(self, consent: UUID, act: Any, *, from_: set[str], to: str) -> None:
        # Nobody acts for a deregistered firm.
        allowed = self._state(consent) in from_ and not self.world.deregistered
        if self.attempt(allowed, act, consent, actor=self.firm.owner.actor):
            self.world.consents[consent].state = to

    def _state(self, consent: UUID) -> str:
        state = self.world.consents[consent].state
        return "ended" if self.world.deregistered and state in {"active", "paused"} else state

    def _lives(self, consent: UUID) -> bool:
        return self._state(consent) in {"active", "paused"}


@pytest.mark.django_db
def test_no_order_of_acts_leads_where_the_table_does_not() -> None:
    examples = int(os.environ.get("RONGXIN_EXAMPLES", "50"))
    run_state_machine_as_test(
        ConsentLife,
        settings=settings(
            max_examples=examples,
            stateful_step_count=20,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


def test_the_model_s_words_are_the_law_s() -> None:
    assert {status.value for status in Status} == {
        "active",
        "paused",
        "withdrawn",
        "expired",
        "superseded",
        "ended",
    }
