"""Sanity on two open data sets: a card stays close to boosted trees where columns hardly work together.

Polish bankruptcy, 5th year (UCI, CC BY 4.0): 64 ratios `Attr1` … `Attr64`, target `class`. SBA case (loans of
California, target `Default`): `Term` is known only afterwards and is left out with what gives it away
(`daysterm`, `xx`), and so are the columns that tell what became of the loan. Of both, 30 % are held back at
random by seed 42.
"""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("optbinning", reason="the extra rongxin[fit] isn't installed")

from rongxin.evaluation.fitting import fit
from rongxin.evaluation.fitting.sample import Wish
from tests import open_data

POLISH, LOANS = "polish_bankruptcy_5year.arff", "sba_case.csv"
#: What nobody knows when a loan is granted.
KNOWN_AFTERWARDS = ("Term", "daysterm", "xx", "ChgOffDate", "ChgOffPrinGr", "MIS_Status", "BalanceGross")


def _there(name: str) -> Path:
    found = open_data.find(name)
    if found is None:
        pytest.skip(open_data.REASON)
    return found


def _fitted(name: str, wish: Wish) -> fit.Fitted:
    return fit.fit(_there(name), wish, seed=42, say=lambda line: None)


@pytest.mark.long
def test_a_card_on_polish_ratios_stays_close_to_boosted_trees() -> None:
    made = _fitted(POLISH, Wish("class"))
    report = made.report
    assert made.card.made_from["rows"] == 5910
    assert report["held_back"].endswith("at random: 1773 rows, each class alike, seed 42")
    assert set(report["columns"]) <= {f"Attr{n}" for n in range(1, 65)}
    assert report["auc"]["value"] > 0.9
    assert report["gap"]["value"] <= 0.025, report["others_auc"]


def test_a_card_on_loans_without_what_is_known_afterwards_stays_close_to_boosted_trees() -> None:
    made = _fitted(LOANS, Wish("Default", id="LoanNr_ChkDgt", leave_out=KNOWN_AFTERWARDS))
    report = made.report
    assert report["held_back"].endswith("at random: 631 rows, each class alike, seed 42")
    assert set(KNOWN_AFTERWARDS) <= set(report["left_out"])
    assert not set(KNOWN_AFTERWARDS) & set(report["columns"])
    assert 0.6 < report["auc"]["value"] < 0.95
    assert report["gap"]["value"] <= 0.020, report["others_auc"]


@pytest.mark.parametrize("leak", ["ChgOffDate", "ChgOffPrinGr", "MIS_Status"])
def test_what_tells_the_outcome_of_a_loan_is_left_out_unasked(leak: str) -> None:
    drawn = fit.draw(_there(LOANS), Wish("Default", leave_out=("Term",)))
    assert leak in drawn.left_out
    assert "probably known only after" in drawn.left_out[leak]
    assert "Term" in drawn.left_out
    assert "daysterm" in drawn.left_out  # the same in days
