"""Pages for everybody: what the platform is, what may be shared and how, and how to check its record.

No account, no script, no personal data: figures are counts.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from django.conf import settings
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from django.views.decorators.http import require_safe

from rongxin.catalogue import loader
from rongxin.catalogue.errors import UnknownItem
from rongxin.catalogue.schema import Channel, Item
from rongxin.disclosure import usage
from rongxin.entrypoints.portals import offered, pages, wording
from rongxin.financing.products import offers
from rongxin.journal import checkpoints, keyring
from rongxin.parties import subjects
from rongxin.sharing.aggregation import sources
from rongxin.vocabulary.sharing_mode import SharingMode
from rongxin.vocabulary.zone import BUSINESS_ZONE

_MODES = (SharingMode.PHYSICAL_AGGREGATION, SharingMode.INTERFACE_CALL, SharingMode.DATA_VERIFICATION)
# What a demo leaves behind for its visitor. The accounts' keys lie beside them and are never among these.
DEMO_FILES = {
    "summary.json": _lazy("演示摘要（JSON）"),
    "report.pdf": _lazy("授权信用信息报告（PDF）"),
    "report.json": _lazy("授权信用信息报告（JSON）"),
    "public_report.pdf": _lazy("公共信用信息报告（PDF）"),
}


@require_safe
def front(request: HttpRequest) -> HttpResponse:
    """Say what the platform is, for whom, and what rights one has."""
    items = loader.load().items.values()
    latest = checkpoints.latest()
    figures = {
        "subjects": f"{subjects.count():,}",
        "records": f"{sources.accepted_rows():,}",
        "disclosures": f"{usage.answers():,}",
        "items": len(items),
        "consented": _consented(items),
        "entries": f"{latest.size if latest else 0:,}",
    }
    return _page(request, "front", {"figures": figures, "demo_files": _demo_files()})


@require_safe
def catalogue(request: HttpRequest) -> HttpResponse:
    """Show 信用信息共享清单, category by category: who provides what, in which way, with whose leave."""
    sections = [
        {
            "number": number,
            "label": label,
            "items": [{"item": item, "channels": _channels(item)} for item in items],
        }
        for number, label, items in loader.load().sections()
    ]
    return _page(request, "catalogue", {"sections": sections, "modes": _MODES})


@require_safe
def catalogue_item(request: HttpRequest, item: str) -> HttpResponse:
    """Show one item with its channels and fields."""
    try:
        found = loader.load().item(item)
    except UnknownItem as error:
        raise Http404(str(error)) from error
    fields = [
        {
            "field": field,
            "type": field.field_type,
            "consent": field.consent or all(c.consent for c in found.channels if field.name in c.fields),
            "modes": list(dict.fromkeys(c.mode.label for c in found.channels if field.name in c.fields)),
        }
        for field in found.fields
    ]
    context = {
        "item": found,
        "channels": _channels(found),
        "fields": fields,
        "by_consent": _any_consent(found),
    }
    return _page(request, "catalogue_item", context)


@require_safe
def products(request: HttpRequest) -> HttpResponse:
    """Show what institutions offer, in the stated order, with what it costs in all."""
    some = offers.published(as_of=timezone.now())
    context = {"offers": [offered.product(card) for card in some], "order": offered.order()}
    return _page(request, "products", context)


@require_safe
def journal(request: HttpRequest) -> HttpResponse:
    """Show the latest signed checkpoint and how anybody checks the record."""
    latest, note = checkpoints.latest(), checkpoints.latest_note()
    signing = keyring.journal_key()
    context = {
        "checkpoint": latest,
        "note": note,
        "signed_at": latest.at.astimezone(BUSINESS_ZONE).strftime("%Y-%m-%d %H:%M:%S") if latest else None,
        "root": latest.root.hex() if latest else None,
        "key": signing.public.pem(),
        "key_id": signing.id,
        "origin": keyring.origin(),
    }
    return _page(request, "journal", context)


@require_safe
def demo_file(request: HttpRequest, name: str) -> HttpResponseBase:
    """Hand out what the demo made, by a closed list of names; elsewhere than in a demo there is nothing."""
    if name not in {file["name"] for file in _demo_files()}:
        raise Http404(name)
    return FileResponse((_demo() / name).open("rb"), filename=name)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Say in our own words that there is no such page, and lead back."""
    page = _page(request, "not_found", {})
    page.status_code = 404
    return page


def _page(request: HttpRequest, name: str, context: Mapping[str, Any]) -> HttpResponse:
    return pages.render(request, f"public/{name}.html", {"here": name, **context})


def _consented(items: Any) -> int:
    return sum(all(channel.consent for channel in item.channels) for item in items)


def _any_consent(item: Item) -> bool:
    return any(c.consent for c in item.channels) or any(field.consent for field in item.fields)


def _channels(item: Item) -> list[dict[str, Any]]:
    return [
        {
            "channel": channel,
            "provider": loader.load().provider_label(channel.provider),
            "levels": [level.label for level in channel.levels],
            "where": _filter(item, channel),
            "fields": [item.field(name).label for name in item.fields_of(channel)],
            "whole": len(channel.fields) == len(item.fields),
            "consented_fields": [
                item.field(name).label for name in item.fields_of(channel) if item.field(name).consent
            ],
        }
        for channel in item.channels
    ]


def _filter(item: Item, channel: Channel) -> str | None:
    """Say in words which rows a channel carries."""
    if channel.where is None:
        return None
    value = channel.where.equals
    word = {True: _("是"), False: _("否")}[value] if isinstance(value, bool) else str(value)
    return _("仅限%(label)s为“%(word)s”的记录") % {
        "label": wording.named(item.column(channel.where.field).label),
        "word": word,
    }


def _demo() -> Path:
    return Path(settings.RONGXIN_VAR) / "demo"


def _demo_files() -> list[dict[str, str]]:
    if settings.RONGXIN_MODE != "demo":
        return []
    return [
        {"name": name, "label": str(label)}
        for name, label in DEMO_FILES.items()
        if (_demo() / name).is_file()
    ]
