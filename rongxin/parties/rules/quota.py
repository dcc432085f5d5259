"""How often an institution, its branches and its people may ask ((十): 防止信息泄露、滥用). Pure.

One person who scrapes is stopped by the limits of a person; a scrape spread over many persons or branches by
the number of subjects that the institution never asked about before.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, time
from enum import StrEnum
from hashlib import sha256

from pydantic import Field

from rongxin.vocabulary import edition
from rongxin.vocabulary.reason import Reason


class Scope(StrEnum):
    """What is counted."""

    INSTITUTION = "institution"
    BRANCH = "branch"
    PERSON = "person"
    PERSON_OFF_HOURS = "person_off_hours"
    NEW_SUBJECTS = "new_subjects"
    UNKNOWN_SUBJECTS = "unknown_subjects"
    EXPORTS = "exports"
    PERSON_EXPORTS = "person_exports"
    PERSON_EXPORTS_HOUR = "person_exports_hour"

    @property
    def reason(self) -> Reason:
        return _REASONS[self]

    @property
    def label(self) -> str:
        return _LABELS[self]


_REASONS = {
    Scope.INSTITUTION: Reason.QUOTA_EXHAUSTED,
    Scope.BRANCH: Reason.BRANCH_QUOTA_EXHAUSTED,
    Scope.PERSON: Reason.PERSON_QUOTA_EXHAUSTED,
    Scope.PERSON_OFF_HOURS: Reason.OFF_HOURS_QUOTA_EXHAUSTED,
    Scope.NEW_SUBJECTS: Reason.NEW_SUBJECTS_EXHAUSTED,
    Scope.UNKNOWN_SUBJECTS: Reason.UNKNOWN_SUBJECTS_EXHAUSTED,
    Scope.EXPORTS: Reason.EXPORTS_EXHAUSTED,
    Scope.PERSON_EXPORTS: Reason.PERSON_EXPORTS_EXHAUSTED,
    Scope.PERSON_EXPORTS_HOUR: Reason.PERSON_EXPORTS_HOUR_EXHAUSTED,
}
_LABELS = {
    Scope.INSTITUTION: "本机构全部查询",
    Scope.BRANCH: "分支机构",
    Scope.PERSON: "查询人",
    Scope.PERSON_OFF_HOURS: "查询人，非工作时间每小时",
    Scope.NEW_SUBJECTS: "首次查询的企业",
    Scope.UNKNOWN_SUBJECTS: "查无此代码的查询",
    Scope.EXPORTS: "带走的报告与清单",
    Scope.PERSON_EXPORTS: "查询人带走的报告与清单",
    Scope.PERSON_EXPORTS_HOUR: "查询人带走的报告与清单，每小时",
}
#: The reasons of a refusal that waiting mends.
REASONS = frozenset(_REASONS.values())


class Limits(edition.Edition):
    """The numbers of one edition; `opens` and `closes` bound the business hours of a day."""

    branch_day: int = Field(ge=0)
    person_day: int = Field(ge=0)
    person_off_hours: int = Field(ge=0)
    opens: time
    closes: time
    new_subjects_base: int = Field(ge=0)
    new_subjects_percent: int = Field(ge=0)
    new_subjects_days: int = Field(ge=1)
    unknown_subjects_day: int = Field(ge=0)
    exports_day: int = Field(ge=0)
    person_exports_day: int = Field(ge=0)
    person_exports_hour: int = Field(ge=0)

    def off_hours(self, at: datetime) -> bool:
        """Whether a moment (in the business zone) lies outside business hours."""
        return not self.opens <= at.time() < self.closes

    def new_subjects(self, lately: int) -> int:
        """Return how many subjects may be new on a day, after `lately` new ones in the days before."""
        return self.new_subjects_base + lately * self.new_subjects_percent // (100 * self.new_subjects_days)


@dataclass(frozen=True)
class Counter:
    """One count that a request goes into; `limit` None is the institution's own daily quota.

    `whose` names the branch or person that a limit of its own may be set for; `key` tells counts apart.
    """

    scope: Scope
    key: str
    limit: int | None
    whose: str = ""


def general(limits: Limits, scope: Scope, *, lately: int) -> int | None:
    """Return what holds where nothing of its own is set; None is the institution's daily quota."""
    return {
        Scope.INSTITUTION: None,
        Scope.BRANCH: limits.branch_day,
        Scope.PERSON: limits.person_day,
        Scope.PERSON_OFF_HOURS: limits.person_off_hours,
        Scope.NEW_SUBJECTS: limits.new_subjects(lately),
        Scope.UNKNOWN_SUBJECTS: limits.unknown_subjects_day,
        Scope.EXPORTS: limits.exports_day,
        Scope.PERSON_EXPORTS: limits.person_exports_day,
        Scope.PERSON_EXPORTS_HOUR: limits.person_exports_hour,
    }[scope]


def whose(scope: Scope, key: str) -> str:
    """Return the branch or person that a count's key stands for; an hour's names the hour first."""
    hourly = (Scope.PERSON_OFF_HOURS, Scope.PERSON_EXPORTS_HOUR)
    return key.partition(" ")[2] if scope in hourly else key


#: The longest name that is counted as it is.
NAME_MAX = 128


def named(text: str) -> str:
    """Return a branch's or person's name in the form in which names are counted: spaces, invisible signs,
    width and case of letters make no second person. A few signs unfold into many; what gets too long stands
    by its hash.
    """
    plain = unicodedata.normalize("NFKC", text)
    seen = "".join(sign for sign in plain if unicodedata.category(sign) != "Cf")
    name = " ".join(seen.casefold().split())
    return name if len(name) <= NAME_MAX else sha256(name.encode()).hexdigest()


def counters(
    limits: Limits,
    *,
    branch: str,
    person: str,
    known: bool,
    at: datetime,
    lately: int,
    export: bool = False,
) -> Iterator[Counter]:
    """Yield what one request at a moment (in the business zone) counts towards, the institution first.

    `known` says whether anybody has the code asked for; `export`, whether the answer leaves as a file.
    """
    yield Counter(Scope.INSTITUTION, "", None)
    if branch:
        yield Counter(Scope.BRANCH, named(branch), limits.branch_day, named(branch))
    name = named(person)
    yield Counter(Scope.PERSON, name, limits.person_day, name)
    if limits.off_hours(at):
        yield Counter(Scope.PERSON_OFF_HOURS, f"{at.hour:02d} {name}", limits.person_off_hours, name)
    if export:
        yield from exports(limits, person=person, at=at)
    if known:
        yield Counter(Scope.NEW_SUBJECTS, "", limits.new_subjects(lately))
    else:
        yield Counter(Scope.UNKNOWN_SUBJECTS, "", limits.unknown_subjects_day)


def exports(limits: Limits, *, person: str, at: datetime) -> Iterator[Counter]:
    """Yield what one file counts towards that a person takes away at a moment (in the business zone)."""
    name = named(person)
    yield Counter(Scope.EXPORTS, "", limits.exports_day)
    yield Counter(Scope.PERSON_EXPORTS, name, limits.person_exports_day, name)
    yield Counter(Scope.PERSON_EXPORTS_HOUR, f"{at.hour:02d} {name}", limits.person_exports_hour, name)
