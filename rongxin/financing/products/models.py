"""The table of products; private to this room."""

from __future__ import annotations

from typing import ClassVar
from uuid import uuid4

from django.db import models
from django.db.models import F, Q

from rongxin.financing.products.rules import State


class ProductVersion(models.Model):
    """融资产品 in one version: `terms` never change, where it stands does; published by another person."""

    id = models.UUIDField(primary_key=True, default=uuid4)
    # The same for all versions of a product.
    product = models.UUIDField()
    number = models.PositiveIntegerField()
    institution = models.ForeignKey("parties.Institution", on_delete=models.PROTECT, related_name="+")
    # `rules.Terms` as JSON.
    terms = models.JSONField()
    state = models.CharField(max_length=12)
    proposed_at = models.DateTimeField()
    proposed_by = models.CharField(max_length=200)
    decided_at = models.DateTimeField(null=True)
    decided_by = models.CharField(max_length=200, blank=True)
    ended_at = models.DateTimeField(null=True)
    ended_by = models.CharField(max_length=200, blank=True)

    class Meta:
        app_label = "financing"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["product", "number"], name="product_version_once"),
            models.UniqueConstraint(
                fields=["product"], condition=Q(state=State.PUBLISHED.value), name="product_published_once"
            ),
            models.UniqueConstraint(
                fields=["product"], condition=Q(state=State.PROPOSED.value), name="product_proposed_once"
            ),
            models.CheckConstraint(
                condition=Q(state__in=[state.value for state in State]), name="product_state_known"
            ),
            # What firms see is what another person has checked, whoever writes the row.
            models.CheckConstraint(
                condition=Q(state__in=[State.PROPOSED.value, State.DECLINED.value])
                | (~Q(decided_by="") & ~Q(decided_by=F("proposed_by"))),
                name="product_takes_two",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.product} {self.number}"
