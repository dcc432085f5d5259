"""Deferred requests: intent first, fetched by the worker, released when collected, by what holds then."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import connection

from rongxin.consent import cases, grants
from rongxin.consent.rules import business_day
from rongxin.delivery import report, verification
from rongxin.delivery.evidence import checking, exporting
from rongxin.delivery.webhooks import rules as webhooks
from rongxin.disclosure import deferred, gate, kept
from rongxin.disclosure.deferred import State
from rongxin.disclosure.errors import TooManyDeferred, UnknownRequest
from rongxin.disclosure.models import Deferred, Intent, Outcome, Use
from rongxin.disclosure.release import Refusal, Release
from rongxin.journal import checkpoints, news, sequencer
from rongxin.parties import institutions
from rongxin.parties.quota_models import QuotaUse
from rongxin.proof.errors import Forged
from rongxin.vocabulary.actor import SYSTEM
from rongxin.vocabulary.reason import Reason
from tests.unit.consent import stage
from tests.unit.disclosure.gateway_stage import BANK, LATER, Scene
from tests.unit.gateway.stage import CATALOGUE

pytestmark = pytest.mark.django_db(transaction=True)
SOON = LATER + timedelta(minutes=1)
BOTH = ("tax_payment", "real_estate")


def _defer(scene: Scene, *items: str, **changes: Any) -> UUID:
    taken = deferred.defer(replace(scene.request(*items), **changes), actor=BANK, as_of=LATER)
    assert isinstance(taken, deferred.Progress), taken
    return taken.request


def _collect(request: UUID, *, institution: str = "bank_a", as_of: Any = SOON) -> Release | Refusal:
    return deferred.collect(request, institution=institution, as_of=as_of)


def _progress(request: UUID) -> deferred.Progress:
    found = deferred.progress(request, institution="bank_a")
    assert found is not None
    return found


@pytest.fixture
def consented(scene: Scene) -> grants.Grant:
    return stage.consent(scene.firm, scene.case, draft=stage.draft(*BOTH))


def test_what_is_collected_is_what_would_have_been_given_at_once(scene: Scene, consented: Any) -> None:
    claims = {"real_estate": {"area_sqm": "90"}}
    request = _defer(scene, *BOTH, claims=claims)
    assert (scene.tax.asked, scene.estate.asked) == (0, 0), "nobody is asked while the institution waits"
    assert deferred.fetch_next(as_of=LATER)
    assert not deferred.fetch_next(as_of=LATER)
    later = _collect(request)
    at_once = scene.asks(*BOTH, claims=claims)
    assert isinstance(later, Release)
    assert isinstance(at_once, Release)
    assert later.items == at_once.items
    assert (later.id, later.released_at) == (request, SOON)
    document = report.build(later, CATALOGUE, node="n")
    assert verification.holds(document)
    sequencer.integrate()
    checkpoints.sign(as_of=SOON)
    evidence = exporting.export(later.id, actor=SYSTEM, as_of=SOON)
    assert list(checking.check(evidence, checking.keys_of(evidence)))


def test_it_is_given_once_and_then_only_as_it_is_kept(scene: Scene, consented: Any) -> None:
    request = _defer(scene)
    deferred.fetch_next(as_of=LATER)
    assert isinstance(_collect(request), Release)
    assert _progress(request).state is State.RELEASED
    with pytest.raises(UnknownRequest):
        _collect(request)
    assert not Deferred.objects.exists()
    assert kept.there(request, as_of=SOON)
    assert isinstance(scene.asks(repeats=request, case_id=None, as_of=SOON), Release)
    assert scene.tax.asked == 1


def test_the_request_counts_once_and_the_use_when_it_is_collected(scene: Scene, consented: Any) -> None:
    request = _defer(scene)
    counted = set(QuotaUse.objects.values_list("scope", "key", "used"))
    assert counted
    deferred.fetch_next(as_of=LATER)
    assert not Use.objects.exists(), "nothing has left"
    _collect(request)
    assert Use.objects.get().count == 1
    assert set(QuotaUse.objects.values_list("scope", "key", "used")) == counted


def test_a_withdrawal_after_the_fetch_keeps_it_here_and_deletes_it(scene: Scene, consented: Any) -> None:
    request = _defer(scene)
    deferred.fetch_next(as_of=LATER)
    grants.withdraw(consented.id, actor=scene.firm.owner.actor, as_of=SOON)
    refused = _collect(request)
    assert isinstance(refused, Refusal)
    assert refused.reason is Reason.CONSENT_WITHDRAWN
    assert not Deferred.objects.exists()
    assert (Outcome.objects.get().released, Use.objects.exists()) == (False, False)


def test_a_withdrawal_before_the_fetch_lets_nobody_be_asked(scene: Scene, consented: Any) -> None:
    request = _defer(scene)
    grants.withdraw(consented.id, actor=scene.firm.owner.actor, as_of=LATER)
    assert deferred.fetch_next(as_of=SOON)
    assert scene.tax.asked == 0
    found = _progress(request)
    assert (found.state, found.reason) == (State.REFUSED, Reason.CONSENT_WITHDRAWN)
    with pytest.raises(UnknownRequest):
        _collect(request)


def test_a_withdrawal_during_the_fetch_leaves_nothing_sealed(
    scene: Scene, consented: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    fetch = gate.fetch

    def withdrawn_meanwhile(*given: Any, **more: Any) -> Any:
        found = fetch(*given, **more)
        grants.withdraw(consented.id, actor=scene.firm.owner.actor, as_of=LATER)
        return found

    monkeypatch.setattr(gate, "fetch", withdrawn_meanwhile)
    request = _defer(scene)
    deferred.fetch_next(as_of=LATER)
    assert not Deferred.objects.exists()
    assert _progress(request).reason is Reason.CONSENT_WITHDRAWN
    sequencer.integrate()
    checkpoints.sign(as_of=SOON)
    evidence = exporting.export(request, actor=SYSTEM, as_of=SOON)  # the question that was put stands in it
    assert any("网关签名应答" in line for line in checking.check(evidence, checking.keys_of(evidence)))


@pytest.mark.parametrize("how", ["withdrawn", "closed"])
def test_what_nobody_collected_is_deleted_when_its_ground_is_gone(
    scene: Scene, consented: Any, how: str
) -> None:
    request = _defer(scene)
    deferred.fetch_next(as_of=LATER)
    if how == "withdrawn":
        grants.withdraw(consented.id, actor=scene.firm.owner.actor, as_of=SOON)
    else:
        cases.close_case(scene.case, actor=SYSTEM, as_of=SOON)
    sequencer.integrate()
    assert deferred.follow_consents(as_of=SOON) == 1
    assert not Deferred.objects.exists()
    assert _progress(request).state is State.REFUSED


def test_a_suspended_institution_collects_nothing(scene: Scene, consented: Any) -> None:
    request = _defer(scene)
    deferred.fetch_next(as_of=LATER)
    institutions.suspend("bank_a", actor=SYSTEM, as_of=SOON)
    refused = _collect(request)
    assert isinstance(refused, Refusal)
    assert refused.reason is Reason.INSTITUTION_SUSPENDED


def test_nobody_else_has_it(scene: Scene, consented: Any) -> None:
    request = _defer(scene)
    deferred.fetch_next(as_of=LATER)
    assert deferred.progress(request, institution="bank_b") is None
    with pytest.raises(UnknownRequest):
        _collect(request, institution="bank_b")
    assert isinstance(_collect(request), Release)


def test_of_many_who_collect_at_once_one_gets_it(scene: Scene, consented: Any) -> None:
    request = _defer(scene)
    deferred.fetch_next(as_of=LATER)
    given: list[object] = []
    start = threading.Barrier(8)

    def collect() -> None:
        try:
            start.wait()
            given.append(_collect(request))
        except UnknownRequest:
            given.append(None)
        finally:
            connection.close()

    threads = [threading.Thread(target=collect) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(isinstance(one, Release) for one in given) == 1
    assert (len(given), Use.objects.get().count) == (8, 1)


@pytest.mark.parametrize("lost", ["never taken up", "with its worker", "never collected"])
def test_what_is_not_done_in_time_is_refused_and_deleted(scene: Scene, consented: Any, lost: str) -> None:
    request = _defer(scene)
    held = deferred.policy(business_day(LATER))
    if lost == "never taken up":
        later, reason = LATER + timedelta(seconds=held.take_up_seconds), Reason.FETCH_INTERRUPTED
    elif lost == "with its worker":
        Deferred.objects.update(taken_at=LATER)
        later, reason = LATER + timedelta(seconds=held.at_work_seconds), Reason.FETCH_INTERRUPTED
    else:
        deferred.fetch_next(as_of=LATER)
        later, reason = LATER + timedelta(hours=held.collect_hours), Reason.ANSWER_UNCOLLECTED
    assert deferred.sweep(as_of=later) == 0
    assert deferred.sweep(as_of=later + timedelta(seconds=1)) == 1
    assert _progress(request).reason is reason
    assert not Deferred.objects.exists()


def test_it_lies_sealed_and_a_moved_row_does_not_open(scene: Scene, consented: Any) -> None:
    request, other = _defer(scene), _defer(scene)
    deferred.fetch_next(as_of=LATER)
    deferred.fetch_next(as_of=LATER)
    row = Deferred.objects.get(pk=request)
    assert b"vat_paid" not in bytes(row.fetched or b"")
    assert scene.firm.uscc.encode() not in bytes(row.asked)
    Deferred.objects.filter(pk=other).update(fetched=row.fetched)
    with pytest.raises(Forged):
        _collect(other)


def test_the_institution_is_told_when_it_is_ready_and_when_it_will_not_be(
    scene: Scene, consented: Any
) -> None:
    ready, refused = _defer(scene), _defer(scene)
    deferred.fetch_next(as_of=LATER)
    grants.withdraw(consented.id, actor=scene.firm.owner.actor, as_of=LATER)
    deferred.fetch_next(as_of=SOON)
    sequencer.integrate()
    with news.read("test", webhooks.KINDS) as found:
        told = {
            what.type: webhooks.data(what, one.refs)
            for one in found
            if (what := webhooks.told(one.kind, one.refs)) and what.type.startswith("report.")
        }
    assert told == {
        "report.ready": {"request": str(ready)},
        "report.refused": {"request": str(refused), "reason": "consent_withdrawn"},
    }


def test_what_was_refused_at_once_is_not_taken_in(scene: Scene) -> None:
    refused = deferred.defer(scene.request(), actor=BANK, as_of=LATER)  # no consent
    assert isinstance(refused, Refusal)
    assert not Deferred.objects.exists()
    assert Intent.objects.count() == 1


def test_open_requests_are_limited(scene: Scene, consented: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    held = deferred.policy(business_day(LATER)).model_copy(update={"open_max": 1})
    monkeypatch.setattr(deferred, "policy", lambda on: held)
    _defer(scene)
    with pytest.raises(TooManyDeferred):
        _defer(scene)
    assert Intent.objects.count() == 1
