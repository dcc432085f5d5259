"""An institution's own card: applied to consented data of its case, telling the score and no input."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from rongxin.consent import grants
from rongxin.disclosure import gate, register
from rongxin.disclosure.models import Kept, Outcome
from rongxin.disclosure.own_card import ITEM
from rongxin.disclosure.release import Recipient, Refusal, Release, Request
from rongxin.disclosure.rules import RecipientKind
from rongxin.evaluation import institution_cards
from rongxin.evaluation.errors import InstitutionCardRetired, UnknownInstitutionCard
from rongxin.proof import canonical
from rongxin.sharing import gateways
from rongxin.sharing.aggregation import sources
from rongxin.vocabulary.actor import Actor, ActorKind
from rongxin.vocabulary.purpose import Purpose
from rongxin.vocabulary.reason import Reason
from tests.unit.consent import stage
from tests.unit.evaluation import cards
from tests.unit.sharing import fakes

pytestmark = pytest.mark.django_db(transaction=True)
CLERK = Actor(ActorKind.ACCOUNT, "1", "institution:bank_a")
LATER = stage.NOW + timedelta(hours=1)
PAID = "sum(tax_payment.vat_paid_cny_12m)"


class TaxBureau(fakes.Provider):
    """Says what a firm paid, and what it owes, when asked."""

    def __init__(self) -> None:
        self.paid, self.asked = "1200.00", list[str]()

    def serves(self, item: str) -> bool:
        return item in ("tax_payment", "taxpayer_credit_rating")

    def fetch(self, question: Any) -> list[dict[str, Any]]:
        self.asked.append(question.item)
        rated = {"rating_year": 2025, "taxpayer_credit_grade": "D"}
        row = {"tax_payment": {"vat_paid_cny_12m": self.paid}, "taxpayer_credit_rating": rated}
        return [{"uscc": question.subject.uscc, **row[question.item]}]


@pytest.fixture
def bureau() -> Any:
    made = TaxBureau()
    gateways.connect("tax_bureau", made)
    yield made
    gateways.disconnect("tax_bureau")


class Scene:
    def __init__(self) -> None:
        sources.forget()
        self.firm, self.bank = stage.firm(), stage.bank()
        self.case = stage.case(self.firm, self.bank)

    def consents(self, *items: str, **more: Any) -> grants.Grant:
        return stage.consent(self.firm, self.case, draft=stage.draft(*items), **more)

    def asks(self, *columns: Any, **more: Any) -> Release | Refusal:
        held = cards.uploaded("bank_a", *columns, as_of=stage.NOW)
        return self.asks_by(held.id, **more)

    def asks_by(self, card: Any, bank: str = "bank_a", **more: Any) -> Release | Refusal:
        request = Request(
            recipient=Recipient(RecipientKind.INSTITUTION, bank, "云州银行", "clerk-7"),
            uscc=self.firm.uscc, items=(), purpose=Purpose.PRE_LOAN_REVIEW, reference="DK-2026-0001",
            case_id=self.case, card=card,
        )  # fmt: skip
        actor = replace(CLERK, party=f"institution:{bank}")
        return gate.release(replace(request, **more), actor=actor, as_of=LATER)


@pytest.fixture
def scene(bureau: TaxBureau) -> Scene:
    return Scene()


def told(answer: Release | Refusal) -> dict[str, Any]:
    assert isinstance(answer, Release), answer
    (item,) = answer.items
    assert item.item == ITEM
    return {name: field.value for name, field in item.rows[0].fields.items()}


def test_with_consent_the_score_and_its_reasons_leave_and_no_input(scene: Scene) -> None:
    scene.consents("tax_payment")
    answer = scene.asks(PAID)
    said = told(answer)
    assert (said["score"], said["observed"], said["columns"]) == (550, 1, 1)
    assert said["won"] == [{"column": PAID, "label": "纳税信息·近一年增值税实际缴税金额（合计）"}]
    assert isinstance(answer, Release)
    assert "1200" not in canonical.dumps(answer.content()).decode()
    assert answer.digest == answer.compute_digest()


def test_without_consent_a_card_over_one_field_gives_no_score_and_asks_nobody(
    scene: Scene, bureau: TaxBureau
) -> None:
    answer = scene.asks(PAID)
    assert isinstance(answer, Refusal)
    assert answer.reason is Reason.CONSENT_MISSING
    assert bureau.asked == []


def test_what_the_consent_does_not_open_is_missing_whatever_it_holds(scene: Scene, bureau: TaxBureau) -> None:
    scene.consents("taxpayer_credit_rating")
    rating = cards.column("newest(taxpayer_credit_rating.taxpayer_credit_grade)", kind="category", bins=[
        {"points": 9, "values": ["A", "B"]}, {"points": 1, "values": ["D"]}])  # fmt: skip
    said = []
    for paid in ("1.00", "9000000.00"):
        bureau.paid = paid
        said.append(told(scene.asks(PAID, rating)))
    assert said[0] == said[1]
    assert (said[0]["score"], said[0]["observed"]) == (500 - 5 + 1, 1)
    assert [one["column"] for one in said[0]["lacks"]] == [PAID]
    assert set(bureau.asked) == {"taxpayer_credit_rating"}


def test_a_card_without_a_case_or_with_nothing_known_says_so(scene: Scene, bureau: TaxBureau) -> None:
    answer = scene.asks(PAID, case_id=None)
    assert isinstance(answer, Refusal)
    assert answer.reason is Reason.CASE_MISSING
    scene.consents("tax_payment")
    gateways.disconnect("tax_bureau")
    said = told(scene.asks(PAID))
    assert (said["score"], said["observed"]) == (None, 0)


def test_anothers_card_is_as_good_as_none_and_a_retired_one_is_not_applied(scene: Scene) -> None:
    stage.bank("bank_b")
    held = cards.uploaded("bank_b", PAID, as_of=stage.NOW)
    scene.consents("tax_payment")
    for card in (held.id, uuid4()):
        with pytest.raises(UnknownInstitutionCard):
            scene.asks_by(card)
    own = cards.uploaded("bank_a", PAID, as_of=stage.NOW)
    institution_cards.retire(own.id, institution="bank_a", actor=CLERK, as_of=LATER)
    with pytest.raises(InstitutionCardRetired):
        scene.asks_by(own.id)


def test_anothers_case_carries_no_score(scene: Scene) -> None:
    scene.consents("tax_payment")
    stage.bank("bank_b")
    held = cards.uploaded("bank_b", PAID, as_of=stage.NOW)
    answer = scene.asks_by(held.id, "bank_b")
    assert isinstance(answer, Refusal)
    assert answer.reason is Reason.CONSENT_MISSING


def test_the_use_is_counted_told_to_the_firm_and_not_kept_for_a_report(scene: Scene) -> None:
    consent = scene.consents("tax_payment")
    answer = scene.asks(PAID)
    assert isinstance(answer, Release)
    summary = Outcome.objects.get(intent=answer.id).summary
    assert summary == {"tax_payment": ["records", "tax_bureau", 1], ITEM: ["records", "platform", 1]}
    (use,) = register.uses_of(scene.firm.id, limit=5)
    assert set(use.items) == {"tax_payment", ITEM}
    assert not Kept.objects.exists()
    again = scene.asks_by(None, repeats=answer.id, items=("tax_payment",), case_id=None)
    assert isinstance(again, Refusal)
    assert again.reason is Reason.ANSWERS_NOT_KEPT
    assert consent.id == answer.consent_id


def test_a_use_past_the_consents_number_is_refused(scene: Scene) -> None:
    draft = stage.draft("tax_payment")
    limit = draft.frequency.limit
    scene.consents("tax_payment")
    answers = [scene.asks(PAID) for _ in range(limit + 1)]
    assert all(isinstance(one, Release) for one in answers[:-1])
    assert isinstance(answers[-1], Refusal)
    assert answers[-1].reason is Reason.FREQUENCY_EXHAUSTED


def test_the_platforms_indicators_may_be_columns(scene: Scene) -> None:
    scene.consents("taxpayer_credit_rating", "tax_payment")
    said = told(scene.asks(cards.column("indicator(T05)", below=12), PAID))
    assert json.dumps(said, ensure_ascii=False).count("indicator(T05)") == 1
