"""`rongxin mapping`: a provider's own column names, looked at first, then saved ((五))."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from rongxin.entrypoints.cli import answers, node
from rongxin.parties.rules import permission

if TYPE_CHECKING:
    from rongxin.sharing.aggregation.saved_mappings import Card

_FILE = click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
_ITEM = click.option("--item", required=True, help="信息项 an item, such as administrative_permit")
_PROVIDER = click.option("--provider", required=True, help="数据提供单位 the provider's id")


@click.group("mapping", help="列映射：按提供单位与信息项 How a provider's own columns are read.")
def command() -> None:
    pass


@command.command()
@_FILE
@_ITEM
@_PROVIDER
def suggest(file: Path, item: str, provider: str) -> None:
    """由表头起草列映射 Draft a mapping (YAML) from FILE's headers; look it through before saving it."""
    import yaml

    with node.running(progress=False), answers.refusals():
        from rongxin.sharing.aggregation import mapping_preview

        found = mapping_preview.suggestion(file, item=item, provider=provider, as_of=answers.now())
    click.echo(yaml.safe_dump(found["mapping"], allow_unicode=True, sort_keys=False), nl=False)
    for header in found["unknown_columns"]:
        # In a workbook a header may have lines; the second would be YAML again.
        click.echo(f"# 未识别的列，报送时将被忽略 unknown column: {' '.join(header.split())}")
    for field in found["absent_fields"]:
        need = "必填 required" if field["required"] else "可缺 optional"
        click.echo(f"# 文件没有的字段 absent field: {field['label']} {field['field']}（{need}）")


@command.command()
@_FILE
@_ITEM
@_PROVIDER
@click.option(
    "--mapping",
    "draft",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="尚未保存的列映射；缺省用已保存的 a mapping not saved yet; without it the one in force",
)
@click.option("--rows", type=click.IntRange(1, 100), default=10, show_default=True, help="行数 rows shown")
def preview(file: Path, item: str, provider: str, draft: Path | None, rows: int) -> None:
    """预览前几行如何入库 Show FILE's first rows as they would be filed; nothing is kept."""
    with node.running(progress=False), answers.refusals():
        from rongxin.sharing.aggregation import mapping_file, mapping_preview

        document = mapping_file.parsed(draft) if draft is not None else None
        now = answers.now()
        answers.show(
            mapping_preview.of(file, item=item, provider=provider, document=document, rows=rows, as_of=now)
        )


@command.command()
@_FILE
@_ITEM
@_PROVIDER
def save(file: Path, item: str, provider: str) -> None:
    """保存列映射 Save the mapping in FILE (YAML or JSON) as the next version, for later files."""
    with node.running(progress=False), answers.refusals():
        from rongxin.sharing.aggregation import mapping_file, saved_mappings

        document = mapping_file.parsed(file)
        actor, now = answers.operator(permission.SYSTEM | permission.DESK), answers.now()
        answers.show(
            _card(saved_mappings.save(document, item=item, provider=provider, actor=actor, as_of=now))
        )


@command.command()
@_ITEM
@_PROVIDER
def end(item: str, provider: str) -> None:
    """终止列映射 Have later files read by the catalogue's own names again."""
    with node.running(progress=False), answers.refusals():
        from rongxin.sharing.aggregation import saved_mappings

        actor, now = answers.operator(permission.SYSTEM | permission.DESK), answers.now()
        answers.show(_card(saved_mappings.end(item=item, provider=provider, actor=actor, as_of=now)))


@command.command()
@click.option("--item", help="信息项 only this item's")
@click.option("--provider", help="数据提供单位 only this provider's")
def show(item: str | None, provider: str | None) -> None:
    """已保存的各版本 Print every version, the latest of each provider and item first."""
    with node.running(progress=False), answers.refusals():
        from rongxin.sharing.aggregation import saved_mappings

        found = saved_mappings.listed(provider=provider, item=item, as_of=answers.now())
        answers.show([_card(card) for card in found])


def _card(card: Card) -> dict[str, Any]:
    return {
        "provider": card.provider,
        "item": card.item,
        "version": card.version,
        "in_force": card.in_force,
        "unchanged": card.unchanged,
        "mapping": card.document,
        "saved_at": card.saved_at.isoformat(),
        "saved_by": card.saved_by,
    }
