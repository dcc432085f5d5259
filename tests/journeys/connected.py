"""A node that runs as a process and a bank that is connected to it, for tests of what banks run."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

from django.utils import timezone

from rongxin.client.credentials import ApiKey, PrivateKey
from rongxin.parties import institutions
from rongxin.parties.models import Account
from rongxin.parties.rules.membership import PartyKind
from rongxin.proof.keys import SigningKey
from rongxin.vocabulary.actor import SYSTEM
from tests.journeys import serving
from tests.unit.consent import stage
from tests.unit.entrypoints.api import keys


class Bank:
    """A bank with a machine account, an API key and a registered key of its own."""

    def __init__(self, id: str = "bank_a", pem: str = "") -> None:
        self.id = id
        today, now = timezone.localdate(), timezone.now()
        until = today + timedelta(days=30)
        stage.bank(id)
        institutions.assess(id, until=until, actor=SYSTEM, as_of=now)
        self.clerk, self.signing = stage.staff(PartyKind.INSTITUTION, id), SigningKey.generate(id)
        stage.institution_key(id, pem or self.signing.public.pem(), account=self.clerk.account, as_of=now)
        self.api_key = ApiKey(keys.header_of(self.clerk)["authorization"].removeprefix("Bearer "))
        self.name = Account.objects.get(pk=self.clerk.account).username

    @property
    def credentials(self) -> PrivateKey:
        return PrivateKey(self.name, self.signing)


@contextmanager
def node(var: Path, settings, monkeypatch, **more: str) -> Iterator[str]:
    """Serve a node whose files and keys this process shares, as a worker beside it does; its address."""
    settings.RONGXIN_VAR = var
    monkeypatch.setenv("RONGXIN_KEYS", str(var / "keys"))
    secret = "tests-only-" + "x" * 64
    settings.SECRET_KEY = secret  # by which identity numbers are committed to
    with serving.node(var, "--without-worker", "--workers", "1", RONGXIN_SECRET_KEY=secret, **more):
        web = json.loads((var / "demo" / "addresses.json").read_text())["web"]
        serving.wait_until_it_answers(web)
        yield web
