"""`rongxin bench pages` asks every page of its readers and says when one is too slow or too heavy."""

from __future__ import annotations

from typing import Any

import pytest

from rongxin.entrypoints.cli import bench
from rongxin.entrypoints.portals import urls
from tests.meta import house

MODULE = bench.load(house.ROOT / "bench", "pages")


def figures(took: float = 0.1, size: int = 5_000) -> dict[str, Any]:
    """The figures of one page, asked ten times, beside the floor of its reader."""
    found = {MODULE.Page(who, path): [(0.01, 500)] * 10 for who, path in MODULE.FLOORS.items()}
    found[MODULE.Page("owner", "/enterprise")] = [(0.1, 5_000)] * 8 + [(took, size)] * 2
    told: dict[str, Any] = MODULE._figures(found)
    return told


def test_the_figures_of_a_page_stand_beside_its_readers_floor() -> None:
    told = figures()
    (line,) = told["pages"]
    assert line == {"page": "/enterprise", "who": "owner", "p95_ms": 100.0, "floor_ms": 10.0, "bytes": 5_000}
    assert told["holds"] is True


@pytest.mark.parametrize("worse", [{"took": 0.6}, {"size": 100_001}])
def test_a_slow_or_heavy_page_is_said(worse: dict[str, Any]) -> None:
    assert figures(**worse)["holds"] is False


def test_every_page_without_a_number_is_asked_by_all_its_readers() -> None:
    paths = [f"/{page.pattern}" for page in urls.urlpatterns if "<" not in str(page.pattern)]
    asked = {(page.who, page.path) for page in MODULE._pages(paths)}
    assert {("owner", "/enterprise"), ("clerk", "/institution/log"), ("", "/products")} <= asked
    assert {who for who, path in asked if path == "/operator/record"} == {"security", "desk", "audit"}


def test_a_page_of_ours_that_is_another_than_asked_for_says_what_it_is() -> None:
    said = MODULE._words("<main class=x id=main><h1>现在不能办理</h1><p>没有授权</p></main>".encode())
    assert said == "现在不能办理 没有授权"
