"""批量推送: a full file first, then increments on what was acknowledged, with what is taken back ((六)).

Intent first: standing and terms are looked at and the intent committed before a row is read; both are looked
at again when the outcome is committed with the manifest's digest, and again whenever a file is fetched. Until
the outcome nothing can be seen of a run; what a kill leaves is swept.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from django.db import connection, transaction

from rongxin.consent.rules import business_day
from rongxin.delivery.push import files, policy, subscriptions
from rongxin.delivery.push.errors import NotPossible, NotServed, UnknownRun, WrongManifest
from rongxin.delivery.push.models import PushRun, PushSubscription
from rongxin.delivery.push.rules import RunState, Status, Terms, Unmade
from rongxin.disclosure import public_sets
from rongxin.journal import entries, tree, windows
from rongxin.journal.rules import Kind
from rongxin.journal.windows import Part, Window
from rongxin.parties import institutions, quotas
from rongxin.parties.populations import Population
from rongxin.proof import canonical, push_manifest
from rongxin.vocabulary.actor import Actor
from rongxin.vocabulary.purpose import Purpose


@dataclass(frozen=True)
class Card:
    """A run as its recipient and the operator see it."""

    id: UUID
    subscription: UUID
    institution: str
    version: int
    based_on: UUID | None
    state: RunState
    reason: str
    intended_at: datetime
    released_at: datetime | None
    rows: int
    removed: int
    summary: dict[str, Any]
    manifest: str

    def document(self) -> dict[str, Any]:
        """Return the run as plain values for JSON."""
        return {
            "run": str(self.id),
            "subscription": str(self.subscription),
            "institution": self.institution,
            "version": self.version,
            "kind": "increment" if self.based_on else "full",
            "based_on": str(self.based_on) if self.based_on else None,
            "state": self.state.value,
            "state_label": self.state.label,
            "reason": self.reason,
            "intended_at": self.intended_at.isoformat(),
            "released_at": self.released_at.isoformat() if self.released_at else None,
            "rows": self.rows,
            "removed": self.removed,
            "summary": self.summary,
            "manifest_sha256": self.manifest,
        }


class _Refused(Exception):
    """What stood at the beginning no longer does; the outcome's transaction is undone."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def make(subscription: UUID, *, actor: Actor, as_of: datetime) -> Card:
    """Make a subscription's next run; a refusal is its outcome, journalled. Not inside a transaction."""
    with _alone(subscription):
        card = subscriptions.get(subscription)
        with transaction.atomic(durable=True):
            _abandon(subscription)
            run = _intend(card, actor=actor, as_of=as_of)
        if run.state == RunState.REFUSED:
            return _card(run)
        try:
            _carry_out(run, card.terms, actor=actor, as_of=as_of)
        except _Refused as refused:
            with transaction.atomic(durable=True):
                _refuse(run, refused.reason, actor=actor, as_of=as_of)
        finally:
            run.refresh_from_db()
            if run.state != RunState.READY:
                files.forget(run.id)
        return _card(run)


def of(institution: str | None = None, *, subscription: UUID | None = None, limit: int = 100) -> list[Card]:
    """Return the runs of an institution (or all), the newest first."""
    rows = PushRun.objects.select_related("subscription").order_by("-intended_at", "id")
    if institution is not None:
        rows = rows.filter(subscription__institution=institution)
    if subscription is not None:
        rows = rows.filter(subscription=subscription)
    return [_card(row) for row in rows[:limit]]


#: In what order a list of runs is read; each ends in a column that no two share.
SORTS = {"newest": ("-intended_at", "id"), "oldest": ("intended_at", "id")}


def part_of(
    window: Window,
    institution: str | None = None,
    *,
    subscription: UUID | None = None,
    state: RunState | None = None,
    sort: str = "newest",
) -> Part[Card]:
    """Return a part of the runs of an institution (or all), or of those in one state."""
    rows = PushRun.objects.select_related("subscription")
    if institution is not None:
        rows = rows.filter(subscription__institution=institution)
    if subscription is not None:
        rows = rows.filter(subscription=subscription)
    if state is not None:
        rows = rows.filter(state=state.value)
    return windows.part(rows, window, *SORTS[sort]).of(_card)


def get(run: UUID, *, institution: str | None = None) -> Card:
    """Return a run, of this institution where one is named; raises `UnknownRun`."""
    return _card(_own(PushRun.objects.all(), run, institution))


def listing(run: UUID) -> list[tuple[str, int]]:
    """Return the files of a run, by name, with their sizes; none where they are gone."""
    return [(path.name, path.stat().st_size) for path in _listing(run)]


def fetch(run: UUID, name: str, *, institution: str, actor: Actor, as_of: datetime) -> Path:
    """Return a file of a ready run; raises `NotServed` where the institution or its subscription isn't served
    now, and `UnknownRun`. The first file that is fetched is noted in the journal.
    """
    found = _own(PushRun.objects.all(), run, institution)
    _served(found.subscription, as_of=as_of)
    path = files.directory(run) / name
    known = {entry.name for entry in _listing(run)}
    if found.state != RunState.READY or name not in known or not fit(found, as_of=as_of):
        raise UnknownRun(f"{run}/{name}" if name in known else run)
    if found.fetched_at is None:
        with transaction.atomic():
            taken = PushRun.objects.filter(id=run, fetched_at=None).update(fetched_at=as_of)
            if taken:
                entries.append(Kind.PUSH_FETCHED, actor=actor, refs=_refs(found), as_of=as_of)
    return path


def acknowledge(run: UUID, manifest: str, *, institution: str, actor: Actor, as_of: datetime) -> Card:
    """Note that the recipient holds a run whole; what follows builds on it.

    `manifest` is the SHA-256 of the manifest it has verified. A recipient acknowledges first and takes the
    files in then: a run that was superseded meanwhile is refused here, and not taken in. Raises `UnknownRun`,
    `WrongManifest`, `NotPossible`, `NotServed`.
    """
    with transaction.atomic():
        row = _own(PushRun.objects.select_for_update(no_key=True, of=("self",)), run, institution)
        _served(row.subscription, as_of=as_of)
        if row.manifest and row.state == RunState.ACKNOWLEDGED and row.manifest == manifest:
            return _card(row)
        if row.state != RunState.READY or not fit(row, as_of=as_of):
            raise NotPossible(
                f"推送现为“{RunState(row.state).label}”，不能确认：请取最新一次 fetch the latest push instead"
            )
        if row.manifest != manifest:
            raise WrongManifest
        row.state, row.acknowledged_at = RunState.ACKNOWLEDGED.value, as_of
        row.save(update_fields=["state", "acknowledged_at"])
        entries.append(
            Kind.PUSH_ACKNOWLEDGED,
            actor=actor,
            refs=_refs(row),
            commitments={"manifest": manifest},
            as_of=as_of,
        )
    return _card(row)


def fit(run: PushRun, *, as_of: datetime) -> bool:
    """Whether all that a run tells may still be published today (发改委令第36号)."""
    return run.fit_until is None or business_day(as_of) <= run.fit_until


def held_by_recipient(subscription: UUID) -> PushRun | None:
    """Return the run that was acknowledged last, if what it left is still noted here."""
    rows = PushRun.objects.filter(subscription=subscription, state=RunState.ACKNOWLEDGED)
    last = rows.order_by("-acknowledged_at", "-intended_at").first()
    return last if last is not None and files.state(last.id).is_dir() else None


def _intend(card: subscriptions.Card, *, actor: Actor, as_of: datetime) -> PushRun:
    """Settle whether the run may be made, and write that it will; it costs one of the day's requests."""
    base = None if card.wants_full else held_by_recipient(card.id)
    run = PushRun(
        id=uuid4(),
        subscription_id=card.id,
        version=card.version,
        based_on=base,
        intended_at=as_of,
        state=RunState.INTENDED.value,
        seen_leaf=tree.size(),
    )
    reason = _why_not(card.id, card.version, as_of=as_of)
    if reason is None:
        quota = quotas.take_push(card.institution, as_of=as_of)
        reason = None if quota.admitted else str(quota.reason)
    refs = {**_refs(run, card.institution), "version": card.version}
    if reason is not None:
        run.state, run.reason = RunState.REFUSED.value, reason
        kind, refs = Kind.PUSH_REFUSED, {**refs, "reason": reason}
    else:
        kind, refs = Kind.PUSH_INTENDED, {**refs, "purpose": Purpose.FINANCING_SUPPORT.value}
        PushSubscription.objects.filter(id=card.id).update(wants_full=False)
    terms = {"terms": canonical.digest(card.terms.document())}
    run.intent_entry = entries.append(kind, actor=actor, refs=refs, commitments=terms, as_of=as_of).id
    run.save(force_insert=True)
    return run


def _carry_out(run: PushRun, terms: Terms, *, actor: Actor, as_of: datetime) -> None:
    population = Population(terms.kinds, terms.regions, terms.sizes, terms.industries)
    day = business_day(as_of)
    held = files.state(run.based_on_id) if run.based_on_id else None
    with (
        files.being_written(run.id) as into,
        public_sets.opened(run.intent_entry, terms.items, population, day=day) as sets,
    ):
        writer = files.Writer(sets, terms.form, held=held, into=into, now=files.state(run.id))
        written = writer.write()
        run.fit_until = sets.fit_until()
        manifest = files.sign(into, _manifest(run, terms, sets, written, as_of=as_of))
        files.publish(into, run.id)
        with transaction.atomic(durable=True):
            _note_subjects(run.id, writer.subjects())
            _conclude(run, written, manifest, actor=actor, as_of=as_of)


def _manifest(
    run: PushRun, terms: Terms, sets: public_sets.Sets, written: files.Written, *, as_of: datetime
) -> dict[str, Any]:
    return {
        "format": push_manifest.FORMAT,
        "run": str(run.id),
        "subscription": str(run.subscription_id),
        "institution": run.subscription.institution_id,
        "kind": "increment" if run.based_on_id else "full",
        "based_on": str(run.based_on_id) if run.based_on_id else None,
        "watermark": canonical.instant(as_of),
        "purpose": Purpose.FINANCING_SUPPORT.value,
        "terms": {**terms.document(), "version": run.version},
        "catalogue": {item.item: item.version for item in sets.items},
        "columns": {
            item.item: {name: item.field(name).label for name in public_sets.columns(item)}
            for item in sets.items
        },
        "counts": {"rows": written.total, "removed": sum(written.removed.values())},
        "files": written.files,
    }


_SUBJECTS = "COPY delivery_pushed (run_id, subject_id, items) FROM STDIN"


def _note_subjects(run: UUID, subjects: Iterator[tuple[int, str]]) -> None:
    """Note of whom the run tells something, for their lists of who looked: one row each, in one stream."""
    with connection.cursor() as cursor, cursor.copy(_SUBJECTS) as copy:
        for subject, items in subjects:
            copy.write_row((run, subject, items))


def _conclude(run: PushRun, written: files.Written, manifest: str, *, actor: Actor, as_of: datetime) -> None:
    """Look at standing and terms once more, then settle the outcome; once committed, files can be fetched."""
    reason = _why_not(run.subscription_id, run.version, as_of=as_of)
    if reason is not None:
        raise _Refused(reason)
    older = PushRun.objects.filter(subscription=run.subscription_id, state=RunState.READY)
    older.update(state=RunState.SUPERSEDED.value)
    # After that nothing older can be acknowledged: what was, is what the recipient holds.
    base = None if run.based_on_id is None else held_by_recipient(run.subscription_id)
    if run.based_on_id is not None and (base is None or base.id != run.based_on_id):
        raise _Refused(Unmade.BASE_CHANGED.value)
    run.state, run.released_at, run.manifest = RunState.READY.value, as_of, manifest
    run.rows, run.removed = written.total, sum(written.removed.values())
    run.summary = {"items": written.rows, "removed": dict(written.removed)}
    run.outcome_entry = entries.append(
        Kind.PUSH_RELEASED,
        actor=actor,
        refs={**_refs(run), "rows": run.rows, "removed": run.removed},
        commitments={"manifest": manifest, "summary": canonical.digest(run.summary)},
        as_of=as_of,
    ).id
    run.save()


def _why_not(subscription: UUID, version: int, *, as_of: datetime) -> str | None:
    """Say why a run may not be made or released now; the subscription is held till the transaction ends."""
    row = PushSubscription.objects.select_for_update(no_key=True, of=("self",)).get(id=subscription)
    if Status(row.status) is not Status.ACTIVE:
        return Unmade(f"subscription_{row.status}").value
    if row.version != version:
        return Unmade.TERMS_CHANGED.value
    terms = subscriptions.get(subscription).terms
    if terms.names_industries and not policy.in_force(business_day(as_of)).industries_basis:
        return Unmade.INDUSTRIES_NOT_PUBLIC.value
    standing = institutions.standing(row.institution_id, names_case=False, as_of=as_of)
    return None if standing.admitted else str(standing.reason)


def _refuse(run: PushRun, reason: str, *, actor: Actor, as_of: datetime) -> None:
    refs = {**_refs(run), "reason": reason}
    entry = entries.append(Kind.PUSH_REFUSED, actor=actor, refs=refs, as_of=as_of)
    PushRun.objects.filter(id=run.id).update(
        state=RunState.REFUSED.value, reason=reason, outcome_entry=entry.id
    )


def _abandon(subscription: UUID) -> None:
    """A run without an outcome, while nobody is at work on one, was killed: nothing of it was seen."""
    rows = PushRun.objects.filter(subscription=subscription, state=RunState.INTENDED)
    rows.update(state=RunState.ABANDONED.value)


def _served(subscription: PushSubscription, *, as_of: datetime) -> None:
    if Status(subscription.status) is not Status.ACTIVE:
        raise NotServed(None, f"订阅现为“{Status(subscription.status).label}” the subscription is not active")
    subscriptions.served(subscription.institution_id, as_of=as_of)


def _listing(run: UUID) -> Sequence[Path]:
    folder = files.directory(run)
    return sorted(folder.iterdir()) if folder.is_dir() else []


def _own(rows: Any, run: UUID, institution: str | None) -> PushRun:
    found = rows.select_related("subscription").filter(id=run)
    if institution is not None:
        found = found.filter(subscription__institution=institution)
    row: PushRun | None = found.first()
    if row is None:
        raise UnknownRun(run)
    return row


def _refs(run: PushRun, institution: str | None = None) -> dict[str, str | int]:
    return {
        "push": str(run.id),
        "subscription": str(run.subscription_id),
        "institution": institution or run.subscription.institution_id,
    }


@contextmanager
def _alone(subscription: UUID) -> Iterator[None]:
    """One run of a subscription at a time, on a lock of the session: a kill gives it back."""
    name = f"delivery.push:{subscription}"
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(hashtextextended(%s, 0))", [name])
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(hashtextextended(%s, 0))", [name])


def _card(row: PushRun) -> Card:
    return Card(
        id=row.id,
        subscription=row.subscription_id,
        institution=row.subscription.institution_id,
        version=row.version,
        based_on=row.based_on_id,
        state=RunState(row.state),
        reason=row.reason,
        intended_at=row.intended_at,
        released_at=row.released_at,
        rows=row.rows,
        removed=row.removed,
        summary=row.summary,
        manifest=row.manifest,
    )
