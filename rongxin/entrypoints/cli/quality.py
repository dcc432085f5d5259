"""`rongxin quality`: how complete, valid and timely what departments hand in is, and the report to each."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import click

from rongxin.entrypoints.cli import answers, node

_HEADS = ("提供单位", "信息项", "行数", "入库", "退回", "待确认", "重复", "必填完整", "规范", "及时")
_TEXTS = 2  # columns of words; numbers follow


@click.group("quality", help="数据质量：按单位与信息项 Quality of what departments hand in.")
def command() -> None:
    pass


@command.command()
@click.option("--provider", help="数据提供单位 a provider's id; without it all")
@click.option("--month", help="月份，如 2026-10；缺省为本月 a month; without it the present one")
@click.option("--json", "as_json", is_flag=True, help="输出 JSON the whole sheet as JSON")
def show(provider: str | None, month: str | None, as_json: bool) -> None:
    """数据质量表 Print the figures of a month, of every provider and item."""
    with node.running(progress=False), answers.one_line():
        from django.utils import timezone

        from rongxin.sharing.quality import sheets

        now = timezone.now()
        sheet = sheets.of(sheets.checked_month(month, as_of=now), provider=provider, as_of=now)
    click.echo(json.dumps(sheet, ensure_ascii=False, indent=2) if as_json else "\n".join(_table(sheet)))


@command.command()
@click.option("--provider", required=True, help="数据提供单位 a provider's id")
@click.option("--month", help="月份，如 2026-10；缺省为本月 a month; without it the present one")
@click.option("--out", required=True, type=click.Path(dir_okay=False, path_type=Path), help="PDF")
def report(provider: str, month: str | None, out: Path) -> None:
    """数据质量月报 Print the month's report to a provider into FILE (PDF)."""
    with node.running(progress=False), answers.one_line():
        from django.conf import settings
        from django.utils import timezone

        from rongxin.delivery import quality_report
        from rongxin.delivery.rendering.press import Press
        from rongxin.sharing.quality import sheets

        now = timezone.now()
        asked = sheets.checked_month(month, as_of=now)
        press = Press()
        try:
            printed = quality_report.pdf(
                press,
                provider,
                asked,
                node=settings.RONGXIN_NODE_NAME,
                notice=settings.RONGXIN_NOTICE,
                as_of=now,
            )
        finally:
            press.close()
        try:
            out.write_bytes(printed)
        except OSError as error:
            raise click.ClickException(f"{out}: 无法写入 {error.strerror}") from error
    click.echo(f"{asked} 数据质量月报 report to {provider}: {out}")


def _table(sheet: Mapping[str, Any]) -> Iterator[str]:
    whose = sheet["provider"]["name"] if sheet["provider"] else "全部数据提供单位"
    yield f"数据质量 {sheet['month']}  {whose}"
    lines = [_cells(line) for line in sheet["lines"]]
    totals = sheet["totals"]
    rows = totals["rows"]
    counted = [str(rows[name]) for name in ("read", "accepted", "rejected", "pending", "duplicate")]
    lines.append(("合计", "", *counted, "", totals["acceptance"]["text"], totals["timely"]["text"]))
    widths = [max(map(_width, column)) for column in zip(_HEADS, *lines, strict=True)]
    for line in (_HEADS, *lines):
        yield "  ".join(_padded(cell, widths[n], left=n < _TEXTS) for n, cell in enumerate(line)).rstrip()
    if sheet["silent"]:
        yield "本月未报送 not handed in:"
        yield from (
            f"  {head['provider']['name']} · {head['item']['label']}：{head['connection']['label']}"
            for head in sheet["silent"]
        )
    yield from _late(sheet)
    yield f"依据 basis: {sheet['basis']['standard']}；{sheet['basis']['calendar']}"


def _late(sheet: Mapping[str, Any]) -> Iterator[str]:
    heads = [head for head in (*sheet["lines"], *sheet["silent"]) if head["schedule"]]
    late = [head for head in heads if head["schedule"]["late"] or head["schedule"]["missing"]]
    if late:
        yield "未按计划报送 late by their schedule:"
    for head in late:
        own = head["schedule"]
        counted = f"应报 {own['due']} 次，逾期报送 {own['late']} 次，逾期未报 {own['missing']} 次"
        yield f"  {head['provider']['name']} · {head['item']['label']}（{own['plan']}）：{counted}"


def _cells(line: Mapping[str, Any]) -> tuple[str, ...]:
    rows = line["rows"]
    return (
        line["provider"]["name"],
        line["item"]["label"],
        *(str(rows[name]) for name in ("read", "accepted", "rejected", "pending", "duplicate")),
        line["completeness"]["required"]["text"],
        line["acceptance"]["text"],
        line["timeliness"]["text"] if line["timeliness"] else "—",
    )


def _width(text: str) -> int:
    """How many columns of a terminal a text takes: a Chinese character takes two."""
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in text)


def _padded(text: str, width: int, *, left: bool) -> str:
    space = " " * (width - _width(text))
    return text + space if left else space + text
