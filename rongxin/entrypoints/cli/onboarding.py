"""`rongxin onboarding`: who applies to be connected, the security assessment, the decision ((五)(十))."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Literal
from uuid import UUID

import click
import yaml
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from rongxin.entrypoints.cli import answers, node
from rongxin.parties.rules import permission

if TYPE_CHECKING:
    from rongxin.governance.onboarding.cards import Finding

_ROWS = 500


class _Found(BaseModel):
    """One answer of the file: the finding, and the SHA-256 of what shows it."""

    model_config = ConfigDict(extra="forbid")

    verdict: Literal["met", "partly", "not_met"]
    evidence_sha256: str = Field(pattern=r"^[0-9a-f]{64}$")


@click.group("onboarding", invoke_without_command=True, help="接入申请 Applications of institutions.")
@click.option("--all", "everything", is_flag=True, help="包括已决定的 decided ones too")
@click.pass_context
def command(context: click.Context, everything: bool) -> None:
    """Print the applications that wait, the newest first."""
    if context.invoked_subcommand is not None:
        return
    with node.running(progress=False), answers.refusals():
        from rongxin.governance.onboarding import applications
        from rongxin.journal.windows import Window

        part = applications.part_of(Window(_ROWS), waiting_only=not everything)
        answers.show([card.document() for card in part.rows])


@command.command()
@click.argument("application", type=click.UUID)
def show(application: UUID) -> None:
    """查看 Print APPLICATION with its documents and what was found."""
    with node.running(progress=False), answers.refusals():
        from rongxin.governance.onboarding import applications

        answers.show(applications.get(application).document())


@command.command()
@click.argument("application", type=click.UUID)
@click.argument("findings", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--condition",
    "conditions",
    type=(click.DateTime(["%Y-%m-%d"]), str),
    multiple=True,
    metavar="DUE_ON TEXT",
    help="附加条件及期限 on this condition, to be met by that day (several)",
)
def assess(application: UUID, findings: Path, conditions: tuple[tuple[datetime, str], ...]) -> None:
    """评估 Write down what was found of every question of APPLICATION; another person decides.

    FINDINGS is YAML, one entry a question: `identity: {verdict: met, evidence_sha256: …}`.
    """
    found = _read(findings)
    with node.running(progress=False), answers.refusals():
        from rongxin.governance.conditions.rules import Condition
        from rongxin.governance.onboarding import applications

        actor, now = answers.operator(permission.SECURITY), answers.now()
        asked = tuple(Condition(text, due.date()) for due, text in conditions)
        made = applications.assess(application, _findings(found), conditions=asked, actor=actor, as_of=now)
        answers.show(made.document())


@command.command()
@click.argument("application", type=click.UUID)
def approve(application: UUID) -> None:
    """批准 Admit or renew the institution, as another person than the assessor."""
    with node.running(progress=False), answers.refusals():
        from rongxin.governance.onboarding import applications

        actor = answers.operator(permission.SECURITY)
        answers.show(applications.approve(application, actor=actor, as_of=answers.now()).document())


@command.command()
@click.argument("application", type=click.UUID)
@click.option("--reason", required=True, help="理由，申请人可见 the reason, which the applicant reads")
def decline(application: UUID, reason: str) -> None:
    """不予批准 Turn APPLICATION down."""
    with node.running(progress=False), answers.refusals():
        from rongxin.governance.onboarding import applications

        actor, now = answers.operator(permission.SECURITY), answers.now()
        answers.show(applications.decline(application, reason=reason, actor=actor, as_of=now).document())


def _read(path: Path) -> dict[str, _Found]:
    try:
        return TypeAdapter(dict[str, _Found]).validate_python(yaml.safe_load(path.read_text("utf-8")))
    except (UnicodeError, yaml.YAMLError) as error:
        raise click.ClickException(f"{path}: {error}") from error
    except ValidationError as error:
        wrong = "; ".join(f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors())
        raise click.ClickException(f"{path}: {wrong}") from error


def _findings(found: Mapping[str, _Found]) -> dict[str, Finding]:
    from rongxin.governance.onboarding.cards import Finding
    from rongxin.governance.onboarding.rules import Verdict

    return {name: Finding(Verdict(one.verdict), one.evidence_sha256) for name, one in found.items()}
