"""What a web process may not do itself it has the worker do: acts that read or change records (（五）（九）).

The role of the web has no right to `records_record` (docs/decisions/0019). It writes an errand, sealed, waits
for the worker's answer and gives it as if the act had been its own. A process that may do the act, does it.
"""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from django.conf import settings
from django.db import DatabaseError, close_old_connections, connection, transaction
from django.utils import timezone

from rongxin.journal import keyring
from rongxin.parties.errors import PartiesError
from rongxin.records import filing, whereabouts
from rongxin.records.errors import RecordsError
from rongxin.records.rules import EndedWhy
from rongxin.sharing.aggregation import desk, row_changes, withdrawal
from rongxin.sharing.batch_endings import proposals
from rongxin.sharing.batch_endings.rules import Measure
from rongxin.sharing.errors import ErrandFailed, SharingError, StillAtWork, WorkerSilent
from rongxin.sharing.models import Errand
from rongxin.vocabulary.actor import Actor, ActorKind

PATIENCE_SECONDS = 30.0
LOOK_SECONDS = 0.05
KEPT = timedelta(hours=1)  # an answer that nobody fetched
_log = logging.getLogger(__name__)

Document = dict[str, Any]
Act = Callable[..., Document]


def _withdraw_batch(batch: str, **by: Any) -> Document:
    done = withdrawal.withdraw(UUID(batch), **by)
    return {
        "batch": str(done.batch),
        "ended": done.ended,
        "reinstated": done.reinstated,
        "journal_entry": str(done.journal_entry),
    }


def _correct_row(batch: str, line: int, values: Mapping[str, str], reason: str, **by: Any) -> Document:
    return row_changes.correct(UUID(batch), line, values, reason=reason, **by).document()


def _end_row(batch: str, line: int, why: str, reason: str, **by: Any) -> Document:
    done = row_changes.end(UUID(batch), line, why=why, reason=reason, **by)
    return {"batch": batch, "line": line, "ended": done.why.value, "why": done.why.label}


def _end_batch(batch: str, why: str, reason: str, **by: Any) -> Document:
    ended = row_changes.end_batch(UUID(batch), why=why, reason=reason, **by)
    return {"batch": batch, "ended": ended, "why": row_changes.ENDINGS[why].label}


def _withdraw_row(batch: str, line: int, reason: str, **by: Any) -> Document:
    done = row_changes.withdraw(UUID(batch), line, reason=reason, **by)
    return {"batch": batch, "line": line, "ended": done.why.value, "reinstated": done.reinstated}


def _match(batch: str, line: int, uscc: str, reason: str, **by: Any) -> Document:
    return desk.match(UUID(batch), line, uscc, reason=reason, **by).document()


def _dismiss(batch: str, line: int, reason: str, **by: Any) -> Document:
    return desk.dismiss(UUID(batch), line, reason=reason, **by).document()


def _send_back(batch: str, line: int, reason: str, **by: Any) -> Document:
    return desk.send_back(UUID(batch), line, reason=reason, **by).document()


def _confirm(decision: str, **by: Any) -> Document:
    return desk.confirm(UUID(decision), **by).document()


def _reverse(decision: str, reason: str, **by: Any) -> Document:
    return desk.reverse(UUID(decision), reason=reason, **by).document()


def _foresee(batch: str, measure: str, why: str, **by: Any) -> Document:
    return proposals.foresee(UUID(batch), Measure(measure), why=why, **by).as_json()


def _propose(batch: str, measure: str, why: str, ground: str, seen: str, **by: Any) -> Document:
    given: dict[str, Any] = {"why": why, "ground": ground, "seen": seen}
    return proposals.propose(UUID(batch), Measure(measure), **given, **by).document()


def _confirm_proposal(proposal: str, seen: str, **by: Any) -> Document:
    return proposals.confirm(UUID(proposal), seen=seen, **by).document()


def _decline_proposal(proposal: str, reason: str, **by: Any) -> Document:
    return proposals.decline(UUID(proposal), reason=reason, **by).document()


def _take_proposal_back(proposal: str, reason: str, **by: Any) -> Document:
    return proposals.take_back(UUID(proposal), reason=reason, **by).document()


def _find_record(subject: int, record: int, **by: Any) -> Document:
    return whereabouts.of(subject, record).document()


def _end_record(subject: int, record: int, why: str, by: str, *, actor: Actor, as_of: datetime) -> Document:
    given: dict[str, Any] = {"subject_id": subject, "ended_by": by, "actor": actor, "as_of": as_of}
    filing.end([record], EndedWhy(why), **given)
    return {"record": record, "ended": why}


ACTS: Mapping[str, Act] = {
    "record.end": _end_record,
    "record.find": _find_record,
    "batch.withdraw": _withdraw_batch,
    "row.correct": _correct_row,
    "row.end": _end_row,
    "batch.end": _end_batch,
    "row.withdraw": _withdraw_row,
    "batch.foresee": _foresee,
    "batch.propose": _propose,
    "proposal.confirm": _confirm_proposal,
    "proposal.decline": _decline_proposal,
    "proposal.take_back": _take_proposal_back,
    "match.match": _match,
    "match.dismiss": _dismiss,
    "match.send_back": _send_back,
    "match.confirm": _confirm,
    "match.reverse": _reverse,
}


def ask(act: str, *, actor: Actor, as_of: datetime, **given: Any) -> Document:
    """Have an act done, by this process or by the worker; give its answer or raise its refusal.

    Raises `WorkerSilent` where no worker took it up (then nothing was done), `StillAtWork` where one did and
    has not answered in time.
    """
    given = json.loads(json.dumps(given, default=str))
    if settings.RONGXIN_DATABASE_ROLE != "web":
        return ACTS[act](actor=actor, as_of=as_of, **given)
    who = [actor.kind.value, actor.id, actor.party]
    errand = uuid4()
    asked = _seal(errand, "asked", {"act": act, "given": given, "actor": who, "as_of": as_of.isoformat()})
    Errand.objects.create(id=errand, asked_at=timezone.now(), asked=asked)
    return _result(_await(errand))


def do_waiting() -> int:
    """Do every errand that waits, the oldest first; return how many. Each worker takes its own."""
    done = 0
    while (taken := _take()) is not None:
        errand, asked = taken
        answer = _carry_out(_open(errand, "asked", asked))
        sealed = _seal(errand, "answer", answer)
        Errand.objects.filter(pk=errand).update(answer=sealed, answered_at=timezone.now())
        done += 1
    return done


def run(stop: threading.Event) -> None:
    """Do errands until `stop` is set; a failure of the database is logged and tried again."""
    try:
        while not stop.is_set():
            try:
                do_waiting()
            except DatabaseError:
                _log.exception("errands: the database did not answer; trying again")
                stop.wait(1)
            finally:
                close_old_connections()
            stop.wait(LOOK_SECONDS)
    finally:
        connection.close()


def sweep(*, as_of: datetime) -> int:
    """Delete answers that nobody fetched, and errands whose worker died; return how many."""
    return int(Errand.objects.filter(asked_at__lt=as_of - KEPT, taken_at__isnull=False).delete()[0])


# ---------------------------------------------------------------------- the web's side


def _await(errand: UUID) -> Document:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        row = Errand.objects.filter(pk=errand, answered_at__isnull=False).first()
        if row is not None:
            row.delete()
            return _open(errand, "answer", bytes(row.answer or b""))
        time.sleep(LOOK_SECONDS)
    # Taken back only if no worker has begun: what has begun goes on, and is not undone by our leaving.
    if Errand.objects.filter(pk=errand, taken_at__isnull=True).delete()[0]:
        raise WorkerSilent
    raise StillAtWork


def _result(answer: Document) -> Document:
    if "done" in answer:
        done: Document = answer["done"]
        return done
    refusal = answer.get("refused")
    kind = next((each for each in _refusals() if refusal and each.__qualname__ == refusal["kind"]), None)
    if refusal is None or kind is None:
        raise ErrandFailed
    error = kind.__new__(kind)
    error.args = tuple(refusal["args"])
    vars(error).update(refusal["more"])
    raise error


def _refusals() -> Iterator[type[Exception]]:
    """Every error that tells the caller what to mend."""
    waiting: list[type[Exception]] = [SharingError, RecordsError, PartiesError]
    while waiting:
        kind = waiting.pop()
        waiting.extend(kind.__subclasses__())
        yield kind


# ---------------------------------------------------------------------- the worker's side

_TAKE = """
UPDATE sharing_errand SET taken_at = clock_timestamp()
WHERE id = (
    SELECT id FROM sharing_errand WHERE taken_at IS NULL ORDER BY asked_at LIMIT 1 FOR UPDATE SKIP LOCKED
)
RETURNING id, asked
"""


def _take() -> tuple[UUID, bytes] | None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_TAKE)
        row = cursor.fetchone()
    return None if row is None else (row[0], bytes(row[1]))


def _carry_out(asked: Document) -> Document:
    kind, number, party = asked["actor"]
    actor, as_of = Actor(ActorKind(kind), number, party), datetime.fromisoformat(asked["as_of"])
    try:
        return {"done": ACTS[asked["act"]](actor=actor, as_of=as_of, **asked["given"])}
    except (SharingError, RecordsError, PartiesError) as error:
        more = {name: value for name, value in vars(error).items() if not name.startswith("_")}
        return {"refused": {"kind": type(error).__qualname__, "args": error.args, "more": more}}
    except Exception:
        _log.exception("errand %s failed", asked["act"])
        return {"failed": True}


# ---------------------------------------------------------------------- on paper nothing stands in clear


def _seal(errand: UUID, column: str, document: Document) -> bytes:
    plain = json.dumps(document, ensure_ascii=False, default=str).encode()
    return keyring.data_keys().seal(plain, place=_place(errand, column))


def _open(errand: UUID, column: str, sealed: bytes) -> Document:
    document: Document = json.loads(keyring.data_keys().open(sealed, place=_place(errand, column)))
    return document


def _place(errand: UUID, column: str) -> tuple[str, ...]:
    return ("sharing_errand", column, str(errand))
