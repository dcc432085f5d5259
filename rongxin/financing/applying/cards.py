"""An application as those concerned see it, and what every act on one does: find it, hold it, journal it."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from rongxin.consent import cases, templates
from rongxin.consent.templates import Draft
from rongxin.financing import outcomes, policy
from rongxin.financing.applying import rules
from rongxin.financing.applying.rules import Act, Clock, Done, State
from rongxin.financing.errors import ApplicationNotPossible, UnknownFinancingApplication
from rongxin.financing.models import Application, ApplicationForm, Outcome, PaperRequest
from rongxin.financing.products import offers
from rongxin.financing.rules import Stage, Told
from rongxin.journal import entries, keyring
from rongxin.journal.rules import Kind
from rongxin.journal.sealing import SealedColumn
from rongxin.parties import institutions, subjects
from rongxin.proof.errors import ProofError
from rongxin.sharing.quality import timeliness
from rongxin.vocabulary.actor import SYSTEM, Actor

SEALED = SealedColumn(
    "financing_applicationform",
    "words",
    key=("id",),
    first=("00000000-0000-0000-0000-000000000000",),
    place=lambda row: ("financing_applicationform", "words", str(row[0])),
)


@dataclass(frozen=True)
class Asked:
    """Papers that the institution still wants."""

    papers: tuple[str, ...]
    words: str
    asked_at: datetime


@dataclass(frozen=True)
class Words:
    """What the firm says: for what it needs the money, and what it states of itself by its promise."""

    purpose: str
    stated: Mapping[str, str]
    commitment: str

    def document(self) -> dict[str, Any]:
        return {"purpose": self.purpose, "stated": dict(self.stated), "commitment": self.commitment or None}


@dataclass(frozen=True)
class Card:
    """An application as the firm and its institution see it; what the firm says is read by `words_of`."""

    id: UUID
    form: UUID
    subject: int
    institution: str
    product: offers.Card
    amount_cny: Decimal
    term_months: int
    case: cases.Card | None
    line: tuple[Told, ...]
    done: Done | None
    asked: Asked | None
    findings: tuple[Mapping[str, str], ...]
    submitted_at: datetime | None
    due_on: date | None
    answer: str
    entry: UUID | None

    @property
    def state(self) -> State:
        return rules.state(self.done)

    def may(self, act: Act) -> bool:
        return act in rules.TRANSITIONS[self.state]

    def clock(self, on: date) -> Clock | None:
        """Say how the first answer stands on a day; None for a draft."""
        if self.done is None or self.due_on is None:
            return None
        over = self.done.answered or self.state not in rules.OPEN
        warn = policy.in_force(on).warn_days_before
        return rules.clock(over, self.due_on, on=on, warn_days=warn, calendar=timeliness.calendar())

    def step(self, stage: Stage) -> Told | None:
        """Return the last step of a stage in the case's line of life."""
        return next((one for one in reversed(self.line) if one.stage is stage), None)

    def document(self, *, on: date) -> dict[str, Any]:
        """What people see of it on a day, JSON-ready; the decision is what its case's outcomes say."""
        clock = self.clock(on)
        subject = subjects.get(self.subject)
        return {
            "application": str(self.id),
            "form": str(self.form),
            "uscc": subject.uscc,
            "name": subject.name,
            "institution": self.institution,
            "institution_name": institutions.get(self.institution).name,
            "product": str(self.product.product),
            "version": self.product.number,
            "product_name": self.product.terms.name,
            "amount_cny": f"{self.amount_cny:.2f}",
            "term_months": self.term_months,
            "state": self.state.value,
            "state_label": self.state.label,
            "case": str(self.case.id) if self.case else None,
            "reference": self.case.reference if self.case else None,
            "submitted_at": self.submitted_at.isoformat() if self.submitted_at else None,
            "due_on": self.due_on.isoformat() if self.due_on else None,
            "clock": clock.value if clock else None,
            "clock_label": clock.label if clock else None,
            "asked": list(self.asked.papers) if self.asked else [],
            "asked_words": self.asked.words or None if self.asked else None,
            "outcomes": [told.document() for told in self.line],
            "answer": self.answer or None,
            "findings": [dict(one) for one in self.findings],
            "journal_entry": str(self.entry) if self.entry else None,
        }


def find(application: UUID) -> Card:
    """Return an application; raises `UnknownFinancingApplication`."""
    return one(_row(Application.objects.filter(pk=application), application))


def locked(application: UUID) -> Application:
    """Return an application's row, held until the transaction ends."""
    rows = Application.objects.select_for_update(of=("self",), no_key=True).select_related("form")
    return _row(rows.filter(pk=application), application)


def _row(rows: QuerySet[Application], application: UUID) -> Application:
    row = rows.select_related("form").first()
    if row is None:
        raise UnknownFinancingApplication(application)
    return row


def one(row: Application) -> Card:
    """Return a row as others see it."""
    return many([row])[0]


def many(rows: Sequence[Application]) -> list[Card]:
    """Return rows, with their forms at hand, as others see them."""
    of_cases = cases.many({row.case_id for row in rows if row.case_id})
    products = offers.many({row.version_id for row in rows})
    lines: dict[UUID, list[Told]] = defaultdict(list)
    told = Outcome.objects.filter(case__in=of_cases, corrected_by=None).order_by("case_id", "place")
    for step in told:
        lines[step.case_id].append(outcomes.step_of(step))
    asked: dict[UUID, list[PaperRequest]] = defaultdict(list)
    for request in PaperRequest.objects.filter(application__in=[row.pk for row in rows]).order_by("asked_at"):
        asked[request.application_id].append(request)
    return [
        _card(
            row,
            products[row.version_id],
            of_cases[row.case_id] if row.case_id else None,
            lines[row.case_id] if row.case_id else [],
            asked[row.pk],
        )
        for row in rows
    ]


def _card(
    row: Application,
    product: offers.Card,
    case: cases.Card | None,
    line: list[Told],
    asked: Sequence[PaperRequest],
) -> Card:
    waiting = next((one for one in asked if one.answered_at is None), None)
    done = None
    if case is not None and line:
        done = Done(
            line[-1].stage, row.taken_up_at is not None, bool(asked), waiting is not None, case.closed
        )
    return Card(
        id=row.pk,
        form=row.form_id,
        subject=row.form.subject_id,
        institution=row.institution_id,
        product=product,
        amount_cny=row.form.amount_cny,
        term_months=row.form.term_months,
        case=case,
        line=tuple(line),
        done=done,
        asked=Asked(tuple(waiting.papers), waiting.words, waiting.asked_at) if waiting else None,
        findings=tuple(row.findings),
        submitted_at=row.submitted_at,
        due_on=row.due_on,
        # What was said with a decision goes with it, where the institution took the decision back.
        answer=row.answer if line and line[-1].stage is not Stage.RECEIVED else "",
        entry=row.entry,
    )


def words_of(form: UUID) -> Words:
    """Return what the firm says; for the firm and the institutions that it applied to."""
    row = ApplicationForm.objects.get(pk=form)
    try:
        opened = keyring.data_keys().open(bytes(row.words), place=SEALED.place((row.id,)))
    except ProofError as error:
        raise ApplicationNotPossible(f"申请内容打不开，请联系平台运行机构：{error}") from error
    said = json.loads(opened)
    return Words(said["purpose"], said["stated"], row.commitment_version)


def proposal(card: Card, *, on: date) -> Draft | None:
    """Return what the product asks the firm to consent to; None where it asks for nothing."""
    terms = card.product.terms
    if not terms.items:
        return None
    return templates.draft(terms.consent_template, frozenset(terms.items), on=on)


def check(card: Card, act: Act) -> None:
    """Refuse an act that the application's state doesn't allow, saying where it stands."""
    if not card.may(act):
        raise ApplicationNotPossible(f"申请现为“{card.state.label}”，不能“{act.label}”")


def tell(card: Card, told: Told, *, actor: Actor, as_of: datetime) -> None:
    """Tell a step of the application's case, which is its decision; raises where it can't stand."""
    assert card.case is not None
    taken = outcomes.tell(card.institution, [outcomes.Line(1, card.case.id, told)], actor=actor, as_of=as_of)
    if taken.refused:
        raise ApplicationNotPossible(taken.refused[1])


def journal(
    row: Application,
    change: str,
    *,
    actor: Actor,
    commitments: Mapping[str, str] | None = None,
    as_of: datetime,
) -> UUID:
    """Record an act on an application; return the entry."""
    refs: dict[str, str | int] = {
        "application": str(row.pk),
        "subject": row.form.subject_id,
        "change": change,
    }
    if row.case_id is not None:  # of a draft its institution hears nothing
        refs |= {"institution": row.institution_id, "case": str(row.case_id)}
    if row.due_on is not None:
        refs["due_on"] = row.due_on.isoformat()
    kind = Kind.FINANCING_APPLICATION_CHANGED
    return entries.append(kind, actor=actor, refs=refs, commitments=commitments, as_of=as_of).id


def late(row: Application, *, as_of: datetime) -> None:
    """Record by itself that a first answer is owed since its last day: the operator is alarmed."""
    assert row.due_on is not None
    refs: dict[str, str | int] = {
        "application": str(row.pk),
        "institution": row.institution_id,
        "due_on": row.due_on.isoformat(),
    }
    entries.append(Kind.FINANCING_ANSWER_OVERDUE, actor=SYSTEM, refs=refs, as_of=as_of)


def those(rows: Iterable[Application]) -> list[Card]:
    """Return cards of what a query gives."""
    return many(list(rows))
