"""The Merkle tree against published vectors, against the definition in RFC 6962, and against forgers."""

from __future__ import annotations

import random
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rongxin.proof import merkle

# The eight leaves and roots that Certificate Transparency implementations share as test data.
LEAVES = [
    bytes.fromhex(text)
    for text in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
INCLUSION = {  # (index, size): path
    (0, 1): [],
    (0, 8): [
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ],
    (5, 8): [
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ],
    (2, 3): ["fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"],
}
CONSISTENCY = {  # (first, second): path
    (1, 1): [],
    (1, 8): [
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ],
    (6, 8): [
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ],
    (2, 5): [
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    ],
}
HASHES = [merkle.leaf_hash(leaf) for leaf in LEAVES]
sizes = st.integers(min_value=1, max_value=300)


def leaves(size: int) -> list[bytes]:
    return [merkle.leaf_hash(str(number).encode()) for number in range(size)]


def naive_root(hashes: list[bytes]) -> bytes:
    """MTH of RFC 6962 §2.1, word for word."""
    if not hashes:
        return sha256(b"").digest()
    if len(hashes) == 1:
        return hashes[0]
    split = 1
    while split * 2 < len(hashes):
        split *= 2
    return sha256(b"\x01" + naive_root(hashes[:split]) + naive_root(hashes[split:])).digest()


def naive_inclusion(hashes: list[bytes], index: int) -> list[bytes]:
    """PATH of RFC 6962 §2.1.1, word for word."""
    if len(hashes) == 1:
        return []
    split = 1
    while split * 2 < len(hashes):
        split *= 2
    if index < split:
        return [*naive_inclusion(hashes[:split], index), naive_root(hashes[split:])]
    return [*naive_inclusion(hashes[split:], index - split), naive_root(hashes[:split])]


def naive_consistency(hashes: list[bytes], first: int, whole: bool = True) -> list[bytes]:
    """SUBPROOF of RFC 6962 §2.1.2, word for word."""
    if first == len(hashes):
        return [] if whole else [naive_root(hashes)]
    split = 1
    while split * 2 < len(hashes):
        split *= 2
    if first <= split:
        return [*naive_consistency(hashes[:split], first, whole), naive_root(hashes[split:])]
    return [*naive_consistency(hashes[split:], first - split, False), naive_root(hashes[:split])]


@pytest.mark.parametrize("size", range(9))
def test_its_roots_are_the_published_ones(size: int) -> None:
    assert merkle.root(HASHES[:size]).hex() == ROOTS[size]


@pytest.mark.parametrize(("place", "path"), INCLUSION.items())
def test_its_inclusion_paths_are_the_published_ones(place: tuple[int, int], path: list[str]) -> None:
    index, size = place
    made = merkle.inclusion_path(HASHES[:size], index)
    assert [hash_.hex() for hash_ in made] == path
    assert merkle.verify_inclusion(HASHES[index], index, size, made, bytes.fromhex(ROOTS[size]))


@pytest.mark.parametrize(("place", "path"), CONSISTENCY.items())
def test_its_consistency_paths_are_the_published_ones(place: tuple[int, int], path: list[str]) -> None:
    first, second = place
    made = merkle.consistency_path(HASHES[:second], first)
    assert [hash_.hex() for hash_ in made] == path
    roots = bytes.fromhex(ROOTS[first]), bytes.fromhex(ROOTS[second])
    assert merkle.verify_consistency(first, second, *roots, made)


@given(size=st.integers(min_value=0, max_value=300))
def test_it_has_the_root_that_the_standard_defines(size: int) -> None:
    hashes = leaves(size)
    compact = merkle.CompactRange()
    for hash_ in hashes:
        compact.append(hash_)
    assert merkle.root(hashes) == compact.root() == naive_root(hashes)
    assert compact.size == size


@given(size=sizes, data=st.data())
def test_it_proves_inclusion_as_the_standard_defines(size: int, data: st.DataObject) -> None:
    index = data.draw(st.integers(min_value=0, max_value=size - 1))
    hashes = leaves(size)
    path = merkle.inclusion_path(hashes, index)
    assert path == naive_inclusion(hashes, index)
    assert merkle.verify_inclusion(hashes[index], index, size, path, naive_root(hashes))


@given(size=sizes, data=st.data())
def test_it_proves_consistency_as_the_standard_defines(size: int, data: st.DataObject) -> None:
    first = data.draw(st.integers(min_value=1, max_value=size))
    hashes = leaves(size)
    path = merkle.consistency_path(hashes, first)
    assert path == naive_consistency(hashes, first)
    assert merkle.verify_consistency(first, size, naive_root(hashes[:first]), naive_root(hashes), path)


@given(start=st.integers(0, 5000), length=st.integers(0, 5000))
def test_it_splits_a_range_into_complete_subtrees_that_cover_it_once(start: int, length: int) -> None:
    covered = []
    for height, index in merkle.complete_subtrees(start, start + length):
        covered += range(index << height, (index + 1) << height)
    assert covered == list(range(start, start + length))


@given(whole=st.integers(0, 40), rest=st.integers(0, 300))
def test_it_appends_complete_subtrees_as_if_leaf_by_leaf(whole: int, rest: int) -> None:
    hashes = leaves(whole * 8 + rest)
    compact = merkle.CompactRange()
    for number in range(whole):
        compact.append_subtree(3, merkle.root(hashes[number * 8 : number * 8 + 8]))
    for hash_ in hashes[whole * 8 :]:
        compact.append(hash_)
    assert compact.root() == merkle.root(hashes)


def test_it_refuses_a_subtree_where_none_can_stand() -> None:
    compact = merkle.CompactRange()
    compact.append(HASHES[0])
    with pytest.raises(ValueError, match="can't stand"):
        compact.append_subtree(1, HASHES[1])


@pytest.mark.parametrize(("index", "size"), [(-1, 5), (5, 5), (0, 0)])
def test_it_gives_no_path_for_a_leaf_outside_the_tree(index: int, size: int) -> None:
    with pytest.raises(ValueError, match="isn't in a tree"):
        merkle.inclusion_ranges(index, size)
    assert not merkle.verify_inclusion(HASHES[0], index, size, [], HASHES[0])


@pytest.mark.parametrize(("first", "second"), [(0, 4), (5, 4), (-1, 4)])
def test_it_gives_no_path_between_sizes_that_cannot_follow(first: int, second: int) -> None:
    with pytest.raises(ValueError, match="no consistency proof"):
        merkle.consistency_ranges(first, second)
    assert not merkle.verify_consistency(first, second, HASHES[0], HASHES[1], [])


def mutate(rng: random.Random, path: list[bytes]) -> list[bytes]:
    """A path that differs: a bit flipped, a step dropped, doubled, swapped, added, shortened."""
    path = list(path)
    kind = rng.choice(["flip", "drop", "double", "swap", "add", "shorten"])
    at = rng.randrange(len(path))
    if kind == "flip":
        path[at] = flip(rng, path[at])
    elif kind == "drop":
        del path[at]
    elif kind == "double":
        path.insert(at, path[at])
    elif kind == "swap" and len(path) > 1:
        path[at], path[at - 1] = path[at - 1], path[at]
    elif kind == "shorten":
        path[at] = path[at][:-1]
    else:
        path.append(rng.randbytes(32))
    return path


def flip(rng: random.Random, hash_: bytes) -> bytes:
    return (int.from_bytes(hash_) ^ (1 << rng.randrange(256))).to_bytes(32)


def test_it_accepts_none_of_a_thousand_forged_inclusion_proofs() -> None:
    rng = random.Random(20260301)
    for _ in range(1_000):
        size = rng.randrange(2, 200)
        index = rng.randrange(size)
        hashes = leaves(size)
        path, root = merkle.inclusion_path(hashes, index), merkle.root(hashes)
        forged = [
            (hashes[index], index, size, mutate(rng, path), root),
            (flip(rng, hashes[index]), index, size, path, root),
            (hashes[index], index, size, path, flip(rng, root)),
            (hashes[index], (index + 1) % size, size, path, root),
            (hashes[index - 1], index, size, path, root),
            (hashes[index], index, size * 2, path, root),
            (hashes[index], index, size * 4, path, root),
        ]
        assert not any(merkle.verify_inclusion(*proof) for proof in forged)


def test_it_refuses_a_path_that_leads_beyond_the_root() -> None:
    # The root is made to fit, as a liar would: only the number of steps tells.
    leaf, extra = HASHES[0], HASHES[1]
    assert not merkle.verify_inclusion(leaf, 0, 1, [extra], merkle.node_hash(extra, leaf))
    path, top = [HASHES[1], extra], merkle.node_hash(HASHES[0], HASHES[1])
    assert not merkle.verify_inclusion(leaf, 0, 2, path, merkle.node_hash(extra, top))
    old, new = merkle.node_hash(extra, HASHES[0]), merkle.node_hash(extra, top)
    assert not merkle.verify_consistency(1, 2, old, new, path)


def test_it_accepts_none_of_a_thousand_forged_consistency_proofs() -> None:
    rng = random.Random(20260302)
    for _ in range(1_000):
        second = rng.randrange(3, 200)
        first = rng.randrange(2, second)
        hashes = leaves(second)
        old, new = merkle.root(hashes[:first]), merkle.root(hashes)
        path = merkle.consistency_path(hashes, first)
        forged = [
            (first, second, old, new, mutate(rng, path)),
            (first, second, flip(rng, old), new, path),
            (first, second, old, flip(rng, new), path),
            (first, second, new, old, path),
            (first, second * 2, old, new, path),
            (first, second * 4, old, new, path),
        ]
        assert not any(merkle.verify_consistency(*proof) for proof in forged)
