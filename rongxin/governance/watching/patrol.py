"""Look at what institutions asked, and open an incident for what looks like misuse ((十): 监测预警).

The worker does it all the time: a scrape is stopped by the limits at once, and by an incident soon after.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.utils import timezone

from rongxin.disclosure import activity
from rongxin.governance.watching import incidents, parameters, rules
from rongxin.governance.watching.rules import Activity
from rongxin.parties import institutions, quotas
from rongxin.parties.rules.quota import Scope
from rongxin.parties.rules.standing import Standing


def walk(*, window: bool, as_of: datetime) -> int:
    """Watch every institution that asked anything today; returns how many incidents were opened.

    With `window` the rules that look back over many days are applied too: they cost more.
    """
    opened = 0
    for institution in quotas.askers(timezone.localdate(as_of)):
        if institutions.get(institution).standing is Standing.ACTIVE:
            opened += _watch(institution, window, as_of)
    return opened


def look(institution: str, *, window: bool = True, as_of: datetime) -> Activity:
    """Return what an institution did today and, where asked for, in the window that ends now."""
    today, midnight = timezone.localdate(as_of), _midnight(as_of)
    given = parameters.in_force(today)
    requests = activity.requests(institution, since=midnight, until=as_of, hours=quotas.limits(today))
    since = midnight - timedelta(days=given.window_days - 1)
    settled = today - timedelta(days=given.case_within_days)
    subjects = (
        activity.subjects(
            institution,
            since=since,
            until=as_of,
            settled=settled,
            grace=timedelta(days=given.tenure_grace_days),
        )
        if window
        else activity.Subjects()
    )
    counted = quotas.used(institution, today)
    return Activity(
        institution,
        asked=requests.asked,
        off_hours=requests.off_hours,
        consent_failures=requests.consent_failures,
        unknown_subjects=counted.get((Scope.UNKNOWN_SUBJECTS, ""), 0),
        new_subject_refusals=requests.new_subject_refusals,
        person_refusals=requests.person_refusals,
        subjects=subjects.asked,
        subjects_without_case=subjects.without_case,
        person_subjects=subjects.by_person,
        after_the_end=subjects.after_the_end,
        beyond_tenure=subjects.beyond_tenure,
        person_off_hours=requests.person_off_hours,
    )


def _watch(institution: str, window: bool, as_of: datetime) -> int:
    given = parameters.in_force(timezone.localdate(as_of))
    found = rules.find(look(institution, window=window, as_of=as_of), given)
    seen = (_midnight(as_of), as_of)
    made = [incidents.open_incident(institution, finding, seen=seen, as_of=as_of) for finding in found]
    return sum(card is not None for card in made)


def _midnight(as_of: datetime) -> datetime:
    return timezone.localtime(as_of).replace(hour=0, minute=0, second=0, microsecond=0)
