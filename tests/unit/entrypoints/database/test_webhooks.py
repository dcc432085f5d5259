"""Web and worker carry webhooks with the rights that are declared for them, and no more."""

from __future__ import annotations

import pytest
from django.db import ProgrammingError
from pytest_django import Settings

from rongxin.delivery.webhooks import endpoints, messages
from rongxin.delivery.webhooks.models import Message, Webhook
from rongxin.entrypoints.database.declared import Role
from rongxin.journal import sealing
from rongxin.vocabulary.actor import SYSTEM
from tests.unit.consent import stage as consents
from tests.unit.delivery.webhooks import receiver as receivers
from tests.unit.delivery.webhooks import stage
from tests.unit.entrypoints.database.stage import Division

pytestmark = pytest.mark.django_db(transaction=True)


def test_the_web_registers_and_the_worker_delivers_switches_off_and_forgets(
    division: Division, settings: Settings
) -> None:
    settings.RONGXIN_WEBHOOK_LOOPBACK = True
    played = stage.Played()
    with receivers.listening() as there:
        with division.process(Role.WEB):
            card = stage.register(there).card
            endpoints.rotate(card.id, actor=stage.BANK, as_of=consents.NOW)
        with division.process(Role.WORKER):
            played.go()
            stage.happen()
            played.go()
            assert len(there.news) == 1
        with division.process(Role.WEB):
            again = {"message": there.news[0].id, "actor": stage.BANK, "as_of": played.clock.now}
            assert messages.replay(card.id, **again) == 1
        with division.process(Role.WORKER):
            there.answer = lambda handler, got: receivers.reply(handler, 410)
            played.go()
            assert endpoints.get(card.id, party=card.party).state == "disabled"
            assert messages.prune(policy=stage.POLICY, as_of=played.clock.now.replace(year=2027)) == 2
        with division.process(Role.WEB):
            endpoints.remove(card.id, actor=stage.BANK, as_of=played.clock.now)
            with pytest.raises(ProgrammingError, match="permission denied"):
                Message.objects.all().delete()


def test_secrets_are_sealed_anew_under_the_next_data_key(settings: Settings, tmp_path) -> None:
    settings.RONGXIN_VAR = tmp_path
    settings.RONGXIN_WEBHOOK_LOOPBACK = True
    with receivers.listening() as there:
        issued = stage.register(there)
        rotated = endpoints.rotate(issued.card.id, actor=stage.BANK, as_of=consents.NOW)
        gone = stage.register(there).card.id
        endpoints.remove(gone, actor=stage.BANK, as_of=consents.NOW)
    sealing.rotate(actor=SYSTEM, as_of=consents.NOW)
    before = Webhook.objects.get(pk=issued.card.id)
    for column, texts in zip(endpoints.SEALED, (1, 1), strict=True):
        assert sealing.renew(column, actor=SYSTEM, as_of=consents.NOW) == texts
    row = Webhook.objects.get(pk=issued.card.id)
    assert bytes(row.secret) != bytes(before.secret)
    assert endpoints.secrets_of(row, as_of=consents.NOW) == [rotated.secret, issued.secret]
