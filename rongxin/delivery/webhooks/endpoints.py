"""Endpoints (接收地址): a party registers a URL, proves that it listens there, and is told of its events.

The secret is shown once and kept sealed. Every change stands in the journal.
"""

from __future__ import annotations

import secrets as randomness
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from django.db import connection, transaction
from django.utils import timezone

from rongxin.delivery.webhooks import addresses, policy, rules, sending, signatures
from rongxin.delivery.webhooks.errors import NotPossible, TooMany, UnknownEvent, UnknownWebhook
from rongxin.delivery.webhooks.models import Message, Webhook
from rongxin.delivery.webhooks.rules import MessageState, Result, State
from rongxin.delivery.webhooks.standing import Why
from rongxin.journal import entries, keyring, tree
from rongxin.journal.rules import Kind
from rongxin.journal.sealing import SealedColumn
from rongxin.vocabulary.actor import SYSTEM, Actor

_FIRST = ("00000000-0000-0000-0000-000000000000",)


def _place(column: str, webhook: object) -> tuple[str | int, ...]:
    return ("delivery_webhook", column, str(webhook))


#: Both secrets are kept sealed (docs/decisions/0008-sealing.md).
SEALED = tuple(
    SealedColumn(
        table="delivery_webhook",
        column=column,
        key=("id",),
        first=_FIRST,
        place=lambda row, column=column: _place(column, row[0]),  # type: ignore[misc]
    )
    for column in ("secret", "former_secret")
)


@dataclass(frozen=True)
class Card:
    """An endpoint as its party sees it; its secret is not in it."""

    id: UUID
    party: str
    url: str
    types: tuple[str, ...]
    state: State
    state_at: datetime
    state_why: str
    failing_since: datetime | None
    former_until: datetime | None

    def document(self) -> dict[str, Any]:
        """What the party reads."""
        return {
            "webhook": str(self.id),
            "url": self.url,
            "events": list(self.types),
            "state": self.state.value,
            "state_label": self.state.label,
            "state_at": self.state_at,
            "why": self.state_why,
            "why_label": Why(self.state_why).label if self.state_why else "",
            "failing_since": self.failing_since,
            "former_secret_until": self.former_until,
        }


@dataclass(frozen=True)
class Issued:
    """An endpoint and its new secret, which is shown this once."""

    card: Card
    secret: str


def register(url: str, types: Iterable[str], *, actor: Actor, as_of: datetime) -> Issued:
    """Register a URL for the actor's party; it is told of nothing until it has answered the challenge."""
    in_force = policy.in_force(timezone.localdate(as_of))
    addresses.parse(url, sending.way(in_force).reach)
    wanted = _known(types, actor.party)
    secret, webhook = signatures.new_secret(), uuid4()
    with transaction.atomic():
        _take_turn(actor.party)
        there = Webhook.objects.filter(party=actor.party).exclude(state=State.REMOVED.value)
        if there.count() >= in_force.endpoints_max:
            raise TooMany(f"最多登记 {in_force.endpoints_max} 个接收地址；请先移除不用的")
        row = Webhook.objects.create(
            id=webhook,
            party=actor.party,
            url=url,
            types=wanted,
            state_at=as_of,
            secret=_seal("secret", webhook, secret),
            created_at=as_of,
        )
        _challenge(row, as_of=as_of)
        _journal(row, "registered", actor=actor, as_of=as_of)
    return Issued(_card(row), secret)


def change(
    webhook: UUID,
    *,
    url: str | None = None,
    types: Iterable[str] | None = None,
    actor: Actor,
    as_of: datetime,
) -> Card:
    """Change what an endpoint is told of, or its URL; a new URL has to prove itself first."""
    with transaction.atomic():
        row = _own(webhook, actor)
        if types is not None:
            row.types = _known(types, row.party)
            row.save(update_fields=["types"])
        if url is not None and url != row.url:
            addresses.parse(url, sending.way(policy.in_force(timezone.localdate(as_of))).reach)
            row.url = url
            row.save(update_fields=["url"])
            if row.state != State.PENDING:
                _move(row, State.PENDING, Why.URL_CHANGED, as_of=as_of)
            _challenge(row, as_of=as_of)
        _journal(row, "changed", actor=actor, as_of=as_of)
    return _card(row)


def verify(webhook: UUID, *, actor: Actor, as_of: datetime) -> Card:
    """Send the challenge again: to one not yet verified, or one that was off and wants to be told again."""
    with transaction.atomic():
        row = _own(webhook, actor)
        if row.state == State.ACTIVE:
            raise NotPossible("接收地址状态正常，无须验证")
        if row.state == State.DISABLED:
            _move(row, State.PENDING, Why.ASKED, as_of=as_of)
        _challenge(row, as_of=as_of)
        _journal(row, "challenged", actor=actor, as_of=as_of)
    return _card(row)


def rotate(webhook: UUID, *, actor: Actor, as_of: datetime) -> Issued:
    """Give an endpoint a new secret; for a day both sign, so that the receiver changes over when it can."""
    hours = policy.in_force(timezone.localdate(as_of)).former_secret_hours
    secret = signatures.new_secret()
    with transaction.atomic():
        row = _own(webhook, actor)
        row.former_secret = _seal("former_secret", row.id, _open("secret", row.id, bytes(row.secret or b"")))
        row.former_until = as_of + timedelta(hours=hours)
        row.secret = _seal("secret", row.id, secret)
        row.save(update_fields=["secret", "former_secret", "former_until"])
        _journal(row, "rotated", actor=actor, as_of=as_of)
    return Issued(_card(row), secret)


def remove(webhook: UUID, *, actor: Actor, as_of: datetime) -> Card:
    """Take an endpoint away for good; its secret is erased and what waits for it ends."""
    with transaction.atomic():
        row = _own(webhook, actor)
        _move(row, State.REMOVED, Why.REMOVED, as_of=as_of)
        row.secret = row.former_secret = row.former_until = None
        row.save(update_fields=["secret", "former_secret", "former_until"])
        _journal(row, "removed", actor=actor, as_of=as_of)
    return _card(row)


def of_party(party: str) -> list[Card]:
    """Return a party's endpoints, the newest first; not those removed."""
    rows = Webhook.objects.filter(party=party).exclude(state=State.REMOVED.value)
    return [_card(row) for row in rows.order_by("-created_at", "id")]


def every() -> list[Card]:
    """Return all endpoints for the operator, party by party."""
    return [_card(row) for row in Webhook.objects.order_by("party", "created_at")]


def get(webhook: UUID, *, party: str) -> Card:
    """Return an endpoint of a party; `UnknownWebhook` for anybody else's."""
    row = Webhook.objects.filter(pk=webhook, party=party).exclude(state=State.REMOVED.value).first()
    if row is None:
        raise _unknown(webhook)
    return _card(row)


# ---------------------------------------------------------------------- what the worker does to an endpoint


def activate(webhook: UUID, *, as_of: datetime) -> None:
    """Begin to tell an endpoint that has answered its challenge; of what comes from now on."""
    row = Webhook.objects.select_for_update(no_key=True).get(pk=webhook)
    if row.state != State.PENDING:
        return
    if row.from_leaf is None:
        row.from_leaf = tree.size()
        row.save(update_fields=["from_leaf"])
    _move(row, State.ACTIVE, Why.VERIFIED, as_of=as_of)
    _journal(row, "verified", actor=SYSTEM, as_of=as_of)


def disable(webhook: UUID, why: Why, *, as_of: datetime) -> None:
    """Stop telling an endpoint; the party's other endpoints are told so by the journal's news."""
    row = Webhook.objects.select_for_update(no_key=True).get(pk=webhook)
    if State.DISABLED not in rules.TRANSITIONS[State(row.state)]:
        return
    _move(row, State.DISABLED, why, as_of=as_of)
    _journal(row, "disabled", why=why.value, actor=SYSTEM, as_of=as_of)


def secrets_of(row: Webhook, *, as_of: datetime) -> list[str]:
    """Return the secrets that sign now, the newest first."""
    found = [_open("secret", row.id, bytes(row.secret or b""))]
    if row.former_secret is not None and row.former_until is not None and as_of < row.former_until:
        found.append(_open("former_secret", row.id, bytes(row.former_secret)))
    return found


# ---------------------------------------------------------------------- inside


def _known(types: Iterable[str], party: str) -> list[str]:
    kind = party.partition(":")[0]
    wanted = sorted(set(types))
    if unknown := rules.unknown_types(wanted, kind):
        raise UnknownEvent(f"没有这样的事件：{'、'.join(unknown)}；可选 {'、'.join(rules.types_for(kind))}")
    if not wanted:
        raise UnknownEvent("请至少选择一种事件")
    return wanted


def _own(webhook: UUID, actor: Actor) -> Webhook:
    row = Webhook.objects.select_for_update(no_key=True).filter(pk=webhook, party=actor.party).first()
    if row is None or row.state == State.REMOVED:
        raise _unknown(webhook)
    return row


def _unknown(webhook: UUID) -> UnknownWebhook:
    return UnknownWebhook(f"没有编号为{webhook}的接收地址")


def _take_turn(party: str) -> None:
    """Order the registrations of one party, so that none slips past the limit."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"webhooks:{party}"])


def _move(row: Webhook, to: State, why: Why, *, as_of: datetime) -> None:
    assert to in rules.TRANSITIONS[State(row.state)], (row.state, to)
    row.state, row.state_at, row.state_why, row.failing_since = to.value, as_of, why.value, None
    row.save(update_fields=["state", "state_at", "state_why", "failing_since"])
    if to in (State.DISABLED, State.REMOVED):
        _end_waiting(row, Result.ENDPOINT_OFF, as_of=as_of)


def _challenge(row: Webhook, *, as_of: datetime) -> None:
    """Have it sent a word that it must repeat: a server that says 200 to anything is no receiver."""
    _end_waiting(row, Result.REPLACED, as_of=as_of, type=rules.VERIFICATION)
    data = {"webhook": str(row.id), "challenge": randomness.token_urlsafe(24)}
    Message.objects.create(
        id=uuid4(),
        webhook=row,
        type=rules.VERIFICATION,
        body=rules.body(rules.VERIFICATION, at=as_of, data=data),
        created_at=as_of,
        next_at=as_of,
    )


def _end_waiting(row: Webhook, result: Result, *, as_of: datetime, **which: Any) -> None:
    row.messages.filter(state=MessageState.WAITING.value, **which).update(
        state=MessageState.DEAD.value, next_at=None, ended_at=as_of, last_result=result.value
    )


def _seal(column: str, webhook: UUID, secret: str) -> bytes:
    return keyring.data_keys().seal(secret.encode(), place=_place(column, webhook))


def _open(column: str, webhook: UUID, sealed: bytes) -> str:
    return keyring.data_keys().open(sealed, place=_place(column, webhook)).decode()


def _journal(row: Webhook, change: str, *, why: str = "", actor: Actor, as_of: datetime) -> None:
    kind, _, party = row.party.partition(":")
    refs: dict[str, str | int] = {"webhook": str(row.id), kind: party, "change": change}
    if why:
        refs["why"] = why
    entries.append(Kind.WEBHOOK_CHANGED, actor=actor, refs=refs, as_of=as_of)


def _card(row: Webhook) -> Card:
    return Card(
        id=row.id,
        party=row.party,
        url=row.url,
        types=tuple(row.types),
        state=State(row.state),
        state_at=row.state_at,
        state_why=row.state_why,
        failing_since=row.failing_since,
        former_until=row.former_until,
    )
