"""The report on a fitted card: every figure with its interval, charts, the whole card, nothing unescaped."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from rongxin.delivery.rendering import fitted_card
from rongxin.evaluation.fitting.card import Card, seal


@pytest.fixture
def card() -> Card:
    column = {
        "name": "debt <b>",
        "kind": "number",
        "direction": "-",
        "bins": [
            {"points": 13, "below": 5, "rows": 70, "bad": 4, "reads": "below 5"},
            {"points": -31, "rows": 30, "bad": 17, "reads": "5 and more"},
        ],
        "missing": {"points": 0, "reads": "missing"},
        "unknown": {"points": 0, "reads": "unreadable"},
    }
    content = {
        "target": {"column": "default", "bad": "1", "good": "0"},
        "method": "by hand",
        "scale": {"base": 512},
        "columns": [column],
        "made_from": {"file_sha256": "ab" * 32, "rows": 100, "bad": 21},
    }
    return seal(Card.model_validate(content))


@pytest.fixture
def report() -> dict[str, Any]:
    part = {"value": 0.8123, "from": 0.7777, "to": 0.8555}
    return {
        **dict.fromkeys(("auc", "ks", "brier", "gap"), part),
        "cross_validation": {"woe": 0.8, "boosted": 0.81, "blend": 0.82},
        "others_auc": {"woe": 0.8, "boosted": 0.81, "blend": 0.82, "trees": 0.8342},
        "psi": 0.0123,
        "psi_of_columns": {"debt <b>": 0.0456},
        "calibration": [
            {"rows": 15, "foretold": 0.05, "observed": 0.0667},
            {"rows": 15, "foretold": 0.4, "observed": 0.3333},
        ],
        "roc": {"card": [[0, 0], [0.2, 0.7], [1, 1]], "trees": [[0, 0], [0.1, 0.7], [1, 1]]},
        "scores": [{"from": 480, "rows": 10, "bad": 6}, {"from": 500, "rows": 20, "bad": 1}],
        "left_out": {"<script>": "all missing"},
        "notes": ["5 rows without default are left out"],
        "held_back": "at random: 30 rows",
        "chosen": "blend",
        "seed": 42,
    }


@pytest.fixture
def page(card: Card, report: dict[str, Any], tmp_path: Path) -> str:
    (tmp_path / "style.css").write_text("table { color: black }")
    return fitted_card.render(card, report, stylesheet=tmp_path / "style.css")


def test_each_figure_stands_with_its_interval(page: str) -> None:
    assert page.count("<td>0.8123</td><td>0.7777 – 0.8555</td>") == 4
    for figure in ("0.0123", "0.8342", "6.67%", "33.33%", "5 rows without default"):
        assert figure in page, figure


def test_the_card_can_be_read_and_added_up(card: Card, page: str) -> None:
    assert "分数 = 512 +" in page
    assert "<td>below 5</td><td>+13</td><td>70</td><td>4</td>" in page
    assert "越大越差" in page
    assert card.digest in page


def test_four_charts_are_drawn_inside_the_page(page: str) -> None:
    assert page.count("<svg") == 4
    assert page.count('role="img"') == 4
    assert "误报率" in page
    assert "http://" not in page.replace("http://www.w3.org/", "")
    assert "https://" not in page


def test_names_from_a_file_are_words_and_no_markup(page: str) -> None:
    assert "debt &lt;b&gt;" in page
    assert "<script>" not in page
    assert "debt <b>" not in page
