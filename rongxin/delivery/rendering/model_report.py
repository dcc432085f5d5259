"""模型月报 for page and paper: the figures in words, tables and charts, the same for both."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import orjson
import typst
from django.template import Context, Engine

from rongxin.delivery.rendering import fonts, glyphs, model_charts
from rongxin.delivery.rendering.charts import Drawing

STANDARD: Final = "a-3b"
_PAGE = Path(__file__).parents[1] / "templates" / "delivery" / "model_report.html"
_PRINT = Path(__file__).with_name("model_report.typ")
_NONE = "—"
TOO_FEW = {
    "too_few_to_tell": "可公布的贷款不足，不予公布 too few loans to tell",
    "not_enough_outcomes": "不良或正常贷款不足，尚不能判断区分能力 not enough outcomes",
}


def prepare(report: Mapping[str, Any], *, node: str, notice: str | None) -> dict[str, Any]:
    """Return what page and paper print: title, facts, sections of paragraphs, tables and charts."""
    model = report["model"]
    return {
        "node": node,
        "notice": notice,
        "month": report["month"],
        "title": "信用评价模型月报",
        "subtitle": f"Monthly model report · {report['month']}",
        "made_at": report["made_at"],
        "facts": list(_facts(report)),
        "tiles": list(_tiles(report)),
        "sections": [
            _stability(report),
            _indicators(report),
            _vintages(report),
            _calibration(report),
            _fairness(report),
            _challengers(report),
        ],
        "basis": _basis(report),
        "registered": model["registered"],
    }


def render(job: Mapping[str, Any]) -> bytes:
    """Return a report as the job's `form` says: a page that stands alone, or a PDF."""
    prepared = prepare(job["report"], node=job["node"], notice=job["notice"])
    if job["form"] == "application/pdf":
        return pdf(prepared, job["report"])
    return html(prepared, style=job["style"]).encode()


def html(prepared: Mapping[str, Any], *, style: str) -> str:
    """Return the page of a prepared report."""
    page = Engine().from_string(_PAGE.read_text("utf-8"))
    content = {**prepared, "style": style}
    return page.render(Context(content, use_l10n=False, use_tz=False))


@cache
def _compiler() -> typst.Compiler:
    return typst.Compiler(str(_PRINT), font_paths=[str(fonts.directory())], ignore_system_fonts=True)


def pdf(prepared: Mapping[str, Any], report: Mapping[str, Any]) -> bytes:
    """Return the PDF; the report itself is attached as `model_report.json`."""
    font = glyphs.coverage(fonts.file())
    shown = glyphs.legible(dict(prepared), lambda c: c in font or c in glyphs.LAYOUT)
    document = _compiler().compile(
        format="pdf",
        sys_inputs={"report": orjson.dumps(shown).decode(), "data": orjson.dumps(report).decode()},
        pdf_standards=STANDARD,
        timestamp=datetime.fromisoformat(str(report["made_at"])).replace(microsecond=0),
    )
    assert isinstance(document, bytes)
    return document


def _facts(report: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    model = report["model"]
    yield "在用版本 Version in use", model["version"]
    if not model["registered"]:
        yield "登记 Register", "该版本未登记，无启用记录 not registered"
    else:
        yield "登记 Registered", f"{model['registered_at'][:10]}，{model['registered_by']}"
        yield "依据 Made from", model["made_from"]
        if model["data_from"]:
            yield "数据期间 Data", f"{model['data_from']} 至 {model['data_until']}"
        if model["promoted_at"]:
            people = f"提出 {model['proposed_by']}，核准 {model['promoted_by']}"
            yield "启用 Put to use", f"{model['promoted_at'][:10]}（{people}）"
    yield "截至 As of", report["as_of"]
    yield "冻结基线 Baseline", f"{report['baseline']['as_of']}（sha256:{report['baseline']['sha256'][:16]}…）"


def _tiles(report: Mapping[str, Any]) -> Iterator[dict[str, str]]:
    people, score = report["population"], report["score"]
    moved = [line for line in report["indicators"] if line["signal"]["code"] != "steady"]
    gone = [line for line in report["indicators"] if line["missing_signal"]["code"] != "steady"]
    yield {"number": f"{people['subjects']:,}", "label": "已评价主体"}
    yield {"number": str(people["mean_score"] or _NONE), "label": "平均分"}
    yield {"number": model_charts.psi(score), "label": f"分数 PSI（{score['signal']['label']}）"}
    yield {"number": str(len(moved)), "label": "分布有变的指标"}
    yield {"number": str(len(gone)), "label": "缺失率有变的指标"}
    found = report["outcomes"]["all"]
    yield {"number": model_charts.measure(found, "auc") if "auc" in found else _NONE, "label": "区分能力 AUC"}


def _stability(report: Mapping[str, Any]) -> dict[str, Any]:
    score, limits = report["score"], report["parameters"]
    bounds = [0, *score["edges"], 1001]
    names = [f"{low}–{high - 1}" for low, high in pairwise(bounds)] + ["未评级"]
    rows = [
        (name, model_charts.permille(was), model_charts.permille(now))
        for name, was, now in zip(names, score["baseline_permille"], score["now_permille"], strict=True)
    ]
    said = (
        f"分数 PSI {model_charts.psi(score)}（{score['signal']['label']}）：按基线十分位，"
        f"{limits['psi_watch']:.2f} 起关注，{limits['psi_act']:.2f} 起须处理。"
    )
    return _section(
        "群体稳定性", "Population stability", [said], [_table(("分数段", "基线占比", "本月占比"), rows)],
        [model_charts.spread(names, score)],
    )  # fmt: skip


def _indicators(report: Mapping[str, Any]) -> dict[str, Any]:
    limits = report["parameters"]
    # What neither then nor now is known of anybody says nothing of a shift.
    silent = [line for line in report["indicators"] if set(line["missing_permille"].values()) == {1000}]
    known = [line for line in report["indicators"] if line not in silent]
    rows = [
        (
            f"{line['code']} {line['label']}",
            model_charts.psi(line),
            line["signal"]["label"],
            model_charts.permille(line["missing_permille"]["baseline"]),
            model_charts.permille(line["missing_permille"]["now"]),
            line["missing_signal"]["label"],
        )
        for line in known
    ]
    said = (
        "各指标按其评分卡分档比较，缺失与不适用各为一档。"
        f"缺失率变动 {limits['missing_watch_permille'] / 10:.0f} 个百分点起关注，"
        f"{limits['missing_act_permille'] / 10:.0f} 个百分点起须处理；缺失既不当作好也不当作坏。"
    )
    unknown = f"两期均未取得数据的指标 {len(silent)} 项：{'、'.join(line['code'] for line in silent)}。"
    heads = ("指标", "PSI", "分布", "基线缺失率", "本月缺失率", "缺失")
    return _section(
        "指标稳定性与缺失率", "Indicators and missing values", [said, *([unknown] if silent else [])],
        [_table(heads, rows)], [model_charts.drift(known, limits)] if rows else [],
    )  # fmt: skip


def _vintages(report: Mapping[str, Any]) -> dict[str, Any]:
    limits, tellable, outcomes = report["parameters"], report["tellable"], report["outcomes"]
    said = [
        f"贷款首次放款后 {limits['window_months']} 个月内逾期 {limits['bad_overdue_days']} 天及以上"
        "或核销的为不良；"
        "到期仍无还款反馈的不计为正常。以放款当日生效的评分对照。"
        f"少于 {tellable['cases_min']} 笔或 {tellable['institutions_min']} 家机构的不予公布；"
        f"不良少于 {limits['bads_min']} 笔或正常少于 {limits['goods_min']} 笔的，尚不能判断。"
        f"未批准的 {outcomes['loans']['declined_cases']} 笔没有结果，不作推断。",
    ]
    if "auc" not in outcomes["all"]:
        said.insert(0, f"目前：{TOO_FEW[outcomes['all']['reason']]}。")
    lines = [("全部", outcomes["all"]), *((one["vintage"], one) for one in outcomes["vintages"])]
    rows = [(name, *_discrimination(found)) for name, found in lines]
    heads = ("放款季度", "有结论", "未到期或无反馈", "不良率", "AUC（区间）", "KS（区间）")
    drawn = [one for one in outcomes["vintages"] if "auc" in one]
    return _section(
        "区分能力（按放款季度）", "Discrimination by vintage", said, [_table(heads, rows)],
        [model_charts.aucs(drawn)] if len(drawn) > 1 else [],
    )  # fmt: skip


def _calibration(report: Mapping[str, Any]) -> dict[str, Any]:
    found, limits = report["calibration"], report["parameters"]
    shown = [line for line in found["lines"] if "bad_permille" in line]
    rows = [
        (
            line["grade"],
            str(line["known"]),
            model_charts.permille(line["bad_permille"]),
            f"{model_charts.permille(line['from_permille'])} – {model_charts.permille(line['to_permille'])}",
            _NONE if line["expected_permille"] is None else model_charts.permille(line["expected_permille"]),
            {True: "相符", False: "不符", None: _NONE}[line["within"]],
        )
        for line in shown
    ]
    said = []
    if not shown:
        said.append(
            f"目前：各等级有结论的贷款均不足 {limits['grade_loans_min']} 笔，尚不能校准 not enough outcomes。"
        )
    if hidden := [line["grade"] for line in found["lines"] if line["withheld"]]:
        said.append(f"贷款过少、不予公布的等级：{'、'.join(hidden)}。")
    if not found["has_expected"]:
        said.append("该版本登记时没有各等级的预期不良率，只列实际不良率及其区间（Wilson）。")
    rises = {True: "等级越低不良率越高，符合。", False: "注意：有更低的等级不良率反而更低。"}
    if found["worse_grades_fail_more"] is not None:
        said.append(rises[found["worse_grades_fail_more"]])
    heads = ("等级", "有结论", "实际不良率", "95 % 区间", "预期不良率", "判断")
    tables = [_table(heads, rows)] if rows else []
    drawn = [model_charts.by_grade(shown)] if len(shown) > 1 else []
    return _section("校准（按等级）", "Calibration by grade", said, tables, drawn)


def _fairness(report: Mapping[str, Any]) -> dict[str, Any]:
    limits = report["parameters"]
    tables = []
    for one in report["fairness"]:
        rows = [
            (
                group["label"],
                f"{group['rated']:,}",
                str(group["mean_score"]),
                model_charts.permille(group["below_cut_permille"]),
                f"{group['ratio_hundredths'] / 100:.2f}{'（关注）' if group['watch'] else ''}",
                model_charts.measure(group["outcomes"], "auc") if "auc" in group["outcomes"] else _NONE,
            )
            for group in one["groups"]
        ]
        head = f"{one['label']} {one['label_en']}"
        below = f"低于 {limits['cut_grade']} 级"
        hidden = one["withheld_groups"]
        note = f"另有 {hidden} 组主体过少（或为防反推而一并隐去），不予公布。" if hidden else ""
        if not rows and not hidden:
            note = "没有已评级的主体。"
        heads = (head, "已评级", "平均分", below, "占比之比", "AUC")
        tables.append({**_table(heads, rows), "note": note})
    said = [
        f"只列 {limits['group_min']} 户及以上的组，户数取整到 {limits['round_to']}。"
        f"占比之比＝该组不低于 {limits['cut_grade']} 级的占比÷最高组的占比，"
        f"低于 {limits['share_ratio_watch']:.2f} 时关注。"
        "差异本身不等于不公，须结合结果反馈判断。"
        "所有制只能按主体类型区分：企业类型须企业授权方可调取（附件第2行），平台不留存。",
    ]
    return _section("公平性", "Fairness", said, tables, [])


def _challengers(report: Mapping[str, Any]) -> dict[str, Any]:
    tables, said = [], []
    for one in report["challengers"]:
        compared = one["comparison"]
        if compared is None or "not_scored" in compared:
            why = compared["not_scored"] if compared else "尚无影子运行"
            said.append(f"挑战者 {one['version']}：{why}。")
            continue
        found = one["discrimination"]
        rows = [
            ("依据", one["made_from"]),
            ("影子评分主体", f"{compared['subjects']:,}"),
            ("平均分差（挑战者−在用）", f"{compared['mean_difference_hundredths'] / 100:+.2f}"),
            ("等级不变", model_charts.permille(compared["same_grade_permille"])),
            ("等级分布 PSI", f"{compared['psi_of_grades_hundred_thousandths'] / 100_000:.4f}"),
            ("AUC（区间）", _interval(found, "auc") if "auc" in found else TOO_FEW[found["reason"]]),
        ]
        tables.append(_table((f"挑战者 {one['version']}", ""), rows))
    if not report["challengers"]:
        said.append("本月没有影子运行的挑战者。")
    return _section("挑战者（影子运行）", "Challengers in shadow", said, tables, [])


def _basis(report: Mapping[str, Any]) -> str:
    limits = report["parameters"]
    return (
        f"参数版本 {limits['edition']}（{limits['effective_from']} 起）。{limits['citation'].strip()}。"
        "各项只为群体统计，不含任何主体的评分或记录。"
    )


def _section(
    title: str,
    title_en: str,
    paragraphs: Sequence[str],
    tables: Sequence[Mapping[str, Any]],
    drawings: Sequence[Drawing],
) -> dict[str, Any]:
    return {
        "title": title,
        "title_en": title_en,
        "paragraphs": list(paragraphs),
        "tables": list(tables),
        "charts": [asdict(one) for one in drawings],
    }


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> dict[str, Any]:
    return {"heads": list(heads), "rows": [list(row) for row in rows], "note": ""}


def _discrimination(found: Mapping[str, Any]) -> tuple[str, ...]:
    if found["withheld"]:
        return (_NONE, _NONE, _NONE, TOO_FEW[found["reason"]], "")
    counted = (str(found["known"]), str(found["open"]), model_charts.permille(found["bad_permille"]))
    if found["reason"]:
        return (*counted, TOO_FEW[found["reason"]], "")
    return (*counted, _interval(found, "auc"), _interval(found, "ks"))


def _interval(found: Mapping[str, Any], name: str) -> str:
    part = found[name]
    low, high = part["from"] / 10_000, part["to"] / 10_000
    return f"{part['value'] / 10_000:.3f}（{low:.3f} – {high:.3f}）"
