"""Papers that a firm handed in: opened through the door, told to the firm, closed to all others."""

from __future__ import annotations

from hashlib import sha256

import pytest
from django.test import Client
from django.utils import timezone

from rongxin.catalogue import loader
from rongxin.disclosure.models import Outcome
from rongxin.financing.applying import applications, papers
from rongxin.parties import break_glass, quotas, seed
from rongxin.parties.rules.membership import PartyKind, Role
from rongxin.parties.rules.quota import Scope
from rongxin.rights import answers, objections, uses
from rongxin.rights import papers as evidence
from rongxin.rights.answers import Answer
from rongxin.rights.objections import Complaint
from rongxin.vocabulary.actor import SYSTEM, Actor, ActorKind
from tests.unit.consent import stage
from tests.unit.entrypoints.api import keys
from tests.unit.entrypoints.portals import doors
from tests.unit.financing import desk

pytestmark = pytest.mark.django_db(transaction=True)
API = "/api/v1"
PDF = b"%PDF-1.7 proof"


@pytest.fixture
def firm():
    seed.seed(loader.load(), actor=SYSTEM, as_of=timezone.now())
    return stage.firm()


def told(firm):
    """Return what the firm reads of each use: kind of recipient, purpose, outcome, what was given."""
    found = [one.document() for one in uses.of_subject(firm.id, limit=20, as_of=timezone.now())]
    return [(one["recipient_kind"], one["purpose"], one["released"], list(one["items"])) for one in found]


def objected(firm):
    file = evidence.File("证明.pdf", "application/pdf", PDF)
    said = Complaint("tax_payment", None, (), "金额不符，电话13912345678", (file,))
    card = objections.lodge(firm.id, said, actor=firm.owner.actor, as_of=timezone.now())
    return card, f"{API}/objections/{card.id}/evidence/{evidence.of(card.id)[0].id}"


def applied(firm):
    stage.bank()
    card = desk.submitted(firm, as_of=timezone.now())
    papers.keep(card.id, [desk.PDF], applications.policy.in_force(stage.TODAY), as_of=timezone.now())
    number = papers.of(card.id)[0].id
    return card, f"{API}/financing-applications/{card.id}/papers/{number}"


def staff(kind, party=None, role=Role.CLERK):
    someone = stage.staff(kind, party, role)
    return someone, keys.header_of(someone)


def opened(someone, firm, *, approved=True):
    """Ask for a break-glass as somebody of the operator's; return its number."""
    now = timezone.now()
    asks = Actor(ActorKind.ACCOUNT, str(someone.account), "operator:")
    made = break_glass.ask(
        firm.uscc, reason="核对异议所附的证据材料", reference="GD-1", actor=asks, as_of=now
    )
    if approved:
        second = stage.operators(1, Role.AUDIT_ADMINISTRATOR)[0]
        break_glass.approve(made.id, actor=second, as_of=now)
    return made.id


def refused(answer):
    return answer.status_code, answer.json()["code"]


def test_a_bank_opens_an_applications_paper_and_the_firm_reads_it(client: Client, firm):
    _card, path = applied(firm)
    clerk, headers = staff(PartyKind.INSTITUTION, "bank_a")
    given = client.get(path, headers=headers)
    assert (given.status_code, given.content) == (200, desk.PDF.content)
    assert told(firm) == [("institution", "pre_loan_review", True, ["application_paper"])]
    (use,) = uses.of_subject(firm.id, limit=5, as_of=timezone.now())
    assert use.use.person == clerk.name
    assert use.document()["item_labels"] == {"application_paper": "融资申请材料"}
    assert Outcome.objects.get().digest == sha256(desk.PDF.content).hexdigest()
    assert quotas.used("bank_a", timezone.localdate())[Scope.EXPORTS, ""] == 1


def test_what_was_taken_back_is_closed_and_the_attempt_is_told(client: Client, firm):
    card, path = applied(firm)
    applications.withdraw(card.id, actor=firm.owner.actor, as_of=timezone.now())
    _clerk, headers = staff(PartyKind.INSTITUTION, "bank_a")
    assert refused(client.get(path, headers=headers)) == (403, "paper_not_addressed")
    assert told(firm) == [("institution", "pre_loan_review", False, [])]


def test_beyond_its_limit_of_files_a_bank_gets_none(client: Client, firm):
    _card, path = applied(firm)
    quotas.set_limit("bank_a", Scope.EXPORTS, 0, actor=SYSTEM, as_of=timezone.now())
    _clerk, headers = staff(PartyKind.INSTITUTION, "bank_a")
    assert refused(client.get(path, headers=headers)) == (403, "exports_exhausted")
    assert told(firm) == [("institution", "pre_loan_review", False, [])]


def test_a_provider_opens_evidence_while_it_has_to_answer_and_no_longer(client: Client, firm):
    card, path = objected(firm)
    someone, headers = staff(PartyKind.PROVIDER, "tax_bureau")
    assert client.get(path, headers=headers).content == PDF
    decides = Actor(ActorKind.ACCOUNT, str(someone.account), "provider:tax_bureau")
    answers.decide(card.id, Answer(False, "核对无误", None), actor=decides, as_of=timezone.now())
    assert refused(client.get(path, headers=headers)) == (403, "paper_not_addressed")
    assert told(firm) == [
        ("provider", "objection_check", False, []),
        ("provider", "objection_check", True, ["objection_evidence"]),
    ]
    (use,) = uses.of_subject(firm.id, limit=1, as_of=timezone.now())
    assert use.recipient_name == loader.load().provider_label("tax_bureau")


def test_the_desk_opens_evidence_by_a_break_glass_alone(client: Client, firm):
    _card, path = objected(firm)
    someone, headers = staff(PartyKind.OPERATOR)
    other, others = staff(PartyKind.OPERATOR)
    assert refused(client.get(path, headers=headers)) == (403, "break_glass_missing")
    waiting = opened(someone, firm, approved=False)
    elsewhere = opened(someone, stage.firm())
    for glass in (waiting, elsewhere):
        found = refused(client.get(f"{path}?break_glass={glass}", headers=headers))
        assert found == (403, "break_glass_missing")
    glass = opened(someone, firm)
    assert client.get(f"{path}?break_glass={glass}", headers=headers).content == PDF
    assert refused(client.get(f"{path}?break_glass={glass}", headers=others))[0] == 403
    break_glass.close(glass, actor=someone.actor, as_of=timezone.now())
    assert refused(client.get(f"{path}?break_glass={glass}", headers=headers)) == (403, "break_glass_over")
    assert [one[2] for one in told(firm)] == [False, False, True, False, False, False]
    assert {one[:2] for one in told(firm)} == {("operator", "break_glass")}
    assert other.name


def test_the_desk_reads_what_was_said_without_the_numbers_in_it(client: Client, firm):
    card, _path = objected(firm)
    _someone, clerk = staff(PartyKind.OPERATOR)
    _other, provider = staff(PartyKind.PROVIDER, "tax_bureau")
    for headers, clear in ((clerk, False), (provider, True), (keys.header_of(firm.owner), True)):
        said = client.get(f"{API}/objections/{card.id}", headers=headers).json()["statement"]
        assert ("13912345678" in said) is clear
        assert "金额不符" in said


def test_what_a_firm_opens_of_its_own_is_no_use_of_anybodys(client: Client, firm):
    _card, path = objected(firm)
    assert client.get(path, headers=keys.header_of(firm.owner)).content == PDF
    assert told(firm) == []


def test_pages_open_papers_by_the_same_door(firm):
    card, _path = applied(firm)
    objection, _path = objected(firm)
    at = {
        (PartyKind.INSTITUTION, "bank_a"): (
            f"/institution/applications/{card.id}/papers/{papers.of(card.id)[0].id}"
        ),
        (PartyKind.PROVIDER, "tax_bureau"): (
            f"/provider/objections/{objection.id}/{evidence.of(objection.id)[0].id}"
        ),
    }
    for (kind, party), path in at.items():
        browser, someone = Client(), stage.staff(kind, party)
        doors.as_staff(browser, doors.with_password(someone, as_of=timezone.now()))
        assert browser.get(path).status_code == 200
    assert told(firm) == [
        ("provider", "objection_check", True, ["objection_evidence"]),
        ("institution", "pre_loan_review", True, ["application_paper"]),
    ]
