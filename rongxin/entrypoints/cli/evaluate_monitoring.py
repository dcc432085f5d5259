"""`rongxin evaluate models`, `freeze`, `report`: versions, another by what a run shows, a month's report."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path

import click

from rongxin.entrypoints.cli import answers, node
from rongxin.entrypoints.cli.progress import Progress

_STYLESHEET = Path(__file__).parents[1] / "static" / "rongxin" / "rongxin.css"
_FORMS = {".html": "text/html", ".pdf": "application/pdf", ".json": "application/json"}


@click.command()
def models() -> None:
    """模型登记：各版本及其状态 List the registered versions and where they stand (JSON)."""
    with node.running(progress=False), answers.one_line():
        from rongxin.evaluation.monitoring import register

        found = register.every()
    click.echo(json.dumps(found, ensure_ascii=False, indent=2))


@click.command()
@click.argument("version")
@click.option("--run", "number", type=int, help="全覆盖评价编号，缺省为最近一次 a full run; the latest")
@click.option(
    "--effective-from", "day", type=click.DateTime(["%Y-%m-%d"]), help="生效日，缺省为今天 its first day"
)
@click.option(
    "--out",
    envvar="RONGXIN_EVALUATION_VERSIONS",
    required=True,
    type=click.Path(file_okay=False, path_type=Path),
    help="本节点版本的目录，缺省 RONGXIN_EVALUATION_VERSIONS where this node's own versions lie",
)
def freeze(version: str, number: int | None, day: datetime | None, out: Path) -> None:
    """冻结中位数与等级界值 Make VERSION by what a full run shows: medians of segments, cut-offs of grades.

    It counts for nobody yet: register it, let it run in shadow, and have two people promote it.
    """
    with node.running(), answers.one_line():
        from django.utils import timezone

        from rongxin.evaluation import freezing

        progress = Progress()
        made = freezing.freeze(
            version,
            effective_from=day.date() if day else timezone.localdate(),
            run=number,
            progress=progress.of_all,
        )
        progress.end()
        made.write(out)
    click.echo(json.dumps(made.document(), ensure_ascii=False, indent=2))


@click.command()
@click.option("--month", help="月份，如 2026-10；缺省为上月 a month; the last one without it")
@click.option(
    "--out",
    "outs",
    required=True,
    multiple=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help="输出文件 .html、.pdf 或 .json；可多次给出 may be given more than once",
)
def report(month: str | None, outs: tuple[Path, ...]) -> None:
    """模型月报 Write the month's report on the version in use; frozen once the month is over."""
    for out in outs:
        if out.suffix.lower() not in _FORMS:
            raise click.ClickException(f"{out}: 应为 .html、.pdf 或 .json (a page, a PDF or JSON)")
    with node.running(progress=False), answers.one_line():
        from django.conf import settings
        from django.utils import timezone

        from rongxin.delivery import model_report
        from rongxin.delivery.rendering.press import Press
        from rongxin.evaluation.monitoring import reports
        from rongxin.vocabulary.actor import SYSTEM

        now = timezone.now()
        asked = reports.checked_month(month, as_of=now)
        found = reports.of(asked, actor=SYSTEM, as_of=now)
        press = Press()
        try:
            for out in outs:
                form = _FORMS[out.suffix.lower()]
                made = (
                    json.dumps(found, ensure_ascii=False, indent=2).encode()
                    if form == "application/json"
                    else model_report.printed(
                        press,
                        found,
                        node=settings.RONGXIN_NODE_NAME,
                        notice=settings.RONGXIN_NOTICE,
                        form=form,
                        style=_STYLESHEET.read_text("utf-8"),
                    )
                )
                _write(out, made)
        finally:
            press.close()
    click.echo(f"{asked} 模型月报 model report: {'、'.join(map(str, outs))}")


def _write(out: Path, made: bytes) -> None:
    try:
        out.write_bytes(made)
    except OSError as error:
        raise click.ClickException(f"{out}: 无法写入 {error.strerror}") from error
