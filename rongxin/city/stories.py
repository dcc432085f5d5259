"""Planted stories: subjects whose life is written down in `told/*.yaml`, one file a story.

A part gives a subject's facts and, item by item, its rows in catalogue fields. An item it doesn't mention is
invented as for anybody; an empty list means that there is nothing. What is told under `later` stands in a
file that is handed in after all others; a row's `ends` says how it ends there if not accepted.

In texts `{name}`, `{uscc}`, `{person}`, `{person_id}` stand for the part's own, `{role.name}` and so on for
another part's of the same story, and
`@-40` (alone) for the day 40 days ago, `@+90` for one ahead, `@-1y` for the year before this one, `{-2m}` for
the month before the last and `{nobody}` for an old code that belongs to nobody.

What a test at size must find more than once is told again: a *chapter* begins at each of `CHAPTERS`, as far
as the city reaches, and its names, accounts and document numbers are its own.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from rongxin.city import people, sectors, subjects, words
from rongxin.city.sectors import Size
from rongxin.city.streams import Stream
from rongxin.city.subjects import Subject
from rongxin.vocabulary import uscc
from rongxin.vocabulary.subject_kind import SubjectKind

#: The first numbers of every city are kept for stories; no city is smaller.
RESERVED = 32
#: Customs codes and patent numbers have room for six digits of a subject's number; no city is larger.
MOST = 1_000_000
#: Told again in every chapter. Chapters lie at doubling distances: a few in a small city, a dozen in a large.
REPEATED = ("sliding_firm", "guarantee_circle", "name_clash", "repaired_firm")
CHAPTERS = tuple(100 << step for step in range(24))
_DAY = re.compile(r"@([+-][0-9]+)")
_YEAR = re.compile(r"@(-[0-9]+)y")
_SERIAL = re.compile(r"([A-Z]?9901(?:20[0-9]{2})?)([0-9]{6,8})")
_WORD = re.compile(r"\{(?:(\w+)\.)?(name|uscc|person|person_id|nobody)\}")
_MONTH = re.compile(r"\{-([0-9]+)m\}")
#: Beyond all subjects and all ghosts (`faults`): codes of these numbers are nobody's.
NOBODY = 880_000_000

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Part:
    """One subject of a story, as told. Chapter 0 is the original, told under the part's own number."""

    story: str
    role: str
    number: int
    facts: Mapping[str, Any]
    records: Mapping[str, list[Row]]
    later: Mapping[str, list[Row]]
    chapter: int = 0


@dataclass(frozen=True, slots=True)
class Story:
    id: str
    label: str
    what: str
    parts: tuple[Part, ...]
    chapter: int = 0


@cache
def tell() -> tuple[Story, ...]:
    """All stories, in the order of their files."""
    told = []
    for path in sorted((Path(__file__).parent / "told").glob("*.yaml")):
        document = yaml.safe_load(path.read_text("utf-8"))
        parts = tuple(
            Part(
                document["story"],
                role,
                facts.pop("number"),
                facts,
                facts.pop("records", {}),
                facts.pop("later", {}),
            )
            for role, facts in document["parts"].items()
        )
        told.append(Story(document["story"], document["label"], document["what"], parts))
    return tuple(told)


@cache
def tell_again() -> tuple[Story, ...]:
    """The repeated stories of all chapters, nearest first."""
    return tuple(
        _again(story, chapter, start)
        for chapter, start in enumerate(CHAPTERS, start=1)
        for story in tell()
        if story.id in REPEATED
    )


def _again(story: Story, chapter: int, start: int) -> Story:
    parts = []
    for part in story.parts:
        number = start + part.number
        facts, records, later = (
            _reword(told, chapter, part.number, number) for told in (part.facts, part.records, part.later)
        )
        parts.append(Part(part.story, part.role, number, facts, records, later, chapter))
    return Story(story.id, story.label, story.what, tuple(parts), chapter)


def _reword(told: Any, chapter: int, original: int, number: int) -> Any:
    """The same, so that no name, account or document of a chapter is that of another."""
    if isinstance(told, dict):
        return {key: _reword(value, chapter, original, number) for key, value in told.items()}
    if isinstance(told, list):
        return [_reword(value, chapter, original, number) for value in told]
    if not isinstance(told, str):
        return told
    if serial := _SERIAL.fullmatch(told):
        width = len(serial[2])
        return f"{serial[1]}{number:0{width}d}" if int(serial[2]) == original else told
    return told.replace("虚构", f"虚构{chapter}")


def within(subjects: int) -> tuple[Story, ...]:
    """The stories whose whole cast lives in a city of that size."""
    return tuple(
        story for story in (*tell(), *tell_again()) if all(part.number < subjects for part in story.parts)
    )


@cache
def _by_number() -> dict[int, Part]:
    found: dict[int, Part] = {part.number: part for story in tell_again() for part in story.parts}
    for story in tell():
        for part in story.parts:
            if part.number in found or not 0 <= part.number < RESERVED:
                raise ValueError(
                    f"{story.id}.{part.role}: number {part.number} is taken or not below {RESERVED}"
                )
            found[part.number] = part
    return found


def parts() -> dict[int, Part]:
    """Number → part. A copy: a city may be built without stories."""
    return dict(_by_number())


def play(part: Part, invented: Subject, seed: int, today: date) -> Subject:
    """The subject of a part: what the story tells, the rest as invented."""
    facts = part.facts
    kind, district = SubjectKind(facts["kind"]), facts["district"]
    draw = Stream(seed, part.number, "story")
    sector = next(
        sector
        for sector in sectors.all_sectors()
        if (sector.division, sector.scale) == (facts["division"], facts["scale"])
    )
    return dataclasses.replace(
        invented,
        kind=kind,
        name=facts["name"],
        uscc=subjects.code(seed, part.number, kind, district),
        district=district,
        address=f"{words.CITY}{words.DISTRICTS[district]}{facts['street']}",
        sector=sector,
        size=Size(facts["step"], facts["employees"], facts["revenue"], facts["assets"]),
        established_on=today - timedelta(days=int(facts["years"] * 365.25)),
        status=facts.get("status", subjects.IN_BUSINESS),
        until=today,
        representative=people.invent(draw, district, part.number, facts["person"]),
        capital=facts["capital"],
        health=facts["health"],
        trend=facts["trend"],
        story=f"{part.story}.{part.role}",
    )


def records(
    part: Part, item: str, seed: int, today: date, *, later: bool = False
) -> list[dict[str, Any]] | None:
    """The rows the story tells of an item, filled in; None where it leaves the item to invention."""
    told = part.later if later else part.records
    if item not in told:
        return None
    cast = _cast(part.story, part.chapter, seed, today)
    return [
        {field: _fill(value, cast, part.role, seed, today) for field, value in row.items()}
        for row in told[item]
    ]


@cache
def _cast(story: str, chapter: int, seed: int, today: date) -> dict[str, Subject]:
    """Role → subject; asked for by every item of every part."""
    told = tell_again() if chapter else tell()
    (parts,) = (entry.parts for entry in told if (entry.id, entry.chapter) == (story, chapter))
    return {part.role: play(part, subjects.invent(seed, part.number, today), seed, today) for part in parts}


def _fill(value: Any, cast: Mapping[str, Subject], role: str, seed: int, today: date) -> Any:
    if isinstance(value, list):
        return [_fill(entry, cast, role, seed, today) for entry in value]
    if not isinstance(value, str):
        return value
    if day := _DAY.fullmatch(value):
        return today + timedelta(days=int(day[1]))
    if year := _YEAR.fullmatch(value):
        return today.year + int(year[1])

    def word(match: re.Match[str]) -> str:
        subject = cast[match[1] or role]
        return {
            "name": subject.name,
            "uscc": subject.uscc,
            "person": subject.representative.name,
            "person_id": subject.representative.id_number,
            "nobody": uscc.organisation_code(
                subjects.code(seed, NOBODY + subject.number, subject.kind, subject.district)
            ),
        }[match[2]]

    def month(match: re.Match[str]) -> str:
        year, number = divmod(today.year * 12 + today.month - 1 - int(match[1]), 12)
        return f"{year}-{number + 1:02d}"

    return _MONTH.sub(month, _WORD.sub(word, value))
