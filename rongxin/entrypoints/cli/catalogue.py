"""`rongxin catalogue`: print, check and document the catalogue; needs no database."""

from __future__ import annotations

import json
from pathlib import Path

import click

from rongxin.catalogue import export, json_schema, loader, reference_page
from rongxin.catalogue.errors import CatalogueError, InvalidCatalogue

_PAGE = Path("docs/reference/catalogue.md")


@click.group()
def command() -> None:
    """信用信息共享清单: export, check, show and document the items."""


@command.command("export")
@click.option("--format", "form", type=click.Choice(["json"]), default="json", show_default=True)
def export_(form: str) -> None:
    """Print the whole catalogue as one JSON document."""
    catalogue = _loaded(None)
    click.echo(f"{len(catalogue.items)} items", err=True)
    _print_json(export.document(catalogue))


@command.command()
@click.argument("path", required=False, type=click.Path(exists=True, file_okay=False, path_type=Path))
def check(path: Path | None) -> None:
    """Check the item files below PATH (by default our own); every fault with file, line and key."""
    catalogue = _loaded(path)
    fields = sum(len(item.fields) for item in catalogue.items.values())
    click.echo(f"清单无误：{len(catalogue.items)} 个信息项，{fields} 个字段 (no faults)")


@command.command()
@click.argument("item", required=False)
@click.option("--schema", is_flag=True, help="Print the JSON Schema of a record of the item.")
def show(item: str | None, schema: bool) -> None:
    """Show one ITEM as JSON, or list all items."""
    catalogue = _loaded(None)
    if item is None:
        for number, label, items in catalogue.sections():
            click.echo(f"{number:>2} {label}")
            for one in items:
                click.echo(f"     {one.item:<34} {one.label}")
        return
    try:
        found = catalogue.item(item)
    except CatalogueError as fault:
        raise click.ClickException(str(fault)) from None
    if schema:
        _print_json(json_schema.of(found))
    else:
        _print_json(next(one for one in export.document(catalogue) if one["item"] == item))


@command.command()
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), default=_PAGE, show_default=True)
@click.option(
    "--check", "only_check", is_flag=True, help="Write nothing; fail where the page is not current."
)
def docs(output: Path, only_check: bool) -> None:
    """Generate the reference page from the item files."""
    page = reference_page.page(_loaded(None))
    current = output.read_text("utf-8") if output.exists() else None
    if only_check:
        if current != page:
            raise click.ClickException(f"{output} 已过时，请运行 `rongxin catalogue docs` (not current)")
        click.echo(f"{output} 与清单一致 (current)")
        return
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_text(page, "utf-8")
    click.echo(f"{output}: {'无变化 (unchanged)' if current == page else '已生成 (written)'}")


def _loaded(path: Path | None) -> loader.Catalogue:
    try:
        return loader.load(path)
    except InvalidCatalogue as fault:
        for problem in fault.problems:
            click.echo(str(problem), err=True)
        raise click.ClickException(f"清单有 {len(fault.problems)} 处错误 (faults in the catalogue)") from None


def _print_json(document: object) -> None:
    # Written as bytes: the terminal's own encoding must not decide what the document says.
    click.echo(json.dumps(document, ensure_ascii=False, indent=2).encode())
