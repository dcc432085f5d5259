"""`rongxin department`: departments, the mandates that two persons give them, and files ((五))."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import click

from rongxin.entrypoints.cli import answers, node
from rongxin.parties.rules import permission
from rongxin.vocabulary.zone import BUSINESS_ZONE

REFUSED = 2


@click.group("department", help="部门履职：履职依据与文件交付 Departments, their mandates and deliveries.")
def command() -> None:
    pass


@command.command()
@click.argument("department")
@click.option("--name", required=True, help="部门名称 its name")
def admit(department: str, name: str) -> None:
    """登记部门 Take in a department; it sees nothing before a mandate is granted."""
    with _refusals():
        from rongxin.parties import departments

        card = departments.admit(
            department, name=name, actor=answers.operator(permission.SYSTEM), as_of=_now()
        )
        _print({"department": card.id, "name": card.name})


@command.command()
@click.argument("terms", type=click.File(encoding="utf-8"))
def propose(terms: Any) -> None:
    """提出履职依据 Propose the mandate that the JSON file TERMS says; another person grants it.

    TERMS names department, duty, legal_basis, items ({item: law that opens what needs consent, or ""}),
    regions, subjects, valid_from, valid_until and daily_limit.
    """
    with _refusals():
        from rongxin.parties import duty_mandates
        from rongxin.parties.rules import duty

        try:
            given = duty.read({"regions": [], "subjects": [], **json.load(terms)})
        except (KeyError, TypeError, ValueError) as error:
            raise click.ClickException(
                f"{terms.name}：不是一份履职依据，请核对各项名称与日期 not the terms of a mandate: {error}"
            ) from error
        _print(
            duty_mandates.propose(
                given, actor=answers.operator(permission.DESK | permission.SECURITY), as_of=_now()
            ).document()
        )


@command.command("list")
@click.option("--department", help="部门 this department's only; else those that wait")
def list_mandates(department: str | None) -> None:
    """履职依据一览 Print the mandates of a department, or all that wait for a second person."""
    with _refusals():
        from rongxin.parties import duty_mandates

        cards = duty_mandates.of_department(department) if department else duty_mandates.waiting()
        _print([card.document() for card in cards])


@command.command()
@click.argument("mandate", type=click.UUID)
def grant(mandate: UUID) -> None:
    """核准 Put another person's proposal in force, after looking at it (`list`)."""
    with _refusals():
        from rongxin.parties import duty_mandates

        _print(
            duty_mandates.grant(mandate, actor=answers.operator(permission.SECURITY), as_of=_now()).document()
        )


@command.command()
@click.argument("mandate", type=click.UUID)
@click.option("--reason", required=True, help="理由 why")
def decline(mandate: UUID, reason: str) -> None:
    """不予核准 Turn a proposal down."""
    with _refusals():
        from rongxin.parties import duty_mandates

        _print(
            duty_mandates.decline(
                mandate, reason=reason, actor=answers.operator(permission.SECURITY), as_of=_now()
            ).document()
        )


@command.command()
@click.argument("mandate", type=click.UUID)
@click.option("--reason", required=True, help="理由 why")
def revoke(mandate: UUID, reason: str) -> None:
    """撤销 End a mandate at once."""
    with _refusals():
        from rongxin.parties import duty_mandates

        _print(
            duty_mandates.revoke(
                mandate, reason=reason, actor=answers.operator(permission.SECURITY), as_of=_now()
            ).document()
        )


@command.command()
@click.argument("mandate", type=click.UUID)
@click.argument("codes", type=click.File(encoding="utf-8-sig"))
@click.argument("directory", type=click.Path(path_type=Path))
@click.option(
    "--item", "items", multiple=True, help="信息项，缺省为全部 items; all of the mandate by default"
)
@click.option("--reference", required=True, help="部门的案号或文号 the department's own number")
@click.option("--person", required=True, help="申请人 who asked in the department's name")
@click.option("--form", type=click.Choice(["jsonl", "csv"]), default="jsonl", show_default=True)
def deliver(
    mandate: UUID,
    codes: Any,
    directory: Path,
    items: tuple[str, ...],
    reference: str,
    person: str,
    form: str,
) -> None:
    """文件交付 Write what leaves about the firms in CODES (one a line) into the new DIRECTORY, signed."""
    with _refusals():
        from rongxin.disclosure import deliveries
        from rongxin.disclosure.delivery_files import Form
        from rongxin.disclosure.release import Refusal
        from rongxin.parties import duty_mandates

        terms = duty_mandates.get(mandate).terms
        order = deliveries.Order(
            department=terms.department,
            mandate=mandate,
            person=person,
            reference=reference,
            codes=tuple(line.strip() for line in codes if line.strip()),
            items=items or tuple(sorted(terms.items)),
            form=Form(form),
        )
        done = deliveries.deliver(order, directory, actor=answers.operator(permission.DESK), as_of=_now())
        if isinstance(done, Refusal):
            _print(
                {
                    "refused": True,
                    "code": done.reason.value,
                    "what": done.reason.label,
                    "where": str(mandate),
                    "what_to_do": f"依据：{done.reason.article}",
                    "entry": str(done.entry),
                }
            )
            raise SystemExit(REFUSED)
        _print(
            {
                "delivery": str(done.id),
                "directory": str(done.directory),
                "delivered": done.delivered,
                "refused_codes": done.refused,
                "unknown_codes": done.unknown,
                "records": done.records,
                "entry": str(done.entry),
            }
        )


@command.command()
@click.argument("directory", type=click.Path(path_type=Path, exists=True, file_okay=False))
def verify(directory: Path) -> None:
    """核验交付文件 Check a delivery against its signed manifest; exit status 2 if anything was changed."""
    with _refusals():
        from rongxin.disclosure import delivery_files
        from rongxin.journal import keyring
        from rongxin.proof.errors import ProofError

        try:
            manifest = delivery_files.verify(directory, keyring.verifying_keys())
        except (ProofError, OSError) as error:
            _print(
                {"refused": True, "code": "forged", "what": f"与签名不符：{error}", "where": str(directory)}
            )
            raise SystemExit(REFUSED) from error
        _print({"holds": True, "delivery": manifest["delivery"], "counts": manifest["counts"]})


@contextmanager
def _refusals() -> Iterator[None]:
    """Run on the node; turn what a person can act on into one JSON document and exit status 2."""
    with node.running():
        from rongxin.catalogue.errors import CatalogueError
        from rongxin.disclosure.errors import DisclosureError
        from rongxin.parties.errors import PartiesError

        try:
            yield
        except (PartiesError, DisclosureError, CatalogueError) as error:
            _print({"refused": True, "code": error.code, "what": str(error), "where": "", "what_to_do": ""})
            raise SystemExit(REFUSED) from error


def _now() -> datetime:
    return datetime.now(BUSINESS_ZONE)


def _print(document: object) -> None:
    click.echo(json.dumps(document, ensure_ascii=False, indent=2))
