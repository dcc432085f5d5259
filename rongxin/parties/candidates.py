"""Who a row might belong to: subjects with a like name or its old code, each with the evidence beside it.

For the matching desk, where a person decides. A like name is found through pairs of characters
(`parties_name_grams`): those of the row's name that fewest subjects share are looked up, and no more of the
register is read than that.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.db import connection

from rongxin.catalogue import codelists, regions
from rongxin.parties import identity, naming
from rongxin.parties.models import Subject
from rongxin.parties.rules import likeness, names
from rongxin.parties.rules.likeness import Bearer, Comparison, Evidence, Traces
from rongxin.parties.rules.names import Key
from rongxin.parties.rules.registration import RegistrationStatus
from rongxin.vocabulary import region, uscc
from rongxin.vocabulary.region import RegionLevel

MOST = 3
# How many names are read for one search, and how many of them are compared letter by letter.
_READ_MAX = 5000
_COMPARED_MAX = 60
# Below half, two names share their place and their trade: no more than any two firms of a city.
_LIKENESS_MIN = 0.5


@dataclass(frozen=True)
class Candidate:
    """A subject that a row might belong to. `name` is the one that is alike, `now` the one it has today."""

    subject_id: int
    uscc: str | None
    name: str
    now: str
    score: float
    region: str
    status: RegistrationStatus
    evidence: dict[Evidence, Comparison]

    @property
    def agreeing(self) -> list[Evidence]:
        return [what for what, how in self.evidence.items() if how is Comparison.AGREES]

    def document(self) -> dict[str, Any]:
        """What a person sees of the candidate: no number of anybody, only whether it agrees."""
        return {
            "uscc": self.uscc,
            "name": self.now,
            "alike_by": self.name,
            "score": round(self.score, 3),
            "region": regions.label(self.region) if self.region else None,
            "status": self.status.label,
            "evidence": [
                {"what": what.value, "label": what.label, "how": how.value, "how_label": how.label}
                for what, how in self.evidence.items()
            ],
        }


def search(traces: Traces, *, most: int = MOST) -> list[Candidate]:
    """Return the subjects that the row might belong to, the likeliest first."""
    key = naming.key(traces.name)
    by_code = _by_code(traces.codes)
    nearest = _nearest(key, {**_by_grams(key), **by_code}, always=by_code.keys())
    found = _examined(traces, key, nearest)
    found.sort(key=lambda one: (*likeness.rank(one.score, one.evidence), -one.subject_id), reverse=True)
    return found[:most]


def _nearest(key: Key, alike: dict[int, str], *, always: Collection[int]) -> list[tuple[float, int, str]]:
    """Score the names that share most pairs: letter by letter is dear, so only these are compared so."""
    own = set(likeness.grams(key))

    def shared(entry: tuple[int, str]) -> tuple[bool, float]:
        other = likeness.grams(naming.key(entry[1]))
        return entry[0] in always, len(own.intersection(other)) / (len(own) + len(other) or 1)

    first = sorted(alike.items(), key=shared, reverse=True)[:_COMPARED_MAX]
    scored = [(likeness.likeness(key, naming.key(name)), id, name) for id, name in first]
    return [one for one in scored if one[0] >= _LIKENESS_MIN or one[1] in always]


# ---------------------------------------------------------------------- looking up


def _by_grams(key: Key) -> dict[int, str]:
    """Give subjects that share one of the name's rarest pairs, by the name that shares it."""
    wanted = _rarest(likeness.grams(key))
    if not wanted:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(
            """
            (SELECT id, name FROM parties_subject WHERE parties_name_grams(canonical_name) && %s LIMIT %s)
            UNION ALL
            (SELECT subject_id, value FROM parties_subjectalias
             WHERE kind = 'former_name' AND parties_name_grams(key) && %s LIMIT %s)
            """,
            [wanted, _READ_MAX, wanted, _READ_MAX],
        )
        found: dict[int, str] = {}
        for subject_id, name in cursor.fetchall():
            if subject_id not in found or likeness.likeness(key, naming.key(name)) > likeness.likeness(
                key, naming.key(found[subject_id])
            ):
                found[subject_id] = name
    return found


def _rarest(pairs: Sequence[str]) -> list[str]:
    """Choose the pairs that fewest names share, as many as may be read; the rarest one in any case."""
    if not pairs:
        return []
    chosen: list[str] = []
    total = 0
    for rows, pair in sorted(zip(_estimated(pairs), pairs, strict=True)):
        total += rows
        if chosen and total > _READ_MAX:
            break
        chosen.append(pair)
    return chosen


def _estimated(pairs: Sequence[str]) -> list[int]:
    """Ask the planner how many names have each pair: it knows from its statistics, and reads nothing."""
    found = []
    with connection.cursor() as cursor:
        for pair in pairs:
            cursor.execute(
                "EXPLAIN (FORMAT JSON) SELECT 1 FROM parties_subject "
                "WHERE parties_name_grams(canonical_name) && ARRAY[%s]",
                [pair],
            )
            (document,) = cursor.fetchone()
            plan = json.loads(document) if isinstance(document, str) else document
            found.append(int(plan[0]["Plan"]["Plan Rows"]))
    return found


def _by_code(codes: Sequence[str]) -> dict[int, str]:
    """Give subjects that have one of the codes: the 18 characters, the nine within them, or one noted."""
    if not codes:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT id, name FROM parties_subject WHERE uscc = ANY(%s) OR substring(uscc, 9, 9) = ANY(%s)
            UNION
            SELECT subject.id, subject.name
            FROM parties_subjectalias alias JOIN parties_subject subject ON subject.id = alias.subject_id
            WHERE alias.key = ANY(%s) AND alias.kind <> 'former_name'
            LIMIT 50
            """,
            [list(codes)] * 3,
        )
        return dict(cursor.fetchall())


# ---------------------------------------------------------------------- second evidence


def _examined(traces: Traces, key: Key, found: Collection[tuple[float, int, str]]) -> list[Candidate]:
    subjects = Subject.objects.prefetch_related("aliases").in_bulk([id for _, id, _ in found])
    number = traces.representative_number
    commitment = identity.commit(number) if number else ""
    elsewhere = _cities((*traces.addresses, traces.name))
    return [
        Candidate(
            subject_id=subject.id,
            uscc=subject.uscc,
            name=name,
            now=subject.name,
            score=score,
            region=subject.region,
            status=RegistrationStatus(subject.registration_status),
            evidence=likeness.compare(
                traces, key, _bearer(subject, name), commitment=commitment, elsewhere=elsewhere
            ),
        )
        for score, id, name in found
        if (subject := subjects.get(id)) is not None
    ]


def _bearer(subject: Subject, name: str) -> Bearer:
    old = tuple(alias.key for alias in subject.aliases.all() if alias.kind != "former_name")
    place = subject.region
    labels = (regions.label(code) for code in dict.fromkeys([region.prefecture(place), place]) if place)
    # 杭州市 as it is named by itself: its province's label stands before it.
    outer = regions.label(region.province(place)) if place else ""
    places = tuple(names.short(text) for label in labels if (text := label.removeprefix(outer)))
    return Bearer(
        uscc=subject.uscc,
        key=naming.key(name),
        old_codes=old,
        representative=subject.legal_representative,
        representative_commitment=subject.legal_representative_commitment,
        region=place,
        places=places,
        established_on=subject.established_on,
    )


def _cities(texts: Sequence[str]) -> list[str]:
    """The cities that a text begins with, after its province if it names one."""
    heads = (uscc.clean(text)[:20] for text in texts)
    return [city for head in heads for city in _known_cities() if city in head]


@cache
def _known_cities() -> tuple[str, ...]:
    return tuple(
        names.short(entry.label)
        for name in ("gbt_2260", "invented_city")
        for entry in codelists.get(name).codes
        if region.level(entry.code) is RegionLevel.PREFECTURE
    )
