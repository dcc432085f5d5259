"""存证日志 for the audit administrator: who did what, the checkpoints, and a check that a person runs."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from rongxin.entrypoints.portals import lists, pages, reference_words, shown, visitors
from rongxin.entrypoints.portals.lists import Cell, Column, Filter, Listing, Wanted
from rongxin.entrypoints.portals.visitors import Visitor
from rongxin.journal import checkpoints, entries, verification, witness
from rongxin.journal.errors import JournalError
from rongxin.journal.rules import Kind
from rongxin.journal.windows import Part, Window
from rongxin.parties import subjects
from rongxin.parties.rules import permission
from rongxin.vocabulary import uscc as codes

# What is derived again while somebody waits; a longer journal is verified by whoever runs the node.
CHECKED_MAX = 500_000


def _rows(_visitor: Visitor, wanted: Wanted, window: Window) -> Part[dict[str, Any]]:
    """Return a part of the journal; each person of it is looked up once."""
    code, until = codes.clean(wanted["uscc"]), wanted.moment("to")
    subject = subjects.find(code) if code else None
    if code and subject is None:
        return Part([], None)
    part = entries.part_of(
        window,
        subject=subject.id if subject else None,
        institution=wanted["institution"] or None,
        kinds=[Kind(wanted["kind"])] if wanted["kind"] else [],
        since=wanted.moment("from"),
        until=until + timedelta(days=1) if until else None,
    )
    names: dict[str, str] = {}
    return part.of(lambda entry: {"entry": entry, "who": _who(entry, names)})


def _who(entry: entries.Entry, names: dict[str, str]) -> str:
    who = f"{entry.content['actor']['kind']}:{entry.content['actor']['id']}"
    if who not in names:
        names[who] = shown.actor(who)
    return names[who]


def _kind(row: dict[str, Any]) -> Cell:
    """Return the word people read; the one that stands in the entry for ever is beside it."""
    kind = row["entry"].kind
    return Cell(lists.label(kind), note=kind.value)


RECORD = Listing(
    "operator_record",
    _lazy("存证日志"),
    (
        Column(_lazy("时间"), lambda row: lists.at(row["entry"].at), whole=True),
        Column(_lazy("事项"), _kind),
        Column(_lazy("办理人"), lambda row: row["who"]),
        Column(
            _lazy("编号"),
            lambda row: reference_words.said(row["entry"].refs),
        ),
    ),
    _rows,
    _lazy("没有这样的记录。"),
    (
        Filter("kind", _lazy("事项"), "choice", lambda: lists.words(Kind)),
        Filter("uscc", _lazy("企业代码")),
        Filter("institution", _lazy("机构标识")),
        lists.SINCE,
        lists.UNTIL,
    ),
    keeps=True,
)


@visitors.page(permission.AUDIT, "GET", "POST")
def listed(request: HttpRequest, visitor: Visitor) -> HttpResponseBase:
    """List the entries, those last written first."""
    return lists.answer(request, visitor, RECORD, "operator/record.html", _head())


@visitors.page(permission.AUDIT, "POST")
def check(request: HttpRequest, visitor: Visitor) -> HttpResponse:
    """Derive the whole journal again from its entries, against checkpoints kept elsewhere where given."""
    context = {**_head(), "list": lists.shown(request, visitor, RECORD, place=reverse("operator_record"))}
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


def _head() -> dict[str, Any]:
    return {"here": "operator_record", "latest": checkpoints.latest()}
