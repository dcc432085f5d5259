"""`rongxin sandbox serve` as another institution's engineer meets it: join, try, break things on purpose."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from rongxin.client import cases, consents, errors, reports
from rongxin.client.conversation import Patience
from rongxin.client.credentials import PrivateKey
from rongxin.client.senders import Client, Way
from rongxin.conformance import trials
from rongxin.conformance.checks import Result
from rongxin.proof.keys import SigningKey
from rongxin.vocabulary.purpose import Purpose
from tests.journeys import serving


def environment(var: Path, **more: str) -> dict[str, str]:
    kept = {
        k: v for k, v in os.environ.items() if k not in ("DATABASE_URL", "RONGXIN_TEST_DB", "RONGXIN_MODE")
    }
    return kept | {"RONGXIN_VAR": str(var)} | more


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """The desk of a sandbox of a small city."""
    var = tmp_path_factory.mktemp("sandbox")
    command = [sys.executable, "-m", "rongxin", "sandbox", "serve", "--subjects", "60"]
    command += ["--port", "0", "--desk-port", "0"]
    with (var / "log").open("wb") as log:
        running = subprocess.Popen(command, env=environment(var), stderr=log)
    written = var / "sandbox" / "demo" / "desk.txt"
    try:
        serving.until(lambda: written.exists() or running.poll() is not None, seconds=560)
        assert running.poll() is None, (var / "log").read_text()[-3000:]
        with httpx.Client(base_url=written.read_text(), timeout=120, trust_env=False) as client:
            yield client
    finally:
        running.terminate()
        running.wait(120)


@dataclass
class Bank:
    """An institution that has helped itself."""

    mine: dict[str, Any]
    key: SigningKey

    def sdk(self) -> Client:
        way = Way(patience=Patience(attempts=1))
        return Client(self.mine["node"], PrivateKey(self.mine["account"], self.key), way)


@pytest.fixture
def bank(desk: httpx.Client) -> Bank:
    key = SigningKey.generate("bank")
    answer = desk.post("/institutions", json={"name": "某某银行", "pem": key.public.pem()})
    assert answer.status_code == 200, answer.text
    return Bank(answer.json(), key)


def _consented(desk: httpx.Client, bank: Bank, sdk: Client) -> reports.Question:
    """Ask the firm for consent to two items, and have it agree."""
    case = sdk.send(cases.open_case(bank.mine["subject"], reference := f"SX-{uuid4().hex[:8]}"))
    asked = sdk.send(consents.ask(case.case, ["tax_payment", "electricity_fee"]))
    agreed = desk.post(f"/requests/{asked.request}/accept")
    assert agreed.status_code == 200, agreed.text
    return reports.Question(
        bank.mine["subject"],
        reference,
        "王一",
        purpose=Purpose.PRE_LOAN_REVIEW,
        case=case.case,
        consent=UUID(agreed.json()["consent"]),
        items=["tax_payment", "electricity_fee"],
    )


def _availability(sdk: Client, question: reports.Question) -> str:
    given = sdk.send(reports.ask(question)).report
    return str(next(one for one in given.items() if one["item"] == "tax_payment")["availability"]["code"])


def test_a_firm_agrees_and_takes_back_when_it_is_told_to(desk: httpx.Client, bank: Bank) -> None:
    with bank.sdk() as sdk:
        question = _consented(desk, bank, sdk)
        assert _availability(sdk, question) == "records"
        assert desk.post(f"/consents/{question.consent}/withdraw").status_code == 200
        with pytest.raises(errors.Refused) as refused:
            sdk.send(reports.ask(question))
    assert refused.value.reason == "consent_withdrawn"


def test_a_gateway_is_unavailable_slow_and_well_again(desk: httpx.Client, bank: Bank) -> None:
    with bank.sdk() as sdk:
        found = {}
        for fault in ("unavailable", "slow", "none"):
            assert desk.put("/providers/tax_bureau", json={"fault": fault}).status_code == 200
            assert desk.get("/state").json()["providers"]["tax_bureau"] == fault
            found[fault] = _availability(sdk, _consented(desk, bank, sdk))  # each is for one use
    assert (found["unavailable"], found["slow"]) == ("provider_unavailable",) * 2
    with bank.sdk() as sdk:
        serving.until(lambda: _availability(sdk, _consented(desk, bank, sdk)) == "records")


def test_a_quota_is_used_up_when_it_is_asked_for(desk: httpx.Client, bank: Bank) -> None:
    question = reports.Question(bank.mine["subject"], "SX-2", "王一")
    with bank.sdk() as sdk:
        assert sdk.send(reports.ask(question)).report.kind == "public"
        path = f"/institutions/{bank.mine['institution']}/quota"
        assert desk.put(path, json={"a_day": 0}).status_code == 200
        with pytest.raises(errors.TooMany):
            sdk.send(reports.ask(question))
        assert desk.put(path, json={"a_day": 100}).status_code == 200
        assert sdk.send(reports.ask(question)).report.kind == "public"
    assert desk.put("/institutions/yunzhou_bank/quota", json={"a_day": 0}).status_code == 422


def test_the_conformance_suite_passes_with_the_file_that_the_desk_gives(
    desk: httpx.Client, bank: Bank, tmp_path: Path
) -> None:
    bank.key.save(tmp_path / "your.key.pem")
    (tmp_path / "trial.yaml").write_text(bank.mine["trial"])
    found = list(trials.of_institution(bank.mine["node"].rstrip("/"), tmp_path / "trial.yaml"))
    failed = [one for one in found if one.result is Result.FAILED]
    assert failed == []
    skipped = {one.id for one in found if one.result is Result.SKIPPED}
    assert skipped == {"D-01", "D-02"}  # nothing listens


def test_the_desk_says_that_all_is_invented_and_refuses_what_it_can_not_do(desk: httpx.Client) -> None:
    assert "全部虚构 all invented" in desk.get("/").text
    for method, path, body in (
        ("POST", "/institutions", {"name": "", "pem": "x"}),
        ("POST", "/institutions", {"name": "某某银行", "pem": "no key"}),
        ("POST", "/institutions", {}),
        ("PUT", "/providers/tax_bureau", {"fault": "angry"}),
        ("POST", f"/requests/{UUID(int=1)}/accept", {}),
        ("POST", f"/consents/{UUID(int=1)}/withdraw", {}),
        ("POST", "/requests/x/accept", {}),
    ):
        answer = desk.request(method, path, json=body)
        assert (answer.status_code, bool(answer.json()["title"])) == (422, True), (path, answer.text)
    assert desk.put("/providers/nobody", json={"fault": "slow"}).status_code == 404
    assert desk.get("/elsewhere").status_code == 404


def test_it_does_not_run_in_production(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "rongxin", "sandbox", "serve"]
    environ = environment(tmp_path, RONGXIN_MODE="production")
    done = subprocess.run(command, env=environ, capture_output=True, text=True, timeout=120, check=False)
    assert (done.returncode, "沙箱全部虚构" in done.stderr) == (1, True), done.stderr
    assert not (tmp_path / "sandbox").exists()
