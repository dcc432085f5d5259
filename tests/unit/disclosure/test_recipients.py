"""Each consent that ended and gave something owes exactly one receipt, in any order of acts."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)

from rongxin.consent import grants
from rongxin.consent.deletion import duties
from rongxin.consent.errors import ConsentError
from rongxin.disclosure import gate, recipients
from rongxin.disclosure.release import Recipient, Release, Request
from rongxin.disclosure.rules import RecipientKind
from rongxin.journal import entries, sequencer
from rongxin.journal.rules import Kind
from rongxin.sharing import gateways
from rongxin.vocabulary.actor import Actor, ActorKind
from rongxin.vocabulary.purpose import Purpose
from tests.unit.consent import stage
from tests.unit.sharing import fakes

pytestmark = pytest.mark.django_db(transaction=True)
_numbers = itertools.count(1)
TERM_DAYS = 31
ITEMS = (("tax_payment",), ("tax_payment", "housing_fund"), ("housing_fund",))


class TaxBureau(fakes.Provider):
    def serves(self, item: str) -> bool:
        return item == "tax_payment"

    def fetch(self, question: Any) -> list[dict[str, str]]:
        return [{"uscc": question.subject.uscc, "vat_paid_cny_12m": "1200.00"}]


@pytest.fixture(autouse=True)
def bureau() -> Iterator[None]:
    gateways.connect("tax_bureau", TaxBureau())
    yield
    gateways.disconnect("tax_bureau")


def ask(firm: stage.Firm, bank: str, case: UUID, consent: UUID, **changes: Any) -> Any:
    request = Request(
        recipient=Recipient(RecipientKind.INSTITUTION, bank, "云州银行", "clerk-7"),
        uscc=firm.uscc,
        items=("tax_payment",),
        purpose=Purpose.PRE_LOAN_REVIEW,
        reference="DK-1",
        case_id=case,
        consent_id=consent,
    )
    as_of = changes.pop("as_of", stage.NOW + timedelta(hours=1))
    actor = Actor(ActorKind.ACCOUNT, "1", f"institution:{bank}")
    return gate.release(replace(request, **changes), actor=actor, as_of=as_of)


@dataclass
class Expected:
    """What the model believes of one consent, in its own words."""

    items: frozenset[str]
    day: int
    former: UUID | None
    used: bool = False
    ended: bool = False
    successor: UUID | None = None


class Endings(RuleBasedStateMachine):
    consents: Bundle[UUID] = Bundle("consents")

    @initialize()
    def set_the_stage(self) -> None:
        self.day, self.model, self.followed = 0, dict[UUID, Expected](), True
        self.firm, self.bank = stage.firm(), stage.bank(f"bank_{next(_numbers)}")
        self.case_id = stage.case(self.firm, self.bank)

    @property
    def now(self) -> Any:
        return stage.NOW + timedelta(days=self.day, hours=1)

    @rule(target=consents, items=st.sampled_from(ITEMS), asked=st.booleans())
    def grant(self, items: tuple[str, ...], asked: bool) -> Any:
        made = self._grant(items, None)
        if asked:
            self.ask_for_a_report(made)
        return made

    @rule(target=consents, items=st.sampled_from(ITEMS), former=consents, asked=st.booleans())
    def renew(self, items: tuple[str, ...], former: UUID, asked: bool) -> Any:
        if self.model[former].ended or self._over(former):
            return multiple()
        made = self._grant(items, former)
        self.model[former].ended, self.model[former].successor = True, made
        if asked:
            self.ask_for_a_report(made)
        return made

    @rule(consent=consents)
    def ask_for_a_report(self, consent: UUID) -> None:
        answer = ask(self.firm, self.bank, self.case_id, consent, as_of=self.now)
        self.model[consent].used |= isinstance(answer, Release)

    @rule(consent=consents)
    def withdraw(self, consent: UUID) -> None:
        if self.model[consent].ended:
            with pytest.raises(ConsentError):
                grants.withdraw(consent, actor=self.firm.owner.actor, as_of=self.now)
            return
        grants.withdraw(consent, actor=self.firm.owner.actor, as_of=self.now)
        self.model[consent].ended, self.followed = True, False

    @rule(days=st.sampled_from([1, TERM_DAYS]))
    def time_passes(self, days: int) -> None:
        self.day += days
        grants.expire_due(as_of=self.now)
        for consent, one in self.model.items():
            one.ended |= self._over(consent)
        self.followed = False

    @rule(consent=consents)
    def the_door_looks_at_once(self, consent: UUID) -> None:
        recipients.settle(consent, as_of=self.now)

    @rule()
    def news_is_read(self) -> None:
        sequencer.integrate()
        recipients.follow(as_of=self.now)
        self.followed = True

    @invariant()
    def exactly_what_was_received_and_has_no_ground_left_is_owed(self) -> None:
        if not getattr(self, "followed", False):
            return
        sequencer.integrate()
        recipients.follow(as_of=self.now)
        owed = {card.duty.consent: set(card.items) for card in duties.of_subject(self.firm.id)}
        expected = {consent: left for consent in self.model if (left := self._left(consent))}
        assert owed == expected
        told = entries.find(subject=self.firm.id, kinds=[Kind.DELETION_OWED], entries_max=1000)
        assert len(told) == len(owed)

    def _grant(self, items: tuple[str, ...], former: UUID | None) -> UUID:
        draft = stage.draft(*items, as_of=self.now)
        more = {"supersedes": former} if former else {}
        made = stage.consent(self.firm, self.case_id, as_of=self.now, draft=draft, **more).id
        self.model[made] = Expected(frozenset(items), self.day, former)
        return made

    def _over(self, consent: UUID) -> bool:
        return self.day >= self.model[consent].day + TERM_DAYS

    def _holds(self, consent: UUID) -> bool:
        one = self.model[consent]
        before = one.former and self.model[one.former].items & one.items and self._holds(one.former)
        return one.used or bool(before)

    def _left(self, consent: UUID) -> set[str]:
        one = self.model[consent]
        if not (one.ended and self._holds(consent)):
            return set()
        return set(one.items - (self.model[one.successor].items if one.successor else frozenset()))


def test_in_any_order_of_acts_each_ended_consent_with_disclosures_owes_one_receipt() -> None:
    run_state_machine_as_test(
        Endings,
        settings=settings(
            max_examples=int(os.environ.get("RONGXIN_EXAMPLES", "20")),
            stateful_step_count=15,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


@pytest.mark.parametrize(
    ("first", "second", "after_renewal", "after_withdrawal"),
    [
        (ITEMS[0], ITEMS[0], [], [["tax_payment"]]),
        (ITEMS[1], ITEMS[0], [["housing_fund"]], [["housing_fund"], ["tax_payment"]]),
        (ITEMS[0], ITEMS[1], [], [["housing_fund", "tax_payment"]]),
        (ITEMS[0], ITEMS[2], [["tax_payment"]], [["tax_payment"]]),
    ],
)
def test_what_a_renewal_names_again_is_owed_only_when_it_ends(
    first: tuple[str, ...],
    second: tuple[str, ...],
    after_renewal: list[list[str]],
    after_withdrawal: list[list[str]],
) -> None:
    firm, bank, later = stage.firm(), stage.bank(), stage.NOW + timedelta(hours=2)
    case = stage.case(firm, bank)
    used = stage.consent(firm, case, draft=stage.draft(*first)).id
    assert isinstance(ask(firm, bank, case, used), Release)
    renewed = stage.consent(firm, case, as_of=later, draft=stage.draft(*second), supersedes=used).id
    for act, expected in [(None, after_renewal), (grants.withdraw, after_withdrawal)]:
        if act is not None:
            act(renewed, actor=firm.owner.actor, as_of=later)
        sequencer.integrate()
        recipients.follow(as_of=later)
        assert sorted(list(card.items) for card in duties.of_subject(firm.id)) == expected


def test_nothing_received_nothing_owed_and_a_public_report_is_no_use_of_a_consent() -> None:
    firm, bank = stage.firm(), stage.bank()
    case = stage.case(firm, bank)
    consent = stage.consent(firm, case).id
    public = {"case_id": None, "consent_id": None, "purpose": Purpose.FINANCING_SUPPORT}
    assert isinstance(ask(firm, bank, case, consent, **public), Release)
    grants.withdraw(consent, actor=firm.owner.actor, as_of=stage.NOW + timedelta(hours=2))
    assert not recipients.settle(consent, as_of=stage.NOW + timedelta(hours=2))
    assert duties.of_consent(consent) == []


def test_a_consent_edited_past_the_platform_keeps_no_other_waiting(caplog: pytest.LogCaptureFixture) -> None:
    firm, bank = stage.firm(), stage.bank()
    case, later = stage.case(firm, bank), stage.NOW + timedelta(hours=2)
    consents = [stage.consent(firm, case).id for _ in range(2)]
    for consent in consents:
        assert isinstance(ask(firm, bank, case, consent), Release)
        grants.withdraw(consent, actor=firm.owner.actor, as_of=later)
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE consent_consent DISABLE TRIGGER consent_guard")
        cursor.execute("UPDATE consent_consent SET seal = repeat('0', 64) WHERE id = %s", [consents[0]])
        cursor.execute("ALTER TABLE consent_consent ENABLE TRIGGER consent_guard")
    sequencer.integrate()
    assert recipients.follow(as_of=later) == 1
    assert "no deletion receipt can be asked for" in caplog.text
    assert recipients.follow(as_of=later) == 0
