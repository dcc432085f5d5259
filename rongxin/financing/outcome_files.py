"""结果反馈文件: a list of outcomes by the month, as CSV, workbook, JSON Lines or Parquet ((七)).

One row is one step of one case, named by the institution's own number of the matter. Every row of the file
ends as accepted, duplicate or refused with its line and reason; a file handed in again changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from rongxin.catalogue import calendar_dates, numerals
from rongxin.catalogue.errors import Unclean
from rongxin.consent import cases
from rongxin.financing import outcomes
from rongxin.financing.errors import UnfitFile
from rongxin.financing.outcomes import Line
from rongxin.financing.rules import Rejection, Security, Stage, Told
from rongxin.sharing.aggregation.readers.opening import open_file
from rongxin.sharing.aggregation.readers.refusals import Refusal
from rongxin.sharing.aggregation.readers.source import Chunk
from rongxin.vocabulary.actor import Actor
from rongxin.vocabulary.labelled import Labelled

#: The columns of a file: what they are called in Chinese, and the field that each fills.
COLUMNS = {
    "业务编号": "reference",
    "阶段": "stage",
    "日期": "on",
    "金额（元）": "amount_cny",
    "年利率（%）": "rate_percent",
    "期限（月）": "term_months",
    "担保方式": "security",
    "未批准原因": "rejection",
    "余额（元）": "outstanding_cny",
    "逾期天数": "overdue_days",
    "逾期金额（元）": "overdue_cny",
}
#: The columns that hold one of a list of words.
WORDS: Mapping[str, type[Labelled]] = {"阶段": Stage, "担保方式": Security, "未批准原因": Rejection}
_CHINESE = {target: label for label, target in COLUMNS.items()}
_REQUIRED = ("reference", "stage", "on")


@dataclass
class Receipt:
    """What became of a file: rows = accepted + duplicates + refused."""

    rows: int = 0
    accepted: int = 0
    duplicates: int = 0
    refused: list[dict[str, Any]] = field(default_factory=list)

    def document(self) -> dict[str, Any]:
        return {
            "rows": self.rows,
            "accepted": self.accepted,
            "duplicates": self.duplicates,
            "refused": len(self.refused),
            "reasons": self.refused,
        }


def take(path: Path, institution: str, *, name: str, actor: Actor, as_of: datetime) -> Receipt:
    """Take a file that the institution called `name`; raises `UnfitFile` where it is no such list."""
    receipt = Receipt()
    try:
        with open_file(path, declared_name=name) as source:
            columns = _columns(source.headers, name)
            for chunk in source.chunks():
                _take_chunk(chunk, columns, institution, receipt, actor=actor, as_of=as_of)
    except Refusal as refusal:
        raise UnfitFile(_so_far(receipt) + refusal.text) from refusal
    return receipt


def _so_far(receipt: Receipt) -> str:
    """A file may turn out unreadable in its midst: what stands before stays, and says so."""
    if not receipt.rows:
        return ""
    return f"此前 {receipt.rows} 行已处理（接收 {receipt.accepted} 行），改正后可整份重新提交，不会重复："


def _columns(headers: tuple[str, ...], name: str) -> dict[str, str]:
    """Return which header fills which field."""
    known = COLUMNS | {target: target for target in COLUMNS.values()}
    found = {header: known[header] for header in headers if header in known}
    if strange := [header for header in headers if header not in known]:
        raise UnfitFile(f"{name}：不认识的列 {'、'.join(strange[:5])}；可用的列：{'、'.join(COLUMNS)}")
    if len(set(found.values())) < len(found):
        raise UnfitFile(f"{name}：同一内容有两列，请只留一列")
    if missing := [_CHINESE[target] for target in _REQUIRED if target not in found.values()]:
        raise UnfitFile(f"{name}：缺少列 {'、'.join(missing)}")
    return found


def _take_chunk(
    chunk: Chunk,
    columns: Mapping[str, str],
    institution: str,
    receipt: Receipt,
    *,
    actor: Actor,
    as_of: datetime,
) -> None:
    faults = {fault.line: fault.message for fault in (*chunk.broken, *chunk.marked)}
    rows = {line: row for line, row in _rows(chunk, columns) if line not in faults}
    numbers = cases.numbers_of(institution, {row["reference"] for row in rows.values()})
    lines: list[Line] = []
    for line, row in rows.items():
        try:
            told = _read(row)
        except Unclean as error:
            faults[line] = str(error)
            continue
        if row["reference"] in numbers:
            lines.append(Line(line, numbers[row["reference"]], told))
        else:
            faults[line] = outcomes.NO_CASE
    taken = outcomes.tell(institution, lines, actor=actor, as_of=as_of)
    receipt.rows += chunk.rows
    receipt.accepted += len(taken.accepted)
    receipt.duplicates += len(taken.duplicates)
    wrong = faults | dict(taken.refused)
    receipt.refused += [{"line": line, "reason": wrong[line]} for line in sorted(wrong)]


def _rows(chunk: Chunk, columns: Mapping[str, str]) -> Iterator[tuple[int, dict[str, str]]]:
    frame = chunk.frame.rename(dict(columns)).select(list(columns.values()))
    for line, row in zip(chunk.lines.to_list(), frame.iter_rows(named=True), strict=True):
        yield line, {name: (value or "").strip() for name, value in row.items()}


def _read(row: Mapping[str, str]) -> Told:
    """Read a row; `Unclean` says which cell can't be read, and why."""

    def cell(name: str, read: Callable[[str], Any]) -> Any:
        text = row.get(name, "")
        if not text:
            return None
        try:
            return read(text)
        except Unclean as error:
            raise Unclean(error.code, f"{_CHINESE[name]}：{error}") from error

    stage, on = cell("stage", _word(Stage)), cell("on", calendar_dates.read)
    if stage is None or on is None or not row["reference"]:
        raise Unclean("missing", "业务编号、阶段、日期均须填写")
    return Told(
        stage=stage,
        on=on,
        amount_cny=cell("amount_cny", numerals.read),
        rate_bp=cell("rate_percent", _basis_points),
        term_months=cell("term_months", _whole),
        security=cell("security", _word(Security)),
        rejection=cell("rejection", _word(Rejection)),
        outstanding_cny=cell("outstanding_cny", numerals.read),
        overdue_days=cell("overdue_days", _whole),
        overdue_cny=cell("overdue_cny", numerals.read),
    )


def _word(words: type[Labelled]) -> Callable[[str], Labelled]:
    by_name = {one.label: one for one in words} | {one.value: one for one in words}

    def read(text: str) -> Labelled:
        if text not in by_name:
            raise Unclean("unknown_word", f"“{text[:20]}”应为：{'、'.join(one.label for one in words)}")
        return by_name[text]

    return read


def _whole(text: str) -> int:
    number = numerals.read(text)
    if number != number.to_integral_value():
        raise Unclean("not_whole", f"{text[:20]} 应为整数")
    return int(number)


def _basis_points(text: str) -> int:
    points = numerals.read(text, suffixes=("%", "％")) * Decimal(100)
    if points != points.to_integral_value():
        raise Unclean("too_fine", f"年利率 {text[:20]} 至多两位小数（单位：%）")
    return int(points)
