"""The clerks of a second bank go through the register of firms; the node stops them and opens an incident."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from itertools import cycle, islice

import httpx

from rongxin.entrypoints.demo.cast import VILLAGE_BANK, Player
from rongxin.parties import quotas
from rongxin.parties.rules.quota import Scope
from rongxin.vocabulary.actor import SYSTEM

#: Past the limit of firms never asked about, and then as often as it takes for the watch to see it.
REQUESTS = 80
_SUSPENDED_WITHIN_SECONDS = 60


class NotStopped(Exception):
    """The clerk was not stopped; the message says what it got."""


def narrow(codes: Sequence[str], *, as_of: datetime) -> None:
    """Set the bank a limit that a small city's few firms exceed, too."""
    if len(codes) < REQUESTS:
        most = len(codes) // 2
        quotas.set_limit(VILLAGE_BANK, Scope.NEW_SUBJECTS, most, actor=SYSTEM, as_of=as_of)


def scrape(api: str, bank: Player, codes: Sequence[str]) -> Counter[int]:
    """Ask about one firm after the other; return how often which status came back."""
    asked = islice(cycle(codes), REQUESTS)
    with _client(api, bank) as client:
        return Counter(_ask(client, code, number).status_code for number, code in enumerate(asked))


def await_suspension(api: str, bank: Player, code: str) -> str:
    """Return the reason with which the bank is refused once the watch has seen it."""
    until = time.monotonic() + _SUSPENDED_WITHIN_SECONDS
    with _client(api, bank) as client:
        while time.monotonic() < until:
            answer = _ask(client, code, 0)
            if answer.status_code == 403:
                return str(answer.json()["reason"])
            time.sleep(0.5)
    raise NotStopped(f"仍可查询：{answer.status_code} {answer.text[:200]}")


def _client(api: str, bank: Player) -> httpx.Client:
    return httpx.Client(
        base_url=api, timeout=60, trust_env=False, headers={"Authorization": f"Bearer {bank.key}"}
    )


def _ask(client: httpx.Client, code: str, number: int) -> httpx.Response:
    body = {"uscc": code, "reference": "营销名单", "person": f"clerk-{number % 20}"}
    return client.post("reports", json=body)
