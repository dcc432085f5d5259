"""A batch of which an unusual share of rows is handed back: what is left of it may be as wrong ((五)(十)).

Rows that may not be stored at all (natural persons, what the annex leaves out) are no fault of the batch:
they count neither as handed back nor as read.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rongxin.sharing.aggregation.gates import Thresholds

RULE = "reject_share"


@dataclass(frozen=True)
class HandedBack:
    """How many rows of a batch could have been stored, and how many of these were handed back."""

    rows: int
    rejected: int

    @property
    def share(self) -> float:
        return self.rejected / self.rows if self.rows else 0.0


def findings(batch: HandedBack, past: Sequence[HandedBack], limits: Thresholds) -> list[dict[str, str]]:
    """Return the finding, if there is one; small batches differ by chance and count on neither side."""
    if batch.rows < limits.rows_min:
        return []
    usual = [one for one in past if one.rows >= limits.rows_min]
    told = f"本批 {batch.rows} 行中退回 {batch.rejected} 行（{batch.share:.0%}）"
    if len(usual) >= limits.history_batches_min:
        mean = fmean(one.share for one in usual)
        if batch.share - mean <= limits.reject_share_change:
            return []
        return [{"rule": RULE, "message": f"{told}，以往为 {mean:.0%}；其余的行可能同样有误，请核对列与格式"}]
    if batch.share <= limits.reject_share_first:
        return []
    return [{"rule": RULE, "message": f"{told}；其余的行可能同样有误，请核对列与格式"}]
