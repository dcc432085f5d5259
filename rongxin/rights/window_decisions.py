"""What the national window decided, and carrying it out: nobody here decides, and nobody stands in its way.

A decision comes signed by the window, or two persons of the operator's enter and confirm what it shows on
paper or screen, with the number of its document. Granted, the record ends first, and then the request closes.
"""

from __future__ import annotations

import logging
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from rongxin.catalogue import loader
from rongxin.journal.rules import Kind
from rongxin.parties import second_person
from rongxin.proof import canonical, jws
from rongxin.proof.errors import ProofError
from rongxin.records import marks, whereabouts
from rongxin.records.rules import EndedWhy
from rongxin.rights import repair_cards as cards
from rongxin.rights.errors import RepairNotPossible, RepairRefused, RightsError, WindowSilent
from rongxin.rights.models import Repair
from rongxin.rights.repair_cards import Card
from rongxin.rights.rules import repair as rules
from rongxin.rights.rules.repair import Decision, Outcome
from rongxin.rights.windows import way, window
from rongxin.sharing import errands
from rongxin.vocabulary.actor import SYSTEM, Actor

_log = logging.getLogger(__name__)
_WHAT = "登记全国窗口的修复决定"


def fetch(*, as_of: datetime) -> int:
    """Carry out the decisions that the window has signed since; returns how many."""
    connected, done = way.connected(), 0
    try:
        for token in connected.decisions():
            if _follow(token, as_of=as_of):
                connected.done(token)
                done += 1
    except WindowSilent as error:
        _log.warning("decisions on repairs can't be fetched: %s", error)
    return done


def enter(decision: Decision, *, actor: Actor, as_of: datetime) -> Card:
    """Enter, as a person of the operator's, what the window decided; it takes another one to confirm."""
    person = second_person.of_operator(actor=actor, what=_WHAT)
    with transaction.atomic():
        row = cards.locked(_number(decision.repair))
        cards.may(row, decision.outcome.act)
        row.decision, row.decision_entered_by = decision.as_json(), person
        row.save(update_fields=["decision", "decision_entered_by"])
    return cards.card(row)


def confirm(repair_id: UUID, *, actor: Actor, as_of: datetime) -> Card:
    """Confirm, as another person than the one who entered it; it is carried out at once."""
    person = second_person.of_operator(actor=actor, what=_WHAT)
    row = cards.found(repair_id)
    if not row.decision:
        raise RepairNotPossible("尚未登记该申请的修复决定，没有可核准的内容")
    second_person.check_other(person, row.decision_entered_by, what=_WHAT)
    return _carry_out(row, rules.decision_of(row.decision), "", actor=actor, as_of=as_of)


def _follow(token: str, *, as_of: datetime) -> bool:
    """Carry out one signed decision; True where there is nothing left to do about it."""
    try:
        decision = rules.decision_of(jws.verify(token, window.key(), type=rules.DECISION_TYPE))
        row = cards.found(_number(decision.repair))
        _carry_out(row, decision, token, actor=SYSTEM, as_of=as_of)
    except (ProofError, ValueError) as error:
        # Left where it is: it changes nothing, and whoever put it there is to be found.
        _log.error("a decision on a repair is not the window's: %s", error)
        return False
    except RightsError as error:
        _log.warning("a decision on a repair is not followed: %s", error)
    return True


def _carry_out(row: Repair, decision: Decision, token: str, *, actor: Actor, as_of: datetime) -> Card:
    cards.may(row, decision.outcome.act)
    if decision.outcome is Outcome.GRANTED:
        _end_record(row, actor=actor, as_of=as_of)
    with transaction.atomic():
        row = cards.locked(row.id)
        cards.may(row, decision.outcome.act)
        row.decision, row.decision_token = decision.as_json(), token
        cards.close(row, decision.outcome.act, actor=actor, as_of=as_of)
        said = {"decision": canonical.digest(decision.as_json())}
        cards.journal(Kind.REPAIR_DECIDED, row, actor=actor, as_of=as_of, commitments=said)
        label = loader.load().item(row.item).label
        by = f"{decision.authority}，{decision.document}"
        told = f"您就“{label}”申请的信用修复：{decision.outcome.label}（{by}）。"
        if decision.outcome is Outcome.GRANTED:
            told += "该记录已停止公示、共享和使用。"
        else:
            told += f"理由：{decision.reason}"
        cards.tell(row, "repair_decided", told, as_of=as_of)
    return cards.card(row)


def _end_record(row: Repair, *, actor: Actor, as_of: datetime) -> None:
    """End the record, or the one that has taken its place; one that ended otherwise needs no ending."""
    record = marks.record_of(row.id) or row.record_id
    given: dict[str, Any] = {"subject": row.subject_id, "record": record, "actor": actor, "as_of": as_of}
    if whereabouts.read(errands.ask("record.find", **given)).ended_at is None:
        errands.ask("record.end", why=EndedWhy.REPAIRED.value, by=f"repair:{row.id}", **given)


def _number(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as error:
        raise RepairRefused(f"没有编号为{text[:40]}的信用修复申请") from error
