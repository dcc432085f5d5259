"""Consent on paper: a scan bound by its hash, two people, the firm told."""

from __future__ import annotations

from datetime import timedelta
from hashlib import sha256
from uuid import UUID

import pytest
from django.db import connection

from rongxin.consent import grants, notifications, written
from rongxin.consent.errors import NoticeOutdated, NotPossible, NotTheirs, SignerRefused
from rongxin.consent.rules import Form
from rongxin.parties import identity, subjects
from rongxin.parties.rules.membership import PartyKind, Role
from rongxin.vocabulary.actor import SYSTEM
from tests.unit.consent import stage

pytestmark = pytest.mark.django_db
DIGEST = sha256(stage.SCAN).hexdigest()


@pytest.fixture
def firm() -> stage.Firm:
    return stage.firm()


@pytest.fixture
def case_id(firm: stage.Firm) -> UUID:
    return stage.case(firm, stage.bank())


@pytest.fixture
def clerk(case_id: UUID) -> stage.Person:
    return stage.staff(PartyKind.INSTITUTION, "bank_a")


@pytest.fixture
def proposal(firm: stage.Firm, case_id: UUID, clerk: stage.Person) -> UUID:
    paper = stage.paper(firm)
    return grants.propose_written(case_id, stage.draft(), paper, actor=clerk.actor, as_of=stage.NOW)


def check(
    proposal: UUID, checker: stage.Person, *, confirmed: bool = True, scan: str = DIGEST
) -> grants.Grant | None:
    return grants.check_written(
        proposal, confirmed=confirmed, scan_sha256=scan, actor=checker.actor, as_of=stage.NOW
    )


def test_two_people_make_a_paper_a_consent(firm: stage.Firm, proposal: UUID) -> None:
    grant = check(proposal, stage.staff(PartyKind.OPERATOR, None, Role.CHECKER))
    assert grant is not None
    assert (grant.terms.form, grant.terms.scan_sha256) == (Form.WRITTEN, DIGEST)
    assert grants.active_for(firm.id, "bank_a", grant.case_id) == [grant]


def test_a_paper_may_be_checked_on_a_later_day(firm: stage.Firm, proposal: UUID) -> None:
    checker, later = stage.staff(PartyKind.OPERATOR, None, Role.CHECKER), stage.NOW + timedelta(days=3)
    grant = grants.check_written(
        proposal, confirmed=True, scan_sha256=DIGEST, actor=checker.actor, as_of=later
    )
    assert grant is not None
    assert grant.terms.valid_from == stage.TODAY + timedelta(days=3)
    assert grant.terms.valid_until == stage.draft().valid_until


def test_nothing_is_consented_to_before_the_check(firm: stage.Firm, proposal: UUID) -> None:
    assert grants.of_subject(firm.id) == []


def test_the_firm_is_told_twice(firm: stage.Firm, proposal: UUID) -> None:
    check(proposal, stage.staff(PartyKind.OPERATOR, None))
    kinds = [word.kind for word in notifications.of_subject(firm.id)]
    assert kinds == ["consent_granted", "written_consent_proposed"]


def test_nobody_checks_their_own_paper(proposal: UUID, clerk: stage.Person) -> None:
    with pytest.raises(NotTheirs, match="提交人不能"):
        check(proposal, clerk)


def test_two_people_of_the_bank_are_not_enough(proposal: UUID) -> None:
    with pytest.raises(NotTheirs, match="受益"):
        check(proposal, stage.staff(PartyKind.INSTITUTION, "bank_a", Role.CHECKER))


def test_a_second_hat_does_not_hide_the_bank(proposal: UUID) -> None:
    both = stage.staff(PartyKind.INSTITUTION, "bank_a")
    stage.memberships.appoint(
        both.account,
        PartyKind.OPERATOR,
        None,
        Role.CLERK,
        valid_from=stage.TODAY,
        actor=SYSTEM,
        as_of=stage.NOW,
    )
    with pytest.raises(NotTheirs, match="受益"):
        check(proposal, both)


def test_another_bank_has_no_part_in_it(proposal: UUID) -> None:
    stranger = stage.staff(PartyKind.INSTITUTION, stage.bank("bank_b"))
    with pytest.raises(NotTheirs):
        check(proposal, stranger)


def test_who_has_not_shown_who_they_are_can_not_check(proposal: UUID) -> None:
    nameless = stage.accounts.open_account("nameless", "某人", actor=SYSTEM, as_of=stage.NOW)
    stage.memberships.appoint(
        nameless.id,
        PartyKind.OPERATOR,
        None,
        Role.CHECKER,
        valid_from=stage.TODAY,
        actor=SYSTEM,
        as_of=stage.NOW,
    )
    with pytest.raises(NotTheirs, match="实名"):
        check(proposal, stage.Person("某人", "", nameless.id))


def test_the_checker_must_have_seen_this_scan(proposal: UUID) -> None:
    with pytest.raises(NotPossible, match="不是同一份"):
        check(proposal, stage.staff(PartyKind.OPERATOR, None), scan="0" * 64)


def test_an_exchanged_scan_is_noticed(proposal: UUID) -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE consent_scan SET content = %s", [b"%PDF-1.7 another paper"])
    with pytest.raises(NotPossible, match="哈希"):
        check(proposal, stage.staff(PartyKind.OPERATOR, None))


def test_a_rejected_paper_gives_nothing_and_may_come_again(
    firm: stage.Firm, proposal: UUID, case_id: UUID, clerk: stage.Person
) -> None:
    assert check(proposal, stage.staff(PartyKind.OPERATOR, None), confirmed=False) is None
    assert grants.of_subject(firm.id) == []
    paper = stage.paper(firm)
    again = grants.propose_written(case_id, stage.draft(), paper, actor=clerk.actor, as_of=stage.NOW)
    assert again != proposal


def test_the_same_paper_counts_once(
    firm: stage.Firm, proposal: UUID, case_id: UUID, clerk: stage.Person
) -> None:
    with pytest.raises(NotPossible, match="已提交过"):
        grants.propose_written(case_id, stage.draft(), stage.paper(firm), actor=clerk.actor, as_of=stage.NOW)
    check(proposal, stage.staff(PartyKind.OPERATOR, None))
    with pytest.raises(NotPossible, match="已确认"):
        check(proposal, stage.staff(PartyKind.OPERATOR, None))


def test_one_paper_does_not_serve_a_second_case(
    firm: stage.Firm, proposal: UUID, clerk: stage.Person
) -> None:
    other = stage.case(firm, "bank_a", "DK-2026-0002")
    with pytest.raises(NotPossible, match="已提交过"):
        grants.propose_written(other, stage.draft(), stage.paper(firm), actor=clerk.actor, as_of=stage.NOW)
    check(proposal, stage.staff(PartyKind.OPERATOR, None), confirmed=False)
    grants.propose_written(other, stage.draft(), stage.paper(firm), actor=clerk.actor, as_of=stage.NOW)


def test_it_refuses_papers_that_prove_nothing(firm: stage.Firm, case_id: UUID, clerk: stage.Person) -> None:
    faults = {
        SignerRefused: [{"signed_by": "李四"}, {"signed_on": stage.TODAY + timedelta(days=1)}],
        NoticeOutdated: [{"notice_sha256": "0" * 64}],
        NotPossible: [{"scan": b"MZ"}, {"media_type": "text/html"}, {"scan": stage.SCAN + b"0" * (10 << 20)}],
    }
    for error, changes in faults.items():
        for change in changes:
            with pytest.raises(error):
                grants.propose_written(
                    case_id, stage.draft(), stage.paper(firm, **change), actor=clerk.actor, as_of=stage.NOW
                )


def test_a_new_representative_stops_the_old_ones_paper(firm: stage.Firm, proposal: UUID) -> None:
    subjects.change_legal_representative(
        firm.id, "王五", commitment=identity.commit("x"), actor=SYSTEM, as_of=stage.NOW
    )
    with pytest.raises(SignerRefused):
        check(proposal, stage.staff(PartyKind.OPERATOR, None))


def test_the_scan_can_be_looked_at(proposal: UUID) -> None:
    assert written.scan_of(proposal) == ("application/pdf", stage.SCAN)
