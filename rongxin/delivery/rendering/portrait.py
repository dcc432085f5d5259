"""画像: the evaluation as people read it, its reasons in sentences; nothing is added to the release."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

_CONFIDENCE = {"high": "高 high", "medium": "中 medium", "low": "低 low"}
_WOULD_ADD_MAX = 8


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
            {"title": "等级上限 Caps", "lines": [_veto(one) for one in score["vetoes"]]},
            {"title": "主要扣分原因 What cost points", "lines": [_lost(one) for one in score["lost"]]},
            {"title": "主要得分原因 What speaks for it", "lines": [_won(one) for one in score["won"]]},
            {"title": "缺失的信息 What is missing", "lines": [_lacking(one) for one in score["lacks"]]},
            {"title": "企业授权后可补充 What consent would add", "lines": list(_would_add(would_add))},
        ],
    }


def _veto(one: Mapping[str, Any]) -> str:
    return f"{one['code']} {one['label']}，等级不高于 {one['cap']}{_sources(one)}"


def _lost(one: Mapping[str, Any]) -> str:
    lost = f"{one['lost_hundredths'] / 100:g}"
    return f"{one['code']} {one['label']}：{_value(one)}，扣 {lost} 分；{one['improve']}{_sources(one)}"


def _won(one: Mapping[str, Any]) -> str:
    return f"{one['code']} {one['label']}：{_value(one)}{_sources(one)}"


def _value(one: Mapping[str, Any]) -> str:
    return f"{one['state']['label']} {one['value']} {one['unit']}"


def _lacking(one: Mapping[str, Any]) -> str:
    return f"{one['code']} {one['label']}（权重 {one['weight']}）{_sources(one)}"


def _sources(one: Mapping[str, Any]) -> str:
    return f"（来源：{'、'.join(one['sources'])}）" if one["sources"] else ""


def _would_add(added: list[Mapping[str, Any]]) -> Iterator[str]:
    for one in added:
        yield f"{one['label']}（{'、'.join(one['items'])}，权重 {one['weight']}）"
