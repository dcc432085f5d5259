"""Numbers in words say exactly what their bins hold, with the unit that the file names （（七））."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from rongxin.evaluation import loading, reference_page, wording
from rongxin.evaluation.errors import InvalidIndicators

SPEC = loading.load()


@pytest.mark.parametrize(
    ("code", "value", "zh", "en"),
    [
        ("R01", 13, "13 个月", "13 months"),
        ("R07", 1999, "19.99%", "19.99%"),
        ("F04", -5, "-0.05%", "-0.05%"),
        ("A04", 179, "1.79 次", "1.79 times"),
        ("A05", 1234567, "1,234,567 元", "CNY 1,234,567"),
        ("T01", 4, "A级", "A"),
        ("S02", -7, "减少两档或以上", "two bands down or more"),
        ("T04", 1_000_000, "有欠税而近一年无实缴", "in arrears and nothing paid in a year"),
    ],
)
def test_a_value_is_said_with_its_unit(code: str, value: int, zh: str, en: str) -> None:
    assert wording.of_value(SPEC.indicators[code], value) == wording.Wording(zh, en)


@pytest.mark.parametrize(
    ("code", "places"),
    [
        ("R01", ["11 个月及以下", "12 至 35 个月", "36 至 59 个月", "60 至 119 个月", "120 个月及以上"]),
        ("R03", ["0 项", "1 项", "2 项", "3 项及以上"]),
        ("F04", ["-30.01%及以下", "-30.00 至 -10.01%", "-10.00 至 -0.01%", "0.00 至 19.99%", "20.00%及以上"]),
        ("S02", ["减少两档或以上", "减少一档", "不变", "增加一档或以上"]),
        ("F07", ["第 1 组", "第 2 组", "第 3 组", "第 4 组", "第 5 组", "第 6 组及以上"]),
    ],
)
def test_bins_are_said_with_both_ends(code: str, places: list[str]) -> None:
    bins = SPEC.bins(code)
    said = [wording.of_bin(SPEC.indicators[code], bins, place).zh for place in range(len(bins.points))]
    assert said == places


def test_every_bin_that_a_class_can_reach_has_words() -> None:
    for code, one in SPEC.indicators.items():
        for value in one.words:
            place = SPEC.bins(code).bin_of(value)
            assert wording.of_value(one, value).zh in wording.of_bin(one, SPEC.bins(code), place).zh or (
                one.unit.value != "class"
            )


def test_the_page_names_every_indicator_grade_veto_and_source() -> None:
    text = "\n".join(reference_page.page(SPEC))
    for code, one in SPEC.indicators.items():
        (line,) = [line for line in text.splitlines() if line.startswith(f"| **{code}**")]
        bins = SPEC.bins(code)
        said = [one.label, one.improve, f"| {bins.weight} |", f"{one.freshness_days} 天", *one.items]
        said += [
            f"→ {points}" for value, points in zip(bins.steps, bins.points, strict=False) if value[0] > 1
        ]
        said += [f"`{m.item}.{column}`" for m in one.measures.values() for column in m.columns]
        assert [word for word in said if word not in line] == []
    for code in (*SPEC.grades.grades, *SPEC.vetoes.codes):
        assert f"\n| {code} |" in text


def test_a_class_without_words_is_refused(tmp_path: Path) -> None:
    shutil.copytree(loading.INDICATORS, tmp_path / "indicators")
    file = tmp_path / "indicators" / "stability" / "R02.yaml"
    file.write_text(file.read_text("utf-8").replace("  1: [迁出或歇业, moved out or paused]\n", ""), "utf-8")
    with pytest.raises(InvalidIndicators, match=r"R02.*\[1\]"):
        loading.load("2026-01-01", indicators=tmp_path / "indicators")
