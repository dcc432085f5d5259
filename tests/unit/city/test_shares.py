"""The work is shared out by items: the bytes are the same however many processes there are."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from rongxin.catalogue import loader
from rongxin.city import generation, shares, stories, streams
from rongxin.city.city import City
from rongxin.city.stores import descriptions

CITY = City(7, generation.AS_OF)


def _digests(out: Path) -> dict[str, str]:
    return {
        str(path.relative_to(out)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(out.rglob("*"))
        if path.is_file()
    }


@pytest.mark.parametrize("processes", [1, 2, 3, 7, 99])
def test_each_item_is_in_one_share_with_all_that_its_store_keeps(tmp_path: Path, processes: int) -> None:
    split = shares.split(tmp_path, CITY, 100, processes)

    assert len(split) <= processes
    assert sorted(name for share in split for name in share.items) == sorted(loader.load().items)
    assert [share.truth for share in split].count(True) == 1
    for description in descriptions().values():
        assert sum(bool(set(description["items"]) & set(share.items)) for share in split) == 1


def test_three_processes_write_the_bytes_of_one(tmp_path: Path) -> None:
    for processes in (1, 3):
        generation.generate(tmp_path / str(processes), subjects=210, seed=5, processes=processes)

    assert _digests(tmp_path / "1") == _digests(tmp_path / "3")


def test_it_refuses_a_city_larger_than_its_numbers_reach(tmp_path: Path) -> None:
    with pytest.raises(generation.CityError, match="too many"):
        generation.generate(tmp_path / "city", subjects=stories.MOST + 1)


def test_subjects_above_draw_evenly_and_each_topic_its_own() -> None:
    draws = {
        topic: [streams.Stream(7, streams.HASHED_FROM + number, topic).unit() for number in range(4_000)]
        for topic in ("a", "b")
    }
    long = streams.Stream(7, streams.HASHED_FROM, "a")
    many = [long.unit() for _ in range(4_000)]

    assert draws["a"] != draws["b"]
    for found in (*draws.values(), many):
        assert all(0 <= draw < 1 for draw in found)
        assert len(set(found)) == len(found)
        tenths = [sum(int(draw * 10) == tenth for draw in found) for tenth in range(10)]
        assert min(tenths) > 320, "400 are to be expected, 19 the deviation"


@pytest.mark.parametrize(
    ("number", "first", "ninth"),
    [(7, 0.43894824140261934, 0.041967780785196473), (30_000, 0.4510952608352323, 0.5179333070043411)],
)
def test_both_sources_draw_for_ever_what_they_drew_first(number: int, first: float, ninth: float) -> None:
    draw = streams.Stream(7, number, "a")
    drawn = [draw.unit() for _ in range(9)]
    assert (drawn[0], drawn[8]) == (first, ninth), "else cities that were built before are other cities now"
