"""The gateway has the catalogue without the node's packages (requirements-gateway.txt)."""

from __future__ import annotations

import subprocess
import sys

PROGRAM = """
import sys
for name in ("django", "ninja", "psycopg", "polars", "numpy", "orjson", "procrastinate"):
    sys.modules[name] = None  # importing it raises
from rongxin.catalogue import example, export, form, json_schema, loader, reference_page, regions, types
catalogue = loader.load()
[types.get(name) for name in types.names()]
[(json_schema.of(item), form.of(item)) for item in catalogue.items.values()]
reference_page.page(catalogue), regions.label("990101")
print(len(export.document()))
"""


def test_everything_of_the_catalogue_runs_on_the_base_install() -> None:
    run = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    assert int(run.stdout) >= 40
