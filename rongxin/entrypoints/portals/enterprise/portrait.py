"""信用评价 as its owner reads it: in one language, no codes; what counts for and against, what would help."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from rongxin.entrypoints.portals import wording

_CONFIDENCE = {"high": _lazy("高"), "medium": _lazy("中"), "low": _lazy("低")}
_GROUPS = {
    "won": _lazy("加分的"),
    "lost": _lazy("扣分的"),
    "veto": _lazy("限制等级的"),
    "lacks": _lazy("还缺的信息"),
}


def shown(evaluation: Mapping[str, Any]) -> dict[str, Any]:
    """Return a report's evaluation in the words of the page."""
    return {**evaluation, "scores": [_score(one) for one in evaluation["scores"]]}


def _score(score: Mapping[str, Any]) -> dict[str, Any]:
    groups = (
        {"title": title, "lines": [_line(kind, one) for one in score["reasons"][kind]]}
        for kind, title in _GROUPS.items()
    )
    return {
        **score,
        "confidence": _CONFIDENCE[score["confidence"]],
        "coverage": f"{score['coverage_permille'] / 10:g}%",
        "groups": [group for group in groups if group["lines"]],
    }


def _line(kind: str, one: Mapping[str, Any]) -> dict[str, str]:
    consent = () if kind != "lacks" else one["consent_items"]
    return {
        "what": _said(one["label"]),
        "value": "" if kind == "lacks" else _said(one["value"]),
        "effect": _effect(kind, one),
        "improve": _said(one["improve"]) if kind in ("lost", "veto") else "",
        "consent": wording.listed(item["label"] for item in consent),
        "sources": wording.listed(source["provider"] for source in one["sources"]),
    }


def _effect(kind: str, one: Mapping[str, Any]) -> str:
    if kind == "lost":
        return _("扣%(points)s分") % {"points": f"{one['lost_hundredths'] / 100:g}"}
    if kind == "won":
        return _("得%(points)s分") % {"points": f"{one['won_hundredths'] / 100:g}"}
    if kind == "veto":
        return _("等级不高于%(cap)s") % {"cap": one["cap"]}
    return _("取得后覆盖率增加%(more)s%%") % {"more": f"{one['would_add_permille'] / 10:g}"}


def _said(texts: Mapping[str, str]) -> str:
    return texts["en" if wording.in_english() else "zh"]
