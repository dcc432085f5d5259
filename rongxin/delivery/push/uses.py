"""谁查过我, of pushes: a subject finds each push that told something of it, however large it was ((九))."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db import connection
from django.db.models import Q

from rongxin.catalogue import loader
from rongxin.delivery.push.models import Pushed, PushTerms
from rongxin.disclosure.received import Over, Received
from rongxin.disclosure.register import UseOfData
from rongxin.vocabulary.availability import Availability
from rongxin.vocabulary.purpose import Purpose

_SUBSCRIPTION = "run__subscription"


def one(subject_id: int, run: UUID) -> UseOfData | None:
    """Return one push that told something of a subject; None where there is none of this number."""
    found = _told(list(Pushed.objects.filter(subject=subject_id, run=run).select_related(_SUBSCRIPTION)))
    return found[0] if found else None


def of(
    subject_id: int,
    *,
    limit: int,
    behind: tuple[datetime, UUID] | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
) -> list[UseOfData]:
    """Return the pushes that gave or took back records of a subject, the newest first; `behind` one that was
    told before, by its time and number; `until` is the first moment left out.

    An item with no rows is one of which something was taken back.
    """
    rows = Pushed.objects.filter(subject=subject_id).select_related(_SUBSCRIPTION)
    if since is not None:
        rows = rows.filter(run__intended_at__gte=since)
    if until is not None:
        rows = rows.filter(run__intended_at__lt=until)
    if behind is not None:
        at, number = behind
        rows = rows.filter(Q(run__intended_at__lt=at) | Q(run__intended_at=at, run__lt=number))
    return _told(list(rows.order_by("-run__intended_at", "-run")[:limit]))


def count(subject_id: int, *, since: datetime) -> int:
    """Return how many pushes told something of a subject."""
    return Pushed.objects.filter(subject=subject_id, run__intended_at__gte=since).count()


def _told(found: Sequence[Pushed]) -> list[UseOfData]:
    terms = {
        (row.subscription_id, row.version): row.terms["reference"]
        for row in PushTerms.objects.filter(subscription__in={one.run.subscription_id for one in found})
    }
    known = loader.load().items
    return [
        UseOfData(
            request=row.run_id,
            asked_at=row.run.intended_at,
            recipient_kind="institution",
            recipient=row.run.subscription.institution_id,
            person="批量推送",
            purpose=Purpose.FINANCING_SUPPORT.value,
            reference=terms[row.run.subscription_id, row.run.version],
            released=True,
            reason="",
            items={
                item: [
                    (Availability.RECORDS if rows else Availability.NO_RECORD).value,
                    known[item].channels[0].provider if item in known else "",
                    rows,
                ]
                for item, rows in row.items.items()
            },
            intent_entry=row.run.intent_entry,
            outcome_entry=row.run.outcome_entry,
        )
        for row in found
    ]


_RECEIVED = """
SELECT place.record, subscription.institution_id, array_agg(run.id ORDER BY run.released_at),
       array_agg(run.released_at ORDER BY run.released_at)
FROM unnest(%s::bigint[], %s::bigint[], %s::text[], %s::timestamptz[], %s::timestamptz[])
         AS place (subject, record, item, filed_at, ended_at)
JOIN delivery_pushed pushed ON pushed.subject_id = place.subject AND (pushed.items ->> place.item)::int > 0
JOIN delivery_pushrun run ON run.id = pushed.run_id AND run.fetched_at IS NOT NULL
     AND run.released_at >= place.filed_at AND run.released_at <= coalesce(place.ended_at, 'infinity')
JOIN delivery_pushsubscription subscription ON subscription.id = run.subscription_id
GROUP BY 1, 2 ORDER BY 1, 2
"""


def received(places: Sequence[Over]) -> list[Received]:
    """Return which institutions fetched a push that told of these records' items while they counted.

    A run notes of whom it tells how many rows, not which: whoever got rows of the item then may have got any.
    """
    columns = (
        [place.subject for place in places],
        [place.record for place in places],
        [place.item for place in places],
        [place.filed_at for place in places],
        [place.ended_at for place in places],
    )
    with connection.cursor() as cursor:
        cursor.execute(_RECEIVED, columns)
        return [
            Received(record, "institution", institution, tuple(zip(runs, days, strict=True)))
            for record, institution, runs, days in cursor.fetchall()
        ]
