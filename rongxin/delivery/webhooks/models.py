"""Endpoints and their messages; private to this room. `delivery.models` hands them to Django."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from rongxin.delivery.webhooks.rules import MessageState, Result, State


class Webhook(models.Model):
    """A URL of a party's that is told of events.

    `party` is written as in `Actor.party`. `from_leaf` is the place in the journal from which on it is told;
    it has none until it has proven itself once.
    """

    id = models.UUIDField(primary_key=True)
    party = models.CharField(max_length=128)
    url = models.CharField(max_length=500)
    types = models.JSONField()
    state = models.CharField(max_length=16, default=State.PENDING.value)
    state_at = models.DateTimeField()
    state_why = models.CharField(max_length=32, blank=True)
    secret = models.BinaryField(null=True)
    former_secret = models.BinaryField(null=True)
    former_until = models.DateTimeField(null=True)
    from_leaf = models.BigIntegerField(null=True)
    failing_since = models.DateTimeField(null=True)
    created_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["party"], name="webhook_by_party")]
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=[state.value for state in State]), name="webhook_state_known"
            ),
            models.CheckConstraint(
                condition=Q(state=State.REMOVED.value) | Q(secret__isnull=False), name="webhook_has_secret"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.party} {self.id}"


class Message(models.Model):
    """One event for one endpoint; `body` is what is sent, the same bytes each time.

    `next_at` of a waiting message is when it is due, and while an attempt runs, when that counts as lost.
    """

    number = models.BigAutoField(primary_key=True)
    id = models.UUIDField(unique=True)
    webhook = models.ForeignKey(Webhook, on_delete=models.PROTECT, related_name="messages")
    type = models.CharField(max_length=64)
    entry = models.UUIDField(null=True)
    body = models.TextField()
    state = models.CharField(max_length=16, default=MessageState.WAITING.value)
    created_at = models.DateTimeField()
    next_at = models.DateTimeField(null=True)
    failures = models.IntegerField(default=0)
    replays = models.IntegerField(default=0)
    last_at = models.DateTimeField(null=True)
    last_result = models.CharField(max_length=32, blank=True)
    last_status = models.IntegerField(null=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(
                fields=["webhook", "next_at"],
                condition=Q(state=MessageState.WAITING.value),
                name="message_due",
            ),
            models.Index(fields=["webhook", "-number"], name="message_by_webhook"),
            models.Index(
                fields=["ended_at"], condition=~Q(state=MessageState.WAITING.value), name="message_over"
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(state=MessageState.WAITING.value, next_at__isnull=False, ended_at=None)
                | Q(
                    state__in=[MessageState.DELIVERED.value, MessageState.DEAD.value],
                    next_at=None,
                    ended_at__isnull=False,
                ),
                name="message_waits_or_is_over",
            ),
            models.CheckConstraint(
                condition=Q(last_result="") | Q(last_result__in=[result.value for result in Result]),
                name="message_result_known",
            ),
            models.CheckConstraint(condition=Q(failures__gte=0) & Q(replays__gte=0), name="message_counts"),
        ]

    def __str__(self) -> str:
        return f"{self.type} {self.id}"
