"""Lists that people work with: searched, filtered, sorted, read in parts, taken away as a marked file ((十)).

A page declares its list once (`Listing`) beside its view and answers by `answer`; everything else is here. A
file holds what the page shows and no more, in the same words. Its first line and each of its rows bear the
mark that leads back to who took it (`rongxin report trace`); the file is counted and journalled before it
leaves.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from hashlib import sha256
from typing import Any
from urllib.parse import urlencode
from uuid import UUID, uuid4

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from rongxin.delivery import tracing
from rongxin.entrypoints.portals import pages, wording
from rongxin.entrypoints.portals.visitors import Visitor
from rongxin.journal.windows import Part, Window
from rongxin.parties import kept_searches, list_exports
from rongxin.parties.errors import PartiesError
from rongxin.parties.list_exports import Whose
from rongxin.sharing.rules import formula_safe
from rongxin.vocabulary.zone import BUSINESS_ZONE

_AT_ONCE = 50
_TEXT_MAX = 100
Words = Promise | str
Choice = tuple[str, Words]


@dataclass(frozen=True)
class Cell:
    """What stands in a cell: a text, what it leads to, how it is marked, and a quiet or a warning note."""

    text: str
    href: str = ""
    tag: str | None = None
    note: str = ""
    warns: bool = False

    @property
    def plain(self) -> str:
        return f"{self.text} {self.note}".strip()


@dataclass(frozen=True)
class Column:
    label: Words
    of: Callable[[Any], Cell | str | int]
    number: bool = False
    #: Never broken over two lines, such as a moment.
    whole: bool = False


@dataclass(frozen=True)
class Filter:
    """One thing by which a list is narrowed. `kind`: search, text, day, tick, choice, or kept (set elsewhere
    on the page); `default` is what holds before anybody chose.
    """

    name: str
    label: Words = ""
    kind: str = "text"
    choices: Callable[[], Sequence[Choice]] = tuple
    default: str = ""


def due(row: Mapping[str, Any]) -> Cell:
    """Show by when something is owed (`due_on`), and that it is late (`overdue`)."""
    return Cell(row["due_on"] or "", note=_("已逾期") if row["overdue"] else "", warns=row["overdue"])


SEARCH = Filter("find", _lazy("查找"), "search")
EVERY = Filter("all", _lazy("也看已办结的"), "tick")
SINCE = Filter("from", _lazy("自"), "day")
UNTIL = Filter("to", _lazy("至"), "day")


@dataclass(frozen=True)
class Wanted:
    """What somebody wants of a list: each filter's value by name, and the sort."""

    given: Mapping[str, str]
    sort: str = ""

    def __getitem__(self, name: str) -> str:
        return self.given[name]

    def day(self, name: str) -> date | None:
        """Return a day; what is no date, or of no year that has records, narrows nothing."""
        try:
            day = date.fromisoformat(self.given[name])
        except ValueError:
            return None
        return day if 2000 <= day.year < 3000 else None

    def moment(self, name: str) -> datetime | None:
        """Return the beginning of a day."""
        day = self.day(name)
        return None if day is None else datetime.combine(day, time(), BUSINESS_ZONE)


@dataclass(frozen=True)
class Listing:
    """A list as its page declares it. `rows` reads a part of it, each row as `columns` take it."""

    name: str
    title: Words
    columns: tuple[Column, ...]
    rows: Callable[[Visitor, Wanted, Window], Part[Any]]
    empty: Words
    filters: tuple[Filter, ...] = ()
    #: The first is how the list begins.
    sorts: tuple[Choice, ...] = ()
    keeps: bool = False
    onward: Words = field(default_factory=lambda: _lazy("下一页"))

    def wanted(self, request: HttpRequest) -> Wanted:
        given = {one.name: _given(request, one) for one in self.filters}
        sorts = [name for name, _label in self.sorts]
        sort = request.GET.get("sort", "")
        return Wanted(given, sort if sort in sorts else (sorts or [""])[0])


def answer(
    request: HttpRequest, visitor: Visitor, listing: Listing, template: str, context: Mapping[str, Any]
) -> HttpResponseBase:
    """Show a page with its list; by POST hand the list out as a file, keep or forget a search of it."""
    if request.method != "POST":
        return pages.render(request, template, {**context, "list": shown(request, visitor, listing)})
    try:
        done = _done(request, visitor, listing)
    except PartiesError as error:
        told = {"list_mistake": pages.words(error), "list": shown(request, visitor, listing)}
        status = 429 if isinstance(error, list_exports.ExportsExhausted) else 422
        return pages.render(request, template, {**context, **told}, status=status)
    return done


def asked(request: HttpRequest) -> bool:
    """Whether a POST is about the list of a page that has other forms, too."""
    return request.method == "POST" and "list" in request.POST


def shown(request: HttpRequest, visitor: Visitor, listing: Listing, *, place: str = "") -> dict[str, Any]:
    """Return a list as `list.html` shows it; `place` is its address where the page stands at another."""
    wanted = listing.wanted(request)
    part = listing.rows(visitor, wanted, pages.window(request, _AT_ONCE))
    query = _query(listing, wanted)
    return {
        "place": place,
        "title": listing.title,
        "columns": listing.columns,
        "lines": [_line(listing, row) for row in part.rows],
        "empty": listing.empty,
        "filters": [_filter(one, wanted) for one in listing.filters],
        "sorts": listing.sorts if len(listing.sorts) > 1 else (),
        "sort": wanted.sort,
        "narrowed": any(wanted[one.name] != one.default for one in listing.filters if one.kind != "kept"),
        "onward": pages.onward(part.last, **query),
        "onward_label": listing.onward,
        "later": "after" in request.GET,
        "begin": urlencode(query),
        "keeps": listing.keeps,
        "kept": kept_searches.of(_whose(visitor), listing.name) if listing.keeps else (),
        "rows_max": list_exports.limits(visitor.today).rows_max,
    }


def file(heads: Sequence[str], rows: Sequence[Sequence[str]], number: UUID, told: Sequence[str]) -> bytes:
    """Return a CSV that spreadsheets open: what is told of it, then heads and rows, each with the mark."""
    mark, text = tracing.mark(str(number)), io.StringIO()
    lines = csv.writer(text)
    lines.writerow([formula_safe(one) for one in (*told, mark)])
    lines.writerow([formula_safe(one) for one in (*heads, _("导出标记"))])
    lines.writerows([formula_safe(one) for one in (*row, mark)] for row in rows)
    return text.getvalue().encode("utf-8-sig")


def handed_out(content: bytes, name: str) -> HttpResponse:
    """Hand out a CSV to be saved."""
    out = HttpResponse(content, content_type="text/csv; charset=utf-8")
    out["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return out


def _done(request: HttpRequest, visitor: Visitor, listing: Listing) -> HttpResponseBase:
    act, wanted = request.POST.get("list"), listing.wanted(request)
    if act == "export":
        return _export(visitor, listing, wanted)
    whose, query = _whose(visitor), urlencode(_query(listing, wanted))
    name = request.POST.get("name", "")
    if act == "forget":
        kept_searches.forget(whose, listing.name, name)
        messages.success(request, _("已删除保存的筛选“%(name)s”") % {"name": name})
    else:
        kept_searches.keep(whose, listing.name, name, query, on=visitor.today)
        messages.success(request, _("已保存筛选“%(name)s”") % {"name": name.strip()})
    return redirect(f"{request.path}?{query}")


def _export(visitor: Visitor, listing: Listing, wanted: Wanted) -> HttpResponse:
    number = uuid4()
    rows_max = list_exports.limits(visitor.today).rows_max
    part = listing.rows(visitor, wanted, Window(rows_max))
    lines = [[cell.plain for cell in _line(listing, row)] for row in part.rows]
    whose = _whose(visitor)
    told = [
        str(pages.node()),
        str(listing.title),
        _("导出人：%(person)s") % {"person": whose.person},
        _("导出时间：%(at)s") % {"at": visitor.at.astimezone(BUSINESS_ZONE).strftime("%Y-%m-%d %H:%M:%S")},
        _("共%(rows)s行") % {"rows": len(lines)},
    ]
    if part.last is not None:
        told.append(_("只含前%(rows)s行，其余请缩小筛选范围后另行导出") % {"rows": rows_max})
    content = file([str(one.label) for one in listing.columns], lines, number, told)
    list_exports.take(
        number,
        whose,
        list=listing.name,
        searched=urlencode(_query(listing, wanted)),
        rows=len(lines),
        sha256=sha256(content).hexdigest(),
        actor=visitor.actor,
        as_of=visitor.at,
    )
    return handed_out(content, f"{listing.name}-{visitor.today}-{str(number)[:8]}")


def _whose(visitor: Visitor) -> Whose:
    role = visitor.role
    return Whose(visitor.account.id, visitor.account.display_name, role.party_kind, role.party or "")


def _given(request: HttpRequest, one: Filter) -> str:
    text = " ".join(request.GET.get(one.name, one.default).split())[:_TEXT_MAX].replace("\0", "")
    if one.kind == "choice" and text not in [value for value, _label in one.choices()]:
        return one.default
    return text


def _query(listing: Listing, wanted: Wanted) -> dict[str, str]:
    """Return what the address says of a list; what holds anyway is left out."""
    given = {one.name: wanted[one.name] for one in listing.filters if wanted[one.name] != one.default}
    begins = not listing.sorts or wanted.sort == listing.sorts[0][0]
    return given if begins else {**given, "sort": wanted.sort}


def _filter(one: Filter, wanted: Wanted) -> dict[str, Any]:
    value = wanted[one.name]
    choices = one.choices() if one.kind == "choice" else ()
    return {"name": one.name, "label": one.label, "kind": one.kind, "value": value, "choices": choices}


def _line(listing: Listing, row: Any) -> list[_Shown]:
    return [_shown(column, column.of(row)) for column in listing.columns]


@dataclass(frozen=True)
class _Shown(Cell):
    label: Words = ""
    kind: str = ""


def _shown(column: Column, value: Cell | str | int) -> _Shown:
    cell = value if isinstance(value, Cell) else Cell(str(value))
    kind = "number" if column.number else "whole" if column.whole else ""
    return _Shown(cell.text, cell.href, cell.tag, cell.note, cell.warns, column.label, kind)


def label(word: Any) -> str:
    """Return how a word of a list reads on the page."""
    return wording.named(word.label)


def words(words: Any) -> list[Choice]:
    """Return a closed list of words as choices."""
    return [(word.value, wording.named(word.label)) for word in words]


def at(moment: datetime | None) -> str:
    """Return a moment as lists show it."""
    return moment.astimezone(BUSINESS_ZONE).strftime("%Y-%m-%d %H:%M") if moment else ""
