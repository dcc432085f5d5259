"""A card of whole points is within 0.006 AUC of boosted trees of the same run where columns speak alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("optbinning", reason="the extra rongxin[fit] isn't installed")

from rongxin.evaluation.fitting import fit
from rongxin.evaluation.fitting.sample import Wish
from tests.unit.evaluation.fitting import invented

BOUND = 0.006


def told(folder: Path, rows: int, seed: int, *, together: bool = False) -> dict[str, Any]:
    data = invented.written(invented.curved(rows, seed, together=together), folder / "loans.parquet")
    return fit.fit(data, Wish("default"), seed=42, say=lambda line: None).report


@pytest.mark.parametrize("seed", [1, pytest.param(2, marks=pytest.mark.long)])
def test_where_columns_speak_alone_a_card_is_as_good_as_trees(seed: int, tmp_path: Path) -> None:
    report = told(tmp_path, 2500, seed)
    assert report["auc"]["value"] > 0.94, report["others_auc"]
    assert report["gap"]["value"] <= BOUND, report["others_auc"]


def test_where_columns_speak_together_only_the_gap_says_what_the_card_misses(tmp_path: Path) -> None:
    report = told(tmp_path, 1500, 1, together=True)
    assert report["others_auc"]["trees"] > 0.9
    assert report["gap"]["value"] > 0.3, report["others_auc"]
    assert report["gap"]["value"] == pytest.approx(
        report["others_auc"]["trees"] - report["auc"]["value"], abs=1e-6
    )
