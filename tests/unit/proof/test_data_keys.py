"""The data keys: versioned, bound to a place, readable for as long as their file stays."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rongxin.proof import data_keys
from rongxin.proof.data_keys import DataKeys
from rongxin.proof.errors import Forged, KeyMissing, KeyUnsafe

PLACE = ("records_record", "sealed", 1)


def load(directory: Path) -> DataKeys:
    return DataKeys.load(directory, create=True)


def test_an_older_key_still_reads_and_the_newest_seals(tmp_path: Path) -> None:
    old = load(tmp_path).seal(b"secret", place=PLACE)
    assert data_keys.rotate(tmp_path) == 2
    keys = load(tmp_path)
    assert keys.open(old, place=PLACE) == b"secret"
    assert keys.version(keys.seal(b"x", place=PLACE)) == 2
    assert all(path.stat().st_mode & 0o077 == 0 for path in tmp_path.iterdir())


def test_a_text_opens_in_its_place_only(tmp_path: Path) -> None:
    keys = load(tmp_path)
    sealed = keys.seal(b"secret", place=PLACE)
    with pytest.raises(Forged, match="moved here from another row"):
        keys.open(sealed, place=(*PLACE[:2], 2))
    with pytest.raises(Forged):
        keys.open(sealed[:-1] + bytes([sealed[-1] ^ 1]), place=PLACE)
    with pytest.raises(Forged):
        keys.open(b"short", place=PLACE)


def test_a_wrong_or_missing_key_says_what_to_do(tmp_path: Path) -> None:
    sealed = load(tmp_path / "a").seal(b"secret", place=PLACE)
    with pytest.raises(KeyMissing, match=r"data-1\.secret: not the key .* restore the right one"):
        load(tmp_path / "b").open(sealed, place=PLACE)
    data_keys.rotate(tmp_path / "a")
    (tmp_path / "a/data-1.secret").unlink()
    with pytest.raises(KeyMissing, match=r"data-1\.secret: missing.* restore it from your key backup"):
        load(tmp_path / "a").open(sealed, place=PLACE)


def test_it_makes_no_key_unasked_and_refuses_one_that_others_read(tmp_path: Path) -> None:
    with pytest.raises(KeyMissing, match="rongxin keys rotate"):
        DataKeys.load(tmp_path, create=False)
    load(tmp_path)
    (tmp_path / "data-1.secret").chmod(0o644)
    with pytest.raises(KeyUnsafe, match="chmod 600"):
        load(tmp_path)


def test_the_index_is_equal_for_equal_values_of_one_use_and_key(tmp_path: Path) -> None:
    keys, others = load(tmp_path / "a"), load(tmp_path / "b")
    assert keys.index("1", use="a") == keys.index(b"1", use="a")
    assert len({keys.index("1", use="a"), keys.index("1", use="b"), others.index("1", use="a")}) == 3


@given(plain=st.binary(max_size=200))
def test_what_is_sealed_comes_back(tmp_path_factory: pytest.TempPathFactory, plain: bytes) -> None:
    keys = load(tmp_path_factory.getbasetemp() / "keys")
    sealed = keys.seal(plain, place=PLACE)
    assert keys.open(sealed, place=PLACE) == plain
    assert sealed != keys.seal(plain, place=PLACE)
