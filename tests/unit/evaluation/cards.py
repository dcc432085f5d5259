"""Cards that a bank might have made: one column each, two bins, by the names that the platform knows."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from rongxin.evaluation import institution_cards
from rongxin.evaluation.fitting import card
from rongxin.evaluation.institution_cards import Held
from rongxin.vocabulary.actor import Actor, ActorKind


def column(name: str, below: float = 1000, kind: str = "number", **more: Any) -> dict[str, Any]:
    """Below so much 10 points, else 50; missing counts -5."""
    bins = [{"points": 10, "below": below}, {"points": 50}]
    return {
        "name": name,
        "kind": kind,
        "bins": bins,
        "missing": {"points": -5},
        "unknown": {"points": 0},
    } | more


def made(*columns: str | dict[str, Any], **more: Any) -> card.Card:
    content: dict[str, Any] = {
        "target": {"column": "default", "bad": "1", "good": "0"},
        "method": "by hand",
        "scale": {"base": 500},
        "columns": [column(one) if isinstance(one, str) else one for one in columns],
    }
    return card.seal(card.Card.model_validate(content | more))


def data(*columns: str | dict[str, Any], **more: Any) -> bytes:
    return json.dumps(json.loads(made(*columns, **more).model_dump_json())).encode()


def uploaded(bank: str, *columns: str | dict[str, Any], as_of: datetime, name: str = "小微卡") -> Held:
    clerk = Actor(ActorKind.ACCOUNT, "1", f"institution:{bank}")
    return institution_cards.upload(bank, name, data(*columns), actor=clerk, as_of=as_of)
