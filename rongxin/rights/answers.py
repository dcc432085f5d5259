"""The answer to an objection: by the provider of that very record, with reasons ((九)).

Upheld, the record is corrected or ended by the provider's own act on its own batch (`sharing`'s row changes,
which go through `records.filing`); only then is the objection closed and the mark taken away.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from rongxin.catalogue import loader, redaction
from rongxin.consent.rules import business_day
from rongxin.disclosure import told
from rongxin.journal.rules import Kind
from rongxin.proof import canonical
from rongxin.records import marks, whereabouts
from rongxin.rights import objection_cards as cards
from rongxin.rights import policy
from rongxin.rights.errors import ObjectionRefused
from rongxin.rights.models import Objection
from rongxin.rights.objection_cards import Card
from rongxin.rights.rules.objection import Act, Remedy, State
from rongxin.sharing import errands
from rongxin.vocabulary.actor import Actor


@dataclass(frozen=True)
class Answer:
    """The provider's answer. Upheld, it names its remedy: `correct` with `values` by column, `end` with `why`
    (removed | over), `withdraw`, or `at_source` where the platform holds no record.
    """

    upheld: bool
    reason: str
    remedy: Remedy | None = None
    values: Mapping[str, str] = field(default_factory=dict)
    why: str = "removed"


def decide(objection_id: UUID, answer: Answer, *, actor: Actor, as_of: datetime) -> Card:
    """Answer it as the provider of that very record, or enter as the operator what a court answered on paper.

    Upheld, the record is corrected or ended first, by an act on the batch that it came in; only then is the
    objection closed and the mark taken away. Raises what that act raises, and then nothing has changed.
    """
    act = Act.UPHOLD if answer.upheld else Act.REJECT
    edition = policy.objections_on(business_day(as_of))
    reason = redaction.redact(answer.reason.strip())
    if not reason or len(reason) > edition.reason_characters_max:
        raise ObjectionRefused(f"请写明理由，不超过{edition.reason_characters_max}字")
    row = cards.found(objection_id)
    cards.may(row, act, cards.owner(row, actor=actor))
    if answer.upheld and row.institution:
        _check_told(row, answer)
    elif answer.upheld:
        _remedy(row, answer, reason, actor=actor, as_of=as_of)
    with transaction.atomic():
        row = cards.locked(objection_id)
        cards.may(row, act, cards.owner(row, actor=actor))
        row.reason = reason
        row.remedy = answer.remedy.value if answer.upheld and answer.remedy else ""
        cards.close(row, act, actor=actor, as_of=as_of)
        said = canonical.digest({"reason": reason, "remedy": row.remedy})
        cards.journal(Kind.OBJECTION_DECIDED, row, actor=actor, as_of=as_of, commitments={"answer": said})
        label = loader.load().item(row.item).label
        outcome = State(row.state).label
        words = f"您就“{label}”提出的{outcome.replace('异议', '异议经核查')}。理由：{reason}"
        cards.tell(row, "objection_decided", words, as_of=as_of)
    return cards.card(row)


def _remedy(row: Objection, answer: Answer, reason: str, *, actor: Actor, as_of: datetime) -> None:
    """Have the record corrected or ended by the provider's own act on its own batch."""
    record = marks.record_of(row.id)
    if (answer.remedy is Remedy.AT_SOURCE) is not (record is None) or answer.remedy is None:
        raise ObjectionRefused(
            "平台持有该记录：异议成立的，请更正（correct）、移除（end）或撤回（withdraw）该记录"
            if record is not None
            else "平台不持有该记录：异议成立的，请在来源系统更正后答复 at_source"
        )
    if record is None:
        return
    by: dict[str, Any] = {"actor": actor, "as_of": as_of}
    place = whereabouts.read(errands.ask("record.find", subject=row.subject_id, record=record, **by))
    if place.ended_at is not None:
        return  # done already, by the provider itself or by this very answer before a crash
    row_of = {"batch": place.batch, "line": place.line, "reason": f"异议{row.id}：{reason}"[:1000], **by}
    if answer.remedy is Remedy.CORRECT:
        errands.ask("row.correct", values=dict(answer.values), **row_of)
    elif answer.remedy is Remedy.END:
        errands.ask("row.end", why=answer.why, **row_of)
    else:
        errands.ask("row.withdraw", **row_of)


def _check_told(row: Objection, answer: Answer) -> None:
    """What an institution told it corrects or takes back by itself; until then nothing is upheld here."""
    assert row.record_id is not None  # with the institution that told it
    if answer.remedy is not Remedy.AT_SOURCE:
        raise ObjectionRefused("该条由机构反馈：异议成立的，由反馈机构更正或撤回后答复 at_source")
    behind = told.behind(row.subject_id, row.record_id)
    if behind is not None and behind.stands:
        raise ObjectionRefused("反馈机构尚未更正或撤回这一条：请其先更正或撤回，再登记异议成立")
