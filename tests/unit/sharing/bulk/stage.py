"""A node with firms, the market regulator's own gateway, and an agreement between them; the clock is ours."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from rongxin.journal import keyring
from rongxin.parties import subjects
from rongxin.proof.http_messages import Request
from rongxin.records.models import Record
from rongxin.sharing import gateways
from rongxin.sharing.bulk import agreements, turns
from rongxin.sharing.bulk.agreements import Card
from rongxin.sharing.bulk.rules import Terms
from rongxin.sharing.bulk.turns import Turn
from rongxin.sharing.connectors.connector import Unavailable
from rongxin.sharing.connectors.gateway import Address, Gateway
from rongxin.vocabulary.actor import SYSTEM, Actor, ActorKind
from tests.unit.gateway.stage import Office
from tests.unit.sharing.conftest import NOW, code

ITEM = "abnormal_operations_list"
PROVIDER = "market_regulation_bureau"
FIRST = Actor(ActorKind.SYSTEM, "cli-1", "operator")
SECOND = Actor(ActorKind.SYSTEM, "cli-2", "operator")
SQL = (
    "SELECT n AS name, c AS uscc, d AS abnormal_operations_listed_on, r AS abnormal_operations_reason,"
    " '是' AS is_on_abnormal_operations_list FROM a WHERE c = :uscc"
)
AGREED = {"until": "2027-12-31", "a_day": 10_000, "document": "云市监函〔2026〕7号"}


def terms(**changes: Any) -> Terms:
    given: dict[str, Any] = {
        "document_number": "云市监函〔2026〕7号",
        "document_sha256": "a" * 64,
        "signed_on": date(2026, 3, 1),
        "from_on": date(2026, 3, 1),
        "until_on": date(2027, 12, 31),
        "calls_per_minute": 60,
        "refresh_days": 8,
        "keep_days": 0,
    }
    return Terms(**{**given, **changes})


def agree(*, item: str = ITEM, provider: str = PROVIDER, as_of: datetime = NOW, **changes: Any) -> Card:
    """Enter an agreement as one person and confirm it as another."""
    made = agreements.propose(terms(**changes), provider=provider, item=item, actor=FIRST, as_of=as_of)
    return agreements.confirm(made.id, actor=SECOND, as_of=as_of)


class Direct(Gateway):
    """The regulator's gateway without a network between; it notes who was asked about, and may be away."""

    def __init__(self, office: Office) -> None:
        office.door  # noqa: B018 - makes the key
        (office.directory / "key.pub.pem").write_text(office.key.public.pem())
        address = Address(provider=office.provider, url="http://gateway.test:1", key="key.pub.pem")
        super().__init__(address, office.directory, key=keyring.node_key, connections=4)
        self._office, self.away, self.asked = office, False, list[str]()

    def ask(self, asked: Any) -> Any:
        if self.away:
            raise Unavailable("away")
        self.asked.append(asked.question.subject.uscc)
        return super().ask(asked)

    def _post(self, request: Request) -> tuple[int, bytes]:
        request.headers = {name.lower(): value for name, value in request.headers.items()}
        reply = self._office.door.answer(request)
        return reply.status, reply.body


@dataclass
class Town:
    """Firms 1, 2, 3… known to the node, and the regulator's list of who stands on it."""

    office: Office
    way: Direct
    firms: dict[int, int] = field(default_factory=dict)
    now: datetime = NOW

    def listed(self, *firms: int, on: str = "2026-02-01", reason: str = "未按期公示年报") -> None:
        rows = [(name(firm), code(firm), on, reason) for firm in firms]
        with sqlite3.connect(self.office.directory / "store.sqlite") as base:
            base.executemany("INSERT INTO a VALUES (?, ?, ?, ?)", rows)
        base.close()

    def delisted(self, *firms: int) -> None:
        with sqlite3.connect(self.office.directory / "store.sqlite") as base:
            base.executemany("DELETE FROM a WHERE c = ?", [(code(firm),) for firm in firms])
        base.close()

    def passes(self, **time: float) -> datetime:
        self.now += timedelta(**time)
        self.office.clock = self.now
        return self.now

    def turn(self, agreement: UUID, **more: Any) -> Turn | None:
        return turns.take(agreement, as_of=self.now, **more)

    def live(self) -> dict[int, int]:
        """Firm → how many live rows are in the store."""
        rows = Record.objects.filter(item=ITEM, ended_at=None).values_list("subject_id", flat=True)
        held = list(rows)
        return {firm: held.count(id) for firm, id in self.firms.items() if id in held}


def town(directory: Path, firms: Sequence[int], **config: Any) -> Town:
    directory.mkdir(parents=True, exist_ok=True)
    office = Office(directory, PROVIDER, {"bulk": {ITEM: AGREED}, **config}, NOW, keyring.node_key())
    office.holds("a(n, c, d, r)")
    office.writes(ITEM, {"sql": SQL})
    made = Town(office, Direct(office))
    made.firms = {firm: register(firm) for firm in firms}
    gateways.connect(PROVIDER, made.way)
    return made


def register(firm: int) -> int:
    given = subjects.Registration(
        uscc=code(firm), name=name(firm), region="990100", legal_representative="张三"
    )
    return subjects.register(given, actor=SYSTEM, as_of=NOW).id


def name(firm: int) -> str:
    return f"云州第{firm}商贸有限公司"
