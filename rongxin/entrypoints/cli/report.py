"""`rongxin report`: which request a report, or a single page of one, was the answer to; who signed it."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from rongxin.entrypoints.cli import node, report_signature
from rongxin.vocabulary.purpose import Purpose
from rongxin.vocabulary.zone import BUSINESS_ZONE

if TYPE_CHECKING:
    from rongxin.disclosure.register import Traced
    from rongxin.parties.list_exports import Taken


@click.group(help="报告：追溯、核对签名 Reports: trace one to its request, check its signature.")
def command() -> None:
    pass


command.add_command(report_signature.verify)
command.add_command(report_signature.certificate)


@command.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def trace(file: Path) -> None:
    """由水印追溯查询 Find the request that FILE (PDF, one page of it, saved page, JSON) was the answer to."""
    from rongxin.delivery import tracing

    data = file.read_bytes()
    try:
        found = tracing.read(data)
    except tracing.Untraceable as error:
        raise click.ClickException(f"{file}: 无法追溯 {error} [{error.code}]") from error
    except ImportError as error:
        raise click.ClickException(
            "读取 PDF 需要 pypdf：pip install pypdf reading a PDF needs pypdf"
        ) from error
    with node.running():
        from datetime import datetime

        from rongxin.disclosure import register
        from rongxin.parties import list_exports
        from rongxin.vocabulary.actor import Actor, ActorKind

        actor = Actor(ActorKind.SYSTEM, f"cli-{os.getuid()}", "operator")
        now = datetime.now(BUSINESS_ZONE)
        fingerprint = hashlib.sha256(data).hexdigest()
        lists = [list_exports.trace(r, actor=actor, as_of=now) for r in found.requests]
        taken = [one for one in lists if one is not None]
        answers = [
            register.trace(r, file=fingerprint, actor=actor, as_of=now)
            for r, one in zip(found.requests, lists, strict=True)
            if one is None
        ]
    for one in taken:
        click.echo("\n".join(_of_list(one, fingerprint)))
    if len(answers) > 1:
        click.echo(f"文件含 {len(answers)} 个查询的标记 the file bears the marks of {len(answers)} requests")
    for traced in answers:
        click.echo("\n".join(_lines(traced, found.digest)))
    if not taken and not any(traced.use for traced in answers):
        raise SystemExit(1)


def _lines(traced: Traced, digest: str | None) -> list[str]:
    look = f"本次追溯 this look    {traced.entry}"
    use = traced.use
    if use is None:
        return [
            f"查询编号 request      {traced.request}",
            "登记簿中没有此编号 unknown to this node's register",
            look,
        ]
    outcome = {None: "未完成 unfinished", True: "已提供 released", False: f"已拒绝 refused ({use.reason})"}
    return [
        f"查询编号 request      {use.request}",
        f"查询机构 institution  {use.recipient}",
        f"查询人   person       {use.person}",
        f"查询时间 asked at     {use.asked_at.isoformat()}",
        f"查询用途 purpose      {Purpose(use.purpose).label} {use.purpose}",
        f"业务编号 reference    {use.reference}",
        f"授权编号 consent      {traced.consent or '无 none'}",
        f"结果     outcome      {outcome[use.released]}",
        f"意向存证 intent       {use.intent_entry}",
        f"提供存证 outcome      {use.outcome_entry or '—'}",
        _content(traced.digest, digest),
        look,
    ]


def _of_list(taken: Taken, fingerprint: str) -> list[str]:
    same = fingerprint == taken.sha256
    return [
        f"清单     list         {taken.list}（{taken.rows} 行 rows）",
        f"导出编号 export       {taken.number}",
        f"导出单位 party        {taken.whose.kind.value}:{taken.whose.party or '-'}",
        f"导出人   person       {taken.whose.person}",
        f"导出时间 taken at     {taken.taken_at.isoformat()}",
        f"筛选     searched     {taken.searched or '—'}",
        f"导出存证 entry        {taken.entry}",
        "内容     content      与导出时一致 as it was taken"
        if same
        else "内容     content      已被改动或只是一部分，由标记追溯 changed or a part; traced by the mark",
    ]


def _content(held: str, digest: str | None) -> str:
    if digest is None:
        return "内容     content      仅由标记追溯，标记可被复制 by the mark alone, which can be copied"
    if digest == held:
        return "内容     content      与登记一致 as the register holds it"
    return "内容     content      与登记不符，已被改动 NOT what the register holds: it was changed"
