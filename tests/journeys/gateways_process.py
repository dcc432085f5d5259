"""A process that runs the gateways of a small invented city as `rongxin demo` does; the test ends it oddly.

Arguments: the directory, and whether to wait until they serve. It prints where they listen, a line as JSON.
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path

import django

from rongxin.city import generation


def main(out: Path) -> None:
    django.setup()
    from rongxin.entrypoints.demo import gateways

    generation.generate(out / "city", subjects=32, seed=7)
    with gateways.served(out / "city" / "providers", out) as offices:
        print(json.dumps(sorted({office.port for office in offices})), flush=True)
        time.sleep(600)


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "rongxin.site.settings")
    main(Path(sys.argv[1]))
