"""The charts of a monthly model report: spread, drift, discrimination by quarter, bad loans by grade."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import altair

from rongxin.delivery.rendering import charts
from rongxin.delivery.rendering.charts import Drawing

_WIDTH, _HEIGHT = 290, 150
_INDICATORS_DRAWN = 12


def psi(part: Mapping[str, Any]) -> str:
    """Write a population stability index."""
    return f"{part['psi_hundred_thousandths'] / 100_000:.3f}"


def permille(share: int) -> str:
    """Write a share of 1000 as per cent."""
    return f"{share / 10:.1f} %"


def measure(found: Mapping[str, Any], name: str) -> str:
    """Write AUC or KS."""
    return f"{found[name]['value'] / 10_000:.3f}"


def _colour(words: Sequence[str], colours: Sequence[str]) -> altair.Color:
    return altair.Color(
        "side:N",
        title=None,
        scale=altair.Scale(domain=list(words), range=list(colours)),
        legend=altair.Legend(orient="bottom"),
    )


def spread(names: Sequence[str], score: Mapping[str, Any]) -> Drawing:
    """Shares of scores by the baseline's tenths, then and now."""
    sides = (("基线", score["baseline_permille"]), ("本月", score["now_permille"]))
    bars = [
        {"part": name, "place": place, "side": side, "share": share / 1000}
        for side, shares in sides
        for place, (name, share) in enumerate(zip(names, shares, strict=True))
    ]
    chart = (
        altair.Chart(altair.Data(values=bars))
        .mark_bar()
        .encode(
            x=altair.X("part:N", sort=list(names), title=None, axis=altair.Axis(labelAngle=-40)),
            xOffset=altair.XOffset("side:N", sort=[side for side, _ in sides]),
            y=altair.Y("share:Q", title=None, axis=altair.Axis(format=".0%")),
            color=_colour([side for side, _ in sides], [charts.SECOND, charts.ACCENT]),
        )
        .properties(width=2 * _WIDTH, height=_HEIGHT)
    )
    alt = f"各分数段占比；PSI {psi(score)}。"
    return Drawing("分数分布：基线与本月", charts.svg(chart), alt, wide=True)


def drift(known: Sequence[Mapping[str, Any]], limits: Mapping[str, Any]) -> Drawing:
    """The indicators that have moved most, against the bounds."""
    lines = known[:_INDICATORS_DRAWN]
    bars = [
        {"name": f"{one['code']} {one['label']}", "psi": one["psi_hundred_thousandths"] / 1e5}
        for one in lines
    ]
    most = max([limits["psi_act"] * 1.2, *(bar["psi"] for bar in bars)])
    ticks = altair.Axis(tickCount=6, format=".2f")
    across = altair.X("psi:Q", title="PSI", scale=altair.Scale(domain=[0, most]), axis=ticks)
    drawn = (
        altair.Chart(altair.Data(values=bars))
        .mark_bar(height=9, color=charts.ACCENT)
        .encode(y=altair.Y("name:N", sort=None, title=None, axis=altair.Axis(labelLimit=260)), x=across)
    )
    marks = [{"psi": limits["psi_watch"]}, {"psi": limits["psi_act"]}]
    rules = (
        altair.Chart(altair.Data(values=marks))
        .mark_rule(color=charts.WARN, strokeDash=[4, 3])
        .encode(x=altair.X("psi:Q", scale=altair.Scale(domain=[0, most])))
    )
    both = altair.layer(drawn, rules).properties(width=2 * _WIDTH - 200, height=15 * len(bars))
    alt = f"变动最大：{lines[0]['code']} {lines[0]['label']}，PSI {psi(lines[0])}。"
    return Drawing("变动最大的指标（虚线为关注与处理界）", charts.svg(both), alt, wide=True)


def aucs(lines: Sequence[Mapping[str, Any]]) -> Drawing:
    """AUC of each quarter with its interval."""
    points = [
        {"vintage": one["vintage"], **{name: part / 10_000 for name, part in one["auc"].items()}}
        for one in lines
    ]
    chart = _whiskers(points, "vintage", "AUC", format=".2f")
    said = "；".join(f"{one['vintage']} {measure(one, 'auc')}" for one in lines)
    return Drawing("各放款季度的 AUC 及区间", charts.svg(chart), f"{said}。")


def by_grade(lines: Sequence[Mapping[str, Any]]) -> Drawing:
    """The share of bad loans of each grade with its interval."""
    points = [
        {
            "grade": one["grade"],
            "value": one["bad_permille"] / 1000,
            "from": one["from_permille"] / 1000,
            "to": one["to_permille"] / 1000,
        }
        for one in lines
    ]
    chart = _whiskers(points, "grade", "不良率", format=".0%")
    said = "；".join(f"{one['grade']} {permille(one['bad_permille'])}" for one in lines)
    return Drawing("各等级的实际不良率及区间", charts.svg(chart), f"{said}。")


def _whiskers(
    points: Sequence[Mapping[str, Any]], by: str, title: str, *, format: str
) -> altair.TopLevelMixin:
    data = altair.Data(values=list(points))
    across = altair.X(f"{by}:N", sort=None, title=None, axis=altair.Axis(labelAngle=0))
    up = altair.Axis(format=format)
    scale = altair.Scale(zero=False)
    spans = (
        altair.Chart(data)
        .mark_rule(color=charts.SECOND, strokeWidth=3)
        .encode(x=across, y=altair.Y("from:Q", title=title, axis=up, scale=scale), y2="to:Q")
    )
    dots = (
        altair.Chart(data)
        .mark_point(filled=True, size=45, color=charts.ACCENT)
        .encode(x=across, y=altair.Y("value:Q", title=title, axis=up, scale=scale))
    )
    return altair.layer(spans, dots).properties(width=_WIDTH, height=_HEIGHT)
