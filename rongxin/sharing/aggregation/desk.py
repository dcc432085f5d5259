"""The matching desk: a person settles a row that waits for its subject, a second one what is against a firm.

Each decision is one transaction under the batch's lock, with the row's new end, the batch's counts and the
journal entry, so that of two clerks exactly one decides. Reversed, it leaves the row waiting as before;
docs/decisions/0015-matching-desk.md says how the store follows.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import F

from rongxin.catalogue import redaction
from rongxin.journal import entries
from rongxin.journal.rules import Kind
from rongxin.parties import subjects
from rongxin.parties.errors import UnknownParty
from rongxin.parties.rules import desk as law
from rongxin.parties.rules.desk import Act, State, Verdict
from rongxin.records import unmatching
from rongxin.records.rules import Fate
from rongxin.sharing import source_levels
from rongxin.sharing.aggregation import (
    attempts,
    batches,
    decisions,
    full_lists,
    identifiers,
    late_rows,
    mandates,
    outcomes,
    waiting_rows,
)
from rongxin.sharing.aggregation.decisions import Card
from rongxin.sharing.aggregation.outcomes import RowEnd
from rongxin.sharing.errors import DecisionOver, NotFiled, NotWaiting, Refused, UnknownDecision
from rongxin.sharing.models import Batch, Decision, Outcome
from rongxin.sharing.rules import RowOutcome, Status
from rongxin.vocabulary.actor import Actor

_COUNTED_AS = {
    RowOutcome.MATCHED: "accepted",
    RowOutcome.REJECTED: "rejected",
    RowOutcome.DUPLICATE: "duplicate",
}


def match(batch_id: UUID, line: int, uscc: str, *, reason: str = "", actor: Actor, as_of: datetime) -> Card:
    """Attach the row to the subject with this code. Raises `UnknownParty`, `NotWaiting`, `Refused`."""
    subject = subjects.find(uscc)
    if subject is None:
        raise UnknownParty(f"登记册中没有统一社会信用代码为 {uscc} 的信息主体，请核对")
    return _decide(batch_id, line, Verdict.MATCH, subject.id, reason, actor=actor, as_of=as_of)


def dismiss(batch_id: UUID, line: int, *, reason: str, actor: Actor, as_of: datetime) -> Card:
    """Say that the row's firm is none of this node's subjects. Raises `NotWaiting`, `Refused`."""
    return _decide(batch_id, line, Verdict.NOT_HERE, None, reason, actor=actor, as_of=as_of)


def send_back(batch_id: UUID, line: int, *, reason: str, actor: Actor, as_of: datetime) -> Card:
    """Return the row to its provider, who is told the reason. Raises `NotWaiting`, `Refused`."""
    return _decide(batch_id, line, Verdict.RETURN, None, reason, actor=actor, as_of=as_of)


def confirm(decision_id: UUID, *, actor: Actor, as_of: datetime) -> Card:
    """Put another person's proposal in force, which the id names as it was seen. Raises `DecisionOver`."""

    def act() -> Card:
        with transaction.atomic():
            batch, decision = _locked(decision_id, Act.CONFIRM, actor)
            if _person(decision.decided_by) == _person(str(actor)):
                raise Refused(
                    "second_person_needed",
                    what=f"匹配决定 {decision_id} 由 {actor.id} 本人提出",
                    where=f"{batch.id}:{decision.line}",
                    what_to_do="不利信息的匹配须由平台运营机构的另一人核对后确认。",
                )
            decision.confirmed_by, decision.confirmed_at = str(actor), as_of
            _carry_out(decision, batch, actor=actor, as_of=as_of)
            decision.save()
        return decisions.card(decision)

    return attempts.patiently(act)


def reverse(decision_id: UUID, *, reason: str, actor: Actor, as_of: datetime) -> Card:
    """Take a decision back, or decline one only proposed; the row waits again. Raises `DecisionOver`."""

    def act() -> Card:
        with transaction.atomic():
            proposed = Decision.objects.filter(pk=decision_id, state=State.PROPOSED).exists()
            wanted = Act.DECLINE if proposed else Act.REVERSE
            batch, decision = _locked(decision_id, wanted, actor)
            if wanted is Act.REVERSE:
                _undo(decision, batch, actor=actor, as_of=as_of)
            decision.state = law.TRANSITIONS[State(decision.state)][wanted]
            decision.closed_by, decision.closed_at = str(actor), as_of
            decision.closed_reason = redaction.redact(reason)
            decision.save()
            kind = Kind.MATCH_REVERSED if wanted is Act.REVERSE else Kind.MATCH_DECLINED
            entries.append(kind, actor=actor, refs=_refs(decision, batch), as_of=as_of)
        return decisions.card(decision)

    return attempts.patiently(act)


# ---------------------------------------------------------------------- a decision


def _decide(
    batch_id: UUID,
    line: int,
    verdict: Verdict,
    subject_id: int | None,
    reason: str,
    *,
    actor: Actor,
    as_of: datetime,
) -> Card:
    def act() -> Card:
        with transaction.atomic():
            batch = _filed(batch_id, actor)
            row = _free(batch_id, line)
            item, _ = mandates.admitted(batch.item, batch.provider_id)
            decision = Decision(
                id=identifiers.time_ordered(),
                batch=batch,
                line=line,
                verdict=verdict,
                state=law.first_state(negative=item.negative),
                subject_id=subject_id,
                reason=redaction.redact(reason),
                waited_rule=row.rule,
                waited_message=row.message,
                decided_at=as_of,
                decided_by=str(actor),
            )
            if decision.state == State.PROPOSED:
                entries.append(Kind.MATCH_PROPOSED, actor=actor, refs=_refs(decision, batch), as_of=as_of)
            else:
                _carry_out(decision, batch, actor=actor, as_of=as_of)
            decision.save(force_insert=True)
        return decisions.card(decision)

    return attempts.patiently(act)


def _carry_out(decision: Decision, batch: Batch, *, actor: Actor, as_of: datetime) -> None:
    """Let the row end by the decision: filed, a duplicate, or handed back with the reason."""
    end = _end_of(decision, batch, actor=actor, as_of=as_of)
    decision.state, decision.outcome = State.IN_FORCE, end.outcome
    _move(batch, decision.line, end, counts={"pending": -1, _COUNTED_AS[end.outcome]: 1})
    refs = {**_refs(decision, batch), "outcome": str(end.outcome)}
    entries.append(Kind.MATCH_DECIDED, actor=actor, refs=refs, as_of=as_of)


def _end_of(decision: Decision, batch: Batch, *, actor: Actor, as_of: datetime) -> RowEnd:
    match Verdict(decision.verdict):
        case Verdict.MATCH:
            row = waiting_rows.row_of(batch.id, decision.line)
            assert decision.subject_id is not None
            return late_rows.file(batch, row, decision.subject_id, actor=actor, as_of=as_of)
        case Verdict.NOT_HERE:
            message = f"经人工核对，本平台没有该主体：{decision.reason}。如有误，请补报统一社会信用代码。"
            return RowEnd(decision.line, RowOutcome.REJECTED, "no_such_subject", message)
        case Verdict.RETURN:
            message = f"经人工核对退回：{decision.reason}。请补报统一社会信用代码后重新报送。"
            return RowEnd(decision.line, RowOutcome.REJECTED, "returned_by_desk", message)


def _undo(decision: Decision, batch: Batch, *, actor: Actor, as_of: datetime) -> None:
    stands_by = Outcome.objects.filter(batch_id=batch.id, line=decision.line, rule=str(Fate.KNOWN)).exists()
    if decision.outcome == RowOutcome.MATCHED or stands_by:
        assert decision.subject_id is not None
        unmatching.take_back(
            decision.id,
            item=batch.item,
            batch_id=batch.id,
            line=decision.line,
            subject_id=decision.subject_id,
            lists=full_lists.standing(batch),
            actor=actor,
            as_of=as_of,
            precedence=source_levels.precedence_of(batch.item, as_of=as_of),
        )
    end = RowEnd(decision.line, RowOutcome.PENDING, decision.waited_rule, decision.waited_message)
    _move(batch, decision.line, end, counts={"pending": 1, _COUNTED_AS[RowOutcome(decision.outcome)]: -1})


def _move(batch: Batch, line: int, end: RowEnd, *, counts: dict[str, int]) -> None:
    """Give the row its end, and the batch its counts: one row leaves a count and enters another."""
    end = outcomes.without_numbers(end)
    Outcome.objects.filter(batch_id=batch.id, line=line).update(
        outcome=end.outcome,
        rule=end.rule,
        message=end.message,
        held_batch=end.held.batch if end.held else None,
    )
    Batch.objects.filter(pk=batch.id).update(**{name: F(name) + change for name, change in counts.items()})


# ---------------------------------------------------------------------- who may, and when


def _filed(batch_id: UUID, actor: Actor) -> Batch:
    """Lock the batch: its decisions, its withdrawal and its counts come one after the other."""
    if not actor.is_operator:
        raise Refused(
            "not_the_operator",
            what="待匹配的行由平台运营机构处理",
            where=actor.party,
            what_to_do="提供单位可补报统一社会信用代码后重新报送。",
        )
    batch = batches.locked(batch_id)
    if batch.status != Status.FILED:
        raise NotFiled(batch_id, Status(batch.status).label)
    return batch


def _free(batch_id: UUID, line: int) -> Outcome:
    row = waiting_rows.row_of(batch_id, line)
    taken = Decision.objects.filter(batch_id=batch_id, line=line, state__in=law.TAKEN).first()
    if taken is not None:
        how = f"已由 {taken.decided_by} 决定：{Verdict(taken.verdict).label}（{State(taken.state).label}）"
        raise NotWaiting(batch_id, line, how)
    if row.outcome != RowOutcome.PENDING:
        raise NotWaiting(batch_id, line, f"的结果是“{RowOutcome(row.outcome).label}”，不在待匹配之列")
    return row


def _locked(decision_id: UUID, act: Act, actor: Actor) -> tuple[Batch, Decision]:
    batch_id = Decision.objects.filter(pk=decision_id).values_list("batch_id", flat=True).first()
    if batch_id is None:
        raise UnknownDecision(decision_id)
    batch = _filed(batch_id, actor)
    # Read under the lock: another clerk may have acted on it meanwhile.
    decision = Decision.objects.select_related("subject").get(pk=decision_id)
    if act not in law.TRANSITIONS[State(decision.state)]:
        wanted = "确认" if act is Act.CONFIRM else "撤销"
        raise DecisionOver(decision_id, State(decision.state).label, wanted)
    return batch, decision


def _person(actor: str) -> str:
    """An account, in whatever role: the second person is another one."""
    return actor.split("@")[0]


def _refs(decision: Decision, batch: Batch) -> dict[str, str | int]:
    refs: dict[str, str | int] = {
        **batches.refs_of(batch),
        "line": decision.line,
        "decision": str(decision.id),
        "verdict": decision.verdict,
    }
    if decision.subject_id is not None:
        refs["subject"] = decision.subject_id
    return refs
