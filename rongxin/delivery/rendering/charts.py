"""Charts of a report: one grammar (Altair) for page and paper, drawn as SVG with a text alternative.

Each chart is drawn only where it helps: a line of one point or a bar chart of nothing is left out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from functools import lru_cache
from typing import Any

import altair
import orjson
import vl_convert

from rongxin.catalogue import numerals
from rongxin.delivery.rendering import fonts
from rongxin.delivery.rendering.lettering import MEASURED, Lettering
from rongxin.vocabulary.availability import Availability

_INK, QUIET, _LINE = "#1d2733", "#66707d", "#d9dee5"
ACCENT, SECOND, WARN = "#0b5c8a", "#7fb0cc", "#a3430b"
_WIDTH, _HALF = 640, 310
_CATEGORIES_MIN = 3
#: Of 10 to 50 KB each.
KEPT = 400


@dataclass(frozen=True)
class Drawing:
    title: str
    svg: str
    alt: str
    wide: bool = False


@dataclass(frozen=True)
class Layout:
    """For what a chart is laid out: how wide its plot is, how high a bar's row, how large its letters."""

    letters: int
    #: Of a chart with long names before its bars, of one with short ones, of one that stands beside another.
    plot: int
    short: int
    half: int
    row: int
    #: How many entries of the legend stand beside each other; 0: all.
    columns: int
    #: A mark of the axis of a share at each so many of 100.
    every: int


#: A page at a desk, and paper; and the screen of a telephone, on which nothing is made smaller to fit.
BROAD = Layout(letters=9, plot=_WIDTH - 150, short=_WIDTH - 150, half=_HALF - 40, row=12, columns=0, every=10)
NARROW = Layout(letters=11, plot=140, short=205, half=215, row=17, columns=2, every=50)


def draw(report: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the report's charts as plain dicts (`title`, `svg`, `alt`, `wide`), at most four."""
    return [asdict(chart) for chart in _drawings(report, BROAD)]


def draw_for_pages(report: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return them with one more drawing each, `narrow`, for a telephone's screen."""
    narrow = _drawings(report, NARROW)
    return [{**chart, "narrow": one.svg} for chart, one in zip(draw(report), narrow, strict=True)]


def _drawings(report: Mapping[str, Any], layout: Layout) -> list[Drawing]:
    makers = (_portrait, _availability, _timeline, _tax)
    return [chart for maker in makers if (chart := maker(report, layout)) is not None]


def _portrait(report: Mapping[str, Any], layout: Layout) -> Drawing | None:
    """画像: how much of each dimension's known weight is won, against the median of the firm's segment."""
    scores = report.get("evaluation", {}).get("scores", [])
    if not scores:
        return None
    score = scores[-1]
    bars = [
        {"dimension": one["label"], "won": one["won_permille"] / 10}
        for one in score["dimensions"]
        if one["won_permille"] is not None
    ]
    if len(bars) < _CATEGORIES_MIN:
        return None
    median = score["segment_median_permille"] / 10
    whole = altair.Scale(domain=[0, 100])
    chart = (
        altair.Chart(altair.Data(values=bars))
        .mark_bar(height=10, color=ACCENT)
        .encode(
            y=altair.Y("dimension:N", sort=None, title=None),
            x=altair.X(
                "won:Q",
                title=_title("得分占已知权重（%），竖线为同类中位数", layout),
                scale=whole,
                axis=altair.Axis(values=list(range(0, 101, layout.every)), format="d"),
            ),
        )
    )
    rule = (
        altair.Chart(altair.Data(values=[{"median": median}]))
        .mark_rule(color=WARN)
        .encode(x=altair.X("median:Q", scale=whole))
    )
    drawn = altair.layer(chart, rule).properties(width=layout.short, height=(layout.row + 4) * len(bars))
    said = "；".join(f"{bar['dimension']} {bar['won']:g}%" for bar in bars)
    return Drawing("信用画像（按维度）", svg(drawn, layout), f"{said}。同类中位数 {median:g}%。", wide=True)


def _availability(report: Mapping[str, Any], layout: Layout) -> Drawing | None:
    """What the report rests on, category by category."""
    counted = [
        {"category": section["label"], "state": state, "count": count, "place": _PLACES[state]}
        for section in report["sections"]
        for state, count in Counter(item["availability"]["label"] for item in section["items"]).items()
    ]
    if len({bar["category"] for bar in counted}) < _CATEGORIES_MIN:
        return None
    longest = max(len(section["items"]) for section in report["sections"])
    states = {item["availability"]["code"] for item in _items(report)}
    shown = [state for state in _COLOURS if state in states]
    bars = (
        altair.Chart(altair.Data(values=counted))
        .mark_bar(height=8)
        .encode(
            y=altair.Y("category:N", sort=None, title=None),
            x=altair.X(
                "count:Q",
                title="信息项数",
                axis=altair.Axis(format="d", values=_whole(longest, marks=layout.plot // 20)),
            ),
            order=altair.Order("place:Q"),  # as the legend has them; left to itself it stacks by letter
            color=altair.Color(
                "state:N",
                title=None,
                scale=altair.Scale(domain=[s.label for s in shown], range=[_COLOURS[s] for s in shown]),
                legend=altair.Legend(orient="bottom", columns=layout.columns),
            ),
        )
        .properties(width=layout.plot, height=layout.row * len({c["category"] for c in counted}))
    )
    summary = report["summary"]
    alt = (
        f"共 {summary['items']} 项信息：{summary['with_records']} 项有记录，{summary['no_record']} 项无记录。"
    )
    return Drawing("各类信息的取得情况", svg(bars, layout), alt, wide=True)


_COLOURS = {
    Availability.RECORDS: ACCENT,
    Availability.PARTIAL: SECOND,
    Availability.NO_RECORD: "#a9c6d6",
    Availability.WITHHELD: "#c9ced5",
    Availability.NOT_APPLICABLE: "#e6e9ed",
    Availability.SOURCE_NOT_CONNECTED: "#f0c9a5",
    Availability.PROVIDER_UNAVAILABLE: WARN,
}
_PLACES = {state.label: place for place, state in enumerate(_COLOURS)}


def _timeline(report: Mapping[str, Any], layout: Layout) -> Drawing | None:
    """Dated facts by year; adverse ones in their own colour and, for those who see none, below the line."""
    points = [
        {"year": row["observed_on"][:4], "n": -1 if item["negative"] else 1, "kind": item["negative"]}
        for item in _items(report)
        for row in item["rows"]
        if row["observed_on"] and (item["negative"] or item["item"] in _EVENTS)
    ]
    counts = Counter((p["year"], p["kind"]) for p in points)
    if len({year for year, _ in counts}) < 2:
        return None
    data = [
        {"year": year, "count": -counts[year, True] if bad else counts[year, False], "kind": kind}
        for year in _years(year for year, _ in counts)
        for bad, kind in ((False, _GOOD), (True, _BAD))
    ]
    most = max(counts.values())
    chart = (
        altair.Chart(altair.Data(values=data))
        .mark_bar(size=12)
        .encode(
            x=altair.X("year:O", title=None, axis=altair.Axis(labelAngle=0)),
            y=altair.Y(
                "count:Q",
                title="条",
                axis=altair.Axis(values=_whole(most, -most), labelExpr="abs(datum.value)"),
            ),
            color=altair.Color(
                "kind:N",
                title=None,
                scale=altair.Scale(domain=[_GOOD, _BAD], range=[ACCENT, WARN]),
                legend=altair.Legend(orient="bottom"),
            ),
        )
        .properties(width=layout.half, height=110)
    )
    good = sum(n for (_, negative), n in counts.items() if not negative)
    bad = sum(n for (_, negative), n in counts.items() if negative)
    return Drawing(
        "按年份的记录", svg(chart, layout), f"{good} 条许可、荣誉与权利记录，{bad} 条不良记录（轴下方）。"
    )


def _title(words: str, layout: Layout) -> str | list[str]:
    """An axis' title; where the plot is narrow, a line for each of its clauses."""
    return words if layout is BROAD else words.split("，")


def _whole(last: int, first: int = 0, *, marks: int = 8) -> list[int]:
    """Ticks for a count, nine at most to a side: left to itself the axis writes 0, 1, 1, 2, 2."""
    step = max(1, -(-last // min(8, marks)))
    return list(range(-(-first // step) * step, last + 1, step))


def _years(found: Iterable[str]) -> list[str]:
    """The span of years without a gap, at most the last ten: an empty year says something too."""
    years = sorted(int(year) for year in found)
    return [str(year) for year in range(max(years[0], years[-1] - 9), years[-1] + 1)]


_GOOD, _BAD = "许可、荣誉与权利", "不良记录"
_EVENTS = frozenset(
    {"administrative_permit", "honours", "trademark", "patent", "software_copyright", "policy_support"}
)


def _tax(report: Mapping[str, Any], layout: Layout) -> Drawing | None:
    """Tax due and paid in the last year; only a report by consent has it."""
    item = next((i for i in _items(report) if i["item"] == "tax_payment"), None)
    if item is None or not item["rows"]:
        return None
    values = {field["name"]: field["value"] for field in item["rows"][0]["fields"]}
    data = []
    for kind, label in (("vat", "增值税"), ("corporate_income_tax", "企业所得税")):
        for part, word in (("payable", "应纳税"), ("paid", "实际缴税")):
            value = next((v for k, v in values.items() if k.startswith(kind) and part in k), None)
            # A provider's own machine may have masked it: then there is no figure to draw.
            if (amount := numerals.stored(value)) is not None:
                data.append({"tax": label, "part": word, "amount": float(amount) / 10_000})
    if not data:
        return None
    chart = (
        altair.Chart(altair.Data(values=data))
        .mark_bar(height=11)
        .encode(
            y=altair.Y("part:N", title=None, sort=None),
            x=altair.X("amount:Q", title="万元"),
            color=altair.Color(
                "part:N",
                legend=None,
                scale=altair.Scale(domain=["应纳税", "实际缴税"], range=[SECOND, ACCENT]),
            ),
            row=altair.Row(
                "tax:N", title=None, sort=None, header=altair.Header(labelAngle=0, labelAlign="left")
            ),
        )
        .properties(width=layout.half - 70, height=42)
    )
    alt = "；".join(f"{d['tax']}{d['part']} {d['amount']:.2f} 万元" for d in data)
    return Drawing("近一年纳税", svg(chart, layout), alt)


def _items(report: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for section in report["sections"]:
        yield from section["items"]


def svg(chart: altair.TopLevelMixin, layout: Layout = BROAD) -> str:
    """Return the drawing of a chart in the house's style."""
    # Altair's own validation would cost more than the drawing; tests draw every chart with it.
    return _drawn(orjson.dumps(chart.to_dict(validate=False)), layout.letters)


@lru_cache(maxsize=KEPT)
def _drawn(chart: bytes, letters: int) -> str:
    """Draw what is described. Drawing takes five times as long as describing, and whoever looks again at the
    same facts gets the same drawing, so the last ones are kept, in the render process alone.
    """
    lettering = Lettering()
    taken = lettering.take({**orjson.loads(chart), "config": _config(letters)})
    return lettering.put_back(vl_convert.vegalite_to_svg(taken), fonts.FAMILY)


def _config(letters: int) -> dict[str, Any]:
    return {
        "font": MEASURED,
        "background": "transparent",
        "view": {"stroke": None},
        "axis": {
            "labelColor": QUIET,
            "titleColor": QUIET,
            "gridColor": _LINE,
            "domainColor": _LINE,
            "tickColor": _LINE,
            "labelFontSize": letters,
            "titleFontSize": letters,
            "titleFontWeight": "normal",
            "labelLimit": 0,
            "labelOverlap": False,
        },
        "legend": {"labelColor": _INK, "labelFontSize": letters, "symbolType": "square", "labelLimit": 0},
        "header": {"labelColor": _INK, "labelFontSize": letters, "labelLimit": 0},
    }
