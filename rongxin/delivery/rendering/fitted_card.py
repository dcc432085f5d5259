"""The report on a fitted card as a page that stands alone: figures, intervals, charts, the card itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import altair
from django.template import Context, Engine

from rongxin.delivery.rendering import charts
from rongxin.delivery.rendering.charts import Drawing
from rongxin.evaluation.fitting.card import Bin, Card, Column

_TEMPLATE = Path(__file__).parents[1] / "templates" / "delivery" / "fitted_card.html"
_WIDTH, _HEIGHT = 270, 200
_DRIFTS_MAX = 15
_NAMES = {
    "auc": "AUC",
    "ks": "KS",
    "brier": "Brier",
    "gap": "与提升树的 AUC 差距 Behind boosted trees (AUC)",
}
_METHODS = {
    "woe": "证据权重与逻辑回归 Weight of evidence, logistic regression",
    "boosted": "加性提升（无交互） Additive boosting, no interactions",
    "blend": "两者各半 Half of each",
    "trees": "提升树（仅作对照） Boosted trees (yardstick only)",
}
_ORDINARY, _BAD_ONES = "好 good", "坏 bad"


def render(card: Card, report: Mapping[str, Any], *, stylesheet: Path) -> str:
    """Return the page of a card and the report that `fit` made with it; needs no settings and no database."""
    page = Engine().from_string(_TEMPLATE.read_text("utf-8"))
    content = {
        "style": stylesheet.read_text("utf-8"),
        "target": card.target.column,
        "base": str(card.scale.base),
        "facts": list(_facts(card, report)),
        "figures": list(_figures(report)),
        "methods": list(_methods(report)),
        "charts": [vars(chart) for chart in drawn(report)],
        "calibration": [
            (str(part["rows"]), f"{part['foretold']:.2%}", f"{part['observed']:.2%}")
            for part in report["calibration"]
        ],
        "remarks": [*report["notes"], *(f"{name}: {why}" for name, why in report["left_out"].items())],
        "columns": [_column(column, report) for column in card.columns],
    }
    return page.render(Context(content, use_l10n=False, use_tz=False))


def drawn(report: Mapping[str, Any]) -> list[Drawing]:
    """The report's charts: ranking, calibration, scores, stability."""
    return [_roc(report), _calibration(report), _scores(report), _drift(report)]


def _facts(card: Card, report: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    made = card.made_from
    yield "目标 Target", f"{card.target.column}（坏 bad = {card.target.bad}，好 good = {card.target.good}）"
    yield "样本 Rows", f"{made['rows']}（坏 bad {made['bad']}）"
    yield "留出 Held back", str(report["held_back"])
    yield "方法 Method", _METHODS[report["chosen"]]
    scale = card.scale
    yield (
        "刻度 Scale",
        f"{scale.score_at_odds} = {scale.odds}:1，翻倍 doubling = {scale.points_per_doubling}",
    )
    yield "随机种子 Seed", str(report["seed"])
    yield "数据 Data", f"sha256:{made['file_sha256']}"
    yield "评分卡 Card", card.digest


def _figures(report: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    for name, word in _NAMES.items():
        part = report[name]
        yield word, f"{part['value']:.4f}", f"{part['from']:.4f} – {part['to']:.4f}"
    yield "PSI（分数 scores）", f"{report['psi']:.4f}", ""


def _methods(report: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    for name, word in _METHODS.items():
        validated = report["cross_validation"].get(name)
        yield word, "" if validated is None else f"{validated:.4f}", f"{report['others_auc'][name]:.4f}"


def _column(column: Column, report: Mapping[str, Any]) -> dict[str, Any]:
    parts = [*column.bins, column.missing, column.unknown]
    points = [part.points for part in parts]
    return {
        "name": column.name,
        "span": f"{min(points):+d} … {max(points):+d}",
        "psi": _number(report["psi_of_columns"].get(column.name)),
        "direction": {"+": "越大越好 more is better", "-": "越大越差 more is worse", "": ""}[
            column.direction
        ],
        "bins": [_bin(part) for part in parts],
    }


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.4f}"  # not in the card that was measured


def _bin(part: Bin) -> tuple[str, str, str, str]:
    return part.reads, f"{part.points:+d}", str(part.rows), str(part.bad)


def _drawing(title: str, chart: altair.TopLevelMixin, alt: str) -> Drawing:
    return Drawing(title, charts.svg(chart), alt)


def _roc(report: Mapping[str, Any]) -> Drawing:
    curves = (("评分卡 card", "card"), ("提升树 trees", "trees"))
    points = [
        {"alarms": alarms, "hits": hits, "of": word, "place": place}
        for word, key in curves
        for place, (alarms, hits) in enumerate(report["roc"][key])
    ]
    lines = (
        altair.Chart(altair.Data(values=points))
        .mark_line(strokeWidth=1.5)
        .encode(
            x=altair.X("alarms:Q", title="误报率 false alarms"),
            y=altair.Y("hits:Q", title="命中率 hits"),
            order=altair.Order("place:Q"),
            color=_colour("of", [word for word, _ in curves], [charts.ACCENT, charts.WARN]),
        )
        .properties(width=_WIDTH, height=_HEIGHT)
    )
    auc, trees = report["auc"]["value"], report["others_auc"]["trees"]
    return _drawing("ROC", lines, f"AUC：评分卡 card {auc:.4f}，提升树 trees {trees:.4f}。")


def _calibration(report: Mapping[str, Any]) -> Drawing:
    parts = list(report["calibration"])
    most = max(max(part["foretold"], part["observed"]) for part in parts) or 1.0
    shares = altair.Axis(format=".0%")
    diagonal = (
        altair.Chart(altair.Data(values=[{"at": 0, "is": 0}, {"at": most, "is": most}]))
        .mark_line(strokeDash=[4, 3], color=charts.QUIET)
        .encode(x="at:Q", y="is:Q")
    )
    points = (
        altair.Chart(altair.Data(values=parts))
        .mark_line(point=True, color=charts.ACCENT)
        .encode(
            x=altair.X("foretold:Q", title="预测坏样本率 foretold", axis=shares),
            y=altair.Y("observed:Q", title="实际坏样本率 observed", axis=shares),
        )
    )
    both = (diagonal + points).properties(width=_WIDTH, height=_HEIGHT)
    widest = max(abs(part["foretold"] - part["observed"]) for part in parts)
    return _drawing("校准 Calibration", both, f"各十分位最大偏差 widest gap {widest:.2%}。")


def _scores(report: Mapping[str, Any]) -> Drawing:
    bars = [
        {"from": bar["from"], "kind": kind, "rows": count}
        for bar in report["scores"]
        for kind, count in ((_ORDINARY, bar["rows"] - bar["bad"]), (_BAD_ONES, bar["bad"]))
    ]
    chart = (
        altair.Chart(altair.Data(values=bars))
        .mark_bar(size=_WIDTH / len(report["scores"]) * 0.85)
        .encode(
            x=altair.X("from:Q", title="分数 score", scale=altair.Scale(zero=False)),
            y=altair.Y("rows:Q", title="样本数 rows"),
            color=_colour("kind", [_ORDINARY, _BAD_ONES], [charts.SECOND, charts.WARN]),
        )
        .properties(width=_WIDTH, height=_HEIGHT)
    )
    rows, bad = (sum(bar[key] for bar in report["scores"]) for key in ("rows", "bad"))
    return _drawing("分数分布 Scores", chart, f"留出样本 {rows} 行 rows，其中坏 bad {bad}。")


def _drift(report: Mapping[str, Any]) -> Drawing:
    found = sorted(report["psi_of_columns"].items(), key=lambda pair: -pair[1])[:_DRIFTS_MAX]
    chart = (
        altair.Chart(altair.Data(values=[{"column": name, "psi": psi} for name, psi in found]))
        .mark_bar(height=8, color=charts.ACCENT)
        .encode(
            y=altair.Y("column:N", sort=None, title=None),
            x=altair.X("psi:Q", title="PSI"),
        )
        .properties(width=_WIDTH - 80, height=12 * max(len(found), 1))
    )
    words = f"{found[0][0]} {found[0][1]:.4f}" if found else "–"
    return _drawing(
        "稳定性 Stability (PSI)", chart, f"分数 scores {report['psi']:.4f}；最大 highest {words}。"
    )


def _colour(field: str, words: list[str], colours: list[str]) -> altair.Color:
    return altair.Color(
        f"{field}:N",
        title=None,
        scale=altair.Scale(domain=words, range=colours),
        legend=altair.Legend(orient="bottom"),
    )
