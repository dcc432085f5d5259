"""工作台: the cases of an institution, what each waits for, and all that is done in one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from rongxin.catalogue import loader
from rongxin.catalogue.schema import Item
from rongxin.consent import cases, register, requests, templates, written
from rongxin.consent.deletion import duties
from rongxin.consent.errors import ConsentError, UnknownCase
from rongxin.consent.rules import CaseKind, Status
from rongxin.consent.signing.rules import State as SigningState
from rongxin.disclosure import claims
from rongxin.entrypoints.portals import lists, pages, visitors, wording
from rongxin.entrypoints.portals.institution import outcomes
from rongxin.entrypoints.portals.lists import Cell, Column, Filter, Listing, Wanted
from rongxin.entrypoints.portals.visitors import Visitor
from rongxin.evaluation import institution_cards
from rongxin.exchange.question import ASKED
from rongxin.journal.windows import Part, Window
from rongxin.parties import institutions, subjects
from rongxin.parties.rules import permission
from rongxin.sharing import call_register, gateways
from rongxin.vocabulary import uscc as codes

# By which template a consent is usually asked for a kind of case; another may be chosen.
_TEMPLATES = {
    CaseKind.LOAN_APPLICATION: "one_time_underwriting",
    CaseKind.LOAN: "loan_monitoring",
    CaseKind.GUARANTEE: "guarantee",
    CaseKind.INSURANCE: "insurance",
}


def _rows(visitor: Visitor, wanted: Wanted, window: Window) -> Part[dict[str, Any]]:
    kind = CaseKind(wanted["kind"]) if wanted["kind"] else None
    closed = {"open": False, "closed": True}.get(wanted["state"])
    return part_of(visitor, window, find=wanted["find"], kind=kind, closed=closed, sort=wanted.sort)


def part_of(visitor: Visitor, window: Window, **narrowed: Any) -> Part[dict[str, Any]]:
    """Return a part of the cases, each with its firm and where its consent stands: few questions for many."""
    part = cases.of_institution(visitor.role.party, window, **narrowed)
    firms = subjects.many({case.subject_id for case in part.rows})
    given = register.of_cases(part.rows)
    asked = requests.newest_of_cases([case.id for case in part.rows])
    return part.of(
        lambda case: {
            "case": case,
            "firm": firms[case.subject_id],
            "active": _active(given[case.id]),
            "state": _state(case, given[case.id], asked.get(case.id)),
        }
    )


_STATES = (("open", _lazy("未办结")), ("closed", _lazy("已办结")))
CASES = Listing(
    "institution",
    _lazy("融资业务"),
    (
        Column(
            _lazy("业务编号"),
            lambda row: Cell(row["case"].reference, reverse("institution_case", args=[row["case"].id])),
        ),
        Column(_lazy("企业"), lambda row: row["firm"].name),
        Column(_lazy("种类"), lambda row: lists.label(row["case"].kind)),
        Column(_lazy("登记日期"), lambda row: row["case"].opened_on.isoformat()),
        Column(_lazy("现在"), lambda row: row["state"]),
    ),
    _rows,
    _lazy("还没有登记融资业务。登记后可向企业申请授权，凭授权查询报告。"),
    (
        lists.SEARCH,
        Filter("kind", _lazy("种类"), "choice", lambda: lists.words(CaseKind)),
        Filter("state", _lazy("状态"), "choice", lambda: _STATES),
    ),
    (("newest", _lazy("最近登记的在前")), ("oldest", _lazy("最早登记的在前"))),
    keeps=True,
)


@visitors.page(permission.INSTITUTION, "GET", "POST")
def worklist(request: HttpRequest, visitor: Visitor) -> HttpResponseBase:
    """List the cases, those opened last first, each with what it waits for; by POST open one."""
    context: dict[str, Any] = {
        "here": "institution",
        "kinds": list(CaseKind),
        "institution": institutions.get(visitor.role.party),
        "owed": duties.owed_count(visitor.role.party),
    }
    if request.method != "POST" or lists.asked(request):
        return lists.answer(request, visitor, CASES, "institution/worklist.html", context)
    context |= {key: request.POST.get(key, "") for key in ("uscc", "reference", "kind")}
    subject = subjects.find(codes.clean(context["uscc"]))
    try:
        if subject is None:
            raise ConsentError(_("未找到这个统一社会信用代码的登记信息，请核对营业执照上的18位代码"))
        case = cases.open_case(
            visitor.role.party,
            subject.id,
            context["reference"],
            CaseKind(context["kind"] or CaseKind.LOAN_APPLICATION),
            actor=visitor.actor,
            as_of=visitor.at,
        )
    except ConsentError as error:
        context |= {"mistake": pages.words(error), "list": lists.shown(request, visitor, CASES)}
        return pages.render(request, "institution/worklist.html", context, status=422)
    return redirect("institution_case", number=case.id)


@visitors.page(permission.INSTITUTION)
def one(request: HttpRequest, visitor: Visitor, number: UUID) -> HttpResponse:
    """Show a case: the firm, the consents, and what can be done next."""
    case = own(number, visitor)
    return pages.render(request, "institution/case.html", _case(case, visitor))


@visitors.page(permission.INSTITUTION, "POST")
def ask(request: HttpRequest, visitor: Visitor, number: UUID) -> HttpResponseBase:
    """Ask the firm for consent to the chosen items, within the fair-use template of the case's kind."""
    case = own(number, visitor)
    items = frozenset(request.POST.getlist("items"))
    try:
        draft = templates.draft(
            request.POST.get("template") or _TEMPLATES[case.kind], items, on=visitor.today
        )
        requests.request(case.id, draft, actor=visitor.actor, as_of=visitor.at)
    except ConsentError as error:
        context = {**_case(case, visitor), "mistake": pages.words(error), "asked": items}
        return pages.render(request, "institution/case.html", context, status=422)
    messages.success(request, _("已向企业申请授权；企业答复后此页会显示"))
    return redirect("institution_case", number=number)


@visitors.page(permission.INSTITUTION, "POST")
def close(request: HttpRequest, visitor: Visitor, number: UUID) -> HttpResponseBase:
    """Close a case; consents given for it carry nothing from then on."""
    cases.close_case(own(number, visitor).id, actor=visitor.actor, as_of=visitor.at)
    messages.success(request, _("已办结：为这笔业务给出的授权不再有效"))
    return redirect("institution_case", number=number)


def own(number: UUID, visitor: Visitor) -> cases.Card:
    """Return a case of the visitor's institution; another's is as good as unknown."""
    try:
        case = cases.get(number)
    except UnknownCase as error:
        raise Http404(str(error)) from error
    if case.institution_id != visitor.role.party:
        raise Http404(str(number))
    return case


def active_of(case: cases.Card) -> list[register.Grant]:
    """Return the consents that carry a case now, the newest first."""
    return _active(register.of_case(case.subject_id, case.institution_id, case.id))


def _state(case: cases.Card, given: list[register.Grant], asked: requests.Card | None) -> str:
    """Say what a case waits for."""
    live = _live(given)
    if case.closed:
        return _("已办结")
    if live is not None:
        return _("已授权，至%(valid_until)s") % {"valid_until": live.terms.valid_until}
    if given:
        return _("授权%(label)s") % {"label": wording.named(given[0].status.label)}
    if asked is not None:
        return _("授权申请%(label)s") % {"label": _standing(asked)}
    return _("尚未申请授权")


def _live(given: list[register.Grant]) -> register.Grant | None:
    return next(iter(_active(given)), None)


def _active(given: list[register.Grant]) -> list[register.Grant]:
    return [grant for grant in given if grant.status is Status.ACTIVE]


def _standing(card: requests.Card) -> str:
    """Say where a request stands; of signatures that are awaited that they are, and no name."""
    if card.awaits_signatures(on=timezone.localdate()):
        return wording.named(SigningState.AWAITING.label)
    return wording.named(card.status.label)


def template_of(case: cases.Card, visitor: Visitor) -> templates.Template:
    """Return the fair-use template by which a consent is usually asked for in a case of this kind."""
    return templates.in_force(_TEMPLATES[case.kind], visitor.today)


def consented() -> list[dict[str, Any]]:
    """Return what can be asked for by consent, section by section."""
    sections = [
        {"label": label, "items": [item for item in items if any(c.consent for c in item.channels)]}
        for _, label, items in loader.load().sections()
    ]
    return [section for section in sections if section["items"]]


def _answering(sections: list[dict[str, Any]], visitor: Visitor) -> list[dict[str, Any]]:
    """Say beside each item how its provider answers of late, before a consent is asked for ((五))."""
    known = {one.provider: one for one in call_register.health(gateways.known(), as_of=visitor.at)}
    return [{**section, "items": [_item(item, known) for item in section["items"]]} for section in sections]


def _item(item: Item, known: Mapping[str, call_register.Health]) -> dict[str, Any]:
    asked = dict.fromkeys(one.provider for one in item.channels if one.consent and one.mode in ASKED)
    notes = [note for one in asked if (note := _note(one, known.get(one)))]
    return {"item": item.item, "label": item.label, "note": _("；").join(notes)}


def _note(provider: str, health: call_register.Health | None) -> str:
    name = wording.provider(provider)
    if health is None:
        return _("%(provider)s尚未接通，须向其调用的信息暂不可用") % {"provider": name}
    if health.rate is None:
        return ""
    rate = {"provider": name, "rate": round(100 * health.rate)}
    return _("%(provider)s近一日应答率%(rate)s%%") % rate


def _case(case: cases.Card, visitor: Visitor) -> dict[str, Any]:
    given = register.of_case(case.subject_id, case.institution_id, case.id)
    asked = requests.of_case(case.id)
    firm, live = subjects.get(case.subject_id), _live(given)
    return {
        "here": "institution",
        "case": case,
        "firm": firm,
        "state": _state(case, given, asked[0] if asked else None),
        "live": live,
        "grants": given,
        "requests": [{"card": card, "standing": _standing(card)} for card in asked],
        "papers": written.of_case(case.id),
        "template": template_of(case, visitor),
        "sections": [] if case.closed else _answering(consented(), visitor),
        "steps": outcomes.steps(case.id),
        "tellable": outcomes.next_of(case.id),
        "report_at": reverse("institution_report", kwargs={"number": case.id}),
        "cards": [one for one in institution_cards.every(case.institution_id) if one.retired_at is None],
        "checkable": any(claims.askable(grant, firm.kind) for grant in _active(given)),
    }
