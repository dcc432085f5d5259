"""`rongxin push`: the operator's view of batch pushes, and the check of one where it arrived ((六))."""

from __future__ import annotations

import json
from pathlib import Path
from uuid import UUID

import click

from rongxin.entrypoints.cli import answers, node
from rongxin.parties.rules import permission

REFUSED = 2


@click.group("push", help="批量推送：订阅、生成、核验 Batch pushes to institutions.")
def command() -> None:
    pass


@command.command("list")
@click.option("--institution", help="接入机构 of this institution only")
def list_subscriptions(institution: str | None) -> None:
    """订阅一览 Print the subscriptions, the newest first."""
    with node.running(), answers.refusals():
        from rongxin.delivery.push import subscriptions

        answers.show([card.document() for card in subscriptions.listed(institution)])


@command.command("runs")
@click.option("--institution", help="接入机构 of this institution only")
@click.option("--subscription", type=click.UUID, help="订阅 of this subscription only")
@click.option("--limit", type=click.IntRange(1, 1000), default=20, show_default=True)
def list_runs(institution: str | None, subscription: UUID | None, limit: int) -> None:
    """推送一览 Print the runs, the newest first."""
    with node.running(), answers.refusals():
        from rongxin.delivery.push import runs

        found = runs.of(institution, subscription=subscription, limit=limit)
        answers.show([card.document() for card in found])


@command.command("make")
@click.argument("subscription", type=click.UUID)
def make(subscription: UUID) -> None:
    """立即生成 Make the next run now instead of waiting for the worker; exit status 2 if it is refused."""
    with node.running(), answers.refusals():
        from rongxin.delivery.push import runs
        from rongxin.delivery.push.rules import RunState

        made = runs.make(subscription, actor=answers.operator(permission.SYSTEM), as_of=answers.now())
        answers.show(made.document())
        if made.state is not RunState.READY:
            raise SystemExit(REFUSED)


@command.command()
@click.argument("subscription", type=click.UUID)
@click.option("--version", type=int, required=True, help="所确认的条款版本 of the terms that were looked at")
@click.option("--reason", required=True, help="理由 why")
def confirm(subscription: UUID, version: int, reason: str) -> None:
    """确认 Confirm terms that include individual businesses; until then nothing of it is pushed."""
    with node.running(), answers.refusals():
        from rongxin.delivery.push import subscriptions

        actor = answers.operator(permission.SECURITY)
        card = subscriptions.confirm(subscription, version, why=reason, actor=actor, as_of=answers.now())
        answers.show(card.document())


@command.command()
@click.argument("subscription", type=click.UUID)
@click.option("--reason", required=True, help="理由 why")
def stop(subscription: UUID, reason: str) -> None:
    """停止 Stop a subscription at once; files that lie ready can't be fetched any more."""
    _move(subscription, "stop", reason)


@command.command()
@click.argument("subscription", type=click.UUID)
@click.option("--reason", required=True, help="理由 why")
def resume(subscription: UUID, reason: str) -> None:
    """恢复 Let a stopped subscription go on."""
    _move(subscription, "resume", reason)


@command.command()
@click.argument("directory", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option(
    "--key",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    required=True,
    help="节点公钥 the PEM of /api/v1/push/key, got by another way",
)
def verify(directory: Path, key: Path) -> None:
    """离线核验 Check a push as received against its signed manifest; exit status 2 if it isn't whole."""
    from rongxin.proof import push_manifest
    from rongxin.proof.errors import ProofError
    from rongxin.proof.keys import VerifyingKey

    try:
        given = VerifyingKey.from_pem(key.read_text())
        manifest = push_manifest.verify(directory, {given.id: given})
    except (ProofError, OSError, ValueError) as error:
        refusal = {"code": "forged", "what": f"与签名不符：{error}", "where": str(directory)}
        click.echo(json.dumps({"refused": True, **refusal}, ensure_ascii=False, indent=2))
        raise SystemExit(REFUSED) from error
    said = {name: manifest[name] for name in ("run", "kind", "based_on", "watermark", "counts")}
    digest = push_manifest.sha256(directory / push_manifest.MANIFEST)
    answers.show({"holds": True, **said, "manifest_sha256": digest})


def _move(subscription: UUID, act: str, reason: str) -> None:
    with node.running(), answers.refusals():
        from rongxin.delivery.push import subscriptions
        from rongxin.delivery.push.rules import Act

        card = subscriptions.move(
            subscription,
            Act(act),
            institution=None,
            why=reason,
            actor=answers.operator(permission.SECURITY),
            as_of=answers.now(),
        )
        answers.show(card.document())
