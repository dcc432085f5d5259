"""谁查过我: every use and refused attempt, and its place in the journal, which the page itself checks."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from rongxin.catalogue import loader
from rongxin.entrypoints.portals import pages, visitors
from rongxin.entrypoints.portals.visitors import Visitor
from rongxin.journal import keyring, proofs
from rongxin.journal.errors import JournalError
from rongxin.parties.rules import permission
from rongxin.rights import uses
from rongxin.rights.errors import UnknownUse
from rongxin.rights.rules import use as rules
from rongxin.rights.uses import Use
from rongxin.vocabulary.availability import Availability

_AT_ONCE = 50


@visitors.page(permission.SUBJECT)
def listed(request: HttpRequest, visitor: Visitor) -> HttpResponse:
    """List who asked, when, for what and what came of it, newest first; `own=1` adds the firm's own looks."""
    own = request.GET.get("own") == "1"
    window = pages.window(request, _AT_ONCE)
    part = uses.part_of(visitor.subject, window, as_of=visitor.at, own=own)
    context = {
        "here": "enterprise_uses",
        "uses": [_line(one) for one in part.rows],
        "own": own,
        "onward": pages.onward(part.last, own="1" if own else ""),
        "newest": window.after is not None,
    }
    return pages.render(request, "enterprise/uses.html", context)


@visitors.page(permission.SUBJECT)
def one(request: HttpRequest, visitor: Visitor, number: UUID) -> HttpResponse:
    """Show one use item by item, and prove that it stands in the journal."""
    try:
        told = uses.one(visitor.subject, number, as_of=visitor.at)
    except UnknownUse as error:
        raise Http404(str(error)) from error
    known = loader.load()
    items = [
        {
            "label": known.items[name].label if name in known.items else name,
            "what": Availability(said[0]).label,
            "source": known.provider_label(said[1]) if said[1] else "",
            "rows": said[2],
        }
        for name, said in told.use.items.items()
    ]
    context = {"here": "enterprise_uses", **_line(told), "items": items, "proof": _proof(told)}
    return pages.render(request, "enterprise/use.html", context)


def _line(told: Use) -> dict[str, Any]:
    why = rules.words(told.use.reason)
    return {
        "use": told.use,
        "who": _("本企业") if told.use.recipient_kind == "subject" else told.recipient_name,
        "purpose": told.purpose_label,
        "outcome": _outcome(told.use.released),
        "why": why.label if why and told.use.released is False else "",
        "count": sum(bool(said[2]) for said in told.use.items.values()),
    }


def _outcome(released: bool | None) -> str:
    if released is None:
        return _("办理中")
    return _("已提供") if released else _("已拒绝")


def _proof(told: Use) -> dict[str, Any] | None:
    """Return the proof that the outcome (or, before there is one, the intent) is in the journal's tree."""
    try:
        proof = proofs.inclusion(told.use.outcome_entry or told.use.intent_entry).document()
    except JournalError:
        return None
    return {**proof, "key": keyring.journal_key().public.pem()}
