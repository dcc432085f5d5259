"""What looks like misuse of queries, and what is done about it ((十): 监测预警, 及时处置). Pure.

Limits stop what is too much at once (`parties.rules.quota`); these rules find what stays below them: firms
asked about without a loan, a scrape spread over many people or nights, queries after a case is over.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum

from pydantic import Field

from rongxin.vocabulary import edition
from rongxin.vocabulary.labelled import Labelled


class Action(StrEnum):
    """What a finding leads to, from the mildest."""

    WARN = "warn"
    #: From now on every query must name a case, public information included.
    REQUIRE_CASES = "require_cases"
    #: One person must show a new code of the second factor before the next query.
    STEP_UP = "step_up"
    #: One person of the institution may ask no more.
    BAR_PERSON = "bar_person"
    SUSPEND = "suspend"


class Rule(Labelled):
    """Why an incident is opened."""

    PERSON_PAST_LIMIT = "person_past_limit", "查询人超限后反复查询", "a person goes on past the limit"
    NEW_SUBJECTS_PAST_LIMIT = (
        "new_subjects_past_limit",
        "首次查询企业数超限后继续查询",
        "new firms are asked about past the limit",
    )
    CONSENT_FAILURES = (
        "consent_failures",
        "授权不符的查询占比过高",
        "too many requests that no consent carries",
    )
    UNKNOWN_SUBJECTS = "unknown_subjects", "大量查询不存在的代码", "many codes that nobody has"
    OFF_HOURS = "off_hours", "非工作时间查询占比过高", "too many requests outside business hours"
    NO_CASES = "no_cases", "长期查询未办理业务的企业", "firms are asked about that never get a case"
    PERSON_AT_NIGHT = (
        "person_at_night",
        "一人在非工作时间大量查询",
        "one person asks much outside business hours",
    )
    BEYOND_TENURE = (
        "beyond_tenure",
        "贷款期限届满后继续查询",
        "firms are asked about beyond their loan's term",
    )
    AFTER_THE_END = "after_the_end", "业务办结后继续查询", "firms are asked about after their case is over"


ACTIONS: Mapping[Rule, Action] = {
    Rule.PERSON_PAST_LIMIT: Action.BAR_PERSON,
    Rule.NEW_SUBJECTS_PAST_LIMIT: Action.SUSPEND,
    Rule.CONSENT_FAILURES: Action.SUSPEND,
    Rule.UNKNOWN_SUBJECTS: Action.REQUIRE_CASES,
    Rule.OFF_HOURS: Action.WARN,
    Rule.NO_CASES: Action.REQUIRE_CASES,
    Rule.AFTER_THE_END: Action.REQUIRE_CASES,
    Rule.PERSON_AT_NIGHT: Action.STEP_UP,
    Rule.BEYOND_TENURE: Action.WARN,
}

#: What these rules see goes back further than the day, so a decision on it holds as long.
WINDOWED = frozenset({Rule.NO_CASES, Rule.AFTER_THE_END, Rule.BEYOND_TENURE})


class Parameters(edition.Edition):
    """The numbers of one edition; days are calendar days, shares percent."""

    person_refusals: int = Field(ge=1)
    new_subject_refusals: int = Field(ge=1)
    consent_failures_percent: int = Field(ge=0, le=100)
    consent_failures_of: int = Field(ge=1)
    unknown_subjects: int = Field(ge=1)
    off_hours_percent: int = Field(ge=0, le=100)
    off_hours_of: int = Field(ge=1)
    case_within_days: int = Field(ge=0)
    no_case_percent: int = Field(ge=0, le=100)
    no_case_of: int = Field(ge=1)
    no_case_persons: int = Field(ge=1)
    no_case_person_percent: int = Field(ge=0, le=100)
    no_case_person_of: int = Field(ge=1)
    after_the_end: int = Field(ge=1)
    beyond_tenure: int = Field(ge=1)
    tenure_grace_days: int = Field(ge=0)
    person_at_night: int = Field(ge=1)
    window_days: int = Field(ge=1)
    statement_days: int = Field(ge=1)
    decision_days: int = Field(ge=1)


@dataclass(frozen=True)
class Activity:
    """What an institution did: on the day so far, and in the window of days that ends with it."""

    institution: str
    asked: int = 0
    off_hours: int = 0
    consent_failures: int = 0
    unknown_subjects: int = 0
    new_subject_refusals: int = 0
    #: Person → requests refused for the person's own limits.
    person_refusals: Mapping[str, int] = field(default_factory=dict)
    subjects: int = 0
    subjects_without_case: int = 0
    #: Person → firms asked about in the window, and how many of them never got a case.
    person_subjects: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    after_the_end: int = 0
    beyond_tenure: int = 0
    #: Person → requests of the day outside business hours.
    person_off_hours: Mapping[str, int] = field(default_factory=dict)


class Figure(Labelled):
    """What is counted for a finding."""

    ASKED = "asked", "查询", "requests"
    REFUSALS = "refusals", "超限后被拒", "refused beyond the limit"
    FAILURES = "failures", "授权不符被拒", "refused for want of a consent"
    UNKNOWN = "unknown", "查无此企业", "codes that nobody has"
    OFF_HOURS = "off_hours", "非工作时间查询", "requests out of business hours"
    SUBJECTS = "subjects", "被查企业", "firms asked about"
    WITHOUT_CASE = "without_case", "未关联业务的企业", "firms without a case"
    PERSONS = "persons", "多数查询未关联业务的人员", "persons who name no case for most"
    REQUESTS = "requests", "不当查询", "unfit requests"


@dataclass(frozen=True)
class Finding:
    """One rule that an activity meets; `person` where it is about one."""

    rule: Rule
    figures: Mapping[Figure, int]
    person: str = ""

    @property
    def action(self) -> Action:
        return ACTIONS[self.rule]


def find(seen: Activity, given: Parameters) -> Iterator[Finding]:
    """Yield what an activity looks like, rule by rule."""
    for rule in _RULES:
        yield from rule(seen, given)


def _persons(seen: Activity, given: Parameters) -> Iterator[Finding]:
    for person, refusals in seen.person_refusals.items():
        if refusals >= given.person_refusals:
            yield Finding(Rule.PERSON_PAST_LIMIT, {Figure.REFUSALS: refusals}, person)


def _new_subjects(seen: Activity, given: Parameters) -> Iterator[Finding]:
    if seen.new_subject_refusals >= given.new_subject_refusals:
        figures = {Figure.REFUSALS: seen.new_subject_refusals, Figure.ASKED: seen.asked}
        yield Finding(Rule.NEW_SUBJECTS_PAST_LIMIT, figures)


def _consents(seen: Activity, given: Parameters) -> Iterator[Finding]:
    if _share(seen.consent_failures, seen.asked, given.consent_failures_percent, given.consent_failures_of):
        yield Finding(
            Rule.CONSENT_FAILURES, {Figure.FAILURES: seen.consent_failures, Figure.ASKED: seen.asked}
        )


def _unknown(seen: Activity, given: Parameters) -> Iterator[Finding]:
    if seen.unknown_subjects >= given.unknown_subjects:
        yield Finding(Rule.UNKNOWN_SUBJECTS, {Figure.UNKNOWN: seen.unknown_subjects})


def _off_hours(seen: Activity, given: Parameters) -> Iterator[Finding]:
    if _share(seen.off_hours, seen.asked, given.off_hours_percent, given.off_hours_of):
        yield Finding(Rule.OFF_HOURS, {Figure.OFF_HOURS: seen.off_hours, Figure.ASKED: seen.asked})


def _no_cases(seen: Activity, given: Parameters) -> Iterator[Finding]:
    """See a scrape by its share of all firms, or, where much honest business hides it, by its persons."""
    whole = _share(seen.subjects_without_case, seen.subjects, given.no_case_percent, given.no_case_of)
    persons = sum(
        _share(without, asked, given.no_case_person_percent, given.no_case_person_of)
        for asked, without in seen.person_subjects.values()
    )
    if whole or persons >= given.no_case_persons:
        figures = {
            Figure.SUBJECTS: seen.subjects,
            Figure.WITHOUT_CASE: seen.subjects_without_case,
            Figure.PERSONS: persons,
        }
        yield Finding(Rule.NO_CASES, figures)


def _after_the_end(seen: Activity, given: Parameters) -> Iterator[Finding]:
    if seen.after_the_end >= given.after_the_end:
        yield Finding(Rule.AFTER_THE_END, {Figure.REQUESTS: seen.after_the_end})


def _beyond_tenure(seen: Activity, given: Parameters) -> Iterator[Finding]:
    if seen.beyond_tenure >= given.beyond_tenure:
        yield Finding(Rule.BEYOND_TENURE, {Figure.REQUESTS: seen.beyond_tenure})


def _at_night(seen: Activity, given: Parameters) -> Iterator[Finding]:
    for person, requests in seen.person_off_hours.items():
        if requests >= given.person_at_night:
            yield Finding(Rule.PERSON_AT_NIGHT, {Figure.OFF_HOURS: requests}, person)


_RULES: tuple[Callable[[Activity, Parameters], Iterator[Finding]], ...] = (
    _persons,
    _new_subjects,
    _consents,
    _unknown,
    _off_hours,
    _no_cases,
    _after_the_end,
    _beyond_tenure,
    _at_night,
)


def _share(part: int, whole: int, percent: int, least: int) -> bool:
    return whole >= least and 100 * part > percent * whole


class State(Labelled):
    """Where an incident stands."""

    OPEN = "open", "待机构说明", "the institution is to explain itself"
    STATED = "stated", "待平台处理", "the operator is to decide"
    CONFIRMED = "confirmed", "已认定", "misuse was found"
    CLEARED = "cleared", "已排除", "there was no misuse"
    LIFTED = "lifted", "认定后已撤销", "misuse was found; two persons have lifted what followed"


#: From which state an incident may go to which; a confirmed one may be lifted, by two persons.
TRANSITIONS: Mapping[State, frozenset[State]] = {
    State.OPEN: frozenset({State.STATED, State.CONFIRMED, State.CLEARED}),
    State.STATED: frozenset({State.CONFIRMED, State.CLEARED}),
    State.CONFIRMED: frozenset({State.LIFTED}),
    State.CLEARED: frozenset(),
    State.LIFTED: frozenset(),
}
LIVE = frozenset({State.OPEN, State.STATED})


def settled_since(rule: Rule, midnight: datetime, given: Parameters) -> datetime:
    """Return since when a decided incident of this rule keeps the same facts from opening another."""
    return midnight - timedelta(days=given.window_days) if rule in WINDOWED else midnight


def deadlines(opened_on: date, given: Parameters) -> tuple[date, date]:
    """Return until when the institution is to explain itself, and the operator to decide."""
    return opened_on + timedelta(days=given.statement_days), opened_on + timedelta(days=given.decision_days)
