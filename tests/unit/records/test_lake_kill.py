"""kill -9 between any two steps of writing a file: the lake is the table; the next writer puts it right."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from rongxin.records import lake_keeping, lake_verification
from rongxin.records.models import LakeFile

from .conftest import NOW, Bureau, Row
from .lake_stage import ITEM, held, laid_down, payload

# A process of its own, which dies at the step named: none of its own cleaning up can run.
WRITER = """
import os, signal, sys
import django
django.setup()
from datetime import datetime, UTC
from rongxin.records import lake_files, lake_keeping

def die(*_, **__):
    os.kill(os.getpid(), signal.SIGKILL)

def then_die(real):
    def step(*given, **named):
        real(*given, **named)
        die()
    return step

step = sys.argv[1]
if step == "drawn":
    lake_files.type_rows = die
elif step == "written":
    lake_files.publish = die
elif step == "renamed":
    lake_files.publish = then_die(lake_files.publish)
elif step == "listed":
    lake_keeping._note = then_die(lake_keeping._note)
lake_keeping._FILES_MAX = 0
getattr(lake_keeping, sys.argv[2])(as_of=datetime.now(UTC))
die()
"""


def kill_a_writer(step: str, how: str, var: Path) -> None:
    settings = connection.settings_dict
    host, port = settings["HOST"], settings["PORT"]
    user, password = settings["USER"], settings["PASSWORD"]
    address = f"postgresql:///{settings['NAME']}?host={host}&port={port}&user={user}&password={password}"
    environment = os.environ | {"DATABASE_URL": address, "RONGXIN_VAR": str(var), "RONGXIN_MODE": "test"}
    done = subprocess.run(
        [sys.executable, "-c", WRITER, step, how], env=environment, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == -signal.SIGKILL, done.stderr


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("how", ["catch_up", "rebuild", "compact"])
@pytest.mark.parametrize("step", ["drawn", "written", "renamed", "listed", "committed"])
def test_a_kill_at_any_step_leaves_the_lake_equal_to_the_table(
    bureau: Bureau, subject: Callable[[], int], tmp_path: Path, settings: Any, step: str, how: str
) -> None:
    settings.RONGXIN_VAR = tmp_path
    firm = subject()
    bureau.files(Row(2, firm, "一号", payload("1")))
    lake_keeping.catch_up(as_of=NOW)
    before = set(LakeFile.objects.values_list("name", flat=True))
    bureau.files(Row(2, firm, "一号", payload("2")), Row(3, firm, "二号", payload("3")), item=ITEM)
    kill_a_writer(step, how, tmp_path)
    assert (set(LakeFile.objects.values_list("name", flat=True)) != before) == (step == "committed")
    assert laid_down() == held() != {}
    assert list(lake_verification.files()) == []
    lake_keeping.catch_up(as_of=NOW)
    lake_keeping.sweep(now=2e9, grace_seconds=0)
    lying = {path.name for path in (tmp_path / "lake").iterdir() if path.name != "spill"}
    assert lying == set(LakeFile.objects.values_list("name", flat=True))
    assert laid_down() == held()
