"""Files that wait: sealed anew under a newer key, whole or refused, and told apart from a full disk."""

from __future__ import annotations

import errno
from collections.abc import Callable
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from rongxin.journal import keyring, sealing
from rongxin.journal.models import Entry
from rongxin.proof.errors import Forged, KeyMissing
from rongxin.sharing.aggregation import batches, spool
from rongxin.sharing.errors import DiskFull
from rongxin.vocabulary.actor import SYSTEM

from .conftest import CLERK, NOW, PROVIDER

pytestmark = pytest.mark.django_db
Penalties = Callable[..., Path]
LARGE = bytes(range(256)) * 4096 * 3 + b"the end"  # three blocks and a little


@pytest.fixture(autouse=True)
def _own_keys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No other test's key is rotated, or lost."""
    monkeypatch.setenv("RONGXIN_KEYS", str(tmp_path / "keys"))


def taken(path: Path, content: bytes) -> UUID:
    path.write_bytes(content)
    batch = uuid4()
    spool.take(path, batch)
    return batch


def lose_key(version: int) -> None:
    (keyring.directory_of_keys() / f"data-{version}.secret").unlink()


def test_a_file_that_waits_is_sealed_anew_and_filed_without_the_old_key(penalties: Penalties) -> None:
    batch, _ = batches.receive(
        penalties((1, "一号", "100")),
        item="administrative_penalty",
        provider=PROVIDER,
        actor=CLERK,
        as_of=NOW,
    )
    sealing.rotate(actor=SYSTEM, as_of=NOW)
    assert spool.renew(actor=SYSTEM, as_of=NOW) == 1
    assert spool.renew(actor=SYSTEM, as_of=NOW) == 0
    assert Entry.objects.filter(kind="data.reencrypted", body__contains="spool").count() == 1
    lose_key(1)
    assert batches.file(batch, as_of=NOW).counts.accepted == 1


@pytest.mark.parametrize("content", [b"", b"x", LARGE])
def test_sealing_anew_changes_nothing_in_the_file(tmp_path: Path, content: bytes) -> None:
    batch = taken(tmp_path / "file", content)
    sealing.rotate(actor=SYSTEM, as_of=NOW)
    with spool.opened(batch) as clear:
        assert clear.read_bytes() == content
    assert spool.renew(actor=SYSTEM, as_of=NOW) == 1
    lose_key(1)
    with spool.opened(batch) as clear:
        assert clear.read_bytes() == content
    assert [path.name for path in (tmp_path / "var" / "spool").iterdir()] == [str(batch)]


def test_a_file_of_which_one_block_is_under_an_older_key_is_sealed_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The key was rotated while the file was taken in."""
    seal, blocks = spool._write, []

    def counted(*given: object) -> None:
        if len(blocks) == 1:
            sealing.rotate(actor=SYSTEM, as_of=NOW)
        blocks.append(seal(*given))  # type: ignore[arg-type, func-returns-value]

    monkeypatch.setattr(spool, "_write", counted)
    batch = taken(tmp_path / "file", LARGE)
    assert len(blocks) > 2
    assert spool.renew(actor=SYSTEM, as_of=NOW) == 1
    lose_key(1)
    with spool.opened(batch) as clear:
        assert clear.read_bytes() == LARGE


def test_a_damaged_file_is_left_and_keeps_no_other_from_being_sealed_anew(tmp_path: Path) -> None:
    damaged, whole = taken(tmp_path / "file", LARGE), taken(tmp_path / "file", b"x")
    sealed = spool.path_of(damaged).read_bytes()
    spool.path_of(damaged).write_bytes(sealed[:-1])
    sealing.rotate(actor=SYSTEM, as_of=NOW)
    assert spool.renew(actor=SYSTEM, as_of=NOW) == 1
    assert spool.path_of(damaged).read_bytes() == sealed[:-1]
    lose_key(1)
    with spool.opened(whole) as clear:
        assert clear.read_bytes() == b"x"
    with pytest.raises(KeyMissing), spool.opened(damaged):
        pass


def test_a_file_cut_while_it_is_read_is_no_file_that_was_read(tmp_path: Path) -> None:
    batch = taken(tmp_path / "file", LARGE)
    with pytest.raises(Forged, match="cut or taken away"), spool.opened(batch) as clear:
        clear.write_bytes(clear.read_bytes()[:1000])
    with pytest.raises(Forged, match="cut or taken away"), spool.opened(batch) as clear:
        clear.unlink()


def test_a_full_disk_is_told_as_what_it_is_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*given: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(spool, "_write", full)
    with pytest.raises(DiskFull):
        taken(tmp_path / "file", b"x")
    assert list((tmp_path / "var" / "spool").iterdir()) == []
