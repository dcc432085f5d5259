"""How API and pages take a file in, and give one on: through the door, to be saved, never shown."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpResponse

from rongxin.catalogue import attachments, loader
from rongxin.disclosure import handed_in
from rongxin.disclosure.handed_in import Ask, Paper
from rongxin.disclosure.release import Recipient, Refusal
from rongxin.disclosure.rules import RecipientKind
from rongxin.entrypoints.api.problems import Problem
from rongxin.parties import accounts, institutions
from rongxin.parties.rules.membership import PartyKind
from rongxin.vocabulary.actor import Actor


class Listed(Protocol):
    """A paper as its room lists it."""

    @property
    def media_type(self) -> str: ...
    @property
    def sha256(self) -> str: ...


def files_of(uploaded: Iterable[UploadedFile[Any]]) -> tuple[attachments.File, ...]:
    """Read what was uploaded."""
    return tuple(attachments.File(file.name or "", file.content_type or "", file.read()) for file in uploaded)


def given(
    listed: Listed,
    paper: Paper,
    kind: PartyKind,
    party: str,
    *,
    reference: str,
    case: UUID | None = None,
    opening: UUID | None = None,
    actor: Actor,
    as_of: datetime,
) -> HttpResponse:
    """Give a paper to a party's person; a refusal is raised as a problem with its reason."""
    answer = handed_in.release(
        paper, Ask(_recipient(kind, party, actor), reference, case, opening), actor=actor, as_of=as_of
    )
    if isinstance(answer, Refusal):
        raise Problem(403, answer.reason.value, answer.reason.label)
    return attachment(listed, answer)


def attachment(listed: Listed, content: bytes) -> HttpResponse:
    """Give a file to be saved, never to be shown inside a page."""
    answer = HttpResponse(content, content_type=listed.media_type)
    answer["Content-Disposition"] = f'attachment; filename="{listed.sha256}"'
    answer["X-Content-Type-Options"] = "nosniff"
    answer["Content-Security-Policy"] = "sandbox; default-src 'none'"
    answer["Cache-Control"] = "no-store"
    return answer


def _recipient(kind: PartyKind, party: str, actor: Actor) -> Recipient:
    person = accounts.get(int(actor.id)).display_name
    if kind is PartyKind.OPERATOR:
        return Recipient(RecipientKind.OPERATOR, actor.id, settings.RONGXIN_NODE_NAME, person)
    if kind is PartyKind.PROVIDER:
        return Recipient(RecipientKind.PROVIDER, party, loader.load().provider_label(party), person)
    return Recipient(RecipientKind.INSTITUTION, party, institutions.get(party).name, person)
