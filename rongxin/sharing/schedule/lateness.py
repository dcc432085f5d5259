"""逾期与催报: which due days were met, by what, and a word to the provider, once, for each that was not.

A batch counts as handed in from the moment it is received, also while it waits for a second person; one that
was refused or withdrawn does not, nor does the correction of a single row ((五): 及时更新).
"""

from __future__ import annotations

from collections import defaultdict
from datetime import date, datetime, timedelta
from typing import Any, Final

from django.db import connection, transaction

from rongxin.catalogue import loader
from rongxin.journal import entries
from rongxin.journal.rules import Kind
from rongxin.records.filing import CHINA
from rongxin.sharing.models import Batch, Reminder, RowChange
from rongxin.sharing.quality import timeliness
from rongxin.sharing.rules import STANDING
from rongxin.sharing.schedule import plans, rules
from rongxin.sharing.schedule.plans import Key, Segment
from rongxin.sharing.schedule.rules import Standing, State
from rongxin.vocabulary.actor import SYSTEM

# A node that stood still for long, or is new to this, doesn't begin with the reminders of a year.
LOOK_BACK_DAYS: Final = 31
_AHEAD_DAYS: Final = 31


def of(
    first: date, last: date, *, provider: str | None = None, as_of: datetime
) -> dict[Key, tuple[list[Segment], list[Standing]]]:
    """Return, of each provider and item with a plan, its plans and how its due days of a span stand."""
    calendar, today = timeliness.calendar(), as_of.astimezone(CHINA).date()
    came = _deliveries(first - timedelta(days=_AHEAD_DAYS), provider, as_of)
    found = {}
    for key, segments in plans.every_segment(provider=provider, as_of=as_of).items():
        days = [
            due
            for one in segments
            for due in rules.dues(one.plan, first, min(last, one.until or last), calendar)
        ]
        found[key] = (segments, rules.standing(days, came[key], today=today))
    return found


def remind(*, as_of: datetime) -> int:
    """Note every batch that has become late, and remind its provider: once for each due day."""
    today = as_of.astimezone(CHINA).date()
    first = today - timedelta(days=LOOK_BACK_DAYS)
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended('sharing.remind', 0))")
        late = [
            (key, one.due)
            for key, (_, days) in of(first, today, as_of=as_of).items()
            for one in days
            if one.state is State.MISSING
        ]
        noted = Reminder.objects.filter(due_on__gte=first)
        known = set(noted.values_list("provider_id", "item", "due_on"))
        fresh = [(key, due) for key, due in late if (*key, due.due_on) not in known]
        for (provider, item), due in fresh:
            entry = entries.append(
                Kind.BATCH_LATE,
                actor=SYSTEM,
                refs={"provider": provider, "item": item, "due_on": due.due_on.isoformat()},
                as_of=as_of,
            )
            Reminder.objects.create(
                provider_id=provider,
                item=item,
                due_on=due.due_on,
                deadline=due.deadline,
                text=_text(item, due),
                at=as_of,
                journal_entry=entry.id,
            )
    return len(fresh)


def shown(*, provider: str | None = None, as_of: datetime) -> list[dict[str, Any]]:
    """Return every plan in force with its last and next due day, as JSON-ready documents.

    `overdue`: the first day for which, and since which, nothing has come.
    """
    today = as_of.astimezone(CHINA).date()
    span = timedelta(days=LOOK_BACK_DAYS)
    found = []
    for (owner, item), (segments, days) in of(
        today - span, today + span, provider=provider, as_of=as_of
    ).items():
        past = [one for one in days if one.due.due_on <= today]
        ahead = [one for one in days if one.due.due_on > today]
        missing = [one for one in past if one.state is State.MISSING]
        found.append(
            {
                "provider": owner,
                "item": item,
                "item_label": loader.load().item(item).label,
                **_plan(segments[-1]),
                "last": document(past[-1]) if past else None,
                "next": document(ahead[0]) if ahead else None,
                "overdue": document(missing[0]) if missing else None,
            }
        )
    return found


def reminders(
    *,
    provider: str | None = None,
    span: tuple[date, date] | None = None,
    only_open: bool = False,
    as_of: datetime,
) -> list[dict[str, Any]]:
    """Return the reminders, the newest first, each with the day on which the batch came after all.

    `span`: only of what was due from the first to the last of these days. `only_open`: nothing has come yet.
    """
    rows = Reminder.objects.filter(at__lte=as_of).order_by("-due_on", "provider_id", "item")
    if provider is not None:
        rows = rows.filter(provider_id=provider)
    if span is not None:
        rows = rows.filter(due_on__range=span)
    kept = list(rows)
    first = min((row.due_on for row in kept), default=as_of.astimezone(CHINA).date())
    came = _deliveries(first - timedelta(days=_AHEAD_DAYS), provider, as_of)
    found = []
    for row in kept:
        since = [day for day in came[row.provider_id, row.item] if day > row.deadline]
        found.append(
            {
                "provider": row.provider_id,
                "item": row.item,
                "item_label": loader.load().item(row.item).label,
                "due_on": row.due_on.isoformat(),
                "deadline": row.deadline.isoformat(),
                "text": row.text,
                "reminded_at": row.at.isoformat(),
                "delivered_on": since[0].isoformat() if since else None,
            }
        )
    return [one for one in found if not (only_open and one["delivered_on"])]


def document(one: Standing) -> dict[str, Any]:
    """Return a due day and how it stands, JSON-ready."""
    return {
        "due_on": one.due.due_on.isoformat(),
        "deadline": one.due.deadline.isoformat(),
        "delivered_on": one.delivered_on.isoformat() if one.delivered_on else None,
        "state": one.state.value,
        "label": one.state.label,
    }


def _plan(segment: Segment) -> dict[str, Any]:
    plan = segment.plan
    return {
        "version": segment.version,
        "every": plan.every.value,
        "day": plan.day,
        "grace_working_days": plan.grace_working_days,
        "label": plan.label,
        "since": plan.since.isoformat(),
    }


def _deliveries(since: date, provider: str | None, as_of: datetime) -> dict[Key, list[date]]:
    corrections = RowChange.objects.filter(correction__isnull=False).values("correction")
    midnight = datetime.combine(since, datetime.min.time(), CHINA)
    some = Batch.objects.filter(status__in=STANDING, received_at__gte=midnight, received_at__lte=as_of)
    if provider is not None:
        some = some.filter(provider_id=provider)
    found: dict[Key, list[date]] = defaultdict(list)
    for owner, item, moment in some.exclude(pk__in=corrections).values_list(
        "provider_id", "item", "received_at"
    ):
        found[owner, item].append(moment.astimezone(CHINA).date())
    return defaultdict(list, {key: sorted(set(days)) for key, days in found.items()})


def _text(item: str, due: rules.Due) -> str:
    label = loader.load().item(item).label
    until = f"，宽限至 {due.deadline}" if due.deadline != due.due_on else ""
    return f"“{label}”应于 {due.due_on} 报送{until}，至今未收到；请尽快报送。"
