"""A firm that a file names again is not looked up again, and the outcome is the same as if it were."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rongxin.parties import matching, subjects
from rongxin.sharing.aggregation.acquaintances import Acquaintances
from rongxin.vocabulary import uscc
from rongxin.vocabulary.actor import SYSTEM

from ..conftest import NOW, code

KNOWN = (code(1), code(2))
CODES = st.sampled_from([*KNOWN, code(3), code(1)[:17] + "?", None, "12345678-9"])
NAMES = st.sampled_from(["云州公司", "云州商贸有限公司", "", None])
CHUNKS = st.lists(st.lists(st.tuples(CODES, NAMES), max_size=6), max_size=5)


def look_up(rows: pl.DataFrame) -> matching.Matches:
    """Match and write nothing, so that asking twice changes no answer."""
    return matching.match(
        rows["uscc"].to_list(),
        rows["name"].to_list(),
        "",
        None,
        negative=False,
        open_unknown=False,
        actor=SYSTEM,
        as_of=NOW,
    )


def frame(rows: list[tuple[str | None, str | None]]) -> pl.DataFrame:
    text = dict.fromkeys(("uscc", "name", "observed_on"), pl.String)
    return pl.DataFrame([(*row, None) for row in rows], schema=text, orient="row")


@pytest.mark.django_db
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(chunks=CHUNKS)
def test_it_gives_what_looking_every_row_up_gives(chunks: list[list[tuple[str | None, str | None]]]) -> None:
    newcomers = [subjects.Newcomer(each, "云州商贸有限公司") for each in KNOWN]
    subjects.open_unregistered(newcomers, actor=SYSTEM, as_of=NOW)
    firms = Acquaintances(look_up)
    for chunk in map(frame, chunks):
        matched, each = firms.match(chunk), look_up(chunk)
        assert matched.subject_ids.to_list() == each.subject_ids
        assert matched.names_differ == len(each.name_differs)
        assert matched.unmatched == {
            place: finding for place, finding in enumerate(each.findings) if finding.subject_id is None
        }


@pytest.mark.django_db
def test_it_asks_for_no_firm_twice_and_forgets_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rongxin.sharing.aggregation.acquaintances._REMEMBERED_MAX", 1)
    newcomers = [subjects.Newcomer(each, "云州商贸有限公司") for each in KNOWN]
    subjects.open_unregistered(newcomers, actor=SYSTEM, as_of=NOW)
    asked: list[int] = []

    def counted(rows: pl.DataFrame) -> matching.Matches:
        asked.append(rows.height)
        return look_up(rows)

    firms = Acquaintances(counted)
    one, two = frame([(KNOWN[0], "云州商贸有限公司")] * 3), frame([(KNOWN[1], None)])
    for chunk in (one, one, two, two, one):
        firms.match(chunk)
    assert asked == [3, 1, 3]
    assert all(uscc.examine(each).acceptable for each in KNOWN)
