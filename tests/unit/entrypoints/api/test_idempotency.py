"""One key, one effect, one answer (promises P12), whoever asks how often and however many at once."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.client import encode_multipart
from django.utils import timezone

from rongxin.consent.models import Case
from rongxin.disclosure.models import Intent
from rongxin.journal.models import Entry
from rongxin.parties import idempotency, institutions
from rongxin.parties.models import IdempotencyKey
from rongxin.parties.rules.membership import PartyKind
from rongxin.vocabulary.actor import SYSTEM
from tests.unit.consent import stage
from tests.unit.entrypoints.api import keys

pytestmark = pytest.mark.django_db(transaction=True)
API = "/api/v1"
AT_ONCE = 16


@pytest.fixture
def scene():
    firm, bank = stage.firm(), stage.bank()
    until = timezone.localdate() + timedelta(days=30)
    institutions.assess(bank, until=until, actor=SYSTEM, as_of=timezone.now())
    return firm, keys.header_of(stage.staff(PartyKind.INSTITUTION, bank))


def _open(client, firm, headers, *, key="k-1", reference="DK-1", path="/cases"):
    headers = {**headers, "idempotency-key": key}
    body = {"uscc": firm.uscc, "reference": reference}
    return client.post(f"{API}{path}", body, content_type="application/json", headers=headers)


def _report(client, firm, headers, *, key="k-1", **changes):
    headers = {**headers, "idempotency-key": key}
    body = {"uscc": firm.uscc, "reference": "DK-1", "person": "王一", **changes}
    return client.post(f"{API}/reports", body, content_type="application/json", headers=headers)


def _at_once(act):
    """Run `act` in many threads that start together; return what each gave."""
    found, start = [], threading.Barrier(AT_ONCE)

    def run():
        try:
            start.wait()
            found.append(act(Client()))
        finally:
            connection.close()

    threads = [threading.Thread(target=run) for _ in range(AT_ONCE)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == AT_ONCE
    return found


def test_the_same_request_has_one_effect_and_the_same_answer(client, scene):
    first, again = _open(client, *scene), _open(client, *scene)
    assert first.status_code == again.status_code == 201
    assert first.content == again.content
    assert "Idempotent-Replayed" not in first.headers
    assert again["Idempotent-Replayed"] == "true"
    assert Case.objects.count() == 1


@pytest.mark.parametrize("change", [{"reference": "DK-2"}, {"path": "/cases?x=1"}])
def test_another_request_under_the_key_is_refused_and_does_nothing(client, scene, change):
    _open(client, *scene)
    other = _open(client, *scene, **change)
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
    assert Case.objects.count() == 1


def _hand_in(client, headers, boundary, *, amount="500000", key="k-1"):
    text = f"业务编号,阶段,日期,金额（元）\nDK-1,已受理,2026-03-02,{amount}\n"
    file = SimpleUploadedFile("结果.csv", text.encode())
    return client.generic(
        "POST",
        f"{API}/outcomes/files",
        encode_multipart(boundary, {"file": file}),
        content_type=f"multipart/form-data; boundary={boundary}",
        headers={**headers, "idempotency-key": key},
    )


def test_a_file_handed_in_twice_under_a_key_is_taken_once_whatever_parts_it(client, scene):
    """A client that builds its form anew parts it otherwise; what it says is the same."""
    firm, headers = scene
    _open(client, firm, headers, key="case")
    first, again = (_hand_in(client, headers, boundary) for boundary in ("one", "another"))
    assert (first.status_code, first.json()["accepted"]) == (200, 1)
    assert first.content == again.content  # not: a duplicate
    assert again["Idempotent-Replayed"] == "true"
    other = _hand_in(client, headers, "one", amount="500001")
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
    assert _hand_in(client, headers, "one", key="k-2").json()["duplicates"] == 1


def test_keys_of_two_accounts_have_nothing_to_do_with_each_other(client, scene):
    firm, headers = scene
    _open(client, firm, headers)
    colleague = keys.header_of(stage.staff(PartyKind.INSTITUTION, "bank_a"))
    assert _open(client, firm, colleague, reference="DK-2").status_code == 201


@pytest.mark.parametrize("round", range(5))
def test_of_many_at_once_one_has_the_effect_and_all_its_answer(scene, round):
    answers = _at_once(lambda client: _open(client, *scene))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1
    assert Case.objects.count() == 1


def test_a_refusal_is_kept_for_nobody(client, scene):
    firm, headers = scene
    institutions.suspend("bank_a", actor=SYSTEM, as_of=timezone.now())
    assert _open(client, firm, headers).status_code == 403
    assert not IdempotencyKey.objects.exists()
    until = timezone.localdate() + timedelta(days=30)
    institutions.reinstate("bank_a", actor=SYSTEM, as_of=timezone.now())
    institutions.assess("bank_a", until=until, actor=SYSTEM, as_of=timezone.now())
    assert _open(client, firm, headers).status_code == 201


def test_effect_and_key_are_committed_together_or_not_at_all(client, scene, monkeypatch):
    def fails(*_):
        raise RuntimeError("killed")

    before = Entry.objects.count()
    client.raise_request_exception = False
    monkeypatch.setattr(idempotency, "keep", fails)
    assert _open(client, *scene).status_code == 500
    assert (Case.objects.count(), Entry.objects.count()) == (0, before)
    monkeypatch.undo()
    assert _open(client, *scene).status_code == 201


def test_what_was_answered_is_forgotten_after_its_time(client, scene):
    _open(client, *scene)
    days = idempotency.in_force(timezone.localdate()).keep_days
    assert idempotency.forget(as_of=timezone.now() + timedelta(days=days, seconds=-60)) == 0
    IdempotencyKey.objects.update(expires_at=timezone.now())
    assert _open(client, *scene, reference="DK-2").status_code == 201, "an old key is as good as new"
    assert idempotency.forget(as_of=timezone.now() + timedelta(days=days, seconds=60)) == 1


@pytest.mark.parametrize("key", ["", "k" * 256, "schlüssel", "a b"])
def test_what_is_no_key_is_refused(client, scene, key):
    answer = _open(client, *scene, key=key)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_idempotency_key")


def test_who_is_no_institution_is_told_that_there_are_none(client, scene):
    firm, _ = scene
    owner = {**keys.header_of(firm.owner), "idempotency-key": "k-1"}
    answer = client.post(f"{API}/consent-requests/{Case().id}/decline", headers=owner)
    assert answer.json()["code"] == "idempotency_not_offered"


def test_an_answer_lies_sealed(client, scene):
    _open(client, *scene)
    assert b"DK-1" not in bytes(IdempotencyKey.objects.get().answer)


def test_a_report_asked_for_twice_leaves_once_and_is_not_kept_here(client, scene):
    firm, headers = scene
    first, again = _report(client, firm, headers), _report(client, firm, headers)
    assert first.status_code == 200
    assert (again.status_code, again.json()["code"]) == (409, "answer_not_kept")
    assert [str(one.id) for one in Intent.objects.all()] == [again.json()["request"]]
    assert firm.uscc.encode() not in _kept_body()


def _kept_body():
    row = IdempotencyKey.objects.get()
    return idempotency._opened(row.account_id, row.key, bytes(row.answer)).body


def test_a_refused_report_is_refused_again_with_the_same_words(client, scene):
    unknown = {"consent": "00000000-0000-4000-8000-000000000000"}
    first, again = (_report(client, *scene, **unknown) for _ in range(2))
    assert first.status_code == again.status_code == 403
    assert first.content == again.content
    assert Intent.objects.count() == 1


@pytest.mark.parametrize("round", range(3))
def test_of_many_reports_at_once_one_leaves(scene, round):
    answers = _at_once(lambda client: _report(client, *scene))
    assert [answer.status_code for answer in answers].count(200) == 1
    assert {answer.json()["code"] for answer in answers if answer.status_code != 200} <= {
        "idempotency_key_at_work",
        "answer_not_kept",
    }
    assert Intent.objects.count() == 1


def test_a_report_whose_process_was_killed_is_found_by_its_number(client, scene, monkeypatch):
    monkeypatch.setattr(idempotency, "keep", lambda *_: None)  # the process ended before
    assert _report(client, *scene).status_code == 200
    at_work = _report(client, *scene)
    assert (at_work.status_code, at_work.json()["code"]) == (409, "idempotency_key_at_work")
    assert int(at_work["Retry-After"]) >= 1
    IdempotencyKey.objects.update(until=timezone.now())
    assert _report(client, *scene).json()["code"] == "answer_not_kept"
    assert Intent.objects.count() == 1


def test_a_report_of_which_nothing_left_is_asked_anew(client, scene, monkeypatch):
    monkeypatch.setattr("rongxin.disclosure.gate._collect", _fails)
    client.raise_request_exception = False
    assert _report(client, *scene).status_code == 500
    monkeypatch.undo()
    assert _report(client, *scene).status_code == 200
    assert Intent.objects.count() == 2, "an intent without an outcome is harmless"


def _fails(*_):
    raise RuntimeError("killed")
