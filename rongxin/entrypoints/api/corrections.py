"""更正通知: what past recipients are told of a record that is over, and what they answer ((九)(十))."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from ninja import Field, Query, Router, Schema

from rongxin.entrypoints.api import authentication, paging
from rongxin.entrypoints.api.authentication import Caller
from rongxin.entrypoints.api.problems import Problem
from rongxin.parties.rules.membership import PartyKind
from rongxin.rights import corrections
from rongxin.rights.rules.correction import Done

router = Router(tags=["更正通知 Corrections"])
_TOLD = authentication.UNSERVED_INSTITUTION | authentication.DEPARTMENT
_SEES = _TOLD | authentication.SUBJECT | authentication.SECURITY | authentication.AUDIT


class CorrectionAnswer(Schema):
    done: Done = Field(description="对留存副本的处理")
    note: str = Field("", max_length=500)


@router.get("", auth=_SEES, summary="更正通知一览 Correction notices")
def listed(
    request: HttpRequest, answer: HttpResponse, wanted: Query[paging.Wanted], owed_only: bool = True
) -> list[dict[str, Any]]:
    """List what a recipient was told, by the day on which the answer is due; to a subject who was told about
    its records, the newest first; to the operator everybody's.
    """
    caller = authentication.caller(request)
    window = paging.window(request, wanted)
    if caller.party_kind is PartyKind.SUBJECT:
        part = corrections.of_subject(int(caller.party), window)
    elif caller.party_kind is PartyKind.OPERATOR:
        part = corrections.every(window, owed_only=owed_only)
    else:
        kind = caller.party_kind.value
        part = corrections.of_recipient(kind, caller.party, window, owed_only=owed_only)
    paging.link(request, answer, part)
    today = timezone.localdate(caller.at)
    return [card.document(on=today) for card in part.rows]


@router.get("/{correction}", auth=_SEES, summary="一份更正通知 One notice")
def show(request: HttpRequest, correction: UUID) -> dict[str, Any]:
    """Give a notice with its signed form (JWS of the node), which names the requests it left by."""
    caller = authentication.caller(request)
    card = _own(correction, caller)
    told = {} if caller.party_kind is PartyKind.SUBJECT else {"notice": card.notice}
    return card.document(on=timezone.localdate(caller.at)) | told


@router.post("/{correction}/acknowledgement", auth=_TOLD, summary="确认更正通知 Acknowledge")
def acknowledge(request: HttpRequest, correction: UUID, body: CorrectionAnswer) -> dict[str, Any]:
    """Say what became of the copy: corrected, deleted, or none is held."""
    caller = authentication.caller(request)
    card = corrections.acknowledge(correction, body.done, note=body.note, actor=caller.actor, as_of=caller.at)
    return card.document(on=timezone.localdate(caller.at))


def _own(correction: UUID, caller: Caller) -> corrections.Card:
    """Return a notice to its recipient, to whose record it is about and to the operator."""
    card = corrections.get(correction)
    whose = str(card.subject) if caller.party_kind is PartyKind.SUBJECT else card.recipient
    kind = PartyKind.SUBJECT.value if caller.party_kind is PartyKind.SUBJECT else card.recipient_kind
    own = (caller.party_kind.value, caller.party) == (kind, whose)
    if not own and caller.party_kind is not PartyKind.OPERATOR:
        raise Problem(404, "unknown_correction", f"没有编号为{correction}的更正通知")
    return card
