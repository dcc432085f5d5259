"""The generated page `docs/reference/indicators.md`: indicators, grades and vetoes as the files have them."""

from __future__ import annotations

from collections.abc import Iterator

from rongxin.catalogue import loader
from rongxin.catalogue.schema import Item
from rongxin.evaluation import tiers, wording
from rongxin.evaluation.cards import Standing, Trigger
from rongxin.evaluation.loading import Specification
from rongxin.evaluation.schema import Condition, Dimension, Formula, Indicator, Measure
from rongxin.evaluation.tiers import Tier
from rongxin.vocabulary.subject_kind import SubjectKind

_HEAD = """# 指标 Indicators\n
评价指标体系（（七））：每个指标一个文件 `rongxin/evaluation/indicators/`，权重、分档、等级等参数另置
`rongxin/evaluation/parameters/`。One file an indicator; weights, bins, grades and vetoes lie apart, dated
and cited.\n
箭头后为得分率（占权重的百分比）。缺失的指标不得分也不扣分。
After the arrow stands how much of the weight a bin brings, in percent. What is missing
brings and costs nothing.
"""
_NONE = {
    "value": "无记录按零计 no record counts as none",
    "missing": "无记录为缺失 no record: missing",
    "not_applicable": "无记录则不适用 no record: not applicable",
}


def page(spec: Specification) -> Iterator[str]:
    """Return the page's lines; the same version gives the same bytes."""
    total = sum(spec.bins(code).weight for code in spec.indicators)
    public = sum(spec.bins(c).weight for c, one in spec.indicators.items() if tiers.is_public(one))
    yield _HEAD
    yield f"版本 version {spec.version}，{len(spec.indicators)} 个指标 indicators，权重合计 weights {total}，"
    yield f"其中公共评价 of the public tier {public}。\n"
    for name in ("weights", "grades", "vetoes", "relief", "segments"):
        part = getattr(spec, name)
        yield f"- `{name}`：{part.citation}，自 {part.effective_from} 起 from then on"
    for dimension in Dimension:
        yield from _dimension(spec, dimension)
    yield from _grades(spec)
    yield from _vetoes(spec)
    yield from _relief(spec)


def _dimension(spec: Specification, dimension: Dimension) -> Iterator[str]:
    own = [one for one in spec.indicators.values() if one.dimension is dimension]
    weight = sum(spec.bins(one.code).weight for one in own)
    yield f"\n## {dimension.label} {dimension.label_en} · {weight}\n"
    yield _row(
        "代码 code",
        "指标 label",
        "权重 weight",
        "分档→得分率 bins → % of weight",
        "方向 direction",
        "来源 source",
        "窗口 window",
        "时效 fresh for",
        "层次 tier",
        "无记录时、不适用 no record, not applicable",
        "如何改善 to improve",
    )
    yield _row(*["---"] * 11)
    for one in own:
        bins = spec.bins(one.code)
        points = (
            f"{wording.of_bin(one, bins, place)} → {won}"
            for place, won in enumerate(bins.points)
            if wording.of_bin(one, bins, place).zh
        )
        yield _row(
            f"**{one.code}**" + (" 关键 critical" if one.critical else ""),
            f"{one.label}<br>{one.label_en}" + (f"<br>{one.notes}" if one.notes else ""),
            str(bins.weight),
            "<br>".join(points),
            "越高越好 more is better" if one.direction == "+" else "越低越好 less is better",
            "<br>".join(dict.fromkeys(_source(one, name) for name in one.items)),
            "<br>".join(dict.fromkeys(_windows(one))) or "当前 now",
            f"{one.freshness_days} 天 days",
            _tier(one),
            "<br>".join([_NONE[one.none], *_not_for(one)]),
            f"{one.improve}<br>{one.improve_en}",
        )


def _source(one: Formula, name: str) -> str:
    """Name the fields that a formula reads of an item, with the annex' row and who answers for it."""
    item = loader.load().item(name)
    columns = dict.fromkeys(c for m in one.measures.values() if m.item == name for c in m.columns)
    rows = "、".join(map(str, item.annex_row))
    annex = f"附件第{rows}行 annex row" if rows else "（四）增列 added by (四)"
    providers = dict.fromkeys(s.provider for s in wording.sources(one) if s.item == name)
    named = "、".join(f"`{name}.{column}`" for column in columns) or f"`{name}`"
    return f"{named} {item.label}（{annex}，{'、'.join(providers)}）"


def _windows(one: Indicator) -> Iterator[str]:
    """Say over which time rows are looked at."""
    for measure in one.measures.values():
        for test in measure.where:
            said = _window(test, loader.load().item(measure.item))
            if said:
                yield said
        yield from _of_measure(measure)


def _of_measure(measure: Measure) -> Iterator[str]:
    if measure.by is not None:
        yield "最近一条 the newest"
    if measure.decay is not None:
        steps = "、".join(f"{step.months} 个月内 {step.hundredths}%" for step in measure.decay.steps)
        yield f"按时间递减 by age in months: {steps}"


def _window(test: Condition, item: Item) -> str | None:
    label = test.field if test.field.startswith("_") else item.column(test.field).label
    if test.within_months is not None:
        return f"{label}：近 {test.within_months} 个月 months"
    if test.within_years is not None:
        return f"{label}：近 {test.within_years} 个应报年度 years due"
    if test.years_back is not None:
        ago = f"前 {test.years_back} 年，{test.years_back} before" if test.years_back else ""
        return f"{label}：最近应报年度{ago} the last year due"
    return None


def _tier(one: Formula) -> str:
    tier = Tier.PUBLIC if tiers.is_public(one) else Tier.AUTHORISED
    consent = "需授权 consent" if tiers.needs_consent(one) else "无需授权 no consent"
    return f"{tier.label} {tier.value}<br>{one.channel.label}，{consent}"


def _not_for(one: Formula) -> Iterator[str]:
    if one.not_held:
        yield f"依法不留存，目前对任何主体都不适用 applies to nobody: {one.not_held}"
    left = [kind.label for kind in SubjectKind if kind not in one.applies_to]
    if left:
        yield f"不适用于{'、'.join(left)} not for them"


def _grades(spec: Specification) -> Iterator[str]:
    yield "\n## 等级 Grades\n"
    yield "| 等级 grade | 评分不低于 score at least | 公共评价等级 of the public tier |"
    yield "|---|---|---|"
    for grade, least in spec.grades.grades.items():
        yield _row(grade, str(least), spec.grades.public_grade_of(least))
    yield _row("NR", "不予评级 not rated", "—")
    high, medium = spec.grades.confidence["high"], spec.grades.confidence["medium"]
    yield f"\n置信度：覆盖率不低于 {high / 10:g}% 且关键指标齐全为高；不低于 {medium / 10:g}% 为中；"
    yield f"其余为低。Confidence: high from a coverage of {high / 10:g}% with no critical indicator missing,"
    yield f"medium from {medium / 10:g}%. 薄档案向分组中位数收缩 a thin file shrinks to its segment's median:"
    yield f"a = {spec.grades.shrinkage_hundredths / 100:g}（docs/decisions/0035）。"


def _vetoes(spec: Specification) -> Iterator[str]:
    yield "\n## 等级上限 Vetoes\n"
    yield "| 代码 code | 情形 what | 触发 when | 等级不高于 grade at most | 如何改善 to improve |"
    yield "|---|---|---|---|---|"
    for veto in spec.vetoes.vetoes:
        when = "<br>".join(_trigger(spec, one) for one in veto.any)
        labels, improve = f"{veto.label}<br>{veto.label_en}", f"{veto.improve}<br>{veto.improve_en}"
        yield _row(veto.code, labels, when, veto.cap, improve)
    thin = spec.vetoes.thin_file
    when = f"覆盖率低于 coverage below {thin.coverage_below / 10:g}%"
    improve = f"{thin.improve}<br>{thin.improve_en}"
    yield _row(thin.code, f"{thin.label}<br>{thin.label_en}", when, thin.cap, improve)


def _trigger(spec: Specification, one: Trigger) -> str:
    """Write what sets a veto off, by the words of the indicator or the source of the signal."""
    edge = f"> {one.above}" if one.above is not None else f"< {one.below}"
    formula = spec.formulas[one.of]
    if isinstance(formula, Indicator):
        words = [zh for value, (zh, _) in sorted(formula.words.items()) if one.holds(value)]
        return f"{one.of} {edge}" + (f"（{'、'.join(words)}）" if words else "")
    return f"`{one.of}` {edge}：" + "；".join(_source(formula, name) for name in formula.items)


def _relief(spec: Specification) -> Iterator[str]:
    yield "\n## 不再使用的记录 What is used no more\n"
    yield "已修复、移除、撤回的记录不在其列。What was repaired, removed or withdrawn is in no view.\n"
    catalogue = loader.load()
    for name, item in catalogue.items.items():
        rules = list(spec.relief.counts_while.get(name, ()))
        if item.published_until is not None:
            rules.append(Standing(field=item.published_until, not_before_day=True))
        for rule in dict.fromkeys(rules):
            label = item.column(rule.field).label
            until = "当日止 to that day" if rule.not_before_day else "之前 until the day before"
            yield f"- `{name}.{rule.field}` {item.label}：计至{label}{until}"


def _row(*cells: str) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in cells) + " |"
