"""A bank's engineer connects with the SDK, by threads and by asyncio, to a node that runs as a process."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from decimal import Decimal
from uuid import UUID

import httpx
import pytest
from django.db import connection
from django.utils import timezone

from rongxin.client import cards, cases, consents, deletion, errors, outcomes, push, reports, webhooks
from rongxin.client.credentials import ApiKey, PrivateKey
from rongxin.client.senders import AsyncClient, Client
from rongxin.delivery.push import upkeep
from rongxin.disclosure import deferred
from rongxin.proof.errors import Forged
from rongxin.proof.keys import SigningKey
from rongxin.vocabulary.purpose import Purpose
from tests.journeys import connected
from tests.journeys.connected import Bank
from tests.unit.consent import stage
from tests.unit.entrypoints.api import keys
from tests.unit.evaluation import cards as made_cards
from tests.unit.records.conftest import Bureau, Row

pytestmark = pytest.mark.django_db(transaction=True)
PENALTY = "administrative_penalty"


@pytest.fixture
def node(settings, monkeypatch, tmp_path):
    with connected.node(tmp_path, settings, monkeypatch) as web:
        yield web


@pytest.fixture
def firm(node):
    made = stage.firm()
    Bureau().files(
        Row(2, made.id, "一号", {"uscc": made.uscc, "fine_cny": "9.00"}, timezone.localdate()),
    )
    return made


@pytest.fixture
def bank(node):
    return Bank()


def _firms(node, firm, path, body):
    """What the firm does, at its own key."""
    headers = keys.header_of(firm.owner)
    answer = httpx.post(f"{node}api/v1/{path}", json=body, headers=headers, timeout=60, trust_env=False)
    assert answer.status_code < 300, answer.text
    return answer.json()


def _agree(node, firm, asked):
    evidence = {"name": firm.owner.name, "id_number": firm.owner.id_number, "represents": firm.uscc}
    body = {**stage.shown(timezone.now()), "evidence": evidence}
    return UUID(_firms(node, firm, f"consent-requests/{asked.request}/accept", body)["consent"])


def _question(firm, **more):
    return reports.Question(firm.uscc, "DK-1", "王一", items=[PENALTY], **more)


def test_from_nothing_to_the_report_until_the_consent_is_withdrawn(node, firm, bank):
    with Client(node, bank.credentials) as sdk:
        case = sdk.send(cases.open_case(firm.uscc, "DK-1"))
        asked = sdk.send(consents.ask(case.case, [PENALTY]))
        consent = _agree(node, firm, asked)
        assert sdk.send(consents.request(asked.request)).consent == consent
        assert [one.consent for one in sdk.each(consents.own(case=case.case))] == [consent]
        question = _question(firm, case=case.case, consent=consent, purpose=Purpose.PRE_LOAN_REVIEW)
        given = sdk.send(reports.ask(question))
        assert (given.report.kind, given.report.summary["records"]) == ("consented", 1)
        assert "<html" in sdk.send(reports.ask_page(question))
        assert sdk.send(reports.ask_pdf(question)).startswith(b"%PDF")
        with pytest.raises(errors.Refused):  # nothing was called for it, so no answer is kept
            sdk.send(reports.again(given.report.report))
        _firms(node, firm, f"consents/{consent}/withdraw", {})
        with pytest.raises(errors.Refused) as refused:
            sdk.send(reports.ask(question))
        assert (refused.value.reason, refused.value.status) == ("consent_withdrawn", 403)
        assert refused.value.article
        # Only public information was given by it: nothing is owed.
        assert (list(sdk.each(deletion.owed())), sdk.send(deletion.of_consent(consent))) == ([], [])
        assert sdk.send(deletion.laws()).laws


def test_the_same_calls_by_asyncio(node, firm, bank):
    async def play():
        async with AsyncClient(node, bank.credentials) as sdk:
            made = await asyncio.gather(*(sdk.send(cases.open_case(firm.uscc, f"DK-{n}")) for n in range(5)))
            listed = [one.case async for one in sdk.each(cases.own(page_rows=2))]
            given = await sdk.send(reports.ask(_question(firm)))
            with pytest.raises(errors.NotFound) as unknown:
                await sdk.send(cases.open_case(stage.code(), "DK-9"))
            return {one.case for one in made}, listed, given.report.kind, unknown.value.code

    made, listed, kind, code = asyncio.run(play())
    assert len(listed) == 5
    assert set(listed) == made
    assert (kind, code) == ("public", "unknown_subject")


def test_a_call_that_is_sent_twice_has_one_effect_and_pages_go_to_the_end(node, firm, bank):
    with Client(node, bank.api_key) as sdk:
        call = cases.open_case(firm.uscc, "DK-1")
        assert sdk.send(call) == sdk.send(call)
        numbers = {sdk.send(cases.open_case(firm.uscc, f"DK-{n}")).case for n in range(2, 8)}
        listed = [one.case for one in sdk.each(cases.own(page_rows=3))]
        assert len(listed) == 7
        assert numbers < set(listed)
        with pytest.raises(errors.Invalid) as invalid:
            sdk.send(cases.open_case(firm.uscc, ""))
        assert (invalid.value.code, len(invalid.value.errors)) == ("invalid_request", 1)
    with Client(node, ApiKey("rxk_0_0")) as sdk, pytest.raises(errors.NotAuthenticated):
        sdk.send(cases.own())
    strange = PrivateKey(bank.name, SigningKey.generate("strange"))
    with Client(node, strange) as sdk, pytest.raises(errors.NotAuthenticated) as refused:
        sdk.send(cases.own())
    assert refused.value.code == "invalid_client"


def test_a_report_is_asked_for_later_awaited_and_collected_by_threads_and_by_asyncio(node, firm, bank):
    def worker(stop):
        with contextlib.closing(connection):
            while not stop.wait(0.05):
                deferred.fetch_next(as_of=timezone.now())

    async def play():
        async with AsyncClient(node, bank.credentials) as sdk:
            return await sdk.run(reports.awaited(_question(firm), every_seconds=0.1))

    with Client(node, bank.credentials) as sdk:
        later = sdk.send(reports.ask_later(_question(firm)))
        assert sdk.send(reports.progress(later.request)).status == "waiting"
        with pytest.raises(reports.NotReady):
            sdk.run(reports.awaited(_question(firm), seconds=0.2, every_seconds=0.1))
        stop = threading.Event()
        thread = threading.Thread(target=worker, args=(stop,))
        thread.start()
        try:
            given = sdk.run(reports.awaited(_question(firm), every_seconds=0.1))
            assert given.report.summary["records"] == asyncio.run(play()).report.summary["records"] == 1
            assert sdk.send(reports.again(later.request)).report.report == later.request
        finally:
            stop.set()
            thread.join()


def test_outcomes_are_told_corrected_and_handed_in_as_a_file(node, firm, bank, tmp_path):
    today = timezone.localdate()
    approved = outcomes.Told(
        "approved", today, amount_cny=Decimal("500000"), rate_bp=385, term_months=12, security="credit"
    )
    with Client(node, bank.credentials) as sdk:
        sdk.send(cases.open_case(firm.uscc, "DK-1"))
        receipt = sdk.send(outcomes.tell([("DK-1", approved), ("DK-0", approved)]))
        assert [one.number for one in receipt.accepted] == [1]
        assert [one.number for one in receipt.refused] == [2]
        assert sdk.send(outcomes.tell([("DK-1", approved)])).duplicates == [1]
        wrong = receipt.accepted[0].outcome
        mended = outcomes.Told(
            "approved", today, amount_cny=Decimal("400000"), rate_bp=385, term_months=12, security="credit"
        )
        sdk.send(outcomes.correct(wrong, mended, "金额录入有误"))
        assert sorted(one.corrected for one in sdk.send(outcomes.of_case("DK-1"))) == [False, True]
        file = tmp_path / "结果.csv"
        file.write_text(f"reference,stage,on,amount_cny\nDK-1,drawn,{today},400000\n")
        assert sdk.send(outcomes.hand_in(file)).accepted == 1


def test_an_own_card_is_uploaded_scores_a_consenting_firm_and_is_retired(node, firm, bank, tmp_path):
    now = timezone.now()
    case = stage.case(firm, bank.id, "DK-1", as_of=now)
    stage.consent(firm, case, as_of=now)
    file = tmp_path / "card.json"
    file.write_bytes(made_cards.data(f"count({PENALTY})", "sum(tax_payment.vat_paid_cny_12m)"))
    question = cards.Question(firm.uscc, case, "DK-1", "张三")
    with Client(node, bank.credentials) as sdk:
        uploaded = sdk.send(cards.upload(file, "小微卡"))
        assert (uploaded.name, uploaded.items) == ("小微卡", [PENALTY, "tax_payment"])
        assert [one.card for one in sdk.send(cards.own())] == [uploaded.card]
        assert sdk.send(cards.show(uploaded.card)).digest == uploaded.digest
        assert sdk.send(cards.score(uploaded.card, question)).score == 505
        assert sdk.send(cards.retire(uploaded.card)).retired_at is not None
        with pytest.raises(errors.Conflict):
            sdk.send(cards.score(uploaded.card, question))


def test_a_push_is_fetched_taken_up_verified_and_acknowledged(node, firm, bank, tmp_path):
    into = tmp_path / "fetched"
    with Client(node, bank.credentials) as sdk:
        terms = push.Terms((PENALTY,), "TS-1", "接入协议第3条", regions=("990101",))
        subscription = sdk.send(push.subscribe(terms)).subscription
        upkeep.make_due(as_of=timezone.now())
        (run,) = sdk.each(push.runs(subscription=subscription))
        first = sdk.run(push.fetch(run.run, into))
        (name,) = first.manifest["files"]
        whole = (into / name).read_bytes()
        for broken in (whole[:100], b"x" * 100, whole + b"x"):  # half, spoilt, too long
            (into / name).unlink()
            (into / f"{name}.part").write_bytes(broken)
            assert sdk.run(push.fetch(run.run, into)) == first
            assert (into / name).read_bytes() == whole
        other = SigningKey.generate("node").public
        with pytest.raises(Forged):
            sdk.run(push.fetch(run.run, tmp_path / "other", keys={other.id: other}))
        assert sdk.send(push.acknowledge(first)).state == "acknowledged"


def test_webhooks_are_registered_changed_and_removed(node, bank):
    with Client(node, bank.credentials) as sdk:
        made = sdk.send(webhooks.register("https://hooks.example.com/events", ["consent.granted"]))
        assert made.secret.startswith("whsec_")
        assert sdk.send(webhooks.rotate(made.webhook)).secret != made.secret
        assert len(sdk.send(webhooks.key()).verifying().raw) == 32
        assert "consent.granted" in {one.event for one in sdk.send(webhooks.types())}
        changed = sdk.send(webhooks.change(made.webhook, events=["consent.withdrawn"]))
        assert changed.events == ["consent.withdrawn"]
        assert list(sdk.each(webhooks.deliveries(made.webhook, page_rows=1)))
        assert sdk.send(webhooks.remove(made.webhook)).state == "removed"
