"""Rejects come back as a file that can be corrected and handed in again, and that no spreadsheet will run."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rongxin.sharing.aggregation import outcomes
from rongxin.sharing.rules import formula_safe

from .conftest import Bureau

PENALTY = "administrative_penalty"


def back(batch: object) -> list[list[str]]:
    text = "".join(outcomes.rejects_csv(batch))  # type: ignore[arg-type]
    return list(csv.reader(io.StringIO(text.removeprefix("\ufeff"))))


@pytest.mark.django_db
def test_it_hands_rejects_back_with_their_reason_and_takes_them_corrected(
    bureau: Bureau, penalties: Callable[..., Path]
) -> None:
    receipt = bureau.submits(
        penalties((1, "一号", "100"), (2, "二号", "贰佰"), (3, "三号", "1"), (3, "三号", "2")), PENALTY
    )
    header, *rows = back(receipt.batch)
    assert header[:4] == ["退回行号", "退回结果", "退回规则", "退回原因"]
    assert [(row[0], row[1], row[6]) for row in rows] == [
        ("3", "退回", "二号"),
        ("4", "退回", "三号"),
        ("5", "退回", "三号"),
    ]
    rows[0][7] = "200"
    again = bureau.submits(bureau.writes(header, rows[:2]), PENALTY)
    assert (again.counts.accepted, again.counts.rejected) == (2, 0)


@pytest.mark.django_db
def test_no_cell_of_the_rejects_is_a_formula(bureau: Bureau, penalties: Callable[..., Path]) -> None:
    receipt = bureau.submits(
        penalties((1, "=HYPERLINK(1)", "x"), (2, "@SUM(1)", "-"), (3, "＝1+1", "x")), PENALTY
    )
    cells = [cell for row in back(receipt.batch) for cell in row]
    assert not [cell for cell in cells if cell[:1] in "=+-@\t\r\n＝＋－＠" and cell]


@given(st.text())
def test_it_makes_any_text_safe_and_leaves_plain_numbers(text: str) -> None:
    safe = formula_safe(text)
    assert safe in (text, f"'{text}")
    assert safe[:1] not in tuple("=@\t\r\n＝＋－＠\0")


def test_it_leaves_a_negative_amount_alone() -> None:
    assert [formula_safe(text) for text in ("-12.50", "+3", "-1+2", "-A1")] == [
        "-12.50",
        "+3",
        "'-1+2",
        "'-A1",
    ]
