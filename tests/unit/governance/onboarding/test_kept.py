"""For how long applications for connection stay: what was declined goes, with its files, after its term."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from pydantic import ValidationError

from rongxin.catalogue.attachments import File
from rongxin.governance.errors import UnknownApplication
from rongxin.governance.models import ApplicationDocument
from rongxin.governance.onboarding import applications, documents, door, parameters
from rongxin.governance.onboarding.cards import Wish
from rongxin.governance.onboarding.rules import Questionnaire
from rongxin.journal.models import Entry
from rongxin.journal.rules import Kind
from rongxin.parties.rules.standing import InstitutionKind
from tests.unit.consent import stage

pytestmark = pytest.mark.django_db
ASKED = parameters.in_force(stage.TODAY)
TERM = timedelta(days=ASKED.declined_kept_days)
LICENCE = File("执照.pdf", "application/pdf", b"%PDF-1.7 licence")


def applied(institution):
    named = dict.fromkeys(ASKED.documents, "a" * 64) | {"business_licence": LICENCE.sha256}
    wish = Wish(institution, "云州某银行", stage.code(), InstitutionKind.BANK, "0990-1", named)
    card = door.apply(wish, origin="", as_of=stage.NOW)[0]
    documents.hand_in(card.id, [LICENCE], as_of=stage.NOW)
    return card


def test_a_declined_application_goes_with_its_files_and_what_waits_stays():
    declined, waiting, (someone,) = applied("bank_n"), applied("bank_m"), stage.operators(1)
    applications.decline(declined.id, reason="材料不齐", actor=someone, as_of=stage.NOW)
    assert applications.forget(as_of=stage.NOW + TERM) == 0
    assert applications.get(declined.id).reason == "材料不齐"
    later = stage.NOW + TERM + timedelta(days=1)
    assert (applications.forget(as_of=later), applications.forget(as_of=later)) == (1, 0)
    with pytest.raises(UnknownApplication):
        applications.get(declined.id)
    assert set(ApplicationDocument.objects.values_list("application", flat=True)) == {waiting.id}
    assert applications.get(waiting.id).id == waiting.id
    entry = Entry.objects.filter(kind=Kind.APPLICATION_CHANGED, body__contains=str(declined.id)).latest("id")
    said = json.loads(entry.body)
    assert (said["refs"]["change"], said["actor"]["kind"]) == ("deleted", "system")
    assert "0990-1" not in entry.body


def test_an_application_is_not_gone_before_its_documents():
    given = ASKED.model_dump() | {"declined_kept_days": ASKED.documents_kept_days - 1}
    with pytest.raises(ValidationError, match="as long as its documents"):
        Questionnaire.model_validate(given)
