"""Tables of what people do with lists; private to `list_exports` and `kept_searches`."""

from __future__ import annotations

from django.conf import settings
from django.db import models


class ListExport(models.Model):
    """A list that left as a file: who took which, how many rows; its number is the file's mark."""

    id = models.UUIDField(primary_key=True)
    account = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    person = models.CharField(max_length=128)
    party_kind = models.CharField(max_length=16)
    party = models.CharField(max_length=64)
    list = models.CharField(max_length=64)
    searched = models.CharField(max_length=1000, blank=True)
    rows = models.PositiveIntegerField()
    sha256 = models.CharField(max_length=64)
    taken_at = models.DateTimeField()
    entry = models.UUIDField()

    class Meta:
        indexes = [
            models.Index(fields=["party_kind", "party", "taken_at"], name="list_export_of_party"),
        ]

    def __str__(self) -> str:
        return f"{self.list} {self.person} {self.taken_at}"


class KeptSearch(models.Model):
    """A search of a list that somebody wants again."""

    id = models.BigAutoField(primary_key=True)
    account = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    # In another role the same account sees other rows: a search belongs to the party for which it was kept.
    party_kind = models.CharField(max_length=16)
    party = models.CharField(max_length=64)
    list = models.CharField(max_length=64)
    name = models.CharField(max_length=40)
    query = models.CharField(max_length=1000)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["account", "party_kind", "party", "list", "name"], name="kept_search_named_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.list} {self.name}"
