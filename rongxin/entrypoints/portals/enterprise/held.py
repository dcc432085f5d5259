"""我的信息: all that the platform holds about the firm, free: on the screen, on paper, as a file."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from rongxin.catalogue import loader
from rongxin.delivery import report
from rongxin.delivery.signature import issuing
from rongxin.disclosure.release import Release
from rongxin.entrypoints.api.reports import PRESS
from rongxin.entrypoints.portals import lists, pages, visitors, wording
from rongxin.entrypoints.portals.enterprise import own, portrait
from rongxin.entrypoints.portals.visitors import Visitor
from rongxin.parties.rules import permission
from rongxin.rights import policy


@visitors.page(permission.SUBJECT, "GET", "POST")
def everything(request: HttpRequest, visitor: Visitor) -> HttpResponse:
    """Show all of it when asked by POST: each look is a disclosure to the firm and stands in the journal."""
    if request.method != "POST":
        return pages.render(request, "enterprise/held.html", {"here": "enterprise_held"})
    released = own.release(visitor)
    form = request.POST.get("form", "page")
    if form == "json":
        built = report.build(released, loader.load(), node=pages.node())
        return _file(
            report.to_json(built), "application/json; charset=utf-8", f"own-report-{released.id}.json"
        )
    shown = own.document(released)
    if form == "pdf":
        signed = issuing.sign(PRESS.pdf(shown), as_of=released.released_at)
        return _file(signed, "application/pdf", f"own-report-{released.id}.pdf")
    if form == "csv":
        return lists.handed_out(_table(shown, released), f"own-report-{released.id}")
    context = {
        "here": "enterprise_held",
        "report": shown,
        "evaluation": portrait.shown(shown["evaluation"]) if "evaluation" in shown else None,
        "charts": PRESS.charts(shown),
        "adverse": [
            item
            for section in shown["sections"]
            for item in section["items"]
            if item["negative"] and item["rows"]
        ],
        "repairable": policy.repairs_on(visitor.today).items,
    }
    return pages.render(request, "enterprise/held.html", context)


def _table(shown: dict[str, Any], released: Release) -> bytes:
    """Return everything as a table, one value a line; its mark is the release's own, as on paper."""
    rows = [
        (
            wording.named(section["label"]),
            wording.named(item["label"]),
            str(number),
            wording.named(field["label"]),
            str(field["display"]),
            wording.named(row["source"]["label"]),
            str(row["received_label"] or ""),
        )
        for section in shown["sections"]
        for item in section["items"]
        for number, row in enumerate(item["rows"], 1)
        for field in row["fields"]
    ]
    heads = [_("种类"), _("信息项"), _("记录"), _("名称"), _("内容"), _("来源"), _("取得日期")]
    told = [pages.node(), _("平台上关于我的全部信息"), " ".join(shown["watermark"][:2])]
    return lists.file(heads, rows, released.id, told)


def _file(content: bytes | str, kind: str, name: str) -> HttpResponse:
    answer = HttpResponse(content, content_type=kind)
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer
