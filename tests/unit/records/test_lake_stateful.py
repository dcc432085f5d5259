"""Any sequence of filings, endings, withdrawals, file writes and interruptions leaves the lake equal to the
table, seen at every step (a Hypothesis state machine on the real PostgreSQL)."""

from __future__ import annotations

from contextlib import suppress
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from rongxin.parties.models import Subject
from rongxin.records import filing, lake_ahead, lake_files, lake_keeping, lake_verification
from rongxin.records.models import LakeFile, LakeMark
from rongxin.records.rules import OWNERS, EndedWhy

from . import stored
from .conftest import CLERK, NOW, Bureau, Row
from .lake_stage import ITEM, files_with_lake_file, held, laid_down, open_payload, payload

RIGHTS = [why for why in EndedWhy if OWNERS[why] == "rights"]
ROWS = st.lists(
    st.tuples(st.integers(0, 1), st.sampled_from("一二三"), st.sampled_from(["1", "2.5", "300000"])),
    min_size=1,
    max_size=4,
)


class Interrupted(Exception):
    """Stands for the end of a process at one step; the kills of real ones are in test_lake_kill."""


def digest(facts: dict[int, tuple[Any, ...]]) -> str:
    return sha256(repr(sorted(facts.items(), key=lambda fact: fact[0])).encode()).hexdigest()


class Lake(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.bureau = Bureau()
        self.firms = [
            Subject.objects.create(kind="company", name="甲", canonical_name="甲|", opened_at=NOW).id
            for _ in range(2)
        ]
        self.batches: list[UUID] = []
        self.number = 0

    @rule(rows=ROWS)
    def file(self, rows: list[tuple[int, str, str]]) -> None:
        staged = [
            Row(line, self.firms[firm], key, payload(fine), date(2026, 3, 1))
            for line, (firm, key, fine) in enumerate(rows, 2)
        ]
        self.batches.append(self.bureau.files(*staged, item=ITEM)[0])

    @rule(
        rows=ROWS, hidden=st.booleans(), between=st.sampled_from(["nothing", "withdraw", "catch_up", "end"])
    )
    def file_with_its_lake_file(self, rows: list[tuple[int, str, str]], hidden: bool, between: str) -> None:
        staged = [
            Row(line, self.firms[firm], key, open_payload(fine, "一" if hidden else ""), date(2026, 3, 1))
            for line, (firm, key, fine) in enumerate(rows, 2)
        ]

        def meanwhile(batch: UUID) -> None:
            if between == "withdraw":
                self.bureau.withdraws(batch, ITEM)
            elif between == "catch_up":
                lake_keeping.catch_up(as_of=self.bureau.day)
            elif between == "end":
                self.end(0, RIGHTS[0])

        batch = files_with_lake_file(self.bureau, *staged, between=meanwhile)
        if between != "withdraw":
            self.batches.append(batch)

    @rule(firm=st.integers(0, 1), why=st.sampled_from(RIGHTS))
    def end(self, firm: int, why: EndedWhy) -> None:
        for row in stored.of(self.firms[firm], [ITEM], as_of=self.bureau.day)[ITEM][:1]:
            filing.end(
                [row.id],
                why,
                subject_id=self.firms[firm],
                ended_by="r:1",
                actor=CLERK,
                as_of=self.bureau.day,
            )

    @rule()
    def withdraw(self) -> None:
        if self.batches:
            self.bureau.withdraws(self.batches.pop(), ITEM)

    @rule()
    def catch_up(self) -> None:
        lake_keeping.catch_up(as_of=NOW)

    @rule(small_files=st.sampled_from([0, 2, 16]), ended_share=st.sampled_from([0, 10]))
    def compact(self, small_files: int, ended_share: int) -> None:
        """Put small files together, or write an item anew: which of the two is a matter of two numbers."""
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(lake_keeping, "_FILES_MAX", small_files)
            patch.setattr(lake_keeping, "_ENDED_SHARE", ended_share)
            lake_keeping.compact(as_of=NOW)

    @rule()
    def rebuild(self) -> None:
        lake_keeping.rebuild(as_of=NOW)

    @rule(
        step=st.sampled_from(["type_rows", "publish", "after_publish"]),
        at=st.sampled_from(["catch_up", "rebuild", "compact"]),
    )
    def be_interrupted(self, step: str, at: str) -> None:
        with pytest.MonkeyPatch.context() as patch, suppress(Interrupted):
            real = lake_files.publish

            def fail(*arguments: Path, **_: object) -> None:
                if step == "after_publish":
                    real(*arguments)
                raise Interrupted

            patch.setattr(lake_files, step.removeprefix("after_"), fail)
            patch.setattr(lake_keeping, "_FILES_MAX", 0)
            getattr(lake_keeping, at)(as_of=NOW)

    @rule()
    def sweep(self) -> None:
        lake_keeping.sweep(now=2e9, grace_seconds=0)

    @invariant()
    def it_is_the_table(self) -> None:
        assert digest(laid_down()) == digest(held())
        assert list(lake_verification.files()) == []

    def teardown(self) -> None:
        """Leave nothing live, so that the next run begins with an empty lake."""
        for firm in self.firms:
            rows = [row.id for row in stored.of(firm, [ITEM], as_of=self.bureau.day)[ITEM]]
            if rows:
                filing.end(
                    rows,
                    EndedWhy.WITHDRAWN,
                    subject_id=firm,
                    ended_by="t",
                    actor=CLERK,
                    as_of=self.bureau.day,
                )
        LakeFile.objects.all().delete()
        LakeMark.objects.all().delete()


@pytest.mark.django_db(transaction=True)
def test_it_equals_the_table_after_any_sequence(
    tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.RONGXIN_VAR = tmp_path
    monkeypatch.setattr(lake_ahead, "_LEAST", 1)
    run_state_machine_as_test(Lake, settings=SETTINGS)


SETTINGS = settings(
    max_examples=25,
    stateful_step_count=12,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
