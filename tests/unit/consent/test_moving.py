"""A consent of another platform covers nothing here, until two persons have checked its paper."""

from __future__ import annotations

from hashlib import sha256

import pytest

from rongxin.consent import grants, moving, written
from rongxin.consent.errors import NotPossible, NotTheirs
from rongxin.consent.models import ImportedConsent
from rongxin.disclosure import gate
from rongxin.disclosure.release import Recipient, Refusal, Request
from rongxin.disclosure.rules import RecipientKind
from rongxin.parties.rules.membership import PartyKind, Role
from rongxin.vocabulary.actor import SYSTEM
from rongxin.vocabulary.purpose import Purpose
from rongxin.vocabulary.reason import Reason
from tests.unit.consent import stage
from tests.unit.delivery.moving import old_platform

pytestmark = pytest.mark.django_db(transaction=True)
DIGEST = sha256(stage.SCAN).hexdigest()


@pytest.fixture
def firm():
    stage.bank()
    return stage.firm()


def _take(*rows, scan=stage.SCAN):
    return moving.take(rows, scan_of=lambda name: scan, actor=SYSTEM, as_of=stage.NOW)


def _row(firm, **changes):
    return old_platform.consent(firm.uscc, signed_by=firm.owner.name, **changes)


def test_it_is_pending_and_covers_no_request(firm):
    assert (_take(_row(firm)).taken, grants.of_subject(firm.id)) == (1, [])
    case = stage.case(firm, "bank_a")
    answer = gate.release(
        Request(
            recipient=Recipient(RecipientKind.INSTITUTION, "bank_a", "云州银行", "clerk-7"),
            uscc=firm.uscc,
            items=("tax_payment",),
            purpose=Purpose.PRE_LOAN_REVIEW,
            reference="DK-2026-0001",
            case_id=case,
        ),
        actor=SYSTEM,
        as_of=stage.NOW,
    )
    assert isinstance(answer, Refusal)
    assert answer.reason is Reason.CONSENT_MISSING


def test_two_persons_make_a_moved_paper_a_consent(firm):
    _take(_row(firm))
    (card,) = moving.pending()
    clerk, checker = (stage.staff(PartyKind.OPERATOR, None, role) for role in (Role.CLERK, Role.CHECKER))
    proposal = moving.propose(card.id, actor=clerk.actor, as_of=stage.NOW)
    assert (moving.pending(), grants.of_subject(firm.id)) == ([], [])
    with pytest.raises(NotTheirs, match="不能复核自己"):
        _check(proposal, clerk)
    grant = _check(proposal, checker)
    assert grant.terms.scan_sha256 == DIGEST
    assert grants.active_for(firm.id, "bank_a", grant.case_id) == [grant]


def _check(proposal, checker, confirmed=True):
    return written.check_written(
        proposal, confirmed=confirmed, scan_sha256=DIGEST, actor=checker.actor, as_of=stage.NOW
    )


def test_a_paper_that_was_rejected_waits_again(firm):
    _take(_row(firm))
    clerk, checker = (stage.staff(PartyKind.OPERATOR, None, role) for role in (Role.CLERK, Role.CHECKER))
    proposal = moving.propose(moving.pending()[0].id, actor=clerk.actor, as_of=stage.NOW)
    _check(proposal, checker, confirmed=False)
    assert len(moving.pending()) == 1
    moving.propose(moving.pending()[0].id, actor=checker.actor, as_of=stage.NOW)
    assert moving.pending() == []


@pytest.mark.parametrize(
    ("without", "said"),
    [
        ({"scan": None}, "授权书扫描件"),
        ({"scan_sha256": ""}, "授权书扫描件"),
        ({"signed_by": ""}, "签字人"),
        ({"signed_on": None}, "签署日期"),
        ({"notice_sha256": ""}, "风险告知书哈希值"),
        ({"draft": None}, "授权条款"),
    ],
)
def test_without_its_evidence_it_stays_pending_for_good(firm, without, said):
    row = _row(firm) | without
    assert (_take(row).incomplete, grants.of_subject(firm.id)) == (1, [])
    clerk = stage.staff(PartyKind.OPERATOR, None)
    with pytest.raises(NotPossible, match=said):
        moving.propose(moving.pending()[0].id, actor=clerk.actor, as_of=stage.NOW)
    assert len(moving.pending()) == 1


def test_a_machine_at_the_command_line_proposes_nothing(firm):
    _take(_row(firm))
    with pytest.raises(NotTheirs, match="实名"):
        moving.propose(moving.pending()[0].id, actor=SYSTEM, as_of=stage.NOW)


def test_a_scan_that_is_not_the_one_named_is_refused(firm):
    taken = _take(_row(firm), scan=b"%PDF-1.7 another paper")
    assert [code for _, code, _ in taken.refused] == ["scan_differs"]
    assert [code for _, code, _ in _take(_row(firm), scan=None).refused] == ["scan_missing"]
    assert [code for _, code, _ in _take(_row(firm), scan=b"MZ").refused] == ["not_possible"]
    assert ImportedConsent.objects.count() == 0


def test_what_is_over_elsewhere_and_what_is_known_is_not_taken(firm):
    over = _take(_row(firm, status="withdrawn"))
    assert ([code for _, code, _ in over.not_moved], over.refused, over.taken) == (["not_active"], [], 0)
    assert [_take(_row(firm)).taken, _take(_row(firm)).already] == [1, 1]
    assert [code for _, code, _ in _take(_row(firm, institution="bank_b")).refused] == ["unknown_party"]
    assert [code for _, code, _ in _take(_row(firm, case_kind="?")).refused] == ["unreadable"]


def test_a_moved_case_number_of_another_firm_is_not_taken_over(firm):
    stage.case(stage.firm("云州白鹭商贸有限公司"), "bank_a")
    _take(_row(firm))
    clerk = stage.staff(PartyKind.OPERATOR, None)
    with pytest.raises(NotPossible, match="另一信息主体"):
        moving.propose(moving.pending()[0].id, actor=clerk.actor, as_of=stage.NOW)
