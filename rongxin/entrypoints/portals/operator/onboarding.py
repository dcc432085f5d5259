"""接入申请: what waits longest is first; one person assesses question by question, another one decides."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from rongxin.catalogue.attachments import File
from rongxin.entrypoints.api import handed_in
from rongxin.entrypoints.portals import lists, pages, uploads, visitors, wording
from rongxin.entrypoints.portals.lists import Cell, Column, Filter, Listing, Wanted
from rongxin.entrypoints.portals.visitors import Visitor
from rongxin.governance.conditions.rules import Condition
from rongxin.governance.errors import AssessmentRefused, GovernanceError, UnknownDocument
from rongxin.governance.onboarding import applications, documents, parameters
from rongxin.governance.onboarding.cards import Card, Finding
from rongxin.governance.onboarding.rules import WAITING, State, Verdict
from rongxin.journal.windows import Part, Window
from rongxin.parties.errors import PartiesError
from rongxin.parties.rules import permission
from rongxin.parties.rules.standing import InstitutionKind
from rongxin.vocabulary.zone import business_day

_SEES = permission.DESK | permission.SECURITY | permission.AUDIT
_ASSESSES = permission.DESK | permission.SECURITY
_LINES_MAX, _LINES_EMPTY = 20, 3


def _rows(visitor: Visitor, wanted: Wanted, window: Window) -> Part[dict[str, Any]]:
    """Return a part of the list; what was decided is left out until its state or all is asked for."""
    state = State(wanted["state"]) if wanted["state"] else None
    part = applications.part_of(
        window,
        waiting_only=state is None and not wanted["all"],
        find=wanted["find"],
        state=state,
        kind=InstitutionKind(wanted["kind"]) if wanted["kind"] else None,
        oldest_first=wanted.sort == "oldest",
    )
    beside = applications.beside(part.rows)
    return part.of(lambda card: _line(card, visitor) | {"rivals": len(beside[card.id])})


def _name(row: dict[str, Any]) -> Cell:
    at = reverse("operator_application", args=[row["application"]])
    note = _("年度续评") if row["renewal"] else ""
    if row["waits"] and row["rivals"]:
        note = _("同一代码另有%(count)s份") % {"count": row["rivals"]}
    return Cell(row["name"], at, note=note, warns=bool(row["waits"] and row["rivals"]))


def _submitted(row: dict[str, Any]) -> Cell:
    waits = _("已等%(waited)s天") % {"waited": row["waited"]} if row["waits"] else ""
    return Cell(row["submitted_at"][:10], note=waits)


APPLICATIONS = Listing(
    "operator_applications",
    _lazy("接入申请"),
    (
        Column(_lazy("机构"), _name),
        Column(_lazy("种类"), lambda row: wording.named(row["kind_label"])),
        Column(_lazy("提交"), _submitted),
        Column(_lazy("状态"), lambda row: Cell(wording.named(row["state_label"]), tag="")),
        Column(_lazy("得分"), lambda row: "—" if row["percent"] is None else row["percent"], number=True),
    ),
    _rows,
    _lazy("没有这样的申请。机构通过接口提交接入申请后，会出现在这里。"),
    (
        lists.SEARCH,
        Filter("state", _lazy("状态"), "choice", lambda: lists.words(State)),
        Filter("kind", _lazy("种类"), "choice", lambda: lists.words(InstitutionKind)),
        lists.EVERY,
    ),
    (("oldest", _lazy("等得最久的在前")), ("newest", _lazy("新申请的在前"))),
)


@visitors.page(_SEES, "GET", "POST")
def listed(request: HttpRequest, visitor: Visitor) -> HttpResponseBase:
    """List what waits, the oldest first."""
    context = {"here": "operator_applications"}
    return lists.answer(request, visitor, APPLICATIONS, "operator/applications.html", context)


@visitors.page(_SEES)
def one(request: HttpRequest, visitor: Visitor, number: UUID) -> HttpResponse:
    """Show documents, what was found of each question, the score, and what may be done."""
    return pages.render(request, "operator/application.html", _one(number, visitor))


@visitors.page(_ASSESSES, "POST")
def assess(request: HttpRequest, visitor: Visitor, number: UUID) -> HttpResponseBase:
    """Take a verdict for every question, and the files that show it."""
    context = _one(number, visitor)
    try:
        files = _evidence(request, context["questions"])
        documents.check(list(files.values()), context["asked"].file_bytes_max)
        findings = {line["id"]: _finding(request, line, files) for line in context["questions"]}
        conditions = _conditions(request)
        with transaction.atomic():
            applications.assess(
                number, findings, conditions=conditions, actor=visitor.actor, as_of=visitor.at
            )
            named = {one.evidence_sha256 for one in findings.values()}
            shown = [file for file in files.values() if file.sha256 in named]
            documents.hand_in(number, shown, as_of=visitor.at)
    except (GovernanceError, PartiesError) as error:
        given = {line["id"]: request.POST.get(f"verdict-{line['id']}", "") for line in context["questions"]}
        for line in context["questions"]:
            line["verdict"] = given[line["id"]]
        context |= {"mistake": pages.words(error), "conditions": _lines(_typed(request))}
        return pages.render(request, "operator/application.html", context, status=422)
    messages.success(request, _("评估已记录，等另一人核准"))
    return redirect("operator_application", number=number)


@visitors.page(permission.SECURITY, "POST")
def decide(request: HttpRequest, visitor: Visitor, number: UUID) -> HttpResponseBase:
    """Approve another person's assessment, or decline with the reason that the applicant reads."""
    reason = request.POST.get("reason", "").strip()
    try:
        if request.POST.get("act") == "approve":
            applications.approve(number, actor=visitor.actor, as_of=visitor.at)
            messages.success(request, _("已核准接入"))
        elif not reason:
            raise GovernanceError(_("请写明不予核准的理由，申请机构会看到"))
        else:
            applications.decline(number, reason=reason, actor=visitor.actor, as_of=visitor.at)
            messages.success(request, _("未予核准，申请机构可以看到理由"))
    except (GovernanceError, PartiesError) as error:
        context = {**_one(number, visitor), "mistake": pages.words(error), "reason": reason}
        return pages.render(request, "operator/application.html", context, status=422)
    return redirect("operator_applications")


@visitors.page(_ASSESSES)
def document(request: HttpRequest, visitor: Visitor, number: UUID, digest: str) -> HttpResponse:
    """Give a file of an application or of its assessment, to be saved."""
    try:
        return handed_in.attachment(*documents.read(number, digest))
    except UnknownDocument as error:
        raise Http404(str(error)) from error


def _evidence(request: HttpRequest, questions: list[dict[str, Any]]) -> dict[str, File]:
    """Return the files that were chosen, by the question that each shows; "" is for all others."""
    names = {"": "evidence", **{line["id"]: f"evidence-{line['id']}" for line in questions}}
    found = {key: uploads.of(request, name) for key, name in names.items()}
    return {key: file for key, file in found.items() if file is not None}


def _finding(request: HttpRequest, line: dict[str, Any], files: dict[str, File]) -> Finding:
    """Return what was found of a question: the verdict, and the hash of its own file, of the file for all, or
    what stands from an earlier assessment.
    """
    verdict = request.POST.get(f"verdict-{line['id']}", "")
    if verdict not in list(Verdict):
        raise AssessmentRefused(_("请逐题作答：还没有选择“%(question)s”的结论") % {"question": line["text"]})
    file = files.get(line["id"]) or files.get("")
    shown = file.sha256 if file else line["evidence"]
    if not shown:
        raise AssessmentRefused(
            _("请为“%(question)s”选择依据材料，或选择一份适用于全部题目的材料") % {"question": line["text"]}
        )
    return Finding(Verdict(verdict), shown)


def _typed(request: HttpRequest) -> list[tuple[str, str]]:
    """Return each condition and its due date as they were typed."""
    texts, days = request.POST.getlist("condition"), request.POST.getlist("due")
    pairs = [(text.strip(), day.strip()) for text, day in zip(texts, days, strict=False)]
    return [pair for pair in pairs if any(pair)]


def _conditions(request: HttpRequest) -> tuple[Condition, ...]:
    found = []
    for text, day in _typed(request):
        if not text:
            raise AssessmentRefused(_("期限%(day)s没有写明接入条件") % {"day": day})
        try:
            found.append(Condition(text[:500], date.fromisoformat(day)))
        except ValueError as error:
            raise AssessmentRefused(_("请写明接入条件“%(text)s”的期限") % {"text": text[:20]}) from error
    return tuple(found)


def _lines(conditions: list[tuple[str, str]]) -> list[dict[str, str]]:
    """Return the lines of the form: what stands, and some that are empty."""
    empty = min(_LINES_MAX - len(conditions), _LINES_EMPTY)
    return [{"text": text, "due": due} for text, due in (*conditions, *[("", "")] * empty)]


def _line(card: Card, visitor: Visitor) -> dict[str, Any]:
    return {
        **card.document(),
        "kind_label": card.wish.kind.label,
        "waited": (visitor.today - business_day(card.submitted_at)).days,
        "waits": card.state in WAITING,
    }


def _one(number: UUID, visitor: Visitor) -> dict[str, Any]:
    card = applications.get(number)
    asked = parameters.edition(card.edition)
    waits = card.state in WAITING
    (beside,) = applications.beside([card]).values()
    here = documents.held(card.id)
    return {
        "here": "operator_applications",
        "rivals": [_line(one, visitor) | {"contact": one.wish.contact} for one in beside] if waits else [],
        "one": _line(card, visitor) | {"contact": card.wish.contact},
        "documents": [
            {"label": label, "sha256": (named := card.wish.documents.get(key, "")), "file": here.get(named)}
            for key, label in asked.documents.items()
        ],
        "reads": _ASSESSES.admits(visitor.role.party_kind, visitor.role.role),
        "asked": asked,
        "verdicts": list(Verdict),
        "conditions": _lines([(one.text, str(one.due_on or "")) for one in card.conditions]),
        "imposed": card.conditions,
        "questions": [
            {
                **vars(question),
                "verdict": card.findings.get(question.id, {}).get("verdict", ""),
                "evidence": (shown := card.findings.get(question.id, {}).get("evidence_sha256", "")),
                "file": here.get(shown),
            }
            for question in asked.questions
        ],
        "assesses": waits and _ASSESSES.admits(visitor.role.party_kind, visitor.role.role),
        "decides": waits and permission.SECURITY.admits(visitor.role.party_kind, visitor.role.role),
    }
