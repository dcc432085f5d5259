"""What waits in the spool comes out as it went in, or not at all."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rongxin.proof.errors import Forged
from rongxin.sharing.aggregation import attempts, spool
from rongxin.sharing.errors import Refused


@pytest.fixture(autouse=True)
def small(tmp_path: Path, settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Blocks of four bytes, so that a few letters are a long file."""
    settings.RONGXIN_VAR = tmp_path / "var"
    monkeypatch.setattr(spool, "_BLOCK", 4)


def _taken(content: bytes) -> UUID:
    source, number = Path(spool._directory()).parent / "source", uuid4()
    source.parent.mkdir(parents=True, exist_ok=True)
    source.write_bytes(content)
    spooled = spool.take(source, number)
    assert (spooled.sha256, spooled.size_bytes) == (sha256(content).hexdigest(), len(content))
    return number


def _out(number: UUID) -> bytes:
    with spool.opened(number) as path:
        assert path.stat().st_mode & 0o777 == 0o600
        content = path.read_bytes()
    assert not path.exists()
    return content


def _blocks(number: UUID) -> list[bytes]:
    whole, found = spool.path_of(number).read_bytes(), []
    while whole:
        end = 4 + int.from_bytes(whole[:4], "big")
        found.append(whole[:end])
        whole = whole[end:]
    return found


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=50)
@given(st.binary(max_size=40))
def test_it_gives_back_what_it_took(content: bytes) -> None:
    assert _out(_taken(content)) == content


def test_nothing_of_it_lies_in_clear() -> None:
    assert b"abcd" not in spool.path_of(_taken(b"abcdefgh")).read_bytes()


@pytest.mark.parametrize(
    "change",
    [
        lambda blocks: blocks[:-1],
        lambda blocks: [],
        lambda blocks: [blocks[1], blocks[0], *blocks[2:]],
        lambda blocks: [*blocks, blocks[-1]],
        lambda blocks: [blocks[0], *blocks],
        lambda blocks: [*blocks[:-1], blocks[-1][:-1]],
        lambda blocks: [blocks[0][:-1] + bytes([blocks[0][-1] ^ 1]), *blocks[1:]],
    ],
    ids=["cut", "empty", "swapped", "grown", "doubled", "short", "flipped"],
)
def test_a_file_that_was_meddled_with_is_refused(change) -> None:
    number = _taken(b"abcdefghijkl")
    spool.path_of(number).write_bytes(b"".join(change(_blocks(number))))
    with pytest.raises(Forged):
        _out(number)
    assert not list(spool._directory().glob("*.open"))
    with pytest.raises(Refused, match="丢失或损坏"), attempts.spooled(number):
        pass


def test_a_block_of_another_file_is_refused() -> None:
    one, other = _taken(b"abcdefgh"), _taken(b"ABCDEFGH")
    spool.path_of(one).write_bytes(b"".join([_blocks(other)[0], _blocks(one)[1]]))
    with pytest.raises(Forged):
        _out(one)


def test_what_a_killed_attempt_left_open_is_written_anew_and_swept() -> None:
    number = _taken(b"abcd")
    left = spool._clear(number)
    left.write_bytes(b"half")
    assert _out(number) == b"abcd"
    left.write_bytes(b"half")
    spool.drop(number)
    assert not list(spool._directory().iterdir())
