"""A process that takes a directory in and dies by SIGKILL at its n-th row; who runs it sets Django up."""

from __future__ import annotations

import itertools
import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from rongxin.delivery.moving import inward, layout
from rongxin.sharing.aggregation import batches
from tests.unit.delivery.moving import stage


def main(directory: str, death: int) -> None:
    seen, rows = itertools.count(1), layout.rows

    def counted(*given: Any) -> Iterator[dict[str, Any]]:
        for row in rows(*given):
            if next(seen) == death:
                os.kill(os.getpid(), signal.SIGKILL)
            yield row

    layout.rows = counted
    submit = batches.submit

    def submitted(*given: Any, **more: Any) -> Any:
        receipt = submit(*given, **more)
        for _ in range(8):  # filed, not yet noted
            if next(seen) == death:
                os.kill(os.getpid(), signal.SIGKILL)
        return receipt

    batches.submit = submitted
    note = inward._note

    def noted(*given: Any) -> None:
        if next(seen) == death:  # taken, not yet noted
            os.kill(os.getpid(), signal.SIGKILL)
        note(*given)

    inward._note = noted
    stage.take(Path(directory))


if __name__ == "__main__":
    main(sys.argv[2], int(sys.argv[3]))
