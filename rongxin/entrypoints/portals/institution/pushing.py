"""推送的条款与文件: a subscription's form and change; a run's files, fetched and acknowledged ((六))."""

from __future__ import annotations

import re
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from rongxin.catalogue import loader
from rongxin.delivery.push import runs, subscriptions
from rongxin.delivery.push.errors import PushError
from rongxin.delivery.push.rules import (
    INTERVAL_HOURS_MAX,
    KINDS_BY_DEFAULT,
    Form,
    RunState,
    Status,
    Terms,
    why,
)
from rongxin.entrypoints.api import push as api
from rongxin.entrypoints.portals import coded, pages, visitors
from rongxin.entrypoints.portals.visitors import Visitor
from rongxin.parties.rules import permission
from rongxin.parties.rules.size_class import SizeClass
from rongxin.vocabulary.sharing_mode import SharingMode
from rongxin.vocabulary.subject_kind import SubjectKind

_HERE = "institution_pushes"
_SHA256 = re.compile(r"[0-9a-f]{64}")
_MANY = ("items_wanted", "kinds_wanted", "sizes_wanted")


@visitors.page(permission.INSTITUTION, "GET", "POST")
def change(request: HttpRequest, visitor: Visitor, number: UUID) -> HttpResponseBase:
    """Show a subscription's terms in the form; by POST set new ones as the next version."""
    card = _subscription(number, visitor)
    context = {"here": _HERE, "one": card.document(), **choices(), **_of_terms(card.terms)}
    if request.method != "POST":
        return pages.render(request, "institution/push_change.html", context)
    by: dict[str, Any] = {"institution": visitor.role.party, "actor": visitor.actor, "as_of": visitor.at}
    try:
        subscriptions.change(number, terms(request), **by)
    except PushError as error:
        context |= {"mistake": pages.words(error), **sent(request)}
        return pages.render(request, "institution/push_change.html", context, status=422)
    messages.success(request, _("已变更，下一次推送按新的条款，并撤下不再属于它的信息"))
    return redirect(_HERE)


@visitors.page(permission.INSTITUTION)
def run(request: HttpRequest, visitor: Visitor, number: UUID) -> HttpResponseBase:
    """Show one run with its files, and what to do with them."""
    return pages.render(request, "institution/push_run.html", _run(number, visitor))


@visitors.page(permission.INSTITUTION)
def file(request: HttpRequest, visitor: Visitor, number: UUID, name: str) -> HttpResponseBase:
    """Give a file of a ready run, by the same door as to the institution's systems."""
    try:
        path = runs.fetch(number, name, institution=visitor.role.party, actor=visitor.actor, as_of=visitor.at)
    except PushError as error:
        raise Http404(str(error)) from error
    return api.served(request, path, etag=f'"{number}/{name}"')


@visitors.page(permission.INSTITUTION, "POST")
def acknowledge(request: HttpRequest, visitor: Visitor, number: UUID) -> HttpResponseBase:
    """Say that a run is here whole, by the hash of the manifest that was verified."""
    given = request.POST.get("manifest_sha256", "").strip().lower()
    by: dict[str, Any] = {"institution": visitor.role.party, "actor": visitor.actor, "as_of": visitor.at}
    try:
        if not _SHA256.fullmatch(given):
            raise PushError(_("请填写所下载的 manifest.json 的 SHA-256（64位十六进制）"))
        runs.acknowledge(number, given, **by)
    except PushError as error:
        context = {**_run(number, visitor), "mistake": pages.words(error), "given": given}
        return pages.render(request, "institution/push_run.html", context, status=422)
    messages.success(request, _("已确认收到，下一次推送从这一次算起"))
    return redirect("institution_push_run", number=number)


def terms(request: HttpRequest) -> Terms:
    """Read the terms that a form holds; whether they will do is the room's to say."""
    given = request.POST
    hours = pages.whole(given.get("interval_hours", ""))
    if hours is None or not 1 <= hours <= INTERVAL_HOURS_MAX:
        most = {"most": INTERVAL_HOURS_MAX}
        raise PushError(_("推送间隔应为1至%(most)s之间的整数（小时）") % most)
    found = Terms(
        items=tuple(given.getlist("items_wanted")),
        reference=given.get("reference", "").strip(),
        basis=given.get("basis", "").strip(),
        regions=coded.REGIONS.read(given.getlist("regions")),
        sizes=tuple(given.getlist("sizes_wanted")),
        industries=coded.INDUSTRIES.read(given.getlist("industries")),
        kinds=tuple(kind for kind in SubjectKind if kind.value in given.getlist("kinds_wanted")),
        individuals_basis=given.get("individuals_basis", "").strip(),
        form=Form.CSV if given.get("form") == Form.CSV else Form.PARQUET,
        interval_hours=hours,
    )
    if not (found.items and found.reference and found.basis):
        raise PushError(_("请选择信息项，并填写业务编号和推送依据"))
    return found


def choices() -> dict[str, Any]:
    """Return what a form of terms offers, and what stands in an empty one."""
    return {
        "kinds": list(SubjectKind),
        "kinds_wanted": [kind.value for kind in KINDS_BY_DEFAULT],
        "sizes": list(SizeClass),
        "forms": list(Form),
        "items": [
            one
            for one in loader.load().items.values()
            if any(c.mode is SharingMode.PHYSICAL_AGGREGATION and not c.consent for c in one.channels)
        ],
        "regions_rows": coded.REGIONS.rows(()),
        "industries_rows": coded.INDUSTRIES.rows(()),
        **coded.offered(),
    }


def sent(request: HttpRequest) -> dict[str, Any]:
    """Return what was sent, so that a form that is refused keeps it."""
    given = request.POST
    return {
        "given": given,
        **{name: given.getlist(name) for name in _MANY},
        "regions_rows": coded.REGIONS.rows(coded.REGIONS.read(given.getlist("regions"))),
        "industries_rows": coded.INDUSTRIES.rows(coded.INDUSTRIES.read(given.getlist("industries"))),
    }


def _of_terms(held: Terms) -> dict[str, Any]:
    plain = ("reference", "basis", "individuals_basis", "interval_hours")
    return {
        "given": {**{name: getattr(held, name) for name in plain}, "form": held.form.value},
        "items_wanted": list(held.items),
        "kinds_wanted": [kind.value for kind in held.kinds],
        "sizes_wanted": list(held.sizes),
        "regions_rows": coded.REGIONS.rows(held.regions),
        "industries_rows": coded.INDUSTRIES.rows(held.industries),
    }


def _subscription(number: UUID, visitor: Visitor) -> subscriptions.Card:
    try:
        card = subscriptions.get(number, institution=visitor.role.party)
    except PushError as error:
        raise Http404(str(error)) from error
    if card.status is Status.ENDED:
        raise Http404(str(number))
    return card


def _run(number: UUID, visitor: Visitor) -> dict[str, Any]:
    try:
        card = runs.get(number, institution=visitor.role.party)
    except PushError as error:
        raise Http404(str(error)) from error
    ready = card.state is RunState.READY
    return {
        "here": _HERE,
        "run": card,
        "why": why(card.reason),
        "subscription": subscriptions.get(card.subscription, institution=visitor.role.party),
        "files": runs.listing(card.id) if ready else [],
        "ready": ready,
    }
