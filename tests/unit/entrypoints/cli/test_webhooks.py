"""`rongxin webhooks` as an operator meets it."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from rongxin.entrypoints.cli import webhooks as commands
from tests.unit.delivery.webhooks import receiver as receivers
from tests.unit.delivery.webhooks import stage

pytestmark = pytest.mark.django_db(transaction=True)


def _says(*arguments, status=0):
    result = CliRunner().invoke(commands.command, [str(part) for part in arguments])
    assert result.exit_code == status, result.output
    return json.loads(result.stdout)


@pytest.fixture(autouse=True)
def node(tmp_path, settings, monkeypatch):
    settings.RONGXIN_VAR = tmp_path / "var"
    settings.RONGXIN_WEBHOOK_LOOPBACK = True
    monkeypatch.setenv("RONGXIN_VAR", str(settings.RONGXIN_VAR))


def test_the_operator_sees_dead_letters_and_sends_them_again():
    played = stage.Played(policy=stage.IMPATIENT.model_copy(update={"retry_seconds": (1.0,)}))
    with receivers.listening() as there:
        webhook = stage.register(there).card.id
        played.go()
        there.answer = lambda handler, got: receivers.reply(handler, 500)
        stage.happen()
        played.go()
        played.go(seconds=5)
        (one,) = _says("dead")["dead"]
        assert (one["party"], one["failures"], one["last_status"]) == ("institution:bank_a", 2, 500)
        (card,) = _says("list")
        assert (card["webhook"], card["state"]) == (str(webhook), "active")
        there.answer = receivers.repeat
        assert _says("replay", webhook, "--since", "2020-01-01", "--dead-only") == {"replayed": 1}
        played.clock.now = stage.datetime.now(stage.stage.NOW.tzinfo)
        played.go()
        assert there.news[-1].id == one["message"]
        assert _says("dead")["dead"] == []
    nobody = "00000000-0000-0000-0000-000000000000"
    assert _says("replay", nobody, "--message", "msg_1", status=2)["code"] == "unknown_webhook"
