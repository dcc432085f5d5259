"""What filing a batch shows of its quality: whole counts of rows, never a value; `sharing.quality` sums them.

They are counted where the receipt's own figures come from, so that the two can't disagree. What a later
reader of the store could no longer tell stands here too: whether a field of a rejected row was filled, and
which rows were a record's first.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import date, timedelta
from typing import Any, Final

import polars as pl

from rongxin.catalogue.schema import Item
from rongxin.sharing.aggregation.outcomes import RowEnd
from rongxin.sharing.aggregation.validation import RAW_TEXT, Reject, Validated
from rongxin.sharing.rules import Counts, RowOutcome

#: Further back months do: no rule gives anybody that long.
FOLLOWED_DAYS: Final = 90
UNDATED: Final = "undated"


@dataclass
class Measures:
    """Counts over one file, added up chunk by chunk.

    `checked` rows could be read into fields and are a firm's; of these `valid` broke no rule. `required`
    counts the checked rows in which a required field is filled, `filled` the valid rows for every field.
    """

    item: Item
    checked: int = 0
    valid: int = 0
    required: Counter[str] = field(default_factory=Counter)
    filled: Counter[str] = field(default_factory=Counter)
    ends: dict[RowOutcome, Counter[str]] = field(default_factory=dict)
    first_filed: dict[str, int] = field(default_factory=dict)

    def add(self, checked: Validated, present: frozenset[str]) -> None:
        """Take in one chunk; `present` are the fields for which the file has a column."""
        values = checked.values
        for member in self.item.fields:
            if member.name in values.columns:
                self.filled[member.name] += _filled(values[member.name])
        read = [reject for reject in checked.rejects if _was_read(reject)]
        self.checked += values.height + len(read)
        self.valid += values.height
        for name in (member.name for member in self.item.fields if member.required):
            if name not in present:
                continue
            empty = sum(any(f.rule == "required" and f.field == name for f in r.findings) for r in read)
            given = _filled(values[name]) if name in values.columns else 0
            self.required[name] += given + len(read) - empty

    def end(self, end: RowEnd) -> None:
        """Take in how a row ended that was not simply accepted."""
        self.ends.setdefault(end.outcome, Counter())[end.rule] += 1

    def follow(
        self, days: Mapping[date | None, int], *, received_on: date, began_on: date | None = None
    ) -> None:
        """Take in the days of those rows that were the first of their record.

        `began_on`: the day of the provider's first batch of the item. Of its month the days are kept, however
        long ago: what was decided before it is stock, and what was decided after it came late.
        """
        since = received_on - timedelta(days=FOLLOWED_DAYS)
        began_in = f"{began_on:%Y-%m}" if began_on else ""
        counted: Counter[str] = Counter()
        for day, rows in days.items():
            if day is None:
                counted[UNDATED] += rows
            else:
                month = f"{day:%Y-%m}"
                counted[day.isoformat() if day >= since or month == began_in else month] += rows
        self.first_filed = dict(counted)

    def document(self, counts: Counts) -> dict[str, Any]:
        """The counts as the batch keeps them: by kind, then by name, so that SQL adds them up as they are.

        `counts` are the receipt's own, kept again here: a receipt may list a thousand rejects, and a sum over
        a year's batches must not unpack them all.
        """
        return {
            "receipt": {"read": counts.read, **asdict(counts)},
            "rows": {"checked": self.checked, "valid": self.valid},
            "required": dict(self.required),
            "filled": dict(self.filled),
            **{str(outcome): dict(self.ends.get(outcome, {})) for outcome in RowOutcome},
            "first_filed": self.first_filed,
        }


def _filled(column: pl.Series) -> int:
    return column.len() - column.null_count()


def _was_read(reject: Reject) -> bool:
    """Whether a rejected row was read into fields at all; of a natural person's row nothing is said."""
    return reject.raw is not None and RAW_TEXT not in reject.raw
