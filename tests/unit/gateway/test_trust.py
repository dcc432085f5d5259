"""A key that comes, goes or is replaced counts from the next question on, however fast it happens."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from rongxin.gateway import trust
from rongxin.outpost.watched import Directory
from rongxin.proof.keys import SigningKey

OLD, NEW = SigningKey.generate("node"), SigningKey.generate("node")


@pytest.fixture
def platform(tmp_path: Path) -> Path:
    (tmp_path / "platform").mkdir()
    return tmp_path / "platform"


def put(platform: Path, name: str, key: SigningKey) -> Path:
    path = platform / f"{name}.pub.pem"
    path.write_text(key.public.pem())
    return path


def stand_still(at: int, *paths: Path) -> None:
    """As if the file system's clock had not moved."""
    for path in paths:
        os.utime(path, ns=(at, at))


def test_a_change_within_one_tick_of_the_clock_is_seen(platform: Path) -> None:
    now = time.time_ns()
    nodes = Directory(platform, trust.nodes)
    old = put(platform, "node", OLD)
    stand_still(now, old, platform)
    assert set(nodes.now()) == {OLD.id}
    with old.open("r+") as file:  # the same file, the same size
        file.write(NEW.public.pem())
    stand_still(now, old, platform)
    assert set(nodes.now()) == {NEW.id}


@pytest.mark.parametrize("age_seconds", [0, 60])
def test_keys_come_go_and_are_replaced(platform: Path, age_seconds: int) -> None:
    then = time.time_ns() - age_seconds * 1_000_000_000
    nodes = Directory(platform, trust.nodes)
    assert not nodes.now()
    first = put(platform, "a", OLD)
    stand_still(then, first, platform)
    assert set(nodes.now()) == {OLD.id}
    put(platform, "b", NEW)
    assert set(nodes.now()) == {OLD.id, NEW.id}
    first.unlink()
    assert set(nodes.now()) == {NEW.id}


def test_a_key_that_is_written_over_in_a_settled_directory_is_seen(platform: Path) -> None:
    """Writing into a file leaves its directory's time as it was."""
    path = put(platform, "node", OLD)
    stand_still(time.time_ns() - 60_000_000_000, path, platform)
    nodes = Directory(platform, trust.nodes)
    assert set(nodes.now()) == {OLD.id}
    path.write_text(NEW.public.pem())
    assert set(nodes.now()) == {NEW.id}


def test_a_link_that_leads_nowhere_hides_no_change_of_its_neighbours(platform: Path) -> None:
    """Editors keep such links as locks beside the file."""
    path = put(platform, "node", OLD)
    (platform / ".#node").symlink_to("somebody@machine.4711")
    stand_still(time.time_ns() - 60_000_000_000, path, platform)
    nodes = Directory(platform, trust.nodes)
    assert set(nodes.now()) == {OLD.id}
    path.write_text(NEW.public.pem())
    assert set(nodes.now()) == {NEW.id}


def test_what_is_no_directory_is_read_when_it_has_become_one(tmp_path: Path) -> None:
    place = tmp_path / "platform"
    place.write_text("")
    nodes = Directory(place, lambda path: [one.name for one in path.glob("*")])
    assert nodes.now() == []
    place.unlink()
    place.mkdir()
    put(place, "node", OLD)
    assert nodes.now() == ["node.pub.pem"]


def test_what_has_settled_is_not_read_again(platform: Path) -> None:
    read: list[Path] = []
    directory = Directory(platform, lambda path: read.append(path))
    stand_still(time.time_ns() - 60_000_000_000, platform)
    for _ in range(3):
        directory.now()
    assert len(read) == 1


def test_institutions_are_named_by_their_files(platform: Path) -> None:
    path = put(platform, "bank_a", OLD)
    assert trust.institutions(platform) == {"bank_a": path.read_bytes()}
    assert Directory(platform.parent / "none", trust.institutions).now() == {}
