"""What was asked inside stands in a chain: what is changed or taken out shows."""

from __future__ import annotations

import sqlite3
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from rongxin.front import log
from rongxin.front.log import Broken, Line, Log

AT = datetime(2026, 11, 30, 8, tzinfo=UTC)


def line(number: int, caller: str = "core") -> Line:
    at = (AT + timedelta(minutes=number)).isoformat()
    return Line(at, caller, "GET", f"/api/v1/cases/{number}", 200, f"r{number}", 7)


def test_lines_are_read_as_they_were_written_also_by_many_at_once(tmp_path: Path) -> None:
    path = tmp_path / "log.sqlite"
    logs = [Log(path), Log(path)]
    threads = [threading.Thread(target=logs[n % 2].append, args=(line(n),)) for n in range(12)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert sorted(log.lines(path), key=lambda one: one.at) == [line(n) for n in range(12)]
    assert len(list(log.lines(path, since=AT + timedelta(minutes=10)))) == 2


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ("UPDATE line SET said = replace(said, 'core', 'desk') WHERE position = 2", "第2行"),
        ("DELETE FROM line WHERE position = 2", "第3行"),
        ("DELETE FROM line WHERE position = 1", "第2行"),
        ("UPDATE line SET position = 9 WHERE position = 4", "第9行"),
        (
            "UPDATE line SET (said, hash) = (SELECT said, hash FROM line LIMIT 1) WHERE position = 3",
            "第3行",
        ),
    ],
)
def test_a_line_that_was_changed_or_taken_out_shows(tmp_path: Path, change: str, where: str) -> None:
    path = tmp_path / "log.sqlite"
    own = Log(path)
    for n in range(4):
        own.append(line(n))
    with sqlite3.connect(path) as base:
        with pytest.raises(sqlite3.DatabaseError, match="append only"):
            base.execute(change)
        base.executescript("DROP TRIGGER line_stays; DROP TRIGGER line_kept;")
        base.execute(change)
    with pytest.raises(Broken, match=where):
        list(log.lines(path))
