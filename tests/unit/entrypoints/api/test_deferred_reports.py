"""`Prefer: respond-async`: 202, where it stands, and the report once providers have answered (RFC 7240)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from rongxin.consent import grants
from rongxin.disclosure import deferred
from rongxin.disclosure.models import Deferred, Intent
from rongxin.parties import idempotency, institutions
from rongxin.parties.models import IdempotencyKey
from rongxin.parties.rules.membership import PartyKind
from rongxin.sharing import gateways
from rongxin.vocabulary.actor import SYSTEM
from tests.unit.consent import stage
from tests.unit.entrypoints.api import keys
from tests.unit.sharing import fakes

pytestmark = pytest.mark.django_db(transaction=True)
URL = "/api/v1/reports"
LATER = {"prefer": "respond-async"}


class TaxBureau(fakes.Provider):
    asked = 0

    def fetch(self, question):
        self.asked += 1
        return [{"uscc": question.subject.uscc, "vat_paid_cny_12m": "71240.00"}]


@pytest.fixture
def bureau():
    made = TaxBureau()
    gateways.connect("tax_bureau", made)
    yield made
    gateways.disconnect("tax_bureau")


@pytest.fixture
def scene(bureau):
    firm, bank, now = stage.firm(), stage.bank(), timezone.now()
    until = timezone.localdate() + timedelta(days=30)
    institutions.assess(bank, until=until, actor=SYSTEM, as_of=now)
    consent = stage.consent(firm, stage.case(firm, bank), as_of=now)
    return firm, consent, keys.header_of(stage.staff(PartyKind.INSTITUTION, bank))


def _ask(client, scene, *, headers=LATER, **changes):
    firm, consent, key = scene
    body = {"uscc": firm.uscc, "reference": "DK-1", "person": "王一", "consent": str(consent.id)}
    body |= {"purpose": "pre_loan_review", "items": ["tax_payment"], **changes}
    headers = {**key, "accept": "application/json", **headers}
    return client.post(URL, body, content_type="application/json", headers=headers)


def _fetch():
    assert deferred.fetch_next(as_of=timezone.now())


def test_it_answers_202_at_once_and_the_report_when_it_is_there(client, scene, bureau):
    taken = _ask(client, scene)
    assert taken.status_code == 202
    assert (taken["Preference-Applied"], taken.json()["status"]) == ("respond-async", "waiting")
    assert "RateLimit" in taken.headers
    place, headers = taken["Location"], scene[2]
    assert place == taken.json()["report"]
    waiting = client.get(place, headers=headers)
    assert (waiting.status_code, waiting.json()["status"], waiting["Retry-After"]) == (202, "waiting", "2")
    assert bureau.asked == 0
    _fetch()
    told = client.get(f"{place}/status", headers=headers).json()
    assert (told["status"], told["status_label"]) == ("ready", "可取")
    assert told["collect_by"]
    report = client.get(place, headers={**headers, "accept": "application/json"})
    assert report.status_code == 200
    assert (report.json()["report"], report.json()["kind"]) == (taken.json()["request"], "consented")
    assert client.get(f"{place}/status", headers=headers).json()["status"] == "released"
    assert client.get(place, headers=headers).json()["repeats"] == taken.json()["request"]
    assert bureau.asked == 1


@pytest.mark.parametrize("form", ["text/html", "application/pdf"])
def test_it_is_collected_in_the_form_that_is_asked_for_then(client, scene, form):
    place = _ask(client, scene)["Location"]
    _fetch()
    given = client.get(place, headers={**scene[2], "accept": form})
    assert (given.status_code, given["content-type"].split(";")[0]) == (200, form)


@pytest.mark.parametrize("prefer", ["respond-async, wait=5", "return=minimal, Respond-Async", "wait=5; x"])
def test_the_preference_is_read_as_the_rfc_has_it(client, scene, prefer):
    answer = _ask(client, scene, headers={"prefer": prefer})
    assert answer.status_code == (202 if "async" in prefer.lower() else 200)


def test_a_withdrawal_in_between_keeps_the_report_here(client, scene):
    firm, consent, headers = scene
    place = _ask(client, scene)["Location"]
    _fetch()
    grants.withdraw(consent.id, actor=firm.owner.actor, as_of=timezone.now())
    for _ in range(2):
        refused = client.get(place, headers=headers)
        assert (refused.status_code, refused.json()["reason"]) == (403, "consent_withdrawn")
    assert client.get(f"{place}/status", headers=headers).json()["reason"] == "consent_withdrawn"


def test_what_is_refused_is_refused_at_once(client, scene):
    answer = _ask(client, scene, consent="00000000-0000-4000-8000-000000000000")
    assert (answer.status_code, answer.json()["reason"]) == (403, "consent_missing")
    assert not Deferred.objects.exists()


def test_another_institution_learns_nothing_of_it(client, scene):
    taken = _ask(client, scene)
    _fetch()
    bank = stage.bank("bank_b")
    until = timezone.localdate() + timedelta(days=30)
    institutions.assess(bank, until=until, actor=SYSTEM, as_of=timezone.now())
    other = keys.header_of(stage.staff(PartyKind.INSTITUTION, bank))
    for place in (taken["Location"], f"{taken['Location']}/status"):
        answer = client.get(place, headers=other)
        assert (answer.status_code, answer.json()["code"]) == (404, "unknown_request")


def test_asked_twice_under_one_key_it_is_taken_in_once(client, scene, bureau):
    first, again = (_ask(client, scene, headers={**LATER, "idempotency-key": "k-1"}) for _ in range(2))
    assert first.status_code == again.status_code == 202
    assert (first.content, first["Location"]) == (again.content, again["Location"])
    assert again["Idempotent-Replayed"] == "true"
    assert (Intent.objects.count(), Deferred.objects.count()) == (1, 1)
    at_once = _ask(client, scene, headers={"idempotency-key": "k-1"})
    assert at_once.json()["code"] == "idempotency_key_reused"


def test_one_whose_process_was_killed_is_found_by_its_number(client, scene, monkeypatch):
    headers = {**LATER, "idempotency-key": "k-1"}
    monkeypatch.setattr(idempotency, "keep", lambda *_: None)  # the process ended before
    assert _ask(client, scene, headers=headers).status_code == 202
    monkeypatch.undo()
    for state in ("waiting", "ready"):
        IdempotencyKey.objects.update(until=timezone.now())
        found = _ask(client, scene, headers=headers)
        assert (found.status_code, found.json()["status"]) == (202, state)
        IdempotencyKey.objects.update(answer=None)
        if state == "waiting":
            _fetch()
    assert Intent.objects.count() == 1
