"""紧急查阅: asked for by one of the operator's people, approved by another, open for minutes."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from rongxin.catalogue import loader
from rongxin.disclosure import gate
from rongxin.disclosure.handed_in import PaperKind
from rongxin.disclosure.release import Recipient, Refusal, Release, Request
from rongxin.disclosure.rules import RecipientKind
from rongxin.entrypoints.api import handed_in
from rongxin.entrypoints.portals import lists, pages, visitors, wording
from rongxin.entrypoints.portals.enterprise import own
from rongxin.entrypoints.portals.lists import Cell, Column, Filter, Listing, Wanted
from rongxin.entrypoints.portals.visitors import Visitor
from rongxin.journal.windows import Part, Window
from rongxin.parties import break_glass, subjects
from rongxin.parties.errors import PartiesError
from rongxin.parties.rules import permission
from rongxin.parties.rules.break_glass import State
from rongxin.rights import opened
from rongxin.vocabulary.purpose import Purpose

_APPROVES = permission.SECURITY | permission.AUDIT
# Of so many objections, and of so many requests for repair, the papers are offered.
_MATTERS = 50


def _rows(visitor: Visitor, wanted: Wanted, window: Window) -> Part[dict[str, Any]]:
    part = break_glass.every(
        window,
        asked_by=None if _approves(visitor) else visitor.actor,
        find=wanted["find"],
        state=State(wanted["state"]) if wanted["state"] else None,
    )
    return part.of(lambda card: card.document(as_of=visitor.at))


def _asked(row: dict[str, Any]) -> Cell:
    return Cell(lists.at(row["asked_at"]), reverse("operator_glass_one", args=[row["break_glass"]]))


REQUESTS = Listing(
    "operator_glass",
    _lazy("紧急查阅"),
    (
        Column(_lazy("申请"), _asked, whole=True),
        Column(_lazy("企业"), lambda row: row["name"]),
        Column(_lazy("申请人"), lambda row: row["asked_by"]),
        Column(_lazy("理由"), lambda row: Cell(row["reason"], note=row["reference"])),
        Column(_lazy("状态"), lambda row: Cell(wording.named(row["state_label"]), tag=_tone(row))),
        Column(_lazy("核准人"), lambda row: row["decided_by"] or "—"),
    ),
    _rows,
    _lazy("还没有申请。"),
    (lists.SEARCH, Filter("state", _lazy("状态"), "choice", lambda: lists.words(State))),
)


def _tone(row: dict[str, Any]) -> str:
    return "warn" if row["open"] else ""


@visitors.page(permission.STAFF, "GET", "POST")
def listed(request: HttpRequest, visitor: Visitor) -> HttpResponseBase:
    """List one's own requests, and to an approver all of them, what waits first; by POST ask for another."""
    context: dict[str, Any] = {key: request.POST.get(key, "") for key in ("uscc", "reason", "reference")}
    context |= _head(visitor)
    if request.method != "POST" or lists.asked(request):
        return lists.answer(request, visitor, REQUESTS, "operator/glass.html", context)
    try:
        made = break_glass.ask(
            context["uscc"],
            reason=context["reason"],
            reference=context["reference"],
            actor=visitor.actor,
            as_of=visitor.at,
        )
    except PartiesError as error:
        told = {"mistake": pages.words(error), "list": lists.shown(request, visitor, REQUESTS)}
        return pages.render(request, "operator/glass.html", {**context, **told}, status=422)
    messages.success(request, _("已提出，等安全管理员或审计管理员核准"))
    return redirect("operator_glass_one", number=made.id)


@visitors.page(permission.STAFF)
def one(request: HttpRequest, visitor: Visitor, number: UUID) -> HttpResponse:
    """Show where a request stands; nothing of the subject's records is on this page."""
    return pages.render(request, "operator/glass_one.html", _one(number, visitor))


@visitors.page(permission.STAFF, "POST")
def look(request: HttpRequest, visitor: Visitor, number: UUID) -> HttpResponse:
    """Show the records in clear while it is open to this very person; every look is a disclosure of its own.

    The page leaves the screen by itself when the time is over.
    """
    card = break_glass.get(number)
    answer = gate.release(
        Request(
            recipient=Recipient(
                RecipientKind.OPERATOR, visitor.actor.id, pages.node(), visitor.account.display_name
            ),
            uscc=subjects.get(card.subject).uscc or "",
            items=tuple(loader.load().items),
            purpose=Purpose.BREAK_GLASS,
            reference=card.reference,
            mandate_id=card.id,
        ),
        actor=visitor.actor,
        as_of=visitor.at,
    )
    if isinstance(answer, Refusal):
        told = _("这次尝试已记入存证，信息主体可以看到。")
        return pages.refusal(request, 403, wording.reason(answer.reason), told)
    context = {
        **_one(number, visitor),
        "sections": _stored(answer),
        "seen_at": answer.released_at,
        "papers": opened.of_subject(card.subject, _MATTERS),
    }
    page = pages.render(request, "operator/glass_one.html", context)
    left = max(1, int((card.until - visitor.at).total_seconds()))
    page["Refresh"] = f"{left}; url={request.path.removesuffix('/look')}"
    return page


@visitors.page(permission.STAFF, "POST")
def paper(request: HttpRequest, visitor: Visitor, number: UUID, act: UUID, which: UUID) -> HttpResponse:
    """Give a paper of the subject's to be saved; each one is a disclosure of its own."""
    card = break_glass.get(number)
    of = opened.evidence if request.POST.get("kind") == PaperKind.OBJECTION_EVIDENCE else opened.material
    return handed_in.given(
        *of(act, which),
        visitor.role.party_kind,
        "",
        reference=card.reference,
        opening=card.id,
        actor=visitor.actor,
        as_of=visitor.at,
    )


@visitors.page(_APPROVES, "POST")
def decide(request: HttpRequest, visitor: Visitor, number: UUID) -> HttpResponseBase:
    """Approve or decline another person's request."""
    act = break_glass.approve if request.POST.get("act") == "approve" else break_glass.decline
    try:
        act(number, actor=visitor.actor, as_of=visitor.at)
    except PartiesError as error:
        context = {**_one(number, visitor), "mistake": pages.words(error)}
        return pages.render(request, "operator/glass_one.html", context, status=422)
    messages.success(
        request, _("已核准，申请人现在可以查阅") if act is break_glass.approve else _("未予核准")
    )
    return redirect("operator_glass")


@visitors.page(permission.STAFF, "POST")
def close(request: HttpRequest, visitor: Visitor, number: UUID) -> HttpResponseBase:
    """End it before its time."""
    break_glass.close(number, actor=visitor.actor, as_of=visitor.at)
    messages.success(request, _("已结束，内容重新遮蔽"))
    return redirect("operator_glass")


def _approves(visitor: Visitor) -> bool:
    return _APPROVES.admits(visitor.role.party_kind, visitor.role.role)


def _head(visitor: Visitor) -> dict[str, Any]:
    approves = _approves(visitor)
    waits = break_glass.waiting(as_of=visitor.at) if approves else []
    return {
        "here": "operator_glass",
        "limits": break_glass.limits(visitor.today),
        "approves": approves,
        "waiting": [card.document(as_of=visitor.at) for card in waits],
    }


def _one(number: UUID, visitor: Visitor) -> dict[str, Any]:
    card = break_glass.get(number)
    own_request = card.asked_for_by(actor=visitor.actor)
    if not own_request and not _approves(visitor):
        raise Http404(str(number))
    return {
        "here": "operator_glass",
        "asked": card.document(as_of=visitor.at),
        "own": own_request,
        "limits": break_glass.limits(visitor.today),
        "decides": not own_request,
    }


def _stored(released: Release) -> list[dict[str, Any]]:
    """Return what is stored, section by section; an item of which nothing is, isn't shown."""
    sections = [
        {**section, "items": [item for item in section["items"] if item["rows"]]}
        for section in own.document(released)["sections"]
    ]
    return [section for section in sections if section["items"]]
