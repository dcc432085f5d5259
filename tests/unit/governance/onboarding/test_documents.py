"""The files of an application: only what was named, sealed, read by its hash, kept for a term."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest

from rongxin.catalogue.attachments import File
from rongxin.governance.errors import ApplicationNotPossible, ApplicationRefused, UnknownDocument
from rongxin.governance.models import ApplicationDocument
from rongxin.governance.onboarding import applications, documents, door, parameters
from rongxin.governance.onboarding.cards import Finding, Wish
from rongxin.governance.onboarding.rules import Verdict
from rongxin.parties.rules.standing import InstitutionKind
from tests.unit.consent import stage

pytestmark = pytest.mark.django_db
ASKED = parameters.in_force(stage.TODAY)
LICENCE = File("执照.pdf", "application/pdf", b"%PDF-1.7 licence")
REPORT = File("评估.pdf", "application/pdf", b"%PDF-1.7 report")
OTHER = replace(LICENCE, content=b"%PDF-1.7 another")


@pytest.fixture
def two():
    return stage.operators()


@pytest.fixture
def card():
    named = dict.fromkeys(ASKED.documents, "a" * 64) | {"business_licence": LICENCE.sha256}
    wish = Wish("bank_n", "云州某银行", stage.code(), InstitutionKind.BANK, "0990-1", named)
    return door.apply(wish, origin="", as_of=stage.NOW)[0]


def hand_in(card, *files, as_of=stage.NOW):
    return documents.hand_in(card.id, files, as_of=as_of)


def assess(card, by):
    found = {one.id: Finding(Verdict.MET, REPORT.sha256) for one in ASKED.questions}
    return applications.assess(card.id, found, actor=by, as_of=stage.NOW)


def test_a_file_that_was_named_is_sealed_and_read_as_it_came(card):
    assert list(hand_in(card, LICENCE)) == [LICENCE.sha256]
    row = ApplicationDocument.objects.get()
    assert LICENCE.content not in bytes(row.content)
    assert documents.read(card.id, LICENCE.sha256)[1] == LICENCE.content
    assert documents.lacking(card.wish.documents, documents.held(card.id)) == tuple(
        key for key in ASKED.documents if key != "business_licence"
    )


def test_another_file_is_refused_and_none_of_what_came_with_it_is_kept(card):
    with pytest.raises(ApplicationRefused, match="不是申请所列的材料"):
        hand_in(card, LICENCE, OTHER)
    assert documents.held(card.id) == {}


def test_the_same_file_is_kept_once(card):
    hand_in(card, LICENCE, LICENCE)
    hand_in(card, replace(LICENCE, name="again.pdf"))
    assert [one.name for one in documents.held(card.id).values()] == ["执照.pdf"]


def test_what_shows_a_finding_comes_in_after_the_assessment_named_it(card, two):
    with pytest.raises(ApplicationRefused):
        hand_in(card, REPORT)
    assess(card, two[0])
    assert REPORT.sha256 in hand_in(card, REPORT)


@pytest.mark.parametrize(
    "file",
    [
        replace(LICENCE, content=b"MZ"),
        replace(LICENCE, media_type="text/html"),
        replace(LICENCE, content=b"%PDF-1.7" + b"x" * ASKED.file_bytes_max),
    ],
)
def test_what_is_no_plain_file_of_bearable_size_is_refused(card, file):
    with pytest.raises(ApplicationRefused):
        hand_in(card, file)


def test_one_put_in_the_place_of_another_does_not_open(card):
    hand_in(card, LICENCE)
    ApplicationDocument.objects.update(id=uuid4())
    with pytest.raises(UnknownDocument):
        documents.read(card.id, LICENCE.sha256)


def test_what_is_decided_takes_no_more_and_is_deleted_after_its_term(card, two):
    hand_in(card, LICENCE)
    applications.decline(card.id, reason="材料不齐", actor=two[0], as_of=stage.NOW)
    with pytest.raises(ApplicationNotPossible):
        hand_in(card, LICENCE)
    term = timedelta(days=ASKED.documents_kept_days)
    assert documents.prune(as_of=stage.NOW + term) == 0
    assert documents.prune(as_of=stage.NOW + term + timedelta(days=1)) == 1
    with pytest.raises(UnknownDocument):
        documents.read(card.id, LICENCE.sha256)


def test_an_approved_ones_files_stay_for_the_term_after_it_ran_out(card, two):
    assess(card, two[0])
    hand_in(card, LICENCE, REPORT)
    until = applications.approve(card.id, actor=two[1], as_of=stage.NOW).valid_until
    last = stage.NOW + (until - stage.TODAY) + timedelta(days=ASKED.documents_kept_days)
    assert documents.prune(as_of=last) == 0
    assert documents.prune(as_of=last + timedelta(days=1)) == 2
