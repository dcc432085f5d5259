"""画像: the evaluation as people read it, its reasons in sentences; nothing is added to the release."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

_CONFIDENCE = {"high": "高 high", "medium": "中 medium", "low": "低 low"}
_WOULD_ADD_MAX = 8
_TITLES = {
    "veto": "等级上限 Caps",
    "lost": "主要扣分原因 What cost points",
    "won": "主要得分原因 What speaks for it",
    "lacks": "缺失的信息 What is missing",
}


def shown(evaluation: Mapping[str, Any]) -> dict[str, Any]:
    """Return the report's evaluation with the words that page and paper print."""
    withheld = [group["reason"] for group in evaluation["withheld"]]
    reason = evaluation["reason"] or (withheld[0] if withheld else None)
    return {
        **evaluation,
        "why": f"{reason['label']}（{reason['article']}）" if reason else None,
        "scores": [_score(score) for score in evaluation["scores"]],
    }


def _score(score: Mapping[str, Any]) -> dict[str, Any]:
    would_add = score["consent_would_add"][:_WOULD_ADD_MAX]
    return {
        **score,
        "coverage_label": f"{score['coverage_permille'] / 10:.1f}%",
        "confidence_label": _CONFIDENCE[score["confidence"]],
        "groups": [
            {"title": title, "lines": [_LINES[kind](one) for one in score["reasons"][kind]]}
            for kind, title in _TITLES.items()
        ]
        + [{"title": "企业授权后可补充 What consent would add", "lines": list(_would_add(would_add))}],
    }


def _veto(one: Mapping[str, Any]) -> str:
    return f"{_named(one)}，等级不高于 {one['cap']}；{one['improve']['zh']}{_sources(one)}"


def _lost(one: Mapping[str, Any]) -> str:
    lost = f"{one['lost_hundredths'] / 100:g}"
    return f"{_named(one)}：{_value(one)}，扣 {lost} 分；{one['improve']['zh']}{_sources(one)}"


def _won(one: Mapping[str, Any]) -> str:
    return f"{_named(one)}：{_value(one)}，得 {one['won_hundredths'] / 100:g} 分{_sources(one)}"


def _lacking(one: Mapping[str, Any]) -> str:
    weight, more = one["possible_hundredths"] / 100, one["would_add_permille"] / 10
    adds = f"（权重 {weight:g}，取得后覆盖率增加 {more:g}%）"
    wants = "、".join(item["label"] for item in one["consent_items"])
    return f"{_named(one)}{adds}{f'；需企业授权{wants}' if wants else ''}{_sources(one)}"


def _named(one: Mapping[str, Any]) -> str:
    return f"{one['code']} {one['label']['zh']} {one['label']['en']}"


def _value(one: Mapping[str, Any]) -> str:
    return f"{one['state']['label']} {one['value']['zh']}"


def _sources(one: Mapping[str, Any]) -> str:
    named = "、".join(f"{source['provider']}·{source['label']}" for source in one["sources"])
    on = f"，最近记录 {one['newest_on']}" if one["newest_on"] else ""
    return f"（来源：{named}{on}）" if named else ""


def _would_add(added: list[Mapping[str, Any]]) -> Iterator[str]:
    for one in added:
        yield f"{one['label']}（{'、'.join(one['items'])}，权重 {one['weight']}）"


_LINES: Mapping[str, Callable[[Mapping[str, Any]], str]] = {
    "veto": _veto,
    "lost": _lost,
    "won": _won,
    "lacks": _lacking,
}
