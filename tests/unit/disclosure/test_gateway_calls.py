"""From the bank's question to the department's own machine and back, with evidence that stands alone."""

from __future__ import annotations

import base64
import copy
import json
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from click.testing import CliRunner
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from django.db import connection

from rongxin.consent import grants
from rongxin.delivery import report, verification
from rongxin.delivery.evidence import checking, exporting
from rongxin.disclosure.release import Refusal, Release
from rongxin.entrypoints.cli import sealed
from rongxin.exchange.question import Match
from rongxin.journal import checkpoints, sequencer
from rongxin.parties import institutions, quotas
from rongxin.proof import boxes, sm2
from rongxin.sharing import call_register
from rongxin.vocabulary.actor import SYSTEM
from rongxin.vocabulary.availability import Availability
from rongxin.vocabulary.reason import Reason
from tests.unit.consent import stage
from tests.unit.disclosure.gateway_stage import LATER, Scene
from tests.unit.gateway.stage import CATALOGUE

pytestmark = pytest.mark.django_db(transaction=True)
CERTIFICATE = "real_estate_certificate_number"


def _evidence(answer: Release | Refusal) -> dict[str, Any]:
    sequencer.integrate()
    checkpoints.sign(as_of=LATER)
    document = exporting.export(answer.id, actor=SYSTEM, as_of=LATER)
    loaded: dict[str, Any] = json.loads(json.dumps(document))
    return loaded


def _holds(document: dict[str, Any]) -> list[str]:
    return list(checking.check(document, checking.keys_of(document)))


def test_a_consented_question_is_answered_and_its_evidence_stands_alone(scene: Scene) -> None:
    stage.consent(scene.firm, scene.case)
    answer = scene.asks()
    assert isinstance(answer, Release)
    assert answer.items[0].rows[0].fields["vat_paid_cny_12m"].value == "100"
    lines = _holds(_evidence(answer))
    assert len(lines) == 5
    assert "网关签名应答 有记录" in lines[-1]


def test_a_refusal_by_the_gateway_reaches_the_report_with_its_reason_and_is_evidence_too(
    scene: Scene,
) -> None:
    stage.consent(scene.firm, scene.case)
    scene.tax.clock += timedelta(seconds=20)  # the department's clock runs ahead: the status is too old
    answer = scene.asks()
    assert isinstance(answer, Release)
    (item,) = answer.items
    assert (item.availability, item.reason) == (Availability.WITHHELD, Reason.CONSENT_STATUS_MISSING)
    assert "未提供" in _holds(_evidence(answer))[-1]


def test_claims_are_checked_and_no_value_leaves(scene: Scene) -> None:
    stage.consent(scene.firm, scene.case, draft=stage.draft("real_estate", "tax_payment"))
    claims = {"real_estate": {CERTIFICATE: "云（2026）不动产权第7号", "area_sqm": "90"}}
    answer = scene.asks("real_estate", claims=claims)
    assert isinstance(answer, Release)
    (item,) = answer.items
    assert item.results == {CERTIFICATE: Match.MATCH, "area_sqm": Match.MISMATCH}
    assert (item.availability, item.rows) == (Availability.RECORDS, ())
    document = report.build(answer, CATALOGUE, node="n")
    assert verification.holds(document)
    assert "第7号" not in report.to_json(document).decode()
    assert _holds(_evidence(answer))


def test_nothing_is_asked_of_a_department_that_the_consent_does_not_name(scene: Scene) -> None:
    stage.consent(scene.firm, scene.case)
    answer = scene.asks("tax_payment", "real_estate", claims={"real_estate": {"area_sqm": "1"}})
    assert isinstance(answer, Release)
    assert answer.items[1].reason is Reason.ITEM_NOT_COVERED
    assert not (scene.estate.directory / "evidence.sqlite").exists() or scene.estate.evidence.settle(
        lambda settling: settling.last.position == 0
    )


@pytest.mark.parametrize("suite", [X25519PrivateKey, sm2.PrivateKey])
def test_sealed_rows_pass_the_node_unread_and_open_at_the_institution(scene: Scene, suite: Any) -> None:
    stage.consent(scene.firm, scene.case)
    key = suite.generate()
    pem = boxes.public_text(key.public_key())
    (scene.tax.directory / "institutions").mkdir()
    (scene.tax.directory / "institutions" / "bank_a.pub.pem").write_bytes(pem)
    answer = scene.asks(seal_to=pem.decode())
    assert isinstance(answer, Release)
    (item,) = answer.items
    assert (item.availability, item.rows) == (Availability.RECORDS, ())
    document = report.build(answer, CATALOGUE, node="n")
    assert verification.holds(document)
    assert '"100"' not in report.to_json(document).decode()
    (box,) = item.sealed
    opened = json.loads(boxes.open_box(base64.b64decode(box), key, info=boxes.SEALED_ROWS))
    assert opened[0]["vat_paid_cny_12m"] == "100"


def test_a_report_is_opened_by_the_institutions_command(scene: Scene, tmp_path: Path) -> None:
    stage.consent(scene.firm, scene.case)
    assert CliRunner().invoke(sealed.command, ["key", str(tmp_path / "own")]).exit_code == 0
    pem = (tmp_path / "own.pub.pem").read_bytes()
    (scene.tax.directory / "institutions").mkdir()
    (scene.tax.directory / "institutions" / "bank_a.pub.pem").write_bytes(pem)
    answer = scene.asks(seal_to=pem.decode())
    assert isinstance(answer, Release)
    (tmp_path / "report.json").write_bytes(report.to_json(report.build(answer, CATALOGUE, node="n")))
    said = ["open", str(tmp_path / "report.json"), "--key", str(tmp_path / "own")]
    opened = json.loads(CliRunner().invoke(sealed.command, said).stdout)
    assert opened["tax_payment"][0]["vat_paid_cny_12m"] == "100"


def test_a_node_can_not_put_its_own_key_in_the_institutions_place(scene: Scene) -> None:
    stage.consent(scene.firm, scene.case)
    nodes_own = boxes.public_text(X25519PrivateKey.generate().public_key()).decode()
    answer = scene.asks(seal_to=nodes_own)
    assert isinstance(answer, Release)
    assert (answer.items[0].availability, answer.items[0].sealed) == (Availability.WITHHELD, ())


def _swap_receipts(document: dict[str, Any]) -> None:
    first, second = document["calls"]
    first["receipt"], second["receipt"] = second["receipt"], first["receipt"]


def _drop_call(document: dict[str, Any]) -> None:
    document["calls"].pop()


def _other_consent(document: dict[str, Any]) -> None:
    document["consent"] = None


def _other_request(document: dict[str, Any]) -> None:
    document["request"] = str(uuid4())


def _edited_entry(document: dict[str, Any]) -> None:
    document["outcome"]["body"] = document["outcome"]["body"].replace("bank_a", "bank_b")


def _edited_message(document: dict[str, Any]) -> None:
    message = base64.b64decode(document["calls"][0]["message"]).replace(b"pre_loan_review", b"self_access")
    document["calls"][0]["message"] = base64.b64encode(message).decode()


@pytest.mark.parametrize(
    "tamper",
    [_swap_receipts, _drop_call, _other_consent, _other_request, _edited_entry, _edited_message],
)
def test_evidence_that_was_put_together_or_edited_does_not_hold(scene: Scene, tamper: Any) -> None:
    stage.consent(scene.firm, scene.case, draft=stage.draft("real_estate", "tax_payment"))
    answer = scene.asks("tax_payment", "real_estate", claims={"real_estate": {"area_sqm": "100"}})
    document = _evidence(answer)
    assert len(document["calls"]) == 2
    assert _holds(document)
    forged = copy.deepcopy(document)
    tamper(forged)
    with pytest.raises(checking.DoesNotHold):
        _holds(forged)


@pytest.mark.parametrize("part", ["format", "request", "intent", "outcome", "consent", "calls", "keys"])
def test_a_file_that_lacks_a_part_is_told_so(scene: Scene, part: str) -> None:
    stage.consent(scene.firm, scene.case)
    document = _evidence(scene.asks())
    del document[part]
    with pytest.raises(checking.DoesNotHold):
        _holds(document)


def test_health_counts_answers_and_failures(scene: Scene) -> None:
    stage.consent(scene.firm, scene.case)
    scene.asks()
    (scene.tax.directory / "store.sqlite").unlink()
    scene.asks()
    (health,) = call_register.health(["tax_bureau"], as_of=LATER + timedelta(minutes=1))
    assert (health.asked, health.answered, health.rate) == (2, 1, 0.5)


def _asks_without_end() -> None:
    """Let one clerk ask more often than any day allows, or a long race ends as a refusal of its quota."""
    institutions.set_daily_quota("bank_a", 100_000, actor=SYSTEM, as_of=stage.NOW)
    for scope in quotas.SETTABLE:
        quotas.set_limit("bank_a", scope, 100_000, actor=SYSTEM, as_of=stage.NOW)


@pytest.mark.parametrize("rounds", [20, pytest.param(1000, marks=pytest.mark.long)])
def test_no_answer_to_a_request_that_began_after_a_withdrawal(scene: Scene, rounds: int) -> None:
    """Readers race a withdrawal, some of them for an answer that was kept."""
    _asks_without_end()
    for number in range(rounds):
        case = stage.case(scene.firm, "bank_a", f"DK-{number}")
        consent = stage.consent(scene.firm, case)
        acknowledged, begun_after = threading.Event(), []
        first = scene.asks(case_id=case)
        assert isinstance(first, Release)

        def read(
            repeats: UUID | None, case: UUID = case, acknowledged: threading.Event = acknowledged
        ) -> tuple[bool, bool]:
            late = acknowledged.is_set()
            try:
                return late, isinstance(scene.asks(case_id=case, repeats=repeats), Release)
            finally:
                connection.close()

        def withdraw(id: UUID = consent.id, acknowledged: threading.Event = acknowledged) -> None:
            grants.withdraw(id, actor=scene.firm.owner.actor, as_of=LATER)
            acknowledged.set()
            connection.close()

        with ThreadPoolExecutor(4) as threads:
            readers = [threads.submit(read, repeats) for repeats in (first.id, None, first.id)]
            threads.submit(withdraw).result()
            readers += [threads.submit(read, repeats) for repeats in (first.id, None, first.id)]
            begun_after = [released for late, released in (one.result() for one in readers) if late]
        assert len(begun_after) >= 3
        assert not any(begun_after)
