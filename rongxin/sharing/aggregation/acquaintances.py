"""The firms that a file has named before: a row of theirs needs no second look-up.

A file of a million rows names fifty thousand firms. Only what a code alone decides is remembered, and only of
subjects that were there already: code and name tell then what `matching` would say again.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import polars as pl

from rongxin.parties import matching
from rongxin.parties.rules.matching import Basis, Finding

_REMEMBERED_MAX = 200_000
_PAIR = ("uscc", "name")
_SCHEMA = {"uscc": pl.String, "name": pl.String, "subject_id": pl.Int64, "differs": pl.Boolean}

# Looks rows (uscc, name, observed_on) up among the parties.
LookUp = Callable[[pl.DataFrame], matching.Matches]


@dataclass(frozen=True)
class Matched:
    """A chunk's rows with `subject_id`, those without one by place, and how many bear another name."""

    subject_ids: pl.Series
    unmatched: dict[int, Finding]
    names_differ: int


class Acquaintances:
    """What one file has told so far. It lives in the batch's transaction."""

    def __init__(self, look_up: LookUp) -> None:
        self._look_up = look_up
        self._known = pl.DataFrame(schema=_SCHEMA)

    def match(self, rows: pl.DataFrame) -> Matched:
        """Find the subject of every row, as `matching.match` would for all of them at once."""
        pairs = rows.select(*_PAIR).with_row_index("place")
        joined = pairs.join(self._known, on=_PAIR, how="left", nulls_equal=True, maintain_order="left")
        fresh = rows.filter(joined["subject_id"].is_null()).select(*_PAIR, "observed_on")
        if not fresh.height:
            return Matched(joined["subject_id"], {}, int(joined["differs"].sum()))
        places = joined.filter(pl.col("subject_id").is_null())["place"]
        matches = self._look_up(fresh)
        subjects = joined["subject_id"].scatter(places, pl.Series(matches.subject_ids, dtype=pl.Int64))
        unmatched = {
            int(places[place]): finding
            for place, finding in enumerate(matches.findings)
            if finding.subject_id is None
        }
        self._remember(fresh, matches)
        return Matched(subjects, unmatched, int(joined["differs"].sum()) + len(matches.name_differs))

    def _remember(self, fresh: pl.DataFrame, matches: matching.Matches) -> None:
        by_code = [finding.basis is Basis.CODE for finding in matches.findings]
        differs = pl.repeat(False, fresh.height, eager=True).scatter(sorted(matches.name_differs), True)
        met = (
            fresh.select(*_PAIR)
            .with_columns(subject_id=pl.Series(matches.subject_ids, dtype=pl.Int64), differs=differs)
            .filter(pl.Series(by_code, dtype=pl.Boolean))
            .unique(_PAIR, maintain_order=True)
        )
        known = self._known if self._known.height + met.height <= _REMEMBERED_MAX else self._known.clear()
        self._known = pl.concat([known, met.head(_REMEMBERED_MAX)])
