"""A node of its own that is hit while it files: what hands in, PostgreSQL, the disk, or the whole machine."""

from __future__ import annotations

import csv
import json
import os
import random
import resource
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rongxin.vocabulary import uscc

FIRMS, BAD, TWICE = 3_000, 60, 40
#: What hangs is told from what is slow: on a busy disk a file of 100,000 rows has taken three minutes.
PATIENCE_S = 900
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
import json, sys, time
from datetime import datetime, UTC
from rongxin.entrypoints.cli import node
with node.running(progress=False):
    from django.db import connection
    from rongxin.sharing.aggregation import batches
    from rongxin.sharing.models import Batch
    from rongxin.sharing.rules import UNFINISHED
    before = [card.status for card in batches.latest(limit=1)]
    # As the worker does from time to time: the server may still be at the statement of who was killed, and
    # holds the batch until it notices.
    for _ in range(1200):
        batches.resume_unfinished(as_of=datetime.now(UTC))
        if not Batch.objects.filter(status__in=UNFINISHED).exists():
            break
        time.sleep(0.5)
    with connection.cursor() as cursor:
        cursor.execute('''
            SELECT b.id::text, b.status, b.accepted, b.rejected, b.pending, b.duplicate, b.read,
                   (SELECT count(*) FROM records_record r WHERE r.batch_id = b.id),
                   (SELECT count(DISTINCT r.line) FROM records_record r WHERE r.batch_id = b.id),
                   (SELECT count(*) FROM sharing_outcome o WHERE o.batch_id = b.id),
                   (SELECT count(*) FROM journal_entry e
                    WHERE e.kind = 'batch.filed' AND e.body LIKE '%%' || b.id || '%%')
            FROM sharing_batch b WHERE b.sha256 = %s AND b.status <> 'refused' ''', [sys.argv[1]])
        found = cursor.fetchall()
        cursor.execute('''
            SELECT count(*) FROM records_record r WHERE NOT EXISTS (
                SELECT 1 FROM sharing_batch b WHERE b.id = r.batch_id AND b.status = 'filed') ''')
        strays = cursor.fetchone()[0]
    from rongxin.records import lake_verification
    lake = [item for item in lake_verification.items() if lake_verification.contents(item)]
    print(json.dumps({"before": before, "batches": found, "strays": strays, "lake": lake}))
"""


HOLD = """
import sys
from rongxin.entrypoints.cli import node
with node.running(progress=False):
    print("up", flush=True)
    sys.stdin.read()
"""


@dataclass
class Node:
    """One node of its own, driven from outside; its files have `rows` rows each."""

    var: Path
    rows: int
    files: int = 0
    seconds: float = 2.0
    luck: random.Random = field(default_factory=lambda: random.Random(52))
    found: list[str] = field(default_factory=list)

    @property
    def environment(self) -> dict[str, str]:
        kept = {k: v for k, v in os.environ.items() if k not in ("DATABASE_URL", "RONGXIN_TEST_DB")}
        return {**kept, "RONGXIN_VAR": str(self.var), "RONGXIN_MODE": "demo", "PYTHONUTF8": "1"}

    def start(self, path: Path, *, most_bytes: int | None = None) -> subprocess.Popen[str]:
        """Hand a file in; with `most_bytes` on a disk that takes no more of any one file."""

        def with_full_disk() -> None:
            if most_bytes is not None:
                resource.setrlimit(resource.RLIMIT_FSIZE, (most_bytes, most_bytes))

        command = [sys.executable, "-m", "rongxin", "intake", "submit", str(path)]
        return subprocess.Popen(
            [*command, "--item", ITEM, "--provider", PROVIDER],
            env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            start_new_session=True, preexec_fn=with_full_disk,
        )  # fmt: skip

    @contextmanager
    def up(self) -> Iterator[None]:
        """Have its PostgreSQL running, so that no command has to start one."""
        command = [sys.executable, "-c", HOLD]
        with subprocess.Popen(
            command, env=self.environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        ) as holder:
            assert holder.stdout is not None
            assert holder.stdin is not None
            assert holder.stdout.readline() == b"up\n"
            yield
            holder.stdin.close()

    def submit(self, path: Path) -> dict[str, Any]:
        process = self.start(path)
        out, err = process.communicate(timeout=PATIENCE_S)
        assert process.returncode == 0, err
        return dict(json.loads(out))

    def audit(self, sha256: str) -> dict[str, Any]:
        command = [sys.executable, "-c", AUDIT, sha256]
        done = subprocess.run(
            command, env=self.environment, capture_output=True, text=True, timeout=PATIENCE_S
        )
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
            for n in range(self.rows - TWICE):
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

    def lying(self) -> list[Path]:
        """Everything in the spool, halves and opened files too."""
        return sorted((self.var / "spool").glob("*"))


def kill_the_filing_process(process: subprocess.Popen[str], node: Node) -> None:
    process.kill()


def kill_the_machine(process: subprocess.Popen[str], node: Node) -> None:
    """Everything stops at once, and the disk keeps of each waiting file what it likes."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    kill_postgres(process, node)
    for path in node.lying():
        FATES[node.luck.randrange(len(FATES))](path, node.luck)


def keep(path: Path, luck: random.Random) -> None:
    """The file is as it was."""


def lose(path: Path, luck: random.Random) -> None:
    path.unlink(missing_ok=True)


def cut(path: Path, luck: random.Random) -> None:
    with suppress(FileNotFoundError):
        os.truncate(path, luck.randrange(path.stat().st_size + 1))


def garble(path: Path, luck: random.Random) -> None:
    """A block that never reached the disk reads as zeros."""
    with suppress(FileNotFoundError), path.open("r+b") as file:
        file.seek(luck.randrange(path.stat().st_size + 1) // 2)
        file.write(bytes(4096))


FATES = (keep, lose, cut, garble)


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
