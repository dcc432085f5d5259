"""谁查过我: every use and refused attempt, and its place in the journal, which the page itself checks."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse

from rongxin.catalogue import loader
from rongxin.delivery.push import uses as pushes
from rongxin.disclosure import register
from rongxin.disclosure.register import UseOfData
from rongxin.entrypoints.portals import pages, shown, visitors
from rongxin.entrypoints.portals.visitors import Visitor
from rongxin.journal import keyring, proofs
from rongxin.journal.errors import JournalError
from rongxin.parties.errors import PartiesError
from rongxin.parties.rules import permission
from rongxin.parties.rules.membership import PartyKind
from rongxin.vocabulary.availability import Availability
from rongxin.vocabulary.purpose import Purpose
from rongxin.vocabulary.reason import Reason

_AT_ONCE = 200


@visitors.page(permission.SUBJECT)
def listed(request: HttpRequest, visitor: Visitor) -> HttpResponse:
    """List who asked, when, for what and what came of it, newest first; `own=1` adds the firm's own looks."""
    own = request.GET.get("own") == "1"
    found = _uses(visitor.subject)
    shown_uses = [use for use in found if own or use.recipient_kind != "subject"]
    context = {
        "here": "enterprise_uses",
        "uses": [_line(use) for use in shown_uses],
        "own": own,
        "hidden": len(found) - len(shown_uses),
        "more": len(found) >= _AT_ONCE,
        "at_once": _AT_ONCE,
    }
    return pages.render(request, "enterprise/uses.html", context)


@visitors.page(permission.SUBJECT)
def one(request: HttpRequest, visitor: Visitor, number: UUID) -> HttpResponse:
    """Show one use item by item, and prove that it stands in the journal."""
    use = next((one for one in _uses(visitor.subject) if one.request == number), None)
    if use is None:
        raise Http404(f"没有编号为{number}的使用记录")
    items = [
        {
            "label": _label(name),
            "what": Availability(told[0]).label,
            "rows": told[2],
            "source": _source(told[1]),
        }
        for name, told in use.items.items()
    ]
    context = {"here": "enterprise_uses", **_line(use), "items": items, "proof": _proof(use)}
    return pages.render(request, "enterprise/use.html", context)


def _uses(subject: int) -> list[UseOfData]:
    found = [*register.uses_of(subject, limit=_AT_ONCE), *pushes.of(subject, limit=_AT_ONCE)]
    return sorted(found, key=lambda use: use.asked_at, reverse=True)[:_AT_ONCE]


def _line(use: UseOfData) -> dict[str, Any]:
    return {
        "use": use,
        "who": _who(use),
        "purpose": Purpose(use.purpose).label,
        "outcome": _outcome(use),
        "why": Reason(use.reason).label if use.reason and use.reason in set(Reason) else "",
        "count": sum(bool(told[2]) for told in use.items.values()),
    }


def _who(use: UseOfData) -> str:
    if use.recipient_kind == "subject":
        return "本企业"
    try:
        return shown.name(PartyKind(use.recipient_kind), use.recipient)
    except (ValueError, PartiesError):
        return use.recipient


def _outcome(use: UseOfData) -> str:
    if use.released is None:
        return "办理中"
    return "已提供" if use.released else "已拒绝"


def _label(name: str) -> str:
    known = loader.load().items
    return known[name].label if name in known else name


def _source(provider: str) -> str:
    return loader.load().provider_label(provider) if provider else ""


def _proof(use: UseOfData) -> dict[str, Any] | None:
    """Return the proof that the outcome (or, before there is one, the intent) is in the journal's tree."""
    try:
        proof = proofs.inclusion(use.outcome_entry or use.intent_entry).document()
    except JournalError:
        return None
    return {**proof, "key": keyring.journal_key().public.pem()}
