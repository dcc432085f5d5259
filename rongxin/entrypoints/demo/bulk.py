"""The demo's market regulator agrees in writing that one item is called in bulk; some firms are asked."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from django.utils import timezone

from rongxin.sharing.bulk.rules import Terms
from rongxin.vocabulary.actor import Actor, ActorKind

ITEM, PROVIDER = "abnormal_operations_list", "market_regulation_bureau"
NUMBER = "云市监函〔2026〕7号（虚构）"
#: Three turns' worth; the worker goes on with the rest of the city at this rate.
PER_MINUTE = 300
_ENTERS = Actor(ActorKind.SYSTEM, "demo-operator-1", "operator")
_CHECKS = Actor(ActorKind.SYSTEM, "demo-operator-2", "operator")


def agreed(today: datetime) -> dict[str, Any]:
    """Return what the regulator's engineer writes under `bulk` in `gateway.yaml`."""
    until = timezone.localdate(today) + timedelta(days=365)
    return {ITEM: {"until": until.isoformat(), "a_day": 100_000, "document": NUMBER}}


def begin(say: Callable[[str], None]) -> int:
    """Enter and check the agreement and ask about the first firms; return about how many."""
    # Only here: the gateways of benches are laid out where no tables are.
    from rongxin.sharing.bulk import agreements, turns  # noqa: PLC0415

    now = timezone.now()
    today = timezone.localdate(now)
    terms = Terms(
        document_number=NUMBER,
        document_sha256=sha256(NUMBER.encode()).hexdigest(),
        signed_on=today,
        from_on=today,
        until_on=today + timedelta(days=365),
        calls_per_minute=PER_MINUTE,
        refresh_days=7,
        keep_days=0,
    )
    made = agreements.propose(terms, provider=PROVIDER, item=ITEM, actor=_ENTERS, as_of=now)
    agreements.confirm(made.id, actor=_CHECKS, as_of=now)
    asked = rows = 0
    while (turn := turns.take(made.id, as_of=timezone.now())) is not None:
        asked, rows = asked + turn.asked, rows + turn.rows
        if turn.ended is not turns.Ended.FILED:
            break
    say(f"批量调用：已询{asked}家，{rows}条列入经营异常名录，其余为“已询，无记录” kept by written agreement")
    return asked
