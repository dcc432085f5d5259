"""The journal's tables, written by raw SQL only (see the migration): these classes are for reading.

No foreign key ties pending and leaves to entries: the one statement that appends can't leave them dangling,
the triggers refuse what could, and `verification` looks for it. What they would cost is paid on every
append.
"""

from __future__ import annotations

from django.db import models


class Entry(models.Model):
    """One thing that happened. `body` is what is hashed; the other columns repeat parts of it for queries."""

    id = models.UUIDField(primary_key=True)
    body = models.TextField()
    kind = models.TextField()
    actor_kind = models.TextField()
    actor = models.TextField()
    party = models.TextField()
    at = models.DateTimeField()
    subject = models.TextField(null=True)
    institution = models.TextField(null=True)
    consent = models.TextField(null=True)

    def __str__(self) -> str:
        return f"{self.kind} {self.id}"


class Pending(models.Model):
    """An entry that is durable but not yet in the tree."""

    number = models.BigAutoField(primary_key=True)
    entry = models.UUIDField()
    hash = models.BinaryField()

    def __str__(self) -> str:
        return str(self.entry)


class Leaf(models.Model):
    """The place of an entry in the tree, for ever."""

    index = models.BigIntegerField(primary_key=True)
    entry = models.UUIDField(unique=True)
    hash = models.BinaryField()

    def __str__(self) -> str:
        return f"{self.index} {self.entry}"


class Subtree(models.Model):
    """The hash of a complete subtree of 256^level leaves, level 1 and up."""

    pk = models.CompositePrimaryKey("level", "index")
    level = models.SmallIntegerField()
    index = models.BigIntegerField()
    hash = models.BinaryField()

    def __str__(self) -> str:
        return f"{self.level}/{self.index}"


class Checkpoint(models.Model):
    """A signed tree head. `note` is what is signed; the database derives every other column from it."""

    number = models.BigIntegerField(primary_key=True)
    note = models.TextField()
    size = models.BigIntegerField(unique=True)
    root = models.BinaryField()
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.number}: {self.size}"


class Cursor(models.Model):
    """How far a consumer of news has come: the first leaf index it has not yet handled."""

    consumer = models.TextField(primary_key=True)
    position = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.consumer} {self.position}"
