"""The store of facts: one table for all items, hash-partitioned by subject (the SQL is in the migration).

The payload of a row never changes; `ended_*` goes from NULL to a value once. A trigger holds both, whoever
connects. Rows are written by `filing` and read by `reading`, never through this model's manager.
"""

from __future__ import annotations

from django.db import models
from django.db.models import Q

PARTITIONS = 16


class Record(models.Model):
    """One fact about one subject, as one provider handed it in (国办发〔2021〕52号 （五）, annex note 2)."""

    pk = models.CompositePrimaryKey("subject_id", "id")
    subject = models.ForeignKey(
        "parties.Subject", on_delete=models.DO_NOTHING, related_name="+", db_index=False
    )
    id = models.BigIntegerField()
    item = models.TextField()
    item_version = models.PositiveSmallIntegerField()
    record_key = models.TextField(db_collation="C")
    payload = models.JSONField()
    source = models.JSONField()
    # What identifies persons and accounts, taken out of payload and source (`seals`).
    sealed = models.BinaryField(null=True)
    provider = models.TextField()
    batch_id = models.UUIDField()
    line = models.IntegerField()
    observed_on = models.DateField(null=True)
    # When the node was given the fact, and when the fact began to count here: the two differ when the
    # withdrawal of a later batch brings an earlier row back (`filing.withdraw_batch`).
    received_at = models.DateTimeField()
    filed_at = models.DateTimeField()
    digest = models.BinaryField()
    ended_at = models.DateTimeField(null=True)
    ended_why = models.TextField(null=True)
    ended_by = models.TextField(null=True)

    class Meta:
        db_table = "records_record"


class Withdrawal(models.Model):
    """A batch whose rows no longer count; kept here so that none of them is ever brought back."""

    batch_id = models.UUIDField(primary_key=True)
    actor = models.TextField()
    withdrawn_at = models.DateTimeField()


class Unmatching(models.Model):
    """A row that a person had matched to a subject, and took back: it never comes back by itself.

    It speaks of the rows of that batch, line and subject up to `through_id`: matched anew, the row has a
    higher id.
    """

    decision = models.UUIDField(primary_key=True)
    batch_id = models.UUIDField()
    line = models.IntegerField()
    subject_id = models.BigIntegerField()
    record_key = models.TextField(db_collation="C")
    through_id = models.BigIntegerField()
    unmatched_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["batch_id", "line"], name="unmatching_by_row")]

    def __str__(self) -> str:
        return f"{self.batch_id}:{self.line} {self.subject_id}"


class Unlisting(models.Model):
    """What a provider's full list left out while another source's version of the record counted.

    It speaks of that provider's rows up to `through_id`: none of them comes back, unless the list is
    withdrawn.
    """

    id = models.BigAutoField(primary_key=True)
    subject_id = models.BigIntegerField()
    item = models.TextField(db_collation="C")
    record_key = models.TextField(db_collation="C")
    provider = models.TextField(db_collation="C")
    batch_id = models.UUIDField()
    through_id = models.BigIntegerField()

    class Meta:
        indexes = [models.Index(fields=["subject_id", "item", "record_key"], name="unlisting_by_record")]

    def __str__(self) -> str:
        return f"{self.provider} {self.item} {self.batch_id}"


class Mark(models.Model):
    """What stands beside a record, or an item as a whole, while an objection or repair is under way."""

    id = models.UUIDField(primary_key=True)
    subject_id = models.BigIntegerField()
    item = models.TextField(db_collation="C")
    # None: of what a provider answers to calls the store holds no record.
    record_id = models.BigIntegerField(null=True)
    field = models.TextField(db_collation="C", blank=True)
    kind = models.TextField(db_collation="C")
    act = models.UUIDField(db_index=True)
    set_at = models.DateTimeField()
    cleared_at = models.DateTimeField(null=True)

    class Meta:
        # Read with every report: what was cleared is not in these.
        indexes = [
            models.Index(fields=["subject_id"], name="mark_standing", condition=Q(cleared_at=None)),
            models.Index(fields=["item"], name="mark_of_item", condition=Q(cleared_at=None)),
        ]

    def __str__(self) -> str:
        return f"{self.subject_id} {self.item} {self.kind} {self.act}"


class Source(models.Model):
    """An item of which at least one batch was filed: for the others the answer is "not connected"."""

    item = models.TextField(primary_key=True)
    connected_at = models.DateTimeField()


class LakeFile(models.Model):
    """The lake's manifest: a file counts only while it is listed here."""

    name = models.TextField(primary_key=True)
    item = models.TextField(db_index=True)
    shape = models.TextField()
    rows = models.BigIntegerField()
    sha256 = models.TextField()
    size_bytes = models.BigIntegerField()
    # Not to be put together with others: it was ended because no more rows fit into a sort.
    is_full = models.BooleanField(db_default=False)
    written_at = models.DateTimeField()

    class Meta:
        db_table = "records_lake_manifest"

    def __str__(self) -> str:
        return self.name


class LakeMark(models.Model):
    """How far an item's files reach: its live rows beyond this id are read from the table."""

    item = models.TextField(primary_key=True)
    through_id = models.BigIntegerField()

    class Meta:
        db_table = "records_lake_mark"

    def __str__(self) -> str:
        return f"{self.item} {self.through_id}"


class LakeEnding(models.Model):
    """A row that ended since the files were written; a trigger notes it in the ending's own transaction."""

    record_id = models.BigIntegerField(primary_key=True)
    item = models.TextField(db_index=True)

    class Meta:
        db_table = "records_lake_ending"

    def __str__(self) -> str:
        return f"{self.item} {self.record_id}"
