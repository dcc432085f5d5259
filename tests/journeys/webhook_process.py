"""A process that carries webhooks until the test kills it; Django is set up by whoever runs it.

Arguments: seconds of an attempt, seconds of a lease, seconds between attempts.
"""

from __future__ import annotations

import sys
import threading

from tests.unit.delivery.webhooks import stage


def main(timeout: str, lease: str, wait: str) -> None:
    courier = stage.Courier(
        given=stage.POLICY.model_copy(
            update={
                "timeout_seconds": float(timeout),
                "lease_seconds": float(lease),
                "retry_seconds": (float(wait),) * 200,
            }
        ),
        way=stage.plainly,
    )
    print("ready", flush=True)
    courier.run(threading.Event())


if __name__ == "__main__":
    main(*sys.argv[2:])
