"""Having the node's events sent here: registered with the front's key, the secret kept where it is used."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from rongxin.client import webhooks
from rongxin.front import carrying
from rongxin.front.config import Config


def register(config: Config, url: str, events: Sequence[str]) -> str:
    """Register an address for events (all where none is named), keep its secret, have it challenged again.

    Returns the state in words. Raises a `ClientError` where the node doesn't take it.
    """
    with carrying.client(config) as node:
        wanted = list(events) or [one.event for one in node.send(webhooks.types())]
        made = node.send(webhooks.register(url, wanted))
        keep(config.place("webhook_secrets"), made.secret)
        # The first challenge may have come before the secret lay here.
        return node.send(webhooks.challenge(made.webhook)).state_label


def keep(path: Path, secret: str) -> None:
    """Add a secret to those that are believed, 0600."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "w") as file:
        file.write(f"{secret}\n")
