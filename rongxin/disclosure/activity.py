"""What institutions ask, counted for those who watch over it ((十)); numbers and ids, never content."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import Count, Q

from rongxin.consent import cases
from rongxin.disclosure.models import Intent
from rongxin.financing import outcomes
from rongxin.parties.rules import quota
from rongxin.parties.rules.quota import Scope
from rongxin.vocabulary.reason import Reason

#: A request that names a consent or a case and is carried by it in nothing.
CONSENT_FAILURES = frozenset(
    {
        Reason.CONSENT_MISSING,
        Reason.CONSENT_PAUSED,
        Reason.CONSENT_WITHDRAWN,
        Reason.CONSENT_EXPIRED,
        Reason.CONSENT_SUPERSEDED,
        Reason.CASE_CLOSED,
        Reason.CASE_MISMATCH,
        Reason.RECIPIENT_MISMATCH,
        Reason.SUBJECT_MISMATCH,
    }
)
_PERSONAL = frozenset({Scope.PERSON.reason, Scope.PERSON_OFF_HOURS.reason})


@dataclass(frozen=True)
class Requests:
    """How an institution asked in a span of time."""

    asked: int = 0
    off_hours: int = 0
    consent_failures: int = 0
    new_subject_refusals: int = 0
    person_refusals: Mapping[str, int] = field(default_factory=dict)
    person_off_hours: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Subjects:
    """About how many different firms an institution asked, about how many of them it never had a case, and
    how many requests were about a firm whose last case with it was over, or whose last loan's term was while
    the case was not; the first two also by person.
    """

    asked: int = 0
    without_case: int = 0
    after_the_end: int = 0
    beyond_tenure: int = 0
    by_person: Mapping[str, tuple[int, int]] = field(default_factory=dict)


def requests(institution: str, *, since: datetime, until: datetime, hours: quota.Limits) -> Requests:
    """Count an institution's requests from `since` until before `until`; `hours` are its business hours."""
    asked: dict[str, Any] = {
        "institution": institution,
        "since": since,
        "until": until,
        "opens": hours.opens,
        "closes": hours.closes,
        "failures": _values(CONSENT_FAILURES),
        "personal": _values(_PERSONAL),
        "new": Scope.NEW_SUBJECTS.reason.value,
    }
    with connection.cursor() as cursor:
        cursor.execute(_BY_PERSON, asked)
        rows = cursor.fetchall()
    return Requests(
        asked=sum(row[1] for row in rows),
        off_hours=sum(row[2] for row in rows),
        consent_failures=sum(row[3] for row in rows),
        new_subject_refusals=sum(row[4] for row in rows),
        person_refusals=_by_name((row[0], row[5]) for row in rows if row[5]),
        person_off_hours=_by_name((row[0], row[2]) for row in rows if row[2]),
    )


def _by_name(refusals: Iterable[tuple[str, int]]) -> dict[str, int]:
    """Add up what was refused to one person under several spellings."""
    sums: dict[str, int] = {}
    for person, count in refusals:
        name = quota.named(person)
        sums[name] = sums.get(name, 0) + count
    return sums


def subjects(
    institution: str, *, since: datetime, until: datetime, settled: date, grace: timedelta = timedelta(0)
) -> Subjects:
    """Count the firms that an institution got answers about, and lay its cases beside them.

    Whether a firm gets a case shows later: those asked about after the day `settled` are not counted yet.
    A loan's term is past after so many days of `grace`.
    """
    with connection.cursor() as cursor:
        cursor.execute(_BY_SUBJECT, {"institution": institution, "since": since, "until": until})
        rows = cursor.fetchall()
    over = cases.ends_of_institution(institution)
    terms = cases.ends_of_institution(institution, told=outcomes.terms_of_institution(institution))
    firms = [(subject not in over, persons) for subject, days, persons in rows if min(days) <= settled]
    return Subjects(
        asked=len(firms),
        without_case=sum(without for without, _ in firms),
        after_the_end=sum(
            sum(day > end for day in days)
            for subject, days, _ in rows
            if (end := over.get(subject)) is not None
        ),
        beyond_tenure=sum(
            sum(day > end + grace for day in days)
            for subject, days, _ in rows
            if over.get(subject) is None and (end := terms.get(subject)) is not None
        ),
        by_person=_by_person(firms),
    )


def _by_person(firms: Iterable[tuple[bool, Collection[str]]]) -> dict[str, tuple[int, int]]:
    """Count firms by the persons who asked about them: all, and those without a case."""
    found: dict[str, tuple[int, int]] = {}
    for without, persons in firms:
        for name in {quota.named(person) for person in persons}:
            asked, lacking = found.get(name, (0, 0))
            found[name] = (asked + 1, lacking + without)
    return found


def _values(reasons: Collection[Reason]) -> list[str]:
    return sorted(reason.value for reason in reasons)


_BY_PERSON = """
    SELECT intent.person, count(*),
           count(*) FILTER (WHERE (asked_at AT TIME ZONE 'Asia/Shanghai')::time < %(opens)s
                               OR (asked_at AT TIME ZONE 'Asia/Shanghai')::time >= %(closes)s),
           count(*) FILTER (WHERE outcome.reason = ANY(%(failures)s)),
           count(*) FILTER (WHERE outcome.reason = %(new)s),
           count(*) FILTER (WHERE outcome.reason = ANY(%(personal)s))
    FROM disclosure_intent intent LEFT JOIN disclosure_outcome outcome ON outcome.intent_id = intent.id
    WHERE recipient_kind = 'institution' AND recipient = %(institution)s
      AND asked_at >= %(since)s AND asked_at < %(until)s
    GROUP BY intent.person
"""
_BY_SUBJECT = """
    SELECT subject_id, array_agg((asked_at AT TIME ZONE 'Asia/Shanghai')::date),
           array_agg(DISTINCT intent.person)
    FROM disclosure_intent intent JOIN disclosure_outcome outcome ON outcome.intent_id = intent.id
    WHERE recipient_kind = 'institution' AND recipient = %(institution)s AND outcome.released
      AND asked_at >= %(since)s AND asked_at < %(until)s
    GROUP BY subject_id
"""


def looks_at(subject_id: int, *, since: datetime, but: Collection[str] = ()) -> tuple[int, int]:
    """Return how often others asked for a subject's information, and how often they were refused."""
    intents = Intent.objects.filter(subject=subject_id, asked_at__gte=since).exclude(recipient_kind="subject")
    if but:
        intents = intents.exclude(recipient_kind="department", recipient__in=list(but))
    counted = intents.aggregate(asked=Count("pk"), refused=Count("pk", filter=Q(outcome__released=False)))
    return counted["asked"], counted["refused"]
