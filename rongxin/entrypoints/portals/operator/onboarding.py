"""接入申请: what waits longest is first; one person assesses question by question, another one decides."""

from __future__ import annotations

from hashlib import sha256
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from rongxin.entrypoints.portals import lists, pages, visitors, wording
from rongxin.entrypoints.portals.lists import Cell, Column, Filter, Listing, Wanted
from rongxin.entrypoints.portals.visitors import Visitor
from rongxin.governance.errors import AssessmentRefused, GovernanceError
from rongxin.governance.onboarding import applications, parameters
from rongxin.governance.onboarding.cards import Card, Finding
from rongxin.governance.onboarding.rules import WAITING, State, Verdict
from rongxin.journal.windows import Part, Window
from rongxin.parties.errors import PartiesError
from rongxin.parties.rules import permission
from rongxin.parties.rules.standing import InstitutionKind
from rongxin.vocabulary.zone import business_day

_SEES = permission.DESK | permission.SECURITY | permission.AUDIT
_ASSESSES = permission.DESK | permission.SECURITY


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
    """Take a verdict for every question. Of the files that show it only the hashes are kept."""
    context = _one(number, visitor)
    try:
        findings = {line["id"]: _finding(request, line) for line in context["questions"]}
        conditions = tuple(line for line in request.POST.get("conditions", "").splitlines() if line.strip())
        applications.assess(number, findings, conditions=conditions, actor=visitor.actor, as_of=visitor.at)
    except (GovernanceError, PartiesError) as error:
        given = {line["id"]: request.POST.get(f"verdict-{line['id']}", "") for line in context["questions"]}
        for line in context["questions"]:
            line["verdict"] = given[line["id"]]
        context |= {"mistake": pages.words(error), "conditions": request.POST.get("conditions", "")}
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


def _finding(request: HttpRequest, line: dict[str, Any]) -> Finding:
    """Return what was found of a question: the verdict, and the hash of its own file, of the file for all, or
    what stands from an earlier assessment.
    """
    verdict = request.POST.get(f"verdict-{line['id']}", "")
    if verdict not in list(Verdict):
        raise AssessmentRefused(_("请逐题作答：还没有选择“%(question)s”的结论") % {"question": line["text"]})
    file = request.FILES.get(f"evidence-{line['id']}") or request.FILES.get("evidence")
    shown = _hash(file) if isinstance(file, UploadedFile) else line["evidence"]
    if not shown:
        raise AssessmentRefused(
            _("请为“%(question)s”选择依据材料，或选择一份适用于全部题目的材料") % {"question": line["text"]}
        )
    return Finding(Verdict(verdict), shown)


def _hash(file: UploadedFile[Any]) -> str:
    found = sha256()
    for part in file.chunks():
        found.update(part)
    return found.hexdigest()


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
    return {
        "here": "operator_applications",
        "rivals": [_line(one, visitor) | {"contact": one.wish.contact} for one in beside] if waits else [],
        "one": _line(card, visitor) | {"contact": card.wish.contact},
        "documents": [(label, card.wish.documents.get(key, "")) for key, label in asked.documents.items()],
        "asked": asked,
        "verdicts": list(Verdict),
        "conditions": "\n".join(card.conditions),
        "questions": [
            {
                **vars(question),
                "verdict": card.findings.get(question.id, {}).get("verdict", ""),
                "evidence": card.findings.get(question.id, {}).get("evidence_sha256", ""),
            }
            for question in asked.questions
        ],
        "assesses": waits and _ASSESSES.admits(visitor.role.party_kind, visitor.role.role),
        "decides": waits and permission.SECURITY.admits(visitor.role.party_kind, visitor.role.role),
    }
