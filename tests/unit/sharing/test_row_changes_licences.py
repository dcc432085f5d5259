"""A licence's row put right moves its firm along; it is never ended by itself nor given to another firm."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest

from rongxin.parties import subjects
from rongxin.sharing.aggregation import row_changes, withdrawal
from rongxin.sharing.errors import Refused
from rongxin.vocabulary.actor import SYSTEM

from .conftest import Bureau, code
from .test_licences import CLERK, HEADER, LICENCE, NAME, REGULATOR

pytestmark = pytest.mark.django_db


@pytest.fixture
def batch(bureau: Bureau) -> UUID:
    path = bureau.writes(HEADER, [(NAME, code(1), "张建国", "2020-05-01", "存续")])
    receipt = bureau.submits(path, LICENCE, REGULATOR, actor=CLERK)
    assert receipt.batch is not None
    return receipt.batch


def firm() -> subjects.Card:
    found = subjects.find(code(1))
    assert found is not None
    return found


def correct(batch: UUID, bureau: Bureau, **given: str) -> UUID:
    bureau.today += timedelta(days=1)
    receipt = row_changes.correct(batch, 2, given, reason="更正", actor=CLERK, as_of=bureau.today)
    assert receipt.batch is not None
    return receipt.batch


def test_a_corrected_licence_moves_its_firm_and_back(batch: UUID, bureau: Bureau) -> None:
    done = correct(batch, bureau, 登记状态="注销")
    assert firm().deregistered
    withdrawal.withdraw(done, actor=CLERK, as_of=bureau.today)
    assert not firm().deregistered
    correct(batch, bureau, 企业名称="云州白鲸物流有限公司")
    assert firm().name == "云州白鲸物流有限公司"


def test_a_licence_is_not_ended_and_not_moved_to_another_firm(batch: UUID, bureau: Bureau) -> None:
    with pytest.raises(Refused) as refused:
        row_changes.end(batch, 2, why="over", reason="x", actor=CLERK, as_of=bureau.today)
    assert refused.value.code == "licence_not_ended"
    with pytest.raises(Refused) as refused:
        correct(batch, bureau, 统一社会信用代码=code(2))
    assert refused.value.code == "licence_of_another"


def test_what_contradicts_the_register_is_refused_and_changes_nothing(batch: UUID, bureau: Bureau) -> None:
    later = (bureau.today + timedelta(days=90)).date()
    subjects.rename(firm().id, "云州白鲸物流有限公司", changed_on=later, actor=SYSTEM, as_of=bureau.today)
    with pytest.raises(Refused) as refused:
        correct(batch, bureau, 企业名称="云州青鲸物流有限公司")
    assert "原记录未变" in refused.value.what_to_do
    assert not row_changes.of_batch(batch)
