"""Lists in pages: `limit`, and a `Link: <…>; rel="next"` (RFC 8288) whose cursor only the node can make.

A page goes on behind the last row of the one before, whatever came or went meanwhile; the body stays the
plain list. A cursor belongs to one list of one caller.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Annotated, Any

from django.core import signing
from django.http import HttpRequest, HttpResponse
from ninja import Field, Schema

from rongxin.entrypoints.api import authentication
from rongxin.entrypoints.api.problems import Problem
from rongxin.journal import windows
from rongxin.journal.windows import Part, Window

ROWS = 100
ROWS_MAX = 500


#: What a list is searched for, where it says so.
Find = Annotated[str, Field(max_length=100, description="查找")]
#: A day by which a list is narrowed.
Day = Annotated[date, Field(ge=date(2000, 1, 1), le=date(2999, 12, 31))]


class Wanted(Schema):
    """Which page, and how long."""

    limit: int = Field(ROWS, ge=1, le=ROWS_MAX, description="每页条数")
    cursor: str | None = Field(None, max_length=1000, description="下一页，取自 Link 头，勿自行构造")


def window(request: HttpRequest, wanted: Wanted) -> Window:
    """Return which part of a list is asked for; a cursor of another list or caller is refused."""
    if wanted.cursor is None:
        return Window(wanted.limit)
    try:
        after = signing.loads(wanted.cursor, salt=_salt(request))
    except signing.BadSignature as error:
        raise Problem(
            422,
            "invalid_cursor",
            "翻页位置无效：请用 Link 头中的地址，或从第一页开始",
            where="query.cursor",
        ) from error
    return Window(wanted.limit, tuple(after))


def link(request: HttpRequest, answer: HttpResponse, part: Part[Any]) -> None:
    """Say in an answer where the next page is; nothing on the last one."""
    if part.last is None:
        return
    query = request.GET.copy()
    query["cursor"] = signing.dumps(part.last, salt=_salt(request))
    answer["Link"] = f'<{authentication.issuer(request)}{request.path}?{query.urlencode()}>; rel="next"'


def whole(
    request: HttpRequest,
    answer: HttpResponse,
    wanted: Wanted,
    rows: Sequence[dict[str, Any]],
    *order: str,
) -> list[dict[str, Any]]:
    """Show a part of a list that its room gives whole, in the order of these members ("-" before the first:
    all falling). They tell any two rows apart, so what comes or goes meanwhile moves nothing.
    """
    names = [name.lstrip("-") for name in order]

    def place(row: Mapping[str, Any]) -> tuple[Any, ...]:
        return tuple(row[name] for name in names)

    given, falling = window(request, wanted), order[0].startswith("-")
    found = sorted(rows, key=place, reverse=falling)
    if (after := given.after) is not None:
        found = [row for row in found if (place(row) < after if falling else place(row) > after)]
    part = windows.cut(found, given, place)
    link(request, answer, part)
    return list(part.rows)


def _salt(request: HttpRequest) -> str:
    caller = authentication.caller(request)
    return f"rongxin.cursor {request.path} {caller.actor.party}"
