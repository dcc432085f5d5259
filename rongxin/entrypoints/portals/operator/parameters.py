"""参数与目录: every dated parameter, in force, next and past, and what it rests on; nothing is set here.

A value is changed by a new dated file, reviewed and released like code: nobody changes a rule by a page.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse

from rongxin.catalogue import loader
from rongxin.entrypoints import editions
from rongxin.entrypoints.editions import Edition
from rongxin.entrypoints.portals import pages, parameter_words, visitors
from rongxin.entrypoints.portals.visitors import Visitor
from rongxin.parties.rules import permission


@visitors.page(permission.STAFF)
def listed(request: HttpRequest, visitor: Visitor) -> HttpResponse:
    """List the parameters: the edition in force today, the next one, how many are past; `find` narrows."""
    wanted = request.GET.get("find", "").strip()
    lines = [_line(every, visitor.today) for every in editions.families().values()]
    known = loader.load()
    context = {
        "here": "operator_parameters",
        "wanted": wanted,
        "lines": [one for one in lines if wanted in f"{one['title']} {one['family']} {one['now'].citation}"],
        "items": [
            {"item": item, "from": [known.provider_label(one.provider) for one in item.channels]}
            for item in known.items.values()
            if wanted in f"{item.label} {item.item}"
        ],
    }
    return pages.render(request, "operator/parameters.html", context)


@visitors.page(permission.STAFF)
def one(request: HttpRequest, visitor: Visitor, family: str) -> HttpResponse:
    """Show the editions of one parameter, the newest first, with what changed from one to the next."""
    every = editions.families().get(family)
    if not every:
        raise Http404(family)
    line = _line(every, visitor.today)
    shown = [
        {
            "edition": each,
            "now": each == line["now"],
            "later": each.since > visitor.today and each != line["now"],
            "values": _changes(each, before),
        }
        for each, before in zip(reversed(every), [*reversed(every[:-1]), None], strict=True)
    ]
    context = {"here": "operator_parameters", "line": line, "editions": shown}
    return pages.render(request, "operator/parameter.html", context)


def _changes(edition: Edition, before: Edition | None) -> list[dict[str, Any]]:
    earlier = dict(before.values) if before else {}
    return [
        {
            "name": parameter_words.name(name),
            "key": name,
            "value": parameter_words.value(name, value),
            "before": parameter_words.value(name, earlier[name]) if name in earlier else None,
            "changed": before is not None and earlier.get(name) != value,
        }
        for name, value in edition.values
    ]


def _line(every: tuple[Edition, ...], today: date) -> dict[str, Any]:
    now = editions.in_force(every, today)
    return {
        "family": now.family,
        "title": now.title,
        "room": now.room,
        "now": now,
        "next": next((one.since for one in every if one.since > today and one != now), None),
        "past": sum(one.since < now.since for one in every),
    }
