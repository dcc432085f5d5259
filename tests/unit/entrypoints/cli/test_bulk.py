"""`rongxin bulk` as an operator meets it."""

from __future__ import annotations

import json
from hashlib import sha256
from uuid import UUID

import pytest
from click.testing import CliRunner
from django.utils import timezone

from rongxin.catalogue import loader
from rongxin.entrypoints.cli import bulk, worker
from rongxin.parties import seed
from rongxin.sharing.bulk import agreements
from rongxin.vocabulary.actor import SYSTEM
from tests.unit.consent import stage
from tests.unit.sharing.bulk.stage import ITEM, PROVIDER, SECOND

pytestmark = pytest.mark.django_db(transaction=True)
DAYS = ("--signed", "2026-01-01", "--from", "2026-01-01", "--until", "2099-12-31")
RATE = ("--per-minute", "60", "--refresh-days", "7")


def _says(*arguments, status=0):
    result = CliRunner().invoke(bulk.command, [str(part) for part in arguments])
    assert result.exit_code == status, result.output
    return json.loads(result.stdout)


@pytest.fixture(autouse=True)
def node(tmp_path, settings, monkeypatch):
    settings.RONGXIN_VAR = tmp_path / "var"
    monkeypatch.setenv("RONGXIN_VAR", str(settings.RONGXIN_VAR))
    seed.seed(loader.load(), actor=SYSTEM, as_of=stage.NOW)


def _agree(tmp_path, item=ITEM, status=0):
    paper = tmp_path / "paper.pdf"
    paper.write_bytes(b"%PDF a signed paper")
    given = ("--item", item, "--provider", PROVIDER, "--number", "云市监函〔2026〕7号", "--document", paper)
    return _says("agree", *given, *DAYS, *RATE, status=status)


def test_an_agreement_is_entered_checked_watched_and_ended(tmp_path):
    made = _agree(tmp_path)
    assert made["document_sha256"] == sha256(b"%PDF a signed paper").hexdigest()
    assert _says("confirm", made["agreement"], status=2)["code"] == "second_person_needed"
    agreements.confirm(UUID(made["agreement"]), actor=SECOND, as_of=timezone.now())
    assert _says("list")[0]["state"] == "in_force"
    assert _says("refresh") == []  # nobody is known here yet
    (state,) = _says("status", "--provider", PROVIDER)
    assert (state["subjects"], state["last_turn"]) == (0, None)
    assert _says("end", made["agreement"], "--reason", "函告终止")["state_label"] == "已终止"
    assert _says("end", made["agreement"], "--reason", "x", status=2)["code"] == "bulk_not_possible"


def test_what_may_not_be_agreed_is_said_in_one_document(tmp_path):
    assert _agree(tmp_path, "annual_report", status=2)["code"] == "not_in_bulk"
    assert _says("decline", UUID(int=1), "--reason", "x", status=2)["code"] == "unknown_agreement"


def test_the_worker_refreshes_and_sweeps_by_itself():
    names = {"items kept by agreement", "agreements that are over"}
    found = [one for one in worker.duties() if one.name in names]
    assert [duty.act(timezone.now()) for duty in found] == [0, 0]
