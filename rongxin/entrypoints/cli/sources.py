"""`rongxin sources`: who shares an item already, and from which level each provider hands in ((五))."""

from __future__ import annotations

import click

from rongxin.entrypoints.cli import answers, node
from rongxin.parties.rules import permission
from rongxin.vocabulary.subject_kind import SubjectKind

_REGION = click.option(
    "--region", "regions", multiple=True, help="职责区域：行政区划代码，可多次给出 a region's code; repeat it"
)
_KIND = click.option(
    "--kind",
    "kinds",
    multiple=True,
    type=click.Choice([kind.value for kind in SubjectKind]),
    help="主体类型，可多次给出 a kind of subject; repeat it",
)


@click.group("sources", help="来源：某信息项已由谁共享 Who shares an item already, from which level.")
def command() -> None:
    pass


@command.command()
@click.argument("item")
def show(item: str) -> None:
    """某项的来源 Print the sources of ITEM, that whose version of a record counts first."""
    with node.running(progress=False), answers.refusals():
        from rongxin.catalogue import loader
        from rongxin.catalogue.errors import CatalogueError
        from rongxin.sharing import item_sources

        try:
            known = loader.load().item(item)
        except CatalogueError as fault:
            raise click.ClickException(str(fault)) from None
        answers.show([source.document() for source in item_sources.of(known, as_of=answers.now())])


@command.command()
@click.argument("provider")
@click.option("--name", required=True, help="单位名称 its name")
@click.option("--department", default="", help="责任单位 the department behind it")
@click.option("--item", "items", multiple=True, required=True, help="信息项，可多次给出 an item; repeat it")
@_REGION
@_KIND
def admit(
    provider: str,
    name: str,
    department: str,
    items: tuple[str, ...],
    regions: tuple[str, ...],
    kinds: tuple[str, ...],
) -> None:
    """登记一个来源 Take in a PROVIDER beside the catalogue's, such as another level's platform."""
    with node.running(progress=False), answers.refusals():
        from rongxin.catalogue.errors import CatalogueError
        from rongxin.parties import providers

        try:
            made = providers.admit(
                provider,
                name=name,
                department=department,
                items=items,
                remit=providers.remit(regions, kinds),
                actor=answers.operator(permission.SYSTEM | permission.DESK),
                as_of=answers.now(),
            )
        except CatalogueError as fault:
            raise click.ClickException(str(fault)) from None
        told = {"provider": made.id, "name": made.name, "items": sorted(made.mandate)}
        answers.show(told | made.remit.document())


@command.command("set-remit")
@click.argument("provider")
@_REGION
@_KIND
def set_remit(provider: str, regions: tuple[str, ...], kinds: tuple[str, ...]) -> None:
    """登记职责范围 Say whose information a PROVIDER hands in: a batch about others waits for a second person.

    With neither --region nor --kind nothing is declared any longer, and batches tell what is usual.
    """
    with node.running(progress=False), answers.refusals():
        from rongxin.parties import providers

        card = providers.declare(
            provider,
            providers.remit(regions, kinds),
            actor=answers.operator(permission.SYSTEM | permission.DESK),
            as_of=answers.now(),
        )
        answers.show({"provider": card.id, "name": card.name, **card.remit.document()})


@command.command("set-level")
@click.argument("provider")
@click.argument("level", type=click.Choice(["national", "provincial", "city"]))
def set_level(provider: str, level: str) -> None:
    """设定层级 Say from which LEVEL a PROVIDER hands in; what counts already stays."""
    with node.running(progress=False), answers.refusals():
        from rongxin.sharing import source_levels
        from rongxin.vocabulary.level import SourceLevel

        version = source_levels.set_level(
            provider,
            SourceLevel(level),
            actor=answers.operator(permission.SYSTEM | permission.DESK),
            as_of=answers.now(),
        )
        answers.show({"provider": provider, "level": level, "version": version})
