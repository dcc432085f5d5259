"""The outer side takes what the node signed, keeps it, and only then says so; nothing else is answered."""

from __future__ import annotations

import json
import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from standardwebhooks import Webhook

from rongxin.front import outer
from rongxin.front.config import Config
from rongxin.front.outer import Porch
from rongxin.front.replies import Asked, Reply

SECRET, OTHER = (f"whsec_{letter * 32}" for letter in "AB")


@pytest.fixture
def porch(tmp_path: Path) -> Porch:
    secrets = tmp_path / "keys" / "webhook.secrets"
    secrets.parent.mkdir()
    secrets.touch(mode=0o600)
    secrets.write_text(f"# of the node\n{OTHER}\n{SECRET}\n")
    return outer.open_porch(Config(node="https://node.example", account="api", directory=tmp_path))


def message(
    id: str = "msg_1",
    *,
    secret: str = SECRET,
    type: str = "consent.granted",
    ago: timedelta = timedelta(),
    **data: str,
) -> Asked:
    at = datetime.now(UTC) - ago
    body = json.dumps({"type": type, "timestamp": at.isoformat(), "data": data or {"consent": "c"}})
    headers = {
        "webhook-id": id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": Webhook(secret).sign(id, at, body),
    }
    return Asked("POST", "/events", "", headers, body.encode())


def code(reply: Reply) -> str:
    return str(json.loads(reply.body)["code"])


def test_an_event_is_kept_once_however_often_it_comes(porch: Porch) -> None:
    for asked in (message("msg_1"), message("msg_2", secret=OTHER), message("msg_1")):
        assert outer.answer(porch, asked).status == 200
    kept = porch.inbox.after(0, 9)
    assert [one.id for one in kept] == ["msg_1", "msg_2"]
    assert kept[0].proof["webhook-signature"].startswith("v1,")


def test_a_challenge_is_repeated_and_is_no_event(porch: Porch) -> None:
    reply = outer.answer(porch, message(type="webhook.verification", challenge="word"))
    assert (reply.status, json.loads(reply.body)) == (200, {"challenge": "word"})
    assert porch.inbox.last() == 0


def test_what_is_not_signed_by_a_secret_of_now_is_refused(porch: Porch) -> None:
    good = message()
    stranger = message(secret=f"whsec_{'C' * 32}")
    for asked in (
        stranger,
        message(ago=timedelta(minutes=6)),
        Asked("POST", "/events", "", good.headers, good.body + b" "),
        Asked("POST", "/events", "", {}, good.body),
    ):
        reply = outer.answer(porch, asked)
        assert (reply.status, code(reply)) == (400, "forged")
    porch.config.place("webhook_secrets").write_text(f"{OTHER}\n")
    assert outer.answer(porch, good).status == 400
    assert porch.inbox.last() == 0


def test_nothing_is_accepted_that_can_not_be_kept(porch: Porch, tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "events.sqlite") as base:
        base.execute("DROP TABLE event")
    reply = outer.answer(porch, message())
    assert (reply.status, code(reply), dict(reply.headers)["retry-after"]) == (503, "not_kept", "60")


@pytest.mark.parametrize("state", ["missing", "empty", "open", "nonsense"])
def test_without_a_secret_that_is_one_it_asks_to_come_later(porch: Porch, state: str) -> None:
    path = porch.config.place("webhook_secrets")
    path.write_text("whsec_!\n" if state == "nonsense" else f"{SECRET}\n" if state == "open" else "")
    if state == "missing":
        path.unlink()
    if state == "open":
        path.chmod(0o644)
    reply = outer.answer(porch, message())
    assert (reply.status, code(reply)) == (503, "not_kept")
    assert porch.inbox.last() == 0


def test_there_is_no_other_door(porch: Porch) -> None:
    good = message()
    for method, path, status in (
        ("POST", "/api/v1/cases", 404),
        ("POST", "/front/events", 404),
        ("GET", "/events", 405),
    ):
        assert outer.answer(porch, Asked(method, path, "", good.headers, good.body)).status == status
    assert porch.inbox.last() == 0
