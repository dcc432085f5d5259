"""What the operator's people propose to do to whole batches."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from rongxin.sharing.batch_endings.rules import Measure, State


class BatchProposal(models.Model):
    """One person's proposal to end or withdraw a batch, and what another made of it; always kept."""

    id = models.UUIDField(primary_key=True)
    batch = models.ForeignKey("sharing.Batch", on_delete=models.PROTECT, related_name="+", db_index=False)
    measure = models.CharField(max_length=16)
    # Of an ending, why: one of `row_changes.ENDINGS`.
    why = models.CharField(max_length=16, blank=True)
    ground = models.CharField(max_length=500)
    # As `rules.read` reads it: what the proposer saw, and what alone can be confirmed.
    foreseen = models.JSONField()
    state = models.CharField(max_length=16, default=State.PROPOSED.value)
    proposed_by = models.CharField(max_length=200)
    proposed_at = models.DateTimeField()
    decided_by = models.CharField(max_length=200, blank=True)
    decided_at = models.DateTimeField(null=True)
    decided_why = models.CharField(max_length=500, blank=True)
    journal_entry = models.UUIDField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["batch"], condition=Q(state="proposed"), name="batch_proposal_one_open"
            ),
            models.CheckConstraint(
                condition=Q(state__in=[s.value for s in State]), name="batch_proposal_state_known"
            ),
            models.CheckConstraint(
                condition=Q(measure=Measure.END) & ~Q(why="") | Q(measure=Measure.WITHDRAW, why=""),
                name="batch_proposal_ending_says_why",
            ),
            # Whatever path a proposal takes, no batch is touched by one person.
            models.CheckConstraint(
                condition=~Q(state="carried_out")
                | (Q(decided_at__isnull=False) & ~Q(decided_by="") & ~Q(decided_by=F("proposed_by"))),
                name="batch_proposal_by_two_persons",
            ),
        ]
        indexes = [models.Index(fields=["batch", "-proposed_at"], name="batch_proposal_by_batch")]

    def __str__(self) -> str:
        return f"{self.batch_id} {self.measure} {self.state}"
