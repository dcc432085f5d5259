"""A wrong item, field, operator or number is refused with its file and line."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from rongxin.evaluation import loading
from rongxin.evaluation.errors import InvalidIndicators, UnknownVersion

SHARE = "indicators/stability/R07.yaml"
CARD = "parameters/card_2026-01-01.yaml"
CHECKS = "indicators/administration/A03.yaml"
HOLDERS = "indicators/stability/R11.yaml"
R03 = "R03: {weight: 15, steps: [[1, 100], [2, 60], [3, 30]], rest: 0}"


@pytest.mark.parametrize(
    ("file", "right", "wrong", "said"),
    [
        (SHARE, "[contribution_cny]", "[contribution_cnyy]", "contribution_cny"),
        (
            SHARE,
            "item: shareholder_contribution,",
            "item: shareholder_contributio,",
            "shareholder_contribution",
        ),
        (SHARE, "ratio:", "ratioo:", "ratioo"),
        (SHARE, "channel: interface_call", "channel: physical_aggregation", "physical_aggregation"),
        (CARD, R03, R03.replace("[1, 100]", "[1, 0]"), "R03"),
        (CARD, R03, R03.replace("15", "16"), "1001"),
        # What would let a negative record hide another, or be missing for ever without a word.
        (CHECKS, "none: value", "none: missing", "负面信息项应以 value"),
        (CHECKS, "aggregate: max", "aggregate: min", "掩盖"),
        (CHECKS, "total: [failed]", "take: failed", "at_least"),
        (CHECKS, 'direction: "-"', 'direction: "+"', "方向应为 -"),
        (HOLDERS, "not_held: ", "# not_held: ", "not_held"),
    ],
)
def test_a_fault_is_named_with_its_place(
    tmp_path: Path, file: str, right: str, wrong: str, said: str
) -> None:
    shutil.copytree(loading.INDICATORS, tmp_path / "indicators")
    shutil.copytree(loading.PARAMETERS, tmp_path / "parameters")
    text = (tmp_path / file).read_text("utf-8")
    assert right in text
    (tmp_path / file).write_text(text.replace(right, wrong), "utf-8")
    with pytest.raises(InvalidIndicators, match=said) as fault:
        loading.load("2026-01-01", indicators=tmp_path / "indicators", parameters=tmp_path / "parameters")
    assert Path(file).name in fault.value.problems[0].file
    assert fault.value.problems[0].line > 1


def test_an_unknown_version_names_those_there_are() -> None:
    with pytest.raises(UnknownVersion, match="2026-01-01"):
        loading.load("2026-01-02")
