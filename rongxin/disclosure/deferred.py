"""延时应答: a request answered later, where providers are slow ((五)(六)).

The web commits the intent and goes; the worker reads and calls, and seals what may leave; when the asking
institution collects it, standing and consent are looked at once more, the outcome is committed, and only then
do bytes leave. A withdrawal at any time in between keeps them here. The request is counted once, when it is
taken in; a use of the consent when it is collected. What nobody collects is deleted with its time.

An intent is read by once: where a worker dies at it the request is refused, and may be asked anew.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from functools import cache
from pathlib import Path
from uuid import UUID

from django.db import DatabaseError, close_old_connections, connection, transaction
from django.utils import timezone
from pydantic import Field, TypeAdapter

from rongxin.consent import locks
from rongxin.consent.rules import business_day
from rongxin.disclosure import gate, look, marking, register, told
from rongxin.disclosure.errors import DisclosureError, TooManyDeferred, UnknownRequest
from rongxin.disclosure.models import Deferred, Intent, Outcome
from rongxin.disclosure.release import Refusal, Release, Request
from rongxin.journal import entries, keyring, news
from rongxin.journal.rules import Kind
from rongxin.journal.sealing import SealedColumn
from rongxin.parties import subjects
from rongxin.parties.quotas import Taken
from rongxin.vocabulary import edition
from rongxin.vocabulary.actor import SYSTEM, Actor
from rongxin.vocabulary.reason import Reason

_log = logging.getLogger(__name__)
LOOK_SECONDS = 0.2
_TABLE = "disclosure_deferred"


def _sealed(column: str) -> SealedColumn:
    return SealedColumn(
        _TABLE,
        column,
        key=("intent_id",),
        first=("00000000-0000-0000-0000-000000000000",),
        place=lambda row: (_TABLE, column, str(row[0])),
    )


#: What was asked holds claimed values; what was fetched, all that may leave.
SEALED = (_sealed("asked"), _sealed("fetched"))
_CONSENT_OVER = (Kind.CONSENT_WITHDRAWN, Kind.CONSENT_EXPIRED, Kind.CONSENT_SUPERSEDED)


class State(StrEnum):
    """How far a deferred request is; after `READY` the register of disclosures has its outcome."""

    WAITING = "waiting"
    READY = "ready"
    RELEASED = "released"
    REFUSED = "refused"

    @property
    def label(self) -> str:
        return {"waiting": "办理中", "ready": "可取", "released": "已取得", "refused": "未予提供"}[self.value]


class InvalidPolicy(DisclosureError):
    """延时应答的参数文件有误 a file of parameters can't be read."""

    code = "invalid_deferred_parameters"


class Policy(edition.Edition):
    """What is in force from a day on; the file says what each is for."""

    patience_seconds: float = Field(gt=0)
    take_up_seconds: float = Field(gt=0, lt=300)
    at_work_seconds: float = Field(gt=0)
    collect_hours: float = Field(gt=0)
    open_max: int = Field(gt=0)
    look_again_seconds: int = Field(gt=0)


@cache
def _editions() -> tuple[Policy, ...]:
    return edition.read(Path(__file__).parent / "parameters", "deferred_*.yaml", Policy, broken=InvalidPolicy)


def policy(on: date) -> Policy:
    """Return the edition of a day."""
    return edition.in_force(_editions(), on)


@dataclass(frozen=True)
class Progress:
    """Where a deferred request stands; `reason` where it was refused, `until` while it can be collected."""

    request: UUID
    state: State
    asked_at: datetime
    until: datetime | None = None
    reason: Reason | None = None
    entry: UUID | None = None
    #: What is left of the asker's quota, when the request is taken in.
    quota: Taken | None = None


@dataclass(frozen=True)
class _Asked:
    request: Request
    actor: Actor


_ASKED: TypeAdapter[_Asked] = TypeAdapter(_Asked)
_FETCHED: TypeAdapter[gate.Fetched] = TypeAdapter(gate.Fetched)


def defer(request: Request, *, actor: Actor, as_of: datetime) -> Progress | Refusal:
    """Take a request of an institution in, to be answered later; refused at once where it is known already.

    Raises what `gate.release` raises, and TooManyDeferred.
    """
    institution, most = request.recipient.id, policy(business_day(as_of)).open_max
    if Deferred.objects.filter(intent__recipient=institution).count() >= most:
        raise TooManyDeferred(most)
    intended = gate.intend(
        request, actor=actor, as_of=as_of, beside=lambda done: _write(done, request, actor, as_of)
    )
    if isinstance(intended, Refusal):
        return intended
    return Progress(intended.intent.id, State.WAITING, as_of, quota=intended.quota)


def progress(request: UUID, *, institution: str) -> Progress | None:
    """Return where an institution's own deferred request stands; None where it never deferred such a one."""
    row = Deferred.objects.select_related("intent").filter(pk=request, intent__recipient=institution).first()
    if row is not None:
        state = State.READY if row.ready_at else State.WAITING
        return Progress(row.pk, state, row.intent.asked_at, row.until)
    intent = Intent.objects.select_related("outcome").filter(pk=request, recipient=institution).first()
    outcome: Outcome | None = getattr(intent, "outcome", None)
    if intent is None or outcome is None:
        return None
    if outcome.released:
        return Progress(intent.id, State.RELEASED, intent.asked_at)
    reason = Reason(outcome.reason)
    return Progress(intent.id, State.REFUSED, intent.asked_at, reason=reason, entry=outcome.entry)


def collect(request: UUID, *, institution: str, as_of: datetime) -> Release | Refusal:
    """Give what was fetched to the institution that asked, once; raises UnknownRequest where nothing waits
    for it. Standing and consent are looked at as they are now.
    """
    row = _ready(request, institution, as_of)
    if row is None:
        raise UnknownRequest(request)
    asked = _ASKED.validate_json(_open(row, "asked"))
    fetched = _FETCHED.validate_json(_open(row, "fetched"))
    since, subject_id = row.intent.asked_at, row.intent.subject_id
    now = told.as_now(marking.as_now(fetched.items, subject_id, since=since), subject_id)
    fetched = replace(fetched, items=now)
    actor, question = asked.actor, asked.request
    consent = _consent(question, row.intent, as_of)
    card = gate.card_of(subjects.get(row.intent.subject_id), question.uscc)
    intended = gate.Intended(row.intent, card, (), consent, None)
    draft = gate.drafted(question, intended, fetched, as_of=as_of)
    with transaction.atomic(durable=True):
        if not _take_away(row):
            raise UnknownRequest(request)
        return gate.conclude(
            question, row.intent, consent, fetched, draft, calls=row.calls, actor=actor, as_of=as_of
        )


# ---------------------------------------------------------------------- the worker's side

_TAKE = """
UPDATE disclosure_deferred SET taken_at = clock_timestamp()
WHERE intent_id = (
    SELECT intent_id FROM disclosure_deferred WHERE taken_at IS NULL
    ORDER BY asked_at LIMIT 1 FOR UPDATE SKIP LOCKED
)
RETURNING intent_id
"""


def run(stop: threading.Event) -> None:
    """Fetch what waits, one after the other, until `stop` is set; several threads may."""
    try:
        while not stop.is_set():
            found = False
            try:
                found = fetch_next(as_of=timezone.now())
            except DatabaseError:
                _log.exception("deferred requests: the database did not answer; trying again")
                stop.wait(1)
            except Exception:
                _log.exception("a deferred request failed; it will be refused with its time")
            finally:
                close_old_connections()
            if not found:
                stop.wait(LOOK_SECONDS)
    finally:
        connection.close()


def fetch_next(*, as_of: datetime) -> bool:
    """Fetch for the request that has waited longest; False where none waits."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_TAKE)
        taken = cursor.fetchone()
    if taken is None:
        return False
    row = Deferred.objects.select_related("intent").get(pk=taken[0])
    _fetch(row, _ASKED.validate_json(_open(row, "asked")), as_of)
    return True


def _fetch(row: Deferred, asked: _Asked, as_of: datetime) -> None:
    question, actor, held = asked.request, asked.actor, policy(business_day(as_of))
    intended = gate.resume(question, row.intent, _consent(question, row.intent, as_of), as_of=as_of)
    if isinstance(intended, Reason):
        _close(row, intended, as_of=as_of)
        return
    found = gate.fetch(question, intended, as_of=as_of, patience_seconds=held.patience_seconds)
    assert found is not None  # only what repeats an earlier request can be gone
    fetched, answers = found
    sealed = _seal(row.pk, "fetched", _FETCHED.dump_json(fetched))
    with transaction.atomic(durable=True):
        live = Deferred.objects.select_for_update().filter(pk=row.pk, ready_at=None).first()
        if live is None:  # given up for lost
            return
        calls = gate.note(row.intent, answers, actor=actor, as_of=as_of)
        if row.consent is not None:  # a withdrawal was seen by now, or is news after this is ready
            locks.shared(row.consent)
        still = gate.resume(question, row.intent, _consent(question, row.intent, as_of), as_of=as_of)
        if isinstance(still, Reason):
            live.calls = calls
            _close(live, still, as_of=as_of)
            return
        live.fetched, live.calls, live.ready_at = sealed, calls, as_of
        live.until = as_of + timedelta(hours=held.collect_hours)
        live.save(update_fields=["fetched", "calls", "ready_at", "until"])
        _tell(row.intent, as_of=as_of)


def follow_consents(*, as_of: datetime) -> int:
    """Refuse, and delete what was fetched for, requests whose consent or case has come to its end."""
    closed = 0
    with news.read("disclosure.deferred", (*_CONSENT_OVER, Kind.CASE_CLOSED)) as ends:
        for end in ends:
            by = "case" if end.kind is Kind.CASE_CLOSED else "consent"
            rows = Deferred.objects.select_related("intent").filter(**{by: UUID(str(end.refs[by]))})
            # What is being fetched looks for itself when it is done.
            resting = rows.exclude(taken_at__isnull=False, ready_at=None)
            closed += sum(_close_uncarried(row, as_of) for row in resting)
    return closed


def sweep(*, as_of: datetime) -> int:
    """Refuse what was not taken up in time, was lost with its worker, or was never collected."""
    held = policy(business_day(as_of))
    rows = Deferred.objects.select_related("intent")
    late = as_of - timedelta(seconds=held.take_up_seconds)
    lost = as_of - timedelta(seconds=held.at_work_seconds)
    over = [(row, Reason.FETCH_INTERRUPTED) for row in rows.filter(taken_at=None, asked_at__lt=late)]
    over += [(row, Reason.FETCH_INTERRUPTED) for row in rows.filter(ready_at=None, taken_at__lt=lost)]
    over += [(row, Reason.ANSWER_UNCOLLECTED) for row in rows.filter(until__lt=as_of)]
    return sum(_close(row, reason, as_of=as_of) for row, reason in over)


def _close_uncarried(row: Deferred, as_of: datetime) -> bool:
    question = _ASKED.validate_json(_open(row, "asked")).request
    found = gate.resume(question, row.intent, _consent(question, row.intent, as_of), as_of=as_of)
    return isinstance(found, Reason) and _close(row, found, as_of=as_of)


def _close(row: Deferred, reason: Reason, *, as_of: datetime) -> bool:
    with transaction.atomic():
        if not _take_away(row):
            return False
        register.refuse(row.intent, reason, actor=SYSTEM, as_of=as_of, calls=row.calls, deferred=True)
    return True


def _take_away(row: Deferred) -> bool:
    """Delete a request that waits, in the caller's transaction; False where somebody was quicker."""
    return bool(Deferred.objects.filter(pk=row.pk, ready_at=row.ready_at).delete()[0])


def _ready(request: UUID, institution: str, as_of: datetime) -> Deferred | None:
    rows = Deferred.objects.select_related("intent").filter(pk=request, intent__recipient=institution)
    return rows.filter(ready_at__isnull=False, until__gte=as_of).first()


def _consent(question: Request, intent: Intent, as_of: datetime) -> look.Look | None:
    """Look at the consent by which the request was taken in; None where it named none."""
    if intent.consent is None:
        return None
    named = replace(question, consent_id=intent.consent)
    return look.at(named, intent.subject_id, gate.items_of(question.items), as_of=as_of)


def _write(done: gate.Intended, request: Request, actor: Actor, as_of: datetime) -> None:
    Deferred.objects.create(
        intent=done.intent,
        consent=done.consent.id if done.consent else None,
        case=done.consent.case_id if done.consent else None,
        asked_at=as_of,
        asked=_seal(done.intent.id, "asked", _ASKED.dump_json(_Asked(request, actor))),
    )


def _tell(intent: Intent, *, as_of: datetime) -> None:
    refs: Mapping[str, str | int] = {
        "request": str(intent.id),
        "institution": intent.recipient,
        "subject": intent.subject_id,
    }
    entries.append(Kind.DISCLOSURE_FETCHED, actor=SYSTEM, refs=refs, as_of=as_of)


def _seal(request: UUID, column: str, plain: bytes) -> bytes:
    return keyring.data_keys().seal(plain, place=(_TABLE, column, str(request)))


def _open(row: Deferred, column: str) -> bytes:
    sealed: bytes | memoryview = getattr(row, column)
    return keyring.data_keys().open(bytes(sealed), place=(_TABLE, column, str(row.pk)))
