"""申请工作台: an institution's applications by what is to be done, the first due first; and their clocks."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import CharField, Exists, OuterRef, Q, QuerySet, Subquery
from django.utils import timezone

from rongxin.consent import notifications
from rongxin.financing import policy
from rongxin.financing.applying import cards, papers
from rongxin.financing.applying.cards import Card
from rongxin.financing.applying.rules import Clock, Group
from rongxin.financing.models import Application, ApplicationForm, Outcome, PaperRequest
from rongxin.financing.rules import Stage
from rongxin.journal import windows
from rongxin.journal.windows import Part, Window
from rongxin.parties import institutions, subjects
from rongxin.vocabulary.actor import SYSTEM

#: By what a list can be put in order.
SORTS: Mapping[str, tuple[str, ...]] = {
    "due": ("due_on", "id"),
    "newest": ("-submitted_at", "-id"),
}
_AT_ONCE = 1000


def of_institution(
    institution: str, group: Group | None, window: Window, *, find: str = "", sort: str = "due"
) -> Part[Card]:
    """Return a part of an institution's applications: of one heap or of all, of those with this in the case's
    reference or the firm's name; the first due first.
    """
    rows = _rows(institution)
    if find:
        rows = rows.filter(Q(case__reference__icontains=find) | subjects.called(find, "form__subject"))
    if group is not None:
        rows = rows.filter(_IN[group])
    part = windows.part(rows.select_related("form"), window, *SORTS[sort])
    return Part(cards.many(list(part.rows)), part.last)


def counts(institution: str) -> dict[Group, int]:
    """Return how many applications lie in each heap."""
    return {group: _rows(institution).filter(_IN[group]).count() for group in Group}


def tend(*, as_of: datetime) -> int:
    """Do what nobody has to ask for: watch the clocks, forget old drafts."""
    return watch(as_of=as_of) + forget_drafts(as_of=as_of)


def watch(*, as_of: datetime) -> int:
    """Give word, once each, of first answers that are due and late; returns of how many."""
    today = timezone.localdate(as_of)
    soon = today + timedelta(days=14)  # further off, no clock is due
    waiting = _annotated(Application.objects.filter(told_of_clock__lt=2, due_on__lte=soon))
    ids = waiting.filter(_IN[Group.UNANSWERED]).order_by("due_on", "id").values_list("id", flat=True)
    return sum(_watch(id, today, as_of=as_of) for id in list(ids[:_AT_ONCE]))


def forget_drafts(*, as_of: datetime) -> int:
    """Delete forms that were submitted to nobody for so long, with their papers: only what was is kept."""
    days = policy.in_force(timezone.localdate(as_of)).draft_days
    old = ApplicationForm.objects.filter(filled_in_at__lt=as_of - timedelta(days=days))
    old = old.exclude(applications__case__isnull=False)
    ids = list(old.values_list("id", flat=True)[:_AT_ONCE])
    with transaction.atomic():
        papers.erase(*ids)
        ApplicationForm.objects.filter(pk__in=ids).delete()
    return len(ids)


def _rows(institution: str) -> QuerySet[Application]:
    return _annotated(Application.objects.filter(institution=institution, case__isnull=False))


def _annotated(rows: QuerySet[Application]) -> QuerySet[Application]:
    """Put beside each row the last step of its case, and whether papers were or are asked for."""
    line = Outcome.objects.filter(case=OuterRef("case"), corrected_by=None).order_by("-place")
    requests = PaperRequest.objects.filter(application=OuterRef("pk"))
    return rows.annotate(
        last=Subquery(line.values("stage")[:1], output_field=CharField()),
        ever_asked=Exists(requests),
        asked=Exists(requests.filter(answered_at=None)),
    )


_UNDECIDED = Q(last=Stage.RECEIVED.value, case__closed_on=None)
_ANSWERED = Q(ever_asked=True) | Q(taken_up_at__isnull=False)
_STILL_OPEN = [Stage.APPROVED.value, Stage.DRAWN.value, Stage.REPAYMENT.value]
# `rules.GROUPS` for the database; a test holds the two together.
_IN: Mapping[Group, Q] = {
    Group.UNANSWERED: _UNDECIDED & ~_ANSWERED,
    Group.REVIEW: _UNDECIDED & _ANSWERED & Q(asked=False),
    Group.PAPERS: _UNDECIDED & Q(asked=True),
    Group.DECIDED: Q(last__in=_STILL_OPEN),
    Group.ENDED: ~_UNDECIDED & ~Q(last__in=_STILL_OPEN),
}


def _watch(application: UUID, today: date, *, as_of: datetime) -> int:
    with transaction.atomic():
        row = cards.locked(application)
        card = cards.one(row)
        level = {Clock.DUE: 1, Clock.LATE: 2}.get(card.clock(today) or Clock.RUNNING, 0)
        if level <= row.told_of_clock:
            return 0
        row.told_of_clock = level
        row.save(update_fields=["told_of_clock"])
        cards.journal(row, "answer_late" if level == 2 else "answer_due", actor=SYSTEM, as_of=as_of)
        if level == 2:
            cards.late(row, as_of=as_of)
            name = institutions.get(card.institution).name
            text = f"“{name}”逾期未答复您的申请（{card.product.terms.name}），平台已督促。"
            refs = {"application": str(application)}
            notifications.tell(card.subject, "financing_application", text, refs=refs, as_of=as_of)
    return 1
