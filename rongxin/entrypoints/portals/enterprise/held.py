"""我的信息: all that the platform holds about the firm, free: on the screen, on paper, as a file."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse

from rongxin.catalogue import loader
from rongxin.delivery import report
from rongxin.delivery.signature import issuing
from rongxin.entrypoints.api.reports import PRESS
from rongxin.entrypoints.portals import pages, visitors
from rongxin.entrypoints.portals.enterprise import own
from rongxin.entrypoints.portals.visitors import Visitor
from rongxin.parties.rules import permission


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
    context = {"here": "enterprise_held", "report": shown, "charts": PRESS.charts(shown)}
    return pages.render(request, "enterprise/held.html", context)


def _file(content: bytes | str, kind: str, name: str) -> HttpResponse:
    answer = HttpResponse(content, content_type=kind)
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer
