"""What a node does by its worker, done by the worker's role: filing, the desk, the lake, keys, duties."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
from django.db import connection
from pytest_django import Settings

from rongxin.catalogue import loader
from rongxin.consent import written
from rongxin.entrypoints.cli import worker
from rongxin.entrypoints.database.declared import Role
from rongxin.journal import checkpoints, sealing, sequencer, verification
from rongxin.parties import seed
from rongxin.parties.rules.membership import PartyKind
from rongxin.records import lake_keeping, lake_verification, seals
from rongxin.sharing.aggregation import batches, desk, outcomes, row_changes, withdrawal
from rongxin.sharing.aggregation.receipts import Receipt
from rongxin.vocabulary.actor import SYSTEM
from tests.unit.consent import stage
from tests.unit.entrypoints.database.stage import Division
from tests.unit.sharing.conftest import CLERK, Bureau, code
from tests.unit.sharing.desk_stage import FIRST, SECOND, Court, firm, old_code

pytestmark = pytest.mark.django_db(transaction=True)
HEADER = ("企业名称", "统一社会信用代码", "行政处罚决定书文号", "罚款金额", "行政处罚决定日期", "备注")
PHONE = "13912345678"


@pytest.fixture
def bureau(tmp_path: Path, settings: Settings) -> Bureau:
    settings.RONGXIN_VAR = tmp_path / "var"
    seed.seed(loader.load(), actor=SYSTEM, as_of=stage.NOW)
    return Bureau(tmp_path)


def _fines(bureau: Bureau, *fines: str) -> tuple[UUID, Receipt]:
    rows = [
        (f"云州第{n}商贸有限公司", code(n), f"{n}号", fine, "2026-03-01", f"电话{PHONE}")
        for n, fine in enumerate(fines, 1)
    ]
    receipt = bureau.submits(bureau.writes(HEADER, rows), "administrative_penalty")
    assert receipt.batch is not None
    return receipt.batch, receipt


def _whoever() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT session_user")
        return str(cursor.fetchone()[0])


def test_it_files_corrects_ends_and_withdraws(bureau: Bureau, division: Division) -> None:
    with division.process(Role.WORKER):
        assert _whoever() == division.names[Role.WORKER]
        first, receipt = _fines(bureau, "10", "贰佰", "30")
        assert (receipt.counts.accepted, receipt.counts.rejected) == (2, 1)
        second, _ = _fines(bureau, "11")
        by = {"reason": "录入有误", "actor": CLERK, "as_of": bureau.today + timedelta(days=1)}
        assert row_changes.correct(second, 2, {"罚款金额": "12"}, **by).counts.accepted == 1
        assert row_changes.end(first, 4, why="removed", **by).why.value == "removed_by_authority"
        later = bureau.today + timedelta(days=2)
        done = withdrawal.withdraw(second, actor=CLERK, as_of=later)
        # With the batch goes its correction, and with that one what it had corrected counts and ends again.
        assert (done.ended, batches.get(second).status.value) == (1, "withdrawn")


def test_it_settles_rows_at_the_desk(bureau: Bureau, division: Division) -> None:
    firm(1, "云州蓝鲸物流有限公司")
    with division.process(Role.WORKER):
        batch = Court(bureau).lists(("（2026）云01执1号", "云州蓝鲸物流有限公司", old_code(1)))
        card = desk.match(batch, 2, code(1), reason="地址一致", actor=FIRST, as_of=bureau.today)
        assert desk.confirm(card.id, actor=SECOND, as_of=bureau.today).state.value == "in_force"
        back = desk.reverse(card.id, reason="看错了", actor=SECOND, as_of=bureau.today)
        assert back.state.value == "reversed"


def test_it_keeps_the_lake(bureau: Bureau, division: Division, monkeypatch: pytest.MonkeyPatch) -> None:
    with division.process(Role.WORKER):
        batch, _ = _fines(bureau, "10", "20")
        assert [kept.rows for kept in lake_keeping.catch_up(as_of=bureau.today)] == [2]
        withdrawal.withdraw(batch, actor=CLERK, as_of=bureau.today)
        lake_keeping.rebuild(as_of=bureau.today)
        for fine in ("30", "40"):
            _fines(bureau, fine)
            lake_keeping.catch_up(as_of=bureau.today)
        monkeypatch.setattr(lake_keeping, "_FILES_MAX", 1)
        assert [kept.files for kept in lake_keeping.compact(as_of=bureau.today)] == [1]
        assert list(lake_verification.files()) == []
        assert [lake_verification.contents(item) for item in lake_verification.items()] == [None]


def test_it_rotates_the_keys_and_seals_anew(bureau: Bureau, division: Division) -> None:
    stage_firm = stage.firm()
    case = stage.case(stage_firm, stage.bank())
    clerk = stage.staff(PartyKind.INSTITUTION, "bank_a")
    with division.process(Role.WORKER):
        written.propose_written(
            case, stage.draft(), stage.paper(stage_firm), actor=clerk.actor, as_of=stage.NOW
        )
        _fines(bureau, "10", "贰佰")
        sealing.rotate(actor=SYSTEM, as_of=bureau.today)
        for column in (seals.SEALED, outcomes.SEALED, written.SEALED):
            assert sealing.renew(column, actor=SYSTEM, as_of=bureau.today) == 1


def test_it_does_every_duty_and_keeps_the_journal(bureau: Bureau, division: Division) -> None:
    with division.process(Role.WORKER):
        _fines(bureau, "10")
        for duty in worker.duties():
            duty.act(bureau.today)
        assert sequencer.integrate() > 0
        checkpoints.sign(as_of=bureau.today)
        assert verification.verify().ok
