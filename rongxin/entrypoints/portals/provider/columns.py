"""列映射: a department lays its column names beside the catalogue's, sees what rows would become, saves."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from rongxin.catalogue.schema import Item
from rongxin.entrypoints.api import batches as api
from rongxin.entrypoints.portals import pages, visitors
from rongxin.entrypoints.portals.provider.batches import items_of
from rongxin.entrypoints.portals.visitors import Visitor
from rongxin.parties.rules import permission
from rongxin.sharing.aggregation import mapping_preview, saved_mappings
from rongxin.sharing.aggregation.mapping_file import UNITS
from rongxin.sharing.errors import SharingError


@visitors.page(permission.PROVIDER)
def listed(request: HttpRequest, visitor: Visitor) -> HttpResponse:
    """List the items that the provider hands in, with the mapping that stands for each."""
    saved: dict[str, saved_mappings.Card] = {}
    for card in saved_mappings.listed(provider=visitor.role.party, as_of=visitor.at):
        saved.setdefault(card.item, card)
    context = {
        "here": "provider_columns",
        "items": [{"item": one, "saved": saved.get(one.item)} for one in items_of(visitor.role.party)],
    }
    return pages.render(request, "provider/columns.html", context)


@visitors.page(permission.PROVIDER, "GET", "POST")
def one(request: HttpRequest, visitor: Visitor, item: str) -> HttpResponseBase:
    """Show how files are read; by POST try one by the choices made, save them, or end the mapping."""
    known = next((one for one in items_of(visitor.role.party) if one.item == item), None)
    if known is None:
        raise Http404(item)
    act = request.POST.get("act", "")
    own: dict[str, Any] = {"provider": visitor.role.party, "actor": visitor.actor, "as_of": visitor.at}
    try:
        if act == "save":
            saved_mappings.save(_document(request), item=item, **own)
            messages.success(request, _("已保存，以后报送的文件照此读取"))
            return redirect("provider_columns")
        if act == "end":
            saved_mappings.end(item=item, **own)
            messages.success(request, _("已终止，以后按清单的列名读取"))
            return redirect("provider_columns")
        context = _one(request, visitor, known)
    except SharingError as error:
        context = {**_form(request, visitor, known), "mistake": pages.words(error)}
        return pages.render(request, "provider/column.html", context, status=422)
    wrong = 422 if "mistake" in context else 200
    return pages.render(request, "provider/column.html", context, status=wrong)


def _one(request: HttpRequest, visitor: Visitor, known: Item) -> dict[str, Any]:
    context = _form(request, visitor, known)
    file = request.FILES.get("file")
    if request.method != "POST":
        return context
    if file is None:
        raise SharingError(_("请选择一个样本文件：CSV、XLSX、JSON 或 Parquet"))
    with api.on_disk(file) as path:
        asked: dict[str, Any] = {
            "item": known.item,
            "provider": visitor.role.party,
            "file_name": file.name,
            "as_of": visitor.at,
        }
        # From the headers alone: a file whose firm nobody can tell yet has to be mapped all the same.
        drafted = mapping_preview.suggestion(path, **asked)
        given = _document(request) if request.POST.getlist("header") else drafted["mapping"]
        context["lines"] = _lines(drafted, given)
        try:
            context["preview"] = _table(mapping_preview.of(path, document=given, **asked))
        except SharingError as error:
            context["mistake"] = pages.words(error)
    return context


def _form(request: HttpRequest, visitor: Visitor, known: Item) -> dict[str, Any]:
    saved = [
        card
        for card in saved_mappings.listed(provider=visitor.role.party, item=known.item, as_of=visitor.at)
        if card.in_force
    ]
    return {
        "here": "provider_columns",
        "item": known,
        "fields": [(one.name, one.label, one.required) for one in known.fields],
        "units": ("", *UNITS),
        "saved": saved[0] if saved else None,
        "lines": _given(request),
    }


def _given(request: HttpRequest) -> list[dict[str, str]]:
    columns = zip(
        request.POST.getlist("header"),
        request.POST.getlist("field"),
        request.POST.getlist("unit"),
        strict=False,
    )
    return [{"header": header, "field": field, "unit": unit} for header, field, unit in columns]


def _document(request: HttpRequest) -> dict[str, Any]:
    """Return the mapping that the choices make; a column without a choice is left to the catalogue."""
    columns: dict[str, Any] = {}
    for line in _given(request):
        if line["field"]:
            unit: dict[str, str] = {"unit": line["unit"]} if line["unit"] in UNITS else {}
            columns[line["header"]] = {"field": line["field"], **unit} if unit else line["field"]
    return {"columns": columns}


def _lines(drafted: dict[str, Any], given: dict[str, Any]) -> list[dict[str, Any]]:
    """Return one line a column of the file: whether the catalogue knows it, and as what it is to be read."""
    chosen = given.get("columns") or {}
    proposed = drafted["mapping"].get("columns") or {}
    headers = dict.fromkeys([*drafted["known_columns"], *proposed, *drafted["unknown_columns"]])
    lines = []
    for header in headers:
        own = chosen.get(header, "")
        field, unit = (own.get("field", ""), own.get("unit") or "") if isinstance(own, dict) else (own, "")
        known = header in drafted["known_columns"]
        lines.append({"header": header, "field": field, "unit": unit, "known": known})
    return lines


def _table(shown: dict[str, Any]) -> dict[str, Any]:
    """Return the first rows as a table: each with what was read, or why it would be sent back."""
    labels = list(dict.fromkeys(label for row in shown["rows"] for label in row.get("values", {})))
    rows = [
        {**row, "cells": [row.get("values", {}).get(label, "") for label in labels]} for row in shown["rows"]
    ]
    return {**shown, "labels": labels, "rows": rows}
