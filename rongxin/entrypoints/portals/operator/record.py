"""存证日志 for the audit administrator: who did what, the checkpoints, and a check that a person runs."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from rongxin.entrypoints.portals import pages, shown, visitors
from rongxin.entrypoints.portals.visitors import Visitor
from rongxin.journal import checkpoints, entries, verification, witness
from rongxin.journal.errors import JournalError
from rongxin.journal.rules import Kind
from rongxin.parties import subjects
from rongxin.parties.rules import permission
from rongxin.vocabulary import uscc as codes

_SHOWN = 100
# What is derived again while somebody waits; a longer journal is verified by whoever runs the node.
CHECKED_MAX = 500_000


@visitors.page(permission.AUDIT)
def listed(request: HttpRequest, visitor: Visitor) -> HttpResponse:
    """List the latest entries, by kind, institution or firm where the address says so."""
    return pages.render(request, "operator/record.html", _listed(request))


@visitors.page(permission.AUDIT, "POST")
def check(request: HttpRequest, visitor: Visitor) -> HttpResponse:
    """Derive the whole journal again from its entries, against checkpoints kept elsewhere where given."""
    context = _listed(request)
    latest = checkpoints.latest()
    try:
        if latest is not None and latest.size > CHECKED_MAX:
            raise JournalError(
                _("存证已有%(size)s条，超过页面核验的上限%(most)s条，请由系统管理员在节点上核验")
                % {"size": latest.size, "most": CHECKED_MAX}
            )
        file = request.FILES.get("witness")
        notes = witness.read(file.read(1 << 20).decode("utf-8")) if file else []
        context["outcome"] = verification.verify(trusted_checkpoints=notes).document()
        context["checked_at"] = visitor.at
    except (JournalError, UnicodeDecodeError) as error:
        known = isinstance(error, JournalError)
        context["mistake"] = str(error) if known else _("检查点文件不是文本，请选择以前下载的检查点文件")
        return pages.render(request, "operator/record.html", context, status=422)
    return pages.render(request, "operator/record.html", context)


def _listed(request: HttpRequest) -> dict[str, Any]:
    kind, code = request.GET.get("kind", ""), codes.clean(request.GET.get("uscc", ""))
    institution = request.GET.get("institution", "").strip()
    subject = subjects.find(code) if code else None
    found = (
        []
        if code and subject is None
        else entries.find(
            subject=subject.id if subject else None,
            institution=institution or None,
            kinds=[Kind(kind)] if kind in list(Kind) else [],
            entries_max=_SHOWN,
        )
    )
    return {
        "here": "operator_record",
        "latest": checkpoints.latest(),
        "kinds": list(Kind),
        "wanted": {"kind": kind, "uscc": code, "institution": institution},
        "shown": _SHOWN,
        "rows": _lines(found),
    }


def _lines(found: list[entries.Entry]) -> list[dict[str, Any]]:
    """Return entries as the page shows them; each person is looked up once."""
    names: dict[str, str] = {}
    lines = []
    for entry in found:
        who = f"{entry.content['actor']['kind']}:{entry.content['actor']['id']}"
        if who not in names:
            names[who] = shown.actor(who)
        lines.append({"entry": entry, "who": names[who], "refs": sorted(entry.refs.items())})
    return lines
