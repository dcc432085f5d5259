"""One embedded server: started by the first, stopped by the last, and nothing lost in between."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psycopg
import pytest

from rongxin.postgres import processes, shared
from rongxin.postgres.errors import LauncherError
from rongxin.postgres.locks import FileLock

USE = """
import sys
from pathlib import Path
from rongxin.postgres import shared
membership = shared.join(Path(sys.argv[1]), sys.argv[2])
print(membership.url(), flush=True)
sys.stdin.readline()
membership.leave()
"""


def user(directory: Path, purpose: str = "demo") -> subprocess.Popen[str]:
    """Another process that uses the server until a line is written to it."""
    return subprocess.Popen(
        [sys.executable, "-c", USE, str(directory), purpose],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def url_of(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def scalar(url: str, sql: str) -> object:
    with psycopg.connect(url) as connection:
        cursor = connection.execute(sql)  # type: ignore[arg-type]
        row = cursor.fetchone() if cursor.description else None
        return row and row[0]


def until(condition: object, seconds: float = 60) -> None:
    """Wait for something that other processes do; how long it takes is no matter."""
    deadline = time.monotonic() + seconds
    while not condition():  # type: ignore[operator]
        assert time.monotonic() < deadline, "it never happened"
        time.sleep(0.05)


def test_it_starts_a_server_of_utf8_without_a_port(place: Path) -> None:
    membership = shared.join(place, "demo")
    try:
        assert scalar(membership.url(), "SHOW server_encoding") == "UTF8"
        assert scalar(membership.url(), "SHOW listen_addresses") == ""
        assert scalar(membership.url(), r"SELECT '融信' ~ '^\w+$'") is True
        assert Path(membership.state.sockets).stat().st_mode & 0o777 == 0o700
    finally:
        membership.leave()


@pytest.mark.parametrize(("purpose", "setting"), [("demo", "on"), ("bench", "on"), ("test", "off")])
def test_it_risks_committed_data_in_tests_only(place: Path, purpose: str, setting: str) -> None:
    membership = shared.join(place, purpose)
    try:
        for name in ("fsync", "full_page_writes", "synchronous_commit"):
            assert scalar(membership.url(), f"SHOW {name}") == setting
    finally:
        membership.leave()


def test_it_stops_the_server_and_removes_its_door_when_the_last_leaves(place: Path) -> None:
    membership = shared.join(place, "demo")
    membership.leave()
    assert processes.living(place / "data") == set()
    assert not Path(membership.state.sockets).exists()
    assert shared.State.read(place) is None


def test_it_keeps_what_was_committed_over_a_restart(place: Path) -> None:
    first = shared.join(place, "demo")
    scalar(first.url(), "CREATE TABLE kept AS SELECT 42 AS answer")
    first.leave()
    second = shared.join(place, "demo")
    assert scalar(second.url(), "SELECT answer FROM kept") == 42
    second.leave()


def test_it_forgets_a_test_cluster(place: Path) -> None:
    first = shared.join(place, "test")
    scalar(first.url(), "CREATE TABLE kept AS SELECT 42 AS answer")
    first.leave()
    second = shared.join(place, "test")
    assert scalar(second.url(), "SELECT to_regclass('kept')") is None
    second.leave()


def test_it_shares_one_server_and_outlives_its_starter(place: Path) -> None:
    starter = user(place)
    url = url_of(starter)
    ours = shared.join(place, "demo")
    assert ours.url() == url
    starter.communicate("leave\n")
    assert scalar(url, "SELECT 1") == 1  # the starter is gone, the server stays for us
    ours.leave()
    assert processes.living(place / "data") == set()


def test_it_stops_a_server_whose_users_were_all_killed(place: Path) -> None:
    killed = user(place)
    url_of(killed)
    killed.kill()
    killed.wait()
    until(lambda: not processes.living(place / "data"))


def test_it_starts_again_after_the_server_was_killed(place: Path) -> None:
    membership = shared.join(place, "demo")
    scalar(membership.url(), "CREATE TABLE kept AS SELECT generate_series(1, 1000) AS id")
    for pid in processes.living(place / "data"):
        kill(pid)
    until(lambda: is_up(membership.url()))
    assert scalar(membership.url(), "SELECT count(*) FROM kept") == 1000
    membership.leave()


def test_it_recovers_after_the_keeper_and_the_server_were_killed(place: Path) -> None:
    first = shared.join(place, "demo")
    scalar(first.url(), "CREATE TABLE kept AS SELECT generate_series(1, 1000) AS id")
    kill(first.state.keeper)
    for pid in processes.living(place / "data"):
        kill(pid)
    until(lambda: not processes.living(place / "data"))
    second = shared.join(place, "demo")
    assert second.state.postmaster != first.state.postmaster
    assert scalar(second.url(), "SELECT count(*) FROM kept") == 1000
    first.leave()
    second.leave()
    assert processes.living(place / "data") == set()


def test_who_comes_while_a_killed_server_is_started_again_waits_for_it(place: Path) -> None:
    first = shared.join(place, "demo")
    kill(first.state.postmaster)
    until(lambda: first.state.postmaster not in processes.living(place / "data"))
    second = shared.join(place, "demo")
    assert scalar(second.url(), "SELECT 1") == 1
    first.leave()
    second.leave()


def test_who_comes_after_one_was_killed_while_leaving_gets_a_server_that_stays(place: Path) -> None:
    """The last had told the keeper to stop and died before it had: nobody holds the door any more."""
    killed = user(place)
    url = url_of(killed)
    state = shared.State.read(place)
    assert state is not None
    # Much to write down before the end, so that the end takes a while.
    scalar(
        url, "CREATE TABLE much AS SELECT id, repeat('x', 500) AS text FROM generate_series(1, 200000) AS id"
    )
    os.kill(state.keeper, signal.SIGTERM)
    kill(killed.pid)
    killed.wait()
    until(lambda: not (place / "state.json").exists())  # it has heard
    membership = shared.join(place, "demo")
    assert scalar(membership.url(), "SELECT count(*) FROM much") == 200_000
    membership.leave()


def test_who_comes_before_the_keeper_has_heard_keeps_the_server(place: Path) -> None:
    """The last had told the keeper to stop and was killed; the keeper heard of it when another had come."""
    killed = user(place)
    url = url_of(killed)
    state = shared.State.read(place)
    assert state is not None
    os.kill(state.keeper, signal.SIGSTOP)
    os.kill(state.keeper, signal.SIGTERM)
    kill(killed.pid)
    killed.wait()
    membership = shared.join(place, "demo")
    os.kill(state.keeper, signal.SIGCONT)
    time.sleep(1)
    assert shared.State.read(place) == membership.state
    assert scalar(url, "SELECT 1") == 1
    membership.leave()
    assert processes.living(place / "data") == set()


def test_the_last_leaves_in_order_while_the_server_is_started_again(place: Path) -> None:
    """There is no state to read in that moment; a deadlock here once held a command for ever."""
    process = user(place)
    assert url_of(process)
    (place / "state.json").unlink()
    process.communicate("leave\n", timeout=60)
    assert process.returncode == 0
    assert FileLock(place / "keeper").try_exclusive()


def test_the_server_ends_with_its_keeper(place: Path) -> None:
    membership = shared.join(place, "demo")
    kill(membership.state.keeper)
    until(lambda: not processes.living(place / "data"))
    again = shared.join(place, "demo")
    assert not Path(membership.state.sockets).exists()
    membership.leave()
    again.leave()


def test_it_survives_a_pid_file_of_a_stranger(place: Path) -> None:
    shared.join(place, "demo").leave()
    (place / "data" / "postmaster.pid").write_text(f"{os.getpid()}\n{place / 'data'}\n")
    membership = shared.join(place, "demo")
    assert scalar(membership.url(), "SELECT 1") == 1
    membership.leave()


def test_it_serves_two_clones_side_by_side(place: Path) -> None:
    one, two = shared.join(place / "one", "demo"), shared.join(place / "two", "demo")
    scalar(one.url(), "CREATE TABLE mine AS SELECT 1")
    assert scalar(two.url(), "SELECT to_regclass('mine')") is None
    one.leave()
    assert scalar(two.url(), "SELECT 1") == 1
    two.leave()


def test_it_works_below_a_path_that_is_long_and_has_spaces(place: Path) -> None:
    deep = place / "一个 很长的 目录" / ("x" * 100) / ("y" * 100)
    membership = shared.join(deep, "demo")
    assert scalar(membership.url(), "SELECT 1") == 1
    membership.leave()


def test_two_who_come_at_once_get_the_same_server(place: Path) -> None:
    crowd = [user(place) for _ in range(3)]
    urls = {url_of(each) for each in crowd}
    assert len(urls) == 1
    assert scalar(urls.pop(), "SELECT 1") == 1
    for each in crowd:
        each.communicate("leave\n")
    assert processes.living(place / "data") == set()


def test_a_database_of_another_version_is_refused_with_the_way_out(place: Path) -> None:
    shared.join(place, "demo").leave()
    (place / "data" / "PG_VERSION").write_text("16\n")
    with pytest.raises(LauncherError, match=r"made by PostgreSQL 16.*pg_dump"):
        shared.join(place, "demo")
    assert FileLock(place / "users").try_exclusive()  # nobody is counted who didn't get in


def test_a_log_names_the_reason_when_the_server_does_not_start(place: Path) -> None:
    shared.join(place, "demo").leave()
    (place / "data" / "global" / "pg_control").unlink()
    with pytest.raises(LauncherError, match=r"could not .*pg_control.*postgres\.log"):
        shared.join(place, "demo")


def kill(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        """A child of the server that ended with it."""


def is_up(url: str) -> bool:
    try:
        return scalar(url, "SELECT 1") == 1
    except psycopg.OperationalError:
        return False
