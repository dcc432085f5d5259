"""年度续评: a connected institution applies for another year in its own name, signed in ((五)(十))."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import Field, File, Query, Router, Schema, Status
from ninja.files import UploadedFile

from rongxin.entrypoints.api import applications, authentication, handed_in, paging
from rongxin.governance.onboarding import documents, door

router = Router(tags=["接入状态 Standing"])
_Hash = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]


class RenewalIn(Schema):
    """`documents` gives each document of the questionnaire its SHA-256."""

    documents: dict[str, _Hash] = Field(max_length=50)


@router.get(
    "/{institution}/renewals",
    auth=authentication.UNSERVED_INSTITUTION | authentication.SECURITY | authentication.AUDIT,
    summary="续评申请 Renewals",
)
def listed(
    request: HttpRequest, answer: HttpResponse, wanted: Query[paging.Wanted], institution: str
) -> list[dict[str, Any]]:
    """Return an institution's renewals and what became of them: to itself and the operator."""
    authentication.check_own_institution(request, institution)
    rows = [applications.told(card) for card in door.renewals(institution)]
    return paging.whole(request, answer, wanted, rows, "-submitted_at", "application")


@router.post(
    "/{institution}/renewals",
    auth=authentication.UNSERVED_ADMINISTRATOR,
    response={201: dict[str, Any]},
    summary="申请续评 Renew",
)
def renew(request: HttpRequest, institution: str, given: RenewalIn) -> Status[dict[str, Any]]:
    """Apply for another year as the institution's administrator, whatever its standing; two persons of the
    operator's decide, and nothing that a stranger hands in counts beside it.
    """
    caller = authentication.caller(request)
    authentication.check_own_institution(request, institution)
    card = door.renew(institution, given.documents, actor=caller.actor, as_of=caller.at)
    return Status(201, applications.told(card))


@router.post(
    "/{institution}/renewals/{renewal}/documents",
    auth=authentication.UNSERVED_ADMINISTRATOR,
    summary="提交续评材料 Hand in a document",
)
def hand_in(
    request: HttpRequest, institution: str, renewal: UUID, file: File[UploadedFile]
) -> dict[str, Any]:
    """Hand in a file that the renewal names by its SHA-256 (PDF, JPEG or PNG, 5 MB)."""
    caller = authentication.caller(request)
    authentication.check_own_institution(request, institution)
    card = door.renewal(institution, renewal)
    documents.hand_in(card.id, handed_in.files_of([file]), as_of=caller.at)
    return applications.told(card)
