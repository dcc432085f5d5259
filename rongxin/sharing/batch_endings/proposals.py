"""整批终止与撤回: what one of the operator's people proposes to do to a batch, and another confirms.

A provider does this to its own batches by itself. Whoever isn't the provider needs a ground and a second
person, who confirms exactly what was shown: where other rows would be touched than were foreseen, nothing is
done.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from rongxin.catalogue import redaction
from rongxin.journal import entries, windows
from rongxin.journal.rules import Kind
from rongxin.journal.windows import Part, Window
from rongxin.parties import second_person
from rongxin.parties.errors import NotAllowed
from rongxin.proof import canonical
from rongxin.records import row_endings
from rongxin.sharing.aggregation import attempts, batches, identifiers, row_changes, withdrawal
from rongxin.sharing.batch_endings import measures, rules
from rongxin.sharing.batch_endings.models import BatchProposal
from rongxin.sharing.batch_endings.rules import Act, Foreseen, Measure, State
from rongxin.sharing.errors import NotFiled, ProposalOver, Refused, UnknownProposal
from rongxin.sharing.models import Batch
from rongxin.sharing.rules import Status
from rongxin.vocabulary.actor import SYSTEM, Actor

_WHAT = "整批终止或撤回"


@dataclass(frozen=True)
class Card:
    """A proposal as it stands: to do what to which batch, on what ground, and who had which hand in it."""

    id: UUID
    batch: UUID
    item: str
    provider: str
    file_name: str
    measure: Measure
    why: str
    ground: str
    foreseen: Foreseen
    state: State
    proposed_by: str
    proposed_at: datetime
    decided_by: str
    decided_at: datetime | None
    decided_why: str

    def is_of(self, *, actor: Actor) -> bool:
        """Whether this person proposed it, in whatever role."""
        return self.proposed_by == f"{actor.kind}:{actor.id}"

    def document(self) -> dict[str, Any]:
        """What goes from the worker to whoever asked, JSON-ready."""
        return {"proposal": str(self.id), "state": self.state.value, **self.foreseen.as_json()}


def foresee(batch_id: UUID, measure: Measure, *, why: str, actor: Actor, as_of: datetime) -> Foreseen:
    """Say what the act would touch if it were done now; nothing is changed. Raises `Refused`, `NotFiled`."""
    second_person.of_operator(actor=actor, what=_WHAT)
    given: dict[str, Any] = {"why": why, "ground": _WHAT, "actor": actor, "as_of": as_of}

    def act() -> Foreseen:
        with transaction.atomic():
            return measures.foresee(_filed(batch_id), measure, **given)

    return attempts.patiently(act)


def propose(
    batch_id: UUID, measure: Measure, *, why: str, ground: str, seen: str, actor: Actor, as_of: datetime
) -> Card:
    """Put forward what was `seen` (the mark of what was foreseen); nothing is touched yet.

    Raises `Refused`, `NotFiled`, and parties.NotAllowed.
    """
    person = second_person.of_operator(actor=actor, what=_WHAT)
    reason = redaction.redact(ground.strip())[: rules.GROUND_MAX]
    if not reason:
        raise _refused("ground_missing", "没有写明依据", "请写明法律条款或来函、文书的文号。")

    def act() -> Card:
        with transaction.atomic():
            batch = _filed(batch_id)
            if BatchProposal.objects.filter(batch=batch, state=State.PROPOSED).exists():
                raise _refused("proposal_open", "该批次已有待复核的提议", "请先办结该提议。")
            given: dict[str, Any] = {"why": why, "ground": reason, "actor": actor, "as_of": as_of}
            found = measures.foresee(batch, measure, **given)
            if found.mark != seen:
                raise _otherwise()
            row = BatchProposal(
                id=identifiers.time_ordered(),
                batch=batch,
                measure=measure,
                why=why if measure is Measure.END else "",
                ground=reason,
                foreseen=found.as_json(),
                proposed_by=person,
                proposed_at=as_of,
            )
            row.journal_entry = _journal(row, "proposed", actor=actor, as_of=as_of)
            row.save(force_insert=True)
        return _card(row)

    return attempts.patiently(act)


def confirm(proposal: UUID, *, seen: str, actor: Actor, as_of: datetime) -> Card:
    """Do what another person proposed, exactly as it was seen. Raises `ProposalOver`, `Refused`, NotAllowed.

    Where the store has changed since, what is foreseen now stands in the proposal, to be looked at again.
    """
    person = second_person.of_operator(actor=actor, what=_WHAT)

    def act() -> tuple[Card, bool]:
        with transaction.atomic():
            row = _open(proposal, Act.CONFIRM)
            second_person.check_other(person, row.proposed_by, what=_WHAT)
            if _is_over(row):
                return _close(row, Act.LAPSE, "", "", actor=SYSTEM, as_of=as_of), True
            if seen != rules.read(row.foreseen).mark:
                raise _otherwise()
            before = transaction.savepoint()
            by: dict[str, Any] = {"why": row.why, "ground": row.ground, "actor": actor, "as_of": as_of}
            done = measures.carry_out(row.batch, Measure(row.measure), **by)
            if done != rules.read(row.foreseen):
                transaction.savepoint_rollback(before)
                row.foreseen = done.as_json()
                row.save(update_fields=["foreseen"])
                return _card(row), False
            return _close(row, Act.CONFIRM, person, "", actor=actor, as_of=as_of), True

    card, settled = attempts.patiently(act)
    if not settled:
        raise _otherwise()
    if card.state is State.LAPSED:
        raise ProposalOver(proposal, card.state.label)
    return card


def decline(proposal: UUID, *, reason: str, actor: Actor, as_of: datetime) -> Card:
    """Turn another person's proposal down, with the reason; nothing is touched."""
    person = second_person.of_operator(actor=actor, what=_WHAT)
    with transaction.atomic():
        row = _open(proposal, Act.DECLINE)
        second_person.check_other(person, row.proposed_by, what=_WHAT)
        return _close(row, Act.DECLINE, person, reason, actor=actor, as_of=as_of)


def take_back(proposal: UUID, *, reason: str, actor: Actor, as_of: datetime) -> Card:
    """Take one's own proposal back; nothing is touched."""
    person = second_person.of_operator(actor=actor, what=_WHAT)
    with transaction.atomic():
        row = _open(proposal, Act.TAKE_BACK)
        if person != row.proposed_by:
            raise NotAllowed("只有提出人可以收回提议；复核人请选择不予复核")
        return _close(row, Act.TAKE_BACK, person, reason, actor=actor, as_of=as_of)


def lapse(*, as_of: datetime) -> int:
    """Close the proposals whose batch has been withdrawn or has nothing left to end; return how many."""
    closed = 0
    waiting = BatchProposal.objects.filter(state=State.PROPOSED).order_by("proposed_at", "id")
    for proposal in list(waiting.values_list("pk", flat=True)):
        with transaction.atomic():
            row = _locked(proposal)
            if row.state == State.PROPOSED and _is_over(row):
                _close(row, Act.LAPSE, "", "", actor=SYSTEM, as_of=as_of)
                closed += 1
    return closed


def get(proposal: UUID) -> Card:
    """Return a proposal; raises `UnknownProposal`."""
    row = BatchProposal.objects.select_related("batch").filter(pk=proposal).first()
    if row is None:
        raise UnknownProposal(proposal)
    return _card(row)


def of_batch(batch_id: UUID) -> list[Card]:
    """Return what was proposed of a batch, the newest first."""
    rows = BatchProposal.objects.select_related("batch").filter(batch=batch_id)
    return [_card(row) for row in rows.order_by("-proposed_at", "-id")]


def waiting_for(provider: str) -> list[Card]:
    """Return what is proposed of a provider's batches and not yet decided, the oldest first."""
    rows = BatchProposal.objects.select_related("batch").filter(
        state=State.PROPOSED, batch__provider=provider
    )
    return [_card(row) for row in rows.order_by("proposed_at", "id")]


def waiting() -> int:
    """Return how many proposals wait for a second person."""
    return BatchProposal.objects.filter(state=State.PROPOSED).count()


def part_of(
    window: Window, *, find: str = "", items: Collection[str] = (), state: State | None = None
) -> Part[Card]:
    """Return a part of the proposals, the newest first: of a file so named, of one of `items`, in a state."""
    rows = BatchProposal.objects.select_related("batch")
    if state is not None:
        rows = rows.filter(state=state)
    if find:
        rows = rows.filter(Q(batch__file_name__icontains=find) | Q(batch__item__in=items))
    return windows.part(rows, window, "-proposed_at", "-id").of(_card)


def _filed(batch_id: UUID) -> Batch:
    batch = batches.locked(batch_id)
    if batch.status != Status.FILED:
        raise NotFiled(batch_id, Status(batch.status).label)
    return batch


def _locked(proposal: UUID) -> BatchProposal:
    """Return a proposal, its batch held: of whoever acts on either, one comes first."""
    batch_id = BatchProposal.objects.filter(pk=proposal).values_list("batch_id", flat=True).first()
    if batch_id is None:
        raise UnknownProposal(proposal)
    batch = batches.locked(batch_id)
    row = BatchProposal.objects.get(pk=proposal)  # read under the lock
    row.batch = batch
    return row


def _open(proposal: UUID, act: Act) -> BatchProposal:
    row = _locked(proposal)
    if act not in rules.TRANSITIONS[State(row.state)]:
        raise ProposalOver(proposal, State(row.state).label)
    return row


def _is_over(row: BatchProposal) -> bool:
    """Whether there is nothing left of the batch that could be ended or withdrawn."""
    if row.batch.status != Status.FILED:
        return True
    theirs = [row.batch_id, *withdrawal.corrections_of(row.batch)]
    return row.measure == Measure.END and row_endings.tally(theirs, item=row.batch.item)[0] == 0


def _close(row: BatchProposal, act: Act, person: str, why: str, *, actor: Actor, as_of: datetime) -> Card:
    row.state = rules.TRANSITIONS[State(row.state)][act]
    row.decided_by, row.decided_at, row.decided_why = person, as_of, redaction.redact(why.strip())[:500]
    row.save(update_fields=["state", "decided_by", "decided_at", "decided_why"])
    _journal(row, str(row.state), actor=actor, as_of=as_of)
    return _card(row)


def _journal(row: BatchProposal, change: str, *, actor: Actor, as_of: datetime) -> UUID:
    refs = {
        **batches.refs_of(row.batch),
        "proposal": str(row.id),
        "measure": str(row.measure),
        "change": change,
    }
    said = canonical.digest({"why": row.why, "ground": row.ground, "foreseen": row.foreseen})
    kind = Kind.BATCH_PROPOSAL_CHANGED
    return entries.append(kind, actor=actor, refs=refs, commitments={"proposal": said}, as_of=as_of).id


def _card(row: BatchProposal) -> Card:
    return Card(
        id=row.id,
        batch=row.batch_id,
        item=row.batch.item,
        provider=row.batch.provider_id,
        file_name=row.batch.file_name,
        measure=Measure(row.measure),
        why=row_changes.ENDINGS[row.why].label if row.why else "",
        ground=row.ground,
        foreseen=rules.read(row.foreseen),
        state=State(row.state),
        proposed_by=row.proposed_by,
        proposed_at=row.proposed_at,
        decided_by=row.decided_by,
        decided_at=row.decided_at,
        decided_why=row.decided_why,
    )


def _otherwise() -> Refused:
    return _refused(
        "foreseen_otherwise",
        "涉及的记录与所示不同，没有办理",
        "记录有变动，请核对现在所示后再办理。",
    )


def _refused(code: str, what: str, what_to_do: str) -> Refused:
    return Refused(code, what=what, where="", what_to_do=what_to_do)
