"""The clerks of a second bank go through the register of firms; the node stops them and opens an incident."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from itertools import cycle, islice

from rongxin.client import errors, reports
from rongxin.client.conversation import Patience
from rongxin.client.senders import Client
from rongxin.entrypoints.demo.bank import Requests, connected
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


def scrape(node: str, bank: Player, codes: Sequence[str], sent: Requests) -> Counter[int]:
    """Ask about one firm after the other; return how often which status came back."""
    asked = islice(cycle(codes), REQUESTS)
    with _client(node, bank, sent) as client:
        return Counter(_ask(client, code, number)[0] for number, code in enumerate(asked))


def await_suspension(node: str, bank: Player, code: str, sent: Requests) -> str:
    """Return the reason with which the bank is refused once the watch has seen it."""
    until = time.monotonic() + _SUSPENDED_WITHIN_SECONDS
    with _client(node, bank, sent) as client:
        while time.monotonic() < until:
            status, reason = _ask(client, code, 0)
            if status == 403:
                return reason
            time.sleep(0.5)
    raise NotStopped(f"仍可查询：{status} {reason}")


def _client(node: str, bank: Player, sent: Requests) -> Client:
    # Whoever scrapes doesn't wait until the limit is free again.
    return connected(node, bank, sent, Patience(attempts=1))


def _ask(client: Client, code: str, number: int) -> tuple[int, str]:
    question = reports.Question(code, reference="营销名单", person=f"经办{number % 20 + 1}号（虚构）")
    try:
        client.send(reports.ask(question))
    except errors.Problem as no:
        return no.status, str(no.members.get("reason") or no.code)
    return 200, ""
