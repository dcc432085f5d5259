"""What the worker does for pushes unasked: make the runs that are due, sweep what no run needs."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from django.db import transaction

from rongxin.delivery.push import files, runs, subscriptions
from rongxin.delivery.push.errors import NotServed
from rongxin.delivery.push.models import Pushed, PushRun, PushSubscription
from rongxin.delivery.push.rules import RunState, Status
from rongxin.journal import entries, tree
from rongxin.journal.rules import Kind
from rongxin.records.rules import EndedWhy
from rongxin.vocabulary.actor import SYSTEM

_RETRY = timedelta(minutes=10)
# So many endings since a run: read no further, make it anew.
_ENDINGS_MAX = 10_000
_STOPS = (EndedWhy.REPAIRED, EndedWhy.REMOVED_BY_AUTHORITY)
_log = logging.getLogger(__name__)


def make_due(*, as_of: datetime) -> int:
    """Make every run that is due, of institutions that are served; return how many were."""
    made = 0
    take_back_overtaken(as_of=as_of)
    for card in subscriptions.listed():
        if not due(card, as_of=as_of):
            continue
        try:
            runs.make(card.id, actor=SYSTEM, as_of=as_of)
            made += 1
        except Exception:
            # One subscription's trouble (a damaged file of the lake) keeps no other waiting.
            _log.exception("push of subscription %s failed; trying again in %s", card.id, _RETRY)
    sweep()
    return made


def take_back_overtaken(*, as_of: datetime) -> int:
    """Take back ready runs that hold what was repaired or removed since, or is public no more; new ones are
    made in their place.

    Publication, sharing and use stop in every copy (发改委令第36号): also in one that nobody has fetched yet.
    Returns how many were taken back.
    """
    taken = 0
    for run in PushRun.objects.filter(state=RunState.READY):
        with transaction.atomic():
            if runs.fit(run, as_of=as_of) and not _overtaken(run):
                continue
            rows = PushRun.objects.filter(id=run.id, state=RunState.READY)
            taken += rows.update(state=RunState.SUPERSEDED.value)
            PushSubscription.objects.filter(id=run.subscription_id).update(requested_at=as_of)
    return taken


def _overtaken(run: PushRun) -> bool:
    """Look from the journal's place at which the run began, not from an hour: an errand that was asked for
    before the run may end a record after it. What is now in the tree need not be looked at again.
    """
    seen = tree.size()
    found = entries.find(kinds=(Kind.RECORD_ENDED,), from_leaf=run.seen_leaf or 0, entries_max=_ENDINGS_MAX)
    PushRun.objects.filter(id=run.id).update(seen_leaf=seen)
    subjects = {int(entry.refs["subject"]) for entry in found if entry.refs["why"] in _STOPS}
    told = Pushed.objects.filter(run=run, subject__in=subjects).exists()
    return told or len(found) == _ENDINGS_MAX


def due(card: subscriptions.Card, *, as_of: datetime) -> bool:
    """Whether a subscription's next run should be made now."""
    if card.status is not Status.ACTIVE:
        return False
    try:
        subscriptions.served(card.institution, as_of=as_of)
    except NotServed:
        return False
    last = PushRun.objects.filter(subscription=card.id).order_by("-intended_at").first()
    if last is None or (card.requested_at is not None and card.requested_at > last.intended_at):
        return True
    whole = timedelta(hours=card.terms.interval_hours)
    if last.state in (RunState.READY, RunState.ACKNOWLEDGED) and not runs.fit(last, as_of=as_of):
        return True  # what the recipient holds has to be taken back
    broken = last.state in (RunState.INTENDED, RunState.ABANDONED, RunState.REFUSED)
    return as_of - last.intended_at >= (min(whole, _RETRY) if broken else whole)


def sweep() -> int:
    """Delete files that can't be fetched any more and states that nothing builds on; return how many.

    The folders are listed first and runs at work read before ready ones, so that none that moves on meanwhile
    is taken for one that nobody needs.
    """
    lying = files.lying()
    at_work = dict(PushRun.objects.filter(state=RunState.INTENDED).values_list("id", "based_on"))
    cards = [card for card in subscriptions.listed() if card.status is not Status.ENDED]
    ready = PushRun.objects.filter(subscription__in=[card.id for card in cards], state=RunState.READY)
    fetchable = {*at_work, *ready.values_list("id", flat=True)}
    bases = {base.id for card in cards if (base := runs.held_by_recipient(card.id)) is not None}
    held = fetchable | bases | {base for base in at_work.values() if base is not None}
    return files.sweep(lying, fetchable={str(run) for run in fetchable}, held={str(run) for run in held})
