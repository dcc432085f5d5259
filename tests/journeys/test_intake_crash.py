"""A kill -9 in mid-batch, of what files, of PostgreSQL or of the machine with its files, or a full disk: each
row stands once or not at all (P1, P2).

The node runs as a stranger's would: `rongxin` as a subprocess, its own embedded PostgreSQL with fsync on. A
file is handed in, something is killed at a random moment of the filing, the node is started again, and what
it then holds is counted against what the file holds.
"""

from __future__ import annotations

import hashlib
import json
import random
import subprocess
import time
from collections.abc import Callable
from typing import Any

import pytest

from .crash_stage import (
    BAD,
    PATIENCE_S,
    TWICE,
    Node,
    kill_postgres,
    kill_the_filing_process,
    kill_the_machine,
)

Kill = Callable[[subprocess.Popen[str], Node], None]
KILLS: list[Kill] = [kill_the_filing_process, kill_postgres, kill_the_machine]


def node_of(rows: int, directory: pytest.TempPathFactory) -> Node:
    """A node that has filed one file undisturbed, so that one knows how long that takes."""
    node = Node(directory.mktemp("crash") / "var", rows)
    process = node.start(node.write())
    while not node.spool():
        assert process.poll() is None, process.communicate()[1]
        time.sleep(0.005)
    began = time.monotonic()
    while node.spool() and process.poll() is None:
        time.sleep(0.005)
    node.seconds = time.monotonic() - began
    assert process.wait(PATIENCE_S) == 0
    return node


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Node:
    return node_of(12_000, tmp_path_factory)  # enough for a lake file of its own


def crash_and_count(node: Node, kill: Kill, moment: float) -> None:
    """Kill at a share of the filing; below 0: while the file is being taken in."""
    path = node.write()
    lying = set(node.lying())
    process = node.start(path)
    while not (set(node.lying()) - lying if moment < 0 else node.spool() - names(lying)):
        if process.poll() is not None:
            break
        time.sleep(0.001)
    time.sleep(moment * node.seconds if moment > 0 else 0)
    kill(process, node)
    process.communicate(timeout=PATIENCE_S)
    count(node, path)


def names(lying: set[Any]) -> set[str]:
    return {path.name for path in lying if not path.suffix}


def count(node: Node, path: Any) -> None:
    """Start the node again, count; hand the file in again, count again."""
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    audit = node.audit(sha256)
    node.found += audit["before"]
    assert (audit["strays"], audit["lake"]) == (0, [])
    for batch in audit["batches"]:
        assert_each_row_once(batch, node.rows)
    again = node.submit(path)
    assert again["repeated"] == bool(audit["batches"])
    wanted = (node.rows - BAD - TWICE, BAD, TWICE)
    assert (again["accepted"], again["rejected"], again["duplicate"]) == wanted
    after = node.audit(sha256)
    ((batch,)) = after["batches"]
    assert_each_row_once(batch, node.rows)
    assert batch[0] not in node.spool()
    assert (after["strays"], after["lake"]) == (0, [])


def assert_each_row_once(batch: list[Any], rows: int) -> None:
    _, status, accepted, rejected, pending, duplicate, read, stored, lines, outcomes, entries = batch
    assert (status, read) == ("filed", rows)
    assert accepted == stored == lines == rows - BAD - TWICE
    assert rejected + pending + duplicate == outcomes == BAD + TWICE
    assert entries == 1


@pytest.mark.parametrize("kill", KILLS)
@pytest.mark.parametrize("moment", [0.3, 0.85])
def test_it_files_each_row_once_whatever_is_killed(node: Node, kill: Kill, moment: float) -> None:
    crash_and_count(node, kill, moment)


def test_it_files_each_row_once_when_the_machine_stops_as_a_file_comes_in(node: Node) -> None:
    crash_and_count(node, kill_the_machine, -1)


def test_it_files_each_row_once_though_the_disk_was_full(node: Node) -> None:
    lying = node.lying()
    process, out = fill_and_count(node, 0.4)
    assert (process.returncode, json.loads(out)["code"]) == (2, "disk_full")
    assert node.lying() == lying


def fill_and_count(node: Node, share: float) -> tuple[subprocess.Popen[str], str]:
    """Hand a file in where the disk takes this share of it, then where it takes all."""
    path = node.write()
    with node.up():
        process = node.start(path, most_bytes=int(path.stat().st_size * share))
        out, _ = process.communicate(timeout=PATIENCE_S)
        count(node, path)
    return process, out


@pytest.mark.long
@pytest.mark.parametrize("_number", range(5))
def test_it_files_each_row_once_at_ten_random_moments(
    tmp_path_factory: pytest.TempPathFactory, _number: int
) -> None:
    """Together at fifty; each ten on a node of their own, so that counting stays short."""
    seed = random.SystemRandom().randrange(1 << 32)
    node = node_of(100_000, tmp_path_factory)
    node.luck = random.Random(seed)
    for number in range(10):
        kill, moment = KILLS[number % len(KILLS)], node.luck.uniform(-0.1, 1.1)
        try:
            crash_and_count(node, kill, moment)
            if number % 5 == 4:
                fill_and_count(node, node.luck.uniform(0, 0.99))
        except AssertionError as error:
            raise AssertionError(f"seed {seed}, {kill.__name__} {number} at {moment:.3f}") from error
    # Some kills must have struck in mid-batch, or this test has proved nothing.
    assert "filing" in node.found or "received" in node.found
