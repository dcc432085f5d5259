"""谁查过我, of pushes: a subject finds each push that told something of it, however large it was ((九))."""

from __future__ import annotations

from rongxin.catalogue import loader
from rongxin.delivery.push.models import Pushed, PushTerms
from rongxin.disclosure.register import UseOfData
from rongxin.vocabulary.availability import Availability
from rongxin.vocabulary.purpose import Purpose


def of(subject_id: int, *, limit: int) -> list[UseOfData]:
    """Return the pushes that gave or took back records of a subject, the newest first.

    An item with no rows is one of which something was taken back.
    """
    rows = Pushed.objects.filter(subject=subject_id).select_related("run__subscription")
    found = list(rows.order_by("-run__released_at")[:limit])
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
            person="批量推送 push",
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
