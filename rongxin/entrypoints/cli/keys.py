"""`rongxin keys`: rotate the data keys, and seal what older ones sealed anew."""

from __future__ import annotations

from datetime import datetime

import click

from rongxin.entrypoints.cli import node
from rongxin.vocabulary.zone import BUSINESS_ZONE


@click.group()
def command() -> None:
    """The data keys of this node: they lie in RONGXIN_KEYS, never in the database."""


@command.command()
def rotate() -> None:
    """Make the next data key. Older ones stay where they are: what they sealed is read by them."""
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
    """Seal anew what older keys sealed; the node may go on working, and a stopped run is taken up again."""
    with node.running():
        from rongxin.consent import given_numbers, written
        from rongxin.delivery.webhooks import endpoints
        from rongxin.disclosure import deferred, kept
        from rongxin.financing.applying import cards as applications
        from rongxin.financing.applying import papers as application_papers
        from rongxin.journal import sealing
        from rongxin.parties import idempotency
        from rongxin.records import seals
        from rongxin.rights import objection_cards, papers, repair_cards
        from rongxin.sharing import call_register
        from rongxin.sharing.aggregation import outcomes, spool
        from rongxin.vocabulary.actor import SYSTEM

        for column in (
            seals.SEALED,
            outcomes.SEALED,
            written.SEALED,
            given_numbers.SEALED,
            call_register.SEALED,
            kept.SEALED,
            kept.SEALED_SCORE,
            *deferred.SEALED,
            *endpoints.SEALED,
            idempotency.SEALED,
            objection_cards.SEALED,
            papers.SEALED,
            applications.SEALED,
            application_papers.SEALED,
            repair_cards.SEALED,
        ):
            done = sealing.renew(
                column,
                actor=SYSTEM,
                as_of=datetime.now(BUSINESS_ZONE),
                progress=lambda done, total: node.say(f"重新加密 sealed anew {done:,} / {total:,}"),
            )
            click.echo(f"{column.table}: {done:,}")
        click.echo(f"spool: {spool.renew(actor=SYSTEM, as_of=datetime.now(BUSINESS_ZONE)):,}")
