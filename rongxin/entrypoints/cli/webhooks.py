"""`rongxin webhooks`: endpoints, dead letters and replay, for the operator."""

from __future__ import annotations

import json
from datetime import datetime
from uuid import UUID

import click

from rongxin.entrypoints.cli import answers, node
from rongxin.parties.rules import permission


@click.group("webhooks", help="事件通知：接收地址、死信与重发 Endpoints, dead letters, replay.")
def command() -> None:
    pass


@command.command("list")
def list_() -> None:
    """接收地址 Print every endpoint with its state."""
    with node.running(progress=False), answers.refusals():
        from rongxin.delivery.webhooks import endpoints

        _show([{"party": card.party, **card.document()} for card in endpoints.every()])


@command.command()
@click.option("--cursor", type=int, help="上一页给出的 next where the page before ended")
@click.option("--limit", type=click.IntRange(1, 500), default=100, show_default=True)
def dead(cursor: int | None, limit: int) -> None:
    """死信 Print the messages that are tried no more, the newest first."""
    with node.running(progress=False), answers.refusals():
        from rongxin.delivery.webhooks import messages

        found, following = messages.dead(before=cursor, messages_max=limit)
        _show({"dead": found, "next": following})


@command.command()
@click.argument("webhook", type=click.UUID)
@click.option("--message", help="一条消息 one message: msg_…")
@click.option("--since", type=click.DateTime(), help="自此时（北京时间）起的全部 all since this time")
@click.option("--dead-only", is_flag=True, help="只重发死信 only dead letters")
def replay(webhook: UUID, message: str | None, since: datetime | None, dead_only: bool) -> None:
    """重发 Send again, under the same ids, to an endpoint that is active."""
    with node.running(progress=False), answers.refusals():
        from rongxin.delivery.webhooks import messages

        now = answers.now()
        count = messages.replay(
            webhook,
            message=message,
            since=since.replace(tzinfo=now.tzinfo) if since else None,
            dead_only=dead_only,
            actor=answers.operator(permission.SYSTEM),
            as_of=now,
        )
        answers.show({"replayed": count})


def _show(document: object) -> None:
    from django.core.serializers.json import DjangoJSONEncoder

    answers.show(json.loads(json.dumps(document, cls=DjangoJSONEncoder)))
