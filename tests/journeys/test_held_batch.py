"""A batch that looks wrong, from the clerk who sent it to the second person who lets it in or not."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from rongxin.catalogue import loader
from rongxin.entrypoints.cli import intake
from rongxin.parties import seed
from rongxin.parties.rules.membership import PartyKind
from rongxin.sharing.aggregation import batches
from rongxin.vocabulary import uscc
from rongxin.vocabulary.actor import SYSTEM
from tests.unit.consent import stage
from tests.unit.entrypoints.api import keys

pytestmark = pytest.mark.django_db(transaction=True)
URL, PROVIDER, ITEM = "/api/v1/batches", "development_reform_commission", "administrative_penalty"
HEADER = "企业名称,统一社会信用代码,行政处罚决定书文号,罚款金额,行政处罚决定日期\n"


@pytest.fixture(autouse=True)
def node(tmp_path, settings, monkeypatch):
    settings.RONGXIN_VAR = tmp_path / "var"
    monkeypatch.setenv("RONGXIN_VAR", str(settings.RONGXIN_VAR))
    seed.seed(loader.load(), actor=SYSTEM, as_of=stage.NOW)


def _text(wrong: int) -> str:
    """Forty rows that can be filed and some of which the fine stands in words: the wrong column."""
    fines = ["100"] * 40 + ["贰佰"] * wrong
    codes = [uscc.compose("91", "990100", f"MA{number:06d}") for number in range(len(fines))]
    rows = [f"云州公司,{codes[n]},{n}号,{fine},2026-03-01\n" for n, fine in enumerate(fines)]
    return HEADER + "".join(rows)


def _rongxin(*arguments, status=0):
    result = CliRunner().invoke(intake.command, [str(part) for part in arguments])
    assert result.exit_code == status, result.output
    return json.loads(result.stdout)


def test_a_providers_held_batch_is_seen_and_released_at_the_command_line(client):
    clerk = keys.header_of(stage.staff(PartyKind.PROVIDER, PROVIDER))
    file = SimpleUploadedFile("处罚.csv", _text(wrong=60).encode())
    batch = client.post(URL, {"item": ITEM, "file": file}, headers=clerk).json()["batch"]
    batches.resume_unfinished(as_of=timezone.now())
    (waiting,) = _rongxin("held")
    assert (waiting["batch"], waiting["findings"][0]["rule"]) == (batch, "reject_share")
    assert client.get(f"{URL}/{batch}", headers=clerk).json()["receipt"] is None
    receipt = _rongxin("release", batch)
    assert (receipt["read"], receipt["accepted"], receipt["rejected"]) == (100, 40, 60)
    assert _rongxin("held") == []
    assert client.get(f"{URL}/{batch}", headers=clerk).json()["receipt"] == receipt
    assert _rongxin("refuse", batch, "--reason", "晚了", status=2)["code"] == "batch_not_held"


def test_whoever_handed_it_in_at_the_command_line_needs_a_second_person(client, tmp_path):
    path = tmp_path / "处罚.csv"
    path.write_text(_text(wrong=60), "utf-8")
    held = _rongxin("submit", path, "--item", ITEM, "--provider", PROVIDER, status=3)
    batch = held["batch"]
    refusal = _rongxin("release", batch, status=2)
    assert (refusal["code"], bool(refusal["what_to_do"])) == ("second_person_needed", True)
    assert _rongxin("status", batch)["status"] == "held"
    operator = keys.header_of(stage.staff(PartyKind.OPERATOR, "node"))
    body = {"reason": "金额列错位"}
    answer = client.post(f"{URL}/{batch}/refuse", body, content_type="application/json", headers=operator)
    assert answer.json()["status"] == "refused"
    card = _rongxin("status", batch)
    assert (card["status"], card["receipt"]) == ("refused", None)
    assert "金额列错位" in card["refusal"]["what"]
    path.write_text(_text(wrong=0), "utf-8")
    assert _rongxin("submit", path, "--item", ITEM, "--provider", PROVIDER)["accepted"] == 40
