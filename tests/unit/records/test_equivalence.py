"""The set-based filing is the row-wise law: any series of batches and endings leaves the same store."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from itertools import count
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rongxin.records import filing
from rongxin.records.rules import BARS, OWNERS, Bar, EndedWhy, Fate, Held, Precedence, fate

from . import stored
from .conftest import CLERK, DECIDED_BY, Bureau, Row

DAYS = [date(2026, 1, 1), date(2026, 2, 1), date(2026, 3, 1)]
ITEMS = count()
Key = tuple[int, str]
# Two equal sources in the city, one of the province, one of the nation.
SOURCES = Precedence({"nation": 0, "province": 1, "city": 2}, others=2)
SAID = {"x": {}, "y": {"authority_uscc": "1", "authority": "甲局"}, "z": {"authority": "乙局"}}


@dataclass
class Version:
    content: str
    provider: str
    on: date
    batch: UUID
    line: int
    why: EndedWhy | None = None


@dataclass
class Model:
    """The law, one row at a time."""

    is_state: bool
    versions: dict[Key, list[Version]] = field(default_factory=lambda: defaultdict(list))

    def live(self, key: Key) -> Version | None:
        return next((v for v in self.versions[key] if v.why is None), None)

    def barred(self, key: Key, content: str) -> bool:
        return any(
            v.why is not None
            and (
                (BARS[v.why] is not Bar.NOTHING and v.content == content)
                or (BARS[v.why] is Bar.SAME_RECORD and key[1] != "")
            )
            for v in self.versions[key]
        )

    def file(self, rows: list[tuple[Key, str, date]], provider: str, batch: UUID) -> dict[int, Fate]:
        fates: dict[int, Fate] = {}
        for line, (key, content, _) in enumerate(rows):
            if self.barred(key, content):
                fates[line] = Fate.BARRED
        groups: dict[object, list[int]] = defaultdict(list)
        for line, (key, _, on) in enumerate(rows):
            if line not in fates:
                groups[key, on if self.is_state else None].append(line)
        for lines in groups.values():
            if len({rows[line][1] for line in lines}) > 1:
                fates |= dict.fromkeys(lines, Fate.CONFLICT_IN_FILE)
            else:
                fates |= dict.fromkeys(lines[1:], Fate.DUPLICATE_IN_FILE)
        by_key: dict[Key, list[int]] = defaultdict(list)
        for line in range(len(rows)):
            if line not in fates:
                by_key[rows[line][0]].append(line)
        for key, lines in by_key.items():
            latest = max(lines, key=lambda line: rows[line][2])
            held = self.live(key)
            for line in lines:
                decided = Fate.HISTORY if line != latest else self._fate(rows[line], provider, held)
                fates[line] = self._store(rows[line], line, decided, provider, batch, held)
        return fates

    def _fate(self, row: tuple[Key, str, date], provider: str, held: Version | None) -> Fate:
        known = None
        if held is not None:
            known = Held(held.content.encode(), held.provider, held.on, authority(held.content))
        return fate(
            digest=row[1].encode(),
            provider=provider,
            observed_on=row[2],
            is_state=self.is_state,
            held=known,
            precedence=SOURCES,
            authority=authority(row[1]),
        )

    def _store(
        self,
        row: tuple[Key, str, date],
        line: int,
        decided: Fate,
        provider: str,
        batch: UUID,
        held: Version | None,
    ) -> Fate:
        key, content, on = row
        if decided is Fate.HISTORY and self._in_history(key, content, provider, batch):
            return Fate.DUPLICATE
        if decided is Fate.KNOWN:
            self._stand_by(key, Version(content, provider, on, batch, line, EndedWhy.SUPERSEDED))
        if not decided.stored:
            return decided
        new = Version(content, provider, on, batch, line)
        if decided is Fate.SUPERSEDES:
            assert held is not None
            held.why = EndedWhy.SUPERSEDED
        if decided is Fate.HISTORY:
            new.why = EndedWhy.SUPERSEDED
        self.versions[key].append(new)
        return decided

    def _stand_by(self, key: Key, new: Version) -> None:
        """Keep what another source shares, once: the same words again add nothing."""
        own = [v for v in self.versions[key] if v.provider == new.provider and v.why is EndedWhy.SUPERSEDED]
        if not own or own[-1].content != new.content:
            self.versions[key].append(new)

    def _in_history(self, key: Key, content: str, provider: str, batch: UUID) -> bool:
        """Whether an earlier batch brought the same state; a live one that this batch ended counts, too."""
        own = [v for v in self.versions[key] if v.provider == provider and v.batch != batch]
        return any(v.content == content and v.why in (None, EndedWhy.SUPERSEDED) for v in own)


def authority(content: str) -> list[str | None]:
    """Who decided, as the content says: its code, and its name."""
    said = SAID[content]
    return [said.get(name) for name in DECIDED_BY]


OPERATIONS = st.lists(
    st.tuples(
        st.lists(
            st.tuples(
                st.sampled_from("ab"),
                st.sampled_from("12"),
                st.sampled_from(list(SAID)),
                st.sampled_from(DAYS),
            ),
            max_size=6,
        ),
        st.sampled_from(["city", "city", "bureau", "province", "nation"]),
        st.sampled_from([None, None, *(why for why in EndedWhy if OWNERS[why] == "rights")]),
    ),
    max_size=5,
)


ROWS = OPERATIONS.map(lambda operations: [(rows, provider) for rows, provider, _ in operations])
LAX = settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


def staged(
    raw: list[tuple[str, str, str, date]], firms: dict[str, int], *, is_state: bool
) -> list[tuple[Key, str, date]]:
    return [((firms[who], "" if is_state else key), content, on) for who, key, content, on in raw]


def as_rows(rows: list[tuple[Key, str, date]]) -> list[Row]:
    return [
        Row(n, key[0], key[1], {"c": content, **SAID[content]}, on)
        for n, (key, content, on) in enumerate(rows)
    ]


@pytest.mark.django_db
@LAX
@given(is_state=st.booleans(), operations=OPERATIONS)
def test_it_settles_a_batch_as_the_law_settles_its_rows(
    bureau: Bureau, subject: Callable[[], int], is_state: bool, operations: list[tuple[Any, ...]]
) -> None:
    item, model, firms = f"item_{next(ITEMS)}", Model(is_state), {"a": subject(), "b": subject()}
    for raw, provider, ending in operations:
        rows = staged(raw, firms, is_state=is_state)
        batch, filed, findings = bureau.files(
            *as_rows(rows), item=item, provider=provider, is_state=is_state, precedence=SOURCES
        )
        expected = model.file(rows, provider, batch)
        found = {f.line: f.fate for f in findings}
        assert found == {n: d for n, d in expected.items() if d not in (Fate.FILED, Fate.SUPERSEDES)}
        assert filed.stored == sum(decided.stored for decided in expected.values())
        assert filed.stored + sum(not f.stored for f in found.values()) == len(rows)
        for firm in firms.values():
            held = stored.of(firm, [item], as_of=bureau.day)[item]
            wanted = [
                v for (who, _), vs in model.versions.items() if who == firm for v in vs if v.why is None
            ]
            assert sorted(r.payload["c"] for r in held) == sorted(v.content for v in wanted)
        if ending is not None:
            _end_first(model, firms["a"], item, ending, bureau)


@pytest.mark.django_db
@LAX
@given(is_state=st.booleans(), batches=ROWS)
def test_it_restores_the_day_before_when_the_last_batch_is_withdrawn(
    bureau: Bureau, subject: Callable[[], int], is_state: bool, batches: list[Any]
) -> None:
    item, firms = f"item_{next(ITEMS)}", {"a": subject(), "b": subject()}
    seen, ids = [], []
    for raw, provider in batches:
        seen.append(contents(firms, item, bureau))
        rows = as_rows(staged(raw, firms, is_state=is_state))
        given = {"item": item, "provider": provider, "is_state": is_state, "precedence": SOURCES}
        ids.append(bureau.files(*rows, **given)[0])
    while ids:
        bureau.withdraws(ids.pop(), item, SOURCES)
        assert contents(firms, item, bureau) == seen.pop()


def contents(firms: dict[str, int], item: str, bureau: Bureau) -> list[tuple[int, str, object]]:
    found = []
    for firm in firms.values():
        held = stored.of(firm, [item], as_of=bureau.day)[item]
        found += [(firm, row.payload["c"], row.observed_on) for row in held]
    return sorted(found, key=str)


def _end_first(model: Model, firm: int, item: str, why: EndedWhy, bureau: Bureau) -> None:
    rows = stored.of(firm, [item], as_of=bureau.day)[item]
    if not rows:
        return
    filing.end([rows[0].id], why, subject_id=firm, ended_by="act:1", actor=CLERK, as_of=bureau.day)
    first = (rows[0].batch_id, rows[0].line)
    versions = [v for vs in model.versions.values() for v in vs]
    next(v for v in versions if (v.batch, v.line) == first).why = why
