"""A process that takes one turn and dies where it is told to. Arguments: agreement, moment, `asking`,
`filing`, `noting` or `never`. Django is set up by whoever runs it.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

from rongxin.records import answered
from rongxin.sharing import gateways
from rongxin.sharing.bulk import freshness, turns
from tests.unit.sharing import fakes


class Regulator(fakes.Provider):
    provider = "market_regulation_bureau"

    def __init__(self, *, dies: bool) -> None:
        self.dies, self.count = dies, 0

    def fetch(self, question: Any) -> list[dict[str, Any]]:
        self.count += 1
        if self.dies and self.count == 2:
            os.kill(os.getpid(), signal.SIGKILL)
        about = {"name": question.subject.name, "uscc": question.subject.uscc}
        return [{**about, "abnormal_operations_listed_on": "2026-02-01"}]


def _then_dies(act: Callable[..., Any]) -> Callable[..., Any]:
    def done(*arguments: Any, **more: Any) -> None:
        act(*arguments, **more)  # written, not committed
        os.kill(os.getpid(), signal.SIGKILL)

    return done


def main(agreement: str, as_of: str, death: str) -> None:
    gateways.connect("market_regulation_bureau", Regulator(dies=death == "asking"))
    if death == "filing":
        answered.end_absent = _then_dies(answered.end_absent)
    if death == "noting":
        freshness.note = _then_dies(freshness.note)
    turns.take(UUID(agreement), as_of=datetime.fromisoformat(as_of))


if __name__ == "__main__":
    main(*sys.argv[2:])
