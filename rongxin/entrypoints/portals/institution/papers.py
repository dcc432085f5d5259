"""书面授权: a paper that the firm signed, handed in with its scan; another person checks it (附件 注3)."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from rongxin.consent import cases as matters
from rongxin.consent import grants, notices, templates, written
from rongxin.consent.errors import ConsentError
from rongxin.entrypoints.portals import pages, uploads, visitors
from rongxin.entrypoints.portals.institution import cases
from rongxin.entrypoints.portals.visitors import Visitor
from rongxin.parties import subjects
from rongxin.parties.kept_files import KeptFileGone
from rongxin.parties.rules import permission


@visitors.page(permission.INSTITUTION, "GET", "POST")
def hand_in(request: HttpRequest, visitor: Visitor, number: UUID) -> HttpResponseBase:
    """Take a signed paper with its scan; it covers nothing until another person has checked it."""
    case = cases.own(number, visitor)
    context = _context(request, case, visitor)
    if request.method != "POST":
        return pages.render(request, "institution/paper.html", context)
    try:
        draft = templates.draft(context["template"].template, context["chosen"], on=visitor.today)
        grants.propose_written(case.id, draft, _paper(request), actor=visitor.actor, as_of=visitor.at)
    except (ConsentError, KeptFileGone) as error:
        context["mistake"] = pages.words(error)
        return pages.render(request, "institution/paper.html", context, status=422)
    messages.success(request, _("已提交，由平台人员对照扫描件复核；复核前不生效，企业已得到通知"))
    return redirect("institution_case", number=number)


@visitors.page(permission.INSTITUTION, "POST")
def give_up(request: HttpRequest, visitor: Visitor, number: UUID) -> HttpResponseBase:
    """Give up a consent that is needed no more."""
    grant = grants.get(number)
    case = cases.own(grant.case_id, visitor)
    grants.give_up(number, actor=visitor.actor, as_of=visitor.at)
    messages.success(request, _("已放弃授权：不能再凭它查询；得到过信息的，须交回删除回执"))
    return redirect("institution_case", number=case.id)


def _paper(request: HttpRequest) -> grants.Paper:
    scan = uploads.of(request, "scan")
    if scan is None:
        raise ConsentError(_("没有选择扫描件：请选择 PDF、JPEG 或 PNG 文件"))
    if len(scan.content) > written.SCAN_BYTES_MAX:
        megabytes = written.SCAN_BYTES_MAX >> 20
        raise ConsentError(_("扫描件超过%(megabytes)s兆，请降低分辨率") % {"megabytes": megabytes})
    if not request.POST.get("noticed"):
        raise ConsentError(_("纸面须附有现行的风险告知书，核对后请勾选"))
    try:
        signed_on = date.fromisoformat(request.POST.get("signed_on", ""))
    except ValueError as error:
        raise ConsentError(_("请填写日期，形如 2026-12-31")) from error
    return grants.Paper(
        scan=scan.content,
        media_type=scan.media_type,
        signed_by=request.POST.get("signed_by", "").strip(),
        signed_on=signed_on,
        notice_version=request.POST.get("notice_version", ""),
        notice_sha256=request.POST.get("notice_sha256", ""),
    )


def _context(request: HttpRequest, case: matters.Card, visitor: Visitor) -> dict[str, Any]:
    return {
        "here": "institution",
        "case": case,
        "firm": subjects.get(case.subject_id),
        "template": cases.template_of(case, visitor),
        "sections": cases.consented(),
        "chosen": frozenset(request.POST.getlist("items")),
        "notice_now": notices.current(visitor.today),
        "signed_by": request.POST.get("signed_by", ""),
        "signed_on": request.POST.get("signed_on", ""),
        "today": visitor.today,
    }
