"""The clerks of a second bank go through the register of firms; the node stops them and opens an incident."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence

import httpx

from rongxin.entrypoints.demo.cast import Player

#: Past the limit of firms never asked about, and then as often as it takes for the watch to see it.
REQUESTS = 80
_SUSPENDED_WITHIN_SECONDS = 60


class NotStopped(Exception):
    """The clerk was not stopped; the message says what it got."""


def scrape(api: str, bank: Player, codes: Sequence[str]) -> Counter[int]:
    """Ask about one firm after the other; return how often which status came back."""
    with _client(api, bank) as client:
        return Counter(_ask(client, code, number).status_code for number, code in enumerate(codes[:REQUESTS]))


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
