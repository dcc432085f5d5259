"""`rongxin keys`: make a new node's keys, show its public one, rotate the data keys and seal anew."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from rongxin.entrypoints.cli import answers, node
from rongxin.vocabulary.zone import BUSINESS_ZONE

if TYPE_CHECKING:
    from rongxin.journal.sealing import SealedColumn


@click.group("keys", help="密钥：在 RONGXIN_KEYS 中，从不入数据库 This node's keys, never in the database.")
def command() -> None:
    pass


@command.command()
@click.option(
    "--directory",
    envvar="RONGXIN_KEYS",
    required=True,
    type=click.Path(file_okay=False, path_type=Path),
    help="密钥目录，缺省 RONGXIN_KEYS where they are to lie; RONGXIN_KEYS by default",
)
def init(directory: Path) -> None:
    """生成新节点的全部密钥 Make the keys of a new node, once: nothing that is there is replaced.

    What is sealed can't be opened without them: back the directory up at once, apart from the database.
    """
    from rongxin.journal import keyring

    try:
        node_key = keyring.make(directory)
    except FileExistsError as error:
        raise click.ClickException(
            f"{directory}：目录不是空的（{error}），未改动；更换数据密钥请用 rongxin keys rotate "
            "the directory isn't empty and was left as it is; `rongxin keys rotate` makes the next data key"
        ) from error
    except OSError as error:
        raise click.ClickException(f"{directory}：未能写入 can't be written ({error.strerror})") from error
    click.echo(f"{directory}：请立即备份，与数据库分开存放 back it up now, apart from the database")
    click.echo(f"节点指纹 fingerprint of the node {node_key.id}")


@command.command()
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    help="写入文件，如 node.pub.pem；缺省打印 write it there; printed by default",
)
def public(out: Path | None) -> None:
    """输出本节点公钥 Print the public key with which this node signs its questions, receipts and consents.

    A department puts it into its gateway's platform/ as *.pub.pem and compares the fingerprint.
    """
    with node.running(progress=False), answers.one_line():
        from rongxin.journal import keyring

        key = keyring.node_key().public
    if out is None:
        click.echo(key.pem(), nl=False)
    else:
        try:
            out.write_text(key.pem(), "utf-8")
        except OSError as error:
            raise click.ClickException(f"{out}：未能写入 can't be written ({error.strerror})") from error
    node.say(f"指纹 fingerprint {key.id}")


@command.command()
def rotate() -> None:
    """更换数据密钥 Make the next data key.

    Older ones stay where they are: what they sealed is read by them.
    """
    with node.running():
        from rongxin.journal import sealing
        from rongxin.vocabulary.actor import SYSTEM

        version = sealing.rotate(actor=SYSTEM, as_of=datetime.now(BUSINESS_ZONE))
    click.echo(
        f"新数据密钥 data-{version}.secret；请备份密钥目录，再运行 rongxin keys reencrypt "
        "new data key: back the directory of keys up, then run `rongxin keys reencrypt`"
    )


@command.command()
def reencrypt() -> None:
    """重新加密 Seal anew what older keys sealed.

    The node may go on working, and a stopped run is taken up again.
    """
    with node.running(), answers.one_line():
        from rongxin.journal import sealing
        from rongxin.sharing.aggregation import spool
        from rongxin.vocabulary.actor import SYSTEM

        for column in columns():
            done = sealing.renew(
                column,
                actor=SYSTEM,
                as_of=datetime.now(BUSINESS_ZONE),
                progress=lambda done, total: node.say(f"重新加密 sealed anew {done:,} / {total:,}"),
            )
            click.echo(f"{column.table}.{column.column}: {done:,}")
        click.echo(f"spool: {spool.renew(actor=SYSTEM, as_of=datetime.now(BUSINESS_ZONE)):,}")


def columns() -> tuple[SealedColumn, ...]:
    """Return every column whose texts the data keys seal, but an errand's: that is gone within the hour."""
    from rongxin.consent import given_numbers, written
    from rongxin.delivery.webhooks import endpoints
    from rongxin.disclosure import deferred, kept
    from rongxin.financing.applying import cards as applications
    from rongxin.financing.applying import papers as application_papers
    from rongxin.governance.onboarding import documents
    from rongxin.parties import idempotency, kept_files, sign_ins
    from rongxin.records import seals
    from rongxin.rights import objection_cards, papers, repair_cards
    from rongxin.sharing import call_register
    from rongxin.sharing.aggregation import outcomes

    return (
        seals.SEALED,
        outcomes.SEALED,
        sign_ins.SEALED,
        written.SEALED,
        given_numbers.SEALED,
        call_register.SEALED,
        kept.SEALED,
        kept.SEALED_SCORE,
        *deferred.SEALED,
        *endpoints.SEALED,
        idempotency.SEALED,
        kept_files.SEALED,
        objection_cards.SEALED,
        papers.SEALED,
        applications.SEALED,
        application_papers.SEALED,
        documents.SEALED,
        repair_cards.SEALED,
    )
