"""整批终止与撤回的复核: what one person proposed to do to a whole batch, confirmed or refused by another."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from rongxin.catalogue import loader
from rongxin.entrypoints.portals import lists, shown, visitors, wording
from rongxin.entrypoints.portals.lists import Cell, Column, Filter, Listing, Wanted
from rongxin.entrypoints.portals.operator import matter
from rongxin.entrypoints.portals.visitors import Visitor
from rongxin.evaluation import loading
from rongxin.journal.windows import Part, Window
from rongxin.parties.errors import PartiesError
from rongxin.parties.rules import permission
from rongxin.records.errors import RecordsError
from rongxin.sharing import errands
from rongxin.sharing.batch_endings import proposals
from rongxin.sharing.batch_endings.proposals import Card
from rongxin.sharing.batch_endings.rules import Act, Foreseen, State
from rongxin.sharing.errors import SharingError, UnknownProposal

_HERE = "operator_batch_proposals"
_SEES = permission.DESK | permission.AUDIT
_TONES = {State.PROPOSED: "warn", State.CARRIED_OUT: "good"}


def _rows(_visitor: Visitor, wanted: Wanted, window: Window) -> Part[Card]:
    find = wanted["find"]
    state = State(wanted["state"]) if wanted["state"] else None
    return proposals.part_of(window, find=find, items=wording.items_called(find), state=state)


PROPOSALS = Listing(
    _HERE,
    _lazy("整批终止与撤回"),
    (
        Column(
            _lazy("提出"),
            lambda card: Cell(lists.at(card.proposed_at), reverse("operator_batch_proposal", args=[card.id])),
            whole=True,
        ),
        Column(_lazy("办理"), lambda card: lists.label(card.measure)),
        Column(_lazy("信息项"), lambda card: wording.item(card.item)),
        Column(_lazy("提供单位"), lambda card: wording.provider(card.provider)),
        Column(_lazy("文件"), lambda card: card.file_name),
        Column(_lazy("记录数"), lambda card: card.foreseen.ends, number=True),
        Column(_lazy("状态"), lambda card: Cell(lists.label(card.state), tag=_TONES.get(card.state, ""))),
    ),
    _rows,
    _lazy("没有整批终止或撤回的提议。"),
    (lists.SEARCH, Filter("state", _lazy("状态"), "choice", lambda: lists.words(State))),
)


@visitors.page(_SEES, "GET", "POST")
def listed(request: HttpRequest, visitor: Visitor) -> HttpResponseBase:
    """List the proposals, the newest first."""
    return lists.answer(request, visitor, PROPOSALS, "operator/batch_proposals.html", {"here": _HERE})


@visitors.page(_SEES, "GET", "POST")
def one(request: HttpRequest, visitor: Visitor, number: UUID) -> HttpResponseBase:
    """Show a proposal whole; by POST confirm it as it is shown, decline it, or take one's own back."""
    try:
        card = proposals.get(number)
    except UnknownProposal as error:
        raise Http404(str(error)) from error

    def ask(act: str, **given: Any) -> object:
        by: dict[str, Any] = {"actor": visitor.actor, "as_of": visitor.at}
        return errands.ask(f"proposal.{act}", proposal=number, **given, **by)

    acts = {
        Act.CONFIRM.value: lambda why: ask("confirm", seen=request.POST.get("seen", "")),
        Act.DECLINE.value: lambda why: ask("decline", reason=why),
        Act.TAKE_BACK.value: lambda why: ask("take_back", reason=why),
    }
    here = redirect("operator_batch_proposal", number=number)
    told: dict[str, Any] = {"refusal": SharingError, "errors": (SharingError, RecordsError, PartiesError)}
    page = "operator/batch_proposal.html"
    return matter.answer(
        request,
        _one(card, visitor),
        acts,
        freely=Act.CONFIRM.value,
        here=here,
        page=page,
        done=_("已办理"),
        again=lambda: _one(proposals.get(number), visitor),
        **told,
    )


def facts_of(found: Foreseen, item: str) -> list[tuple[str, str]]:
    """Say what an act on a whole batch touches, and what follows of it."""
    return [
        (_("不再有效的记录"), _("%(number)s条") % {"number": found.ends}),
        (_("恢复有效的记录"), _("%(number)s条") % {"number": found.returns}),
        (_("涉及的信息主体"), _("%(number)s个") % {"number": found.subjects}),
        (
            _("随同办理的更正批次"),
            _("%(number)s批") % {"number": found.corrections} if found.corrections else "",
        ),
        (_("涉及的报告"), _reports(item)),
        (_("涉及的指标"), _indicators(item)),
        (_("机构"), _("曾得到这些记录的机构会收到更正通知")),
    ]


def _reports(item: str) -> str:
    known = loader.load().items.get(item)
    stored = known.aggregation if known else None
    public = stored is not None and not stored.consent
    section = _("“%(section)s”一节") % {"section": wording.named(known.category_label)} if known else ""
    return _("公共信用报告、授权报告和推送") + section if public else _("授权报告") + section


def _indicators(item: str) -> str:
    """Name the indicators made of an item, and say whether a veto is."""
    spec = loading.load()
    read = [one for one in spec.indicators.values() if item in one.items]
    names = [one.label_en if wording.in_english() else one.label for one in read]
    if any(item in signal.items for signal in spec.vetoes.signals.values()):
        names.append(_("否决规则"))
    return _("；").join(names) or _("没有指标用到这个信息项")


def _one(card: Card, visitor: Visitor) -> dict[str, Any]:
    who, own = (visitor.role.party_kind, visitor.role.role), card.is_of(actor=visitor.actor)
    offered = [
        (Act.CONFIRM, _("复核确认，立即执行"), permission.CHECKER.admits(*who) and not own),
        (Act.DECLINE, _("不予确认"), permission.DESK.admits(*who) and not own),
        (Act.TAKE_BACK, _("收回提议"), permission.DESK.admits(*who) and own),
    ]
    waits = card.state is State.PROPOSED
    by = shown.actor(card.decided_by)
    return {
        "here": _HERE,
        "card": card,
        "title": f"{lists.label(card.measure)} · {wording.item(card.item)}",
        "state": card.state.label,
        "waits": waits,
        "hidden": [("seen", card.foreseen.mark)],
        "facts": [
            (_("提供单位"), wording.provider(card.provider)),
            (_("文件"), card.file_name),
            (_("终止的原因"), wording.named(card.why)),
            (_("依据"), card.ground),
            *facts_of(card.foreseen, card.item),
            (_("提出人"), f"{shown.actor(card.proposed_by)} {lists.at(card.proposed_at)}"),
            (_("办结"), f"{by} {lists.at(card.decided_at)} {card.decided_why}".strip()),
        ],
        "acts": [(act.value, label) for act, label, may in offered if waits and may],
        "meaning": _(
            "提出人不能复核自己的提议。确认后立即执行，提供单位和有关机构会得到通知；所涉记录与所示不同的，不会执行。"
        ),
        "reasoned": True,
        "back": _("回到整批终止与撤回"),
    }
