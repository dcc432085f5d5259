"""A kill -9 in mid-batch, of what files or of PostgreSQL, leaves each row once or not at all (P1, P2).

The node runs as a stranger's would: `rongxin` as a subprocess, its own embedded PostgreSQL with fsync on. A
file is handed in, something is killed at a random moment of the filing, the node is started again, and what
it then holds is counted against what the file holds.
"""

from __future__ import annotations

import csv
import hashlib
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from rongxin.vocabulary import uscc

ROWS, FIRMS, BAD, TWICE = 12_000, 3_000, 60, 40
ITEM, PROVIDER = "administrative_penalty", "development_reform_commission"
HEADER = (
    "企业名称",
    "统一社会信用代码",
    "行政处罚决定书文号",
    "行政处罚决定书名称",
    "罚款金额",
    "行政处罚决定日期",
)
AUDIT = """
import json, sys
from datetime import datetime, UTC
from rongxin.entrypoints.cli import node
with node.running(progress=False):
    from django.db import connection
    from rongxin.sharing.aggregation import batches
    before = [card.status for card in batches.latest(limit=1)]
    batches.resume_unfinished(as_of=datetime.now(UTC))
    with connection.cursor() as cursor:
        cursor.execute('''
            SELECT b.id::text, b.status, b.accepted, b.rejected, b.pending, b.duplicate, b.read,
                   (SELECT count(*) FROM records_record r WHERE r.batch_id = b.id),
                   (SELECT count(DISTINCT r.line) FROM records_record r WHERE r.batch_id = b.id),
                   (SELECT count(*) FROM sharing_outcome o WHERE o.batch_id = b.id),
                   (SELECT count(*) FROM journal_entry e
                    WHERE e.kind = 'batch.filed' AND e.body LIKE '%%' || b.id || '%%')
            FROM sharing_batch b WHERE b.sha256 = %s AND b.status <> 'refused' ''', [sys.argv[1]])
        print(json.dumps({"before": before, "batches": cursor.fetchall()}))
"""


@dataclass
class Node:
    """One node of its own, driven from outside."""

    var: Path
    files: int = 0
    seconds: float = 2.0
    found: list[str] = field(default_factory=list)

    @property
    def environment(self) -> dict[str, str]:
        kept = {k: v for k, v in os.environ.items() if k not in ("DATABASE_URL", "RONGXIN_TEST_DB")}
        return {**kept, "RONGXIN_VAR": str(self.var), "RONGXIN_MODE": "demo", "PYTHONUTF8": "1"}

    def start(self, path: Path) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "rongxin", "intake", "submit", str(path)]
        return subprocess.Popen(
            [*command, "--item", ITEM, "--provider", PROVIDER],
            env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip

    def submit(self, path: Path) -> dict[str, Any]:
        process = self.start(path)
        out, err = process.communicate(timeout=180)
        assert process.returncode == 0, err
        return dict(json.loads(out))

    def audit(self, sha256: str) -> dict[str, Any]:
        command = [sys.executable, "-c", AUDIT, sha256]
        done = subprocess.run(command, env=self.environment, capture_output=True, text=True, timeout=180)
        assert done.returncode == 0, done.stderr
        return dict(json.loads(done.stdout))

    def write(self) -> Path:
        """Write a file whose rows are new: some bad, some twice."""
        self.files += 1
        path = self.var.parent / f"penalties-{self.files}.csv"
        codes = [uscc.compose("91", "990100", f"MA{n:06d}") for n in range(FIRMS)]
        with path.open("w", newline="", encoding="utf-8-sig") as file:
            rows = csv.writer(file)
            rows.writerow(HEADER)
            for n in range(ROWS - TWICE):
                fine = "壹佰" if n < BAD else str(n)
                number = f"云罚〔2026〕{self.files}-{n}号"
                rows.writerow(
                    ("云州商贸有限公司（虚构）", codes[n % FIRMS], number, "处罚决定书", fine, "2026-03-01")
                )
            for n in range(BAD, BAD + TWICE):
                number = f"云罚〔2026〕{self.files}-{n}号"
                rows.writerow(
                    ("云州商贸有限公司（虚构）", codes[n % FIRMS], number, "处罚决定书", str(n), "2026-03-01")
                )
        return path

    def spool(self) -> set[str]:
        return {path.name for path in (self.var / "spool").glob("*") if not path.suffix}


def kill_the_filing_process(process: subprocess.Popen[str], node: Node) -> None:
    process.kill()


def kill_postgres(process: subprocess.Popen[str], node: Node) -> None:
    """Kill the server with everything it started; nobody gets a word in.

    On a machine that has just become faster the command may be done and the server gone: then the rows stand
    whole, and are counted like any others.
    """
    try:
        (lock,) = node.var.glob("*/postgres/data/postmaster.pid")
        postmaster = int(lock.read_text().split()[0])
    except (ValueError, IndexError, FileNotFoundError):
        return
    for pid in [*children(postmaster), postmaster]:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue


def children(parent: int) -> list[int]:
    found = []
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            text = status.read_text()
        except OSError:
            continue
        if int(text.rpartition(")")[2].split()[1]) == parent:
            found.append(int(status.parent.name))
    return found


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Node:
    """A node that has filed one file undisturbed, so that one knows how long that takes."""
    node = Node(tmp_path_factory.mktemp("crash") / "var")
    path = node.write()
    process = node.start(path)
    while not node.spool():
        assert process.poll() is None, process.communicate()[1]
        time.sleep(0.005)
    began = time.monotonic()
    while node.spool() and process.poll() is None:
        time.sleep(0.005)
    node.seconds = time.monotonic() - began
    assert process.wait(60) == 0
    return node


Kill = Callable[[subprocess.Popen[str], Node], None]


def crash_and_count(node: Node, kill: Kill, moment: float) -> None:
    path = node.write()
    lying = node.spool()
    process = node.start(path)
    while not node.spool() - lying and process.poll() is None:
        time.sleep(0.002)
    time.sleep(moment * node.seconds)
    kill(process, node)
    process.communicate(timeout=60)
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    audit = node.audit(sha256)
    node.found += audit["before"]
    for batch in audit["batches"]:
        assert_each_row_once(batch)
    again = node.submit(path)
    assert again["repeated"] == bool(audit["batches"])
    assert (again["accepted"], again["rejected"], again["duplicate"]) == (ROWS - BAD - TWICE, BAD, TWICE)
    ((batch,)) = node.audit(sha256)["batches"]
    assert_each_row_once(batch)
    assert batch[0] not in node.spool()


def assert_each_row_once(batch: list[Any]) -> None:
    _, status, accepted, rejected, pending, duplicate, read, stored, lines, outcomes, entries = batch
    assert (status, read) == ("filed", ROWS)
    assert accepted == stored == lines == ROWS - BAD - TWICE
    assert rejected + pending + duplicate == outcomes == BAD + TWICE
    assert entries == 1


@pytest.mark.parametrize("kill", [kill_the_filing_process, kill_postgres])
@pytest.mark.parametrize("moment", [0.3, 0.85])
def test_it_files_each_row_once_whatever_is_killed(node: Node, kill: Kill, moment: float) -> None:
    crash_and_count(node, kill, moment)


@pytest.mark.long
@pytest.mark.parametrize("kill", [kill_the_filing_process, kill_postgres])
def test_it_files_each_row_once_at_fifty_random_moments(node: Node, kill: Kill) -> None:
    seed = random.SystemRandom().randrange(1 << 32)
    moments = random.Random(seed)
    for number in range(25):
        moment = moments.uniform(0, 1.1)
        try:
            crash_and_count(node, kill, moment)
        except AssertionError as error:
            raise AssertionError(f"seed {seed}, kill {number} at {moment:.3f}") from error
    # Some kills must have struck in mid-batch, or this test has proved nothing.
    assert "filing" in node.found or "received" in node.found
