"""A batch of which unusually many rows come back waits for a second person; persons' rows are no fault."""

from __future__ import annotations

import pytest

from rongxin.records.models import Record
from rongxin.sharing.aggregation import holding
from rongxin.sharing.errors import Held
from rongxin.vocabulary.actor import Actor, ActorKind

from .conftest import Bureau, code

pytestmark = pytest.mark.django_db
PENALTY = "administrative_penalty"
SECOND = Actor(ActorKind.ACCOUNT, "second", "operator")
HEADER = (
    "企业名称", "统一社会信用代码", "行政相对人类别", "行政处罚决定书文号", "罚款金额", "行政处罚决定日期",
)  # fmt: skip


class Sender:
    """Sends forty good rows at a time, and what is asked for beside them."""

    def __init__(self, bureau: Bureau) -> None:
        self.bureau, self.sent = bureau, 0

    def sends(self, *, wrong: int = 0, persons: int = 0, good: int = 40) -> object:
        rows = [self._row() for _ in range(good)]
        rows += [(*self._row()[:4], "贰佰", "2026-03-01") for _ in range(wrong)]
        rows += [("张三", "", "自然人", *self._row()[3:]) for _ in range(persons)]
        return self.bureau.submits(self.bureau.writes(HEADER, rows), PENALTY)

    def _row(self) -> tuple[str, ...]:
        self.sent += 1
        return (
            f"云州{self.sent}厂", code(self.sent), "法人及非法人组织", f"{self.sent}号",
            "100", "2026-03-01",
        )  # fmt: skip


@pytest.fixture
def sender(bureau: Bureau) -> Sender:
    return Sender(bureau)


def test_a_first_batch_that_mostly_comes_back_is_held_and_released_with_every_row_counted(
    sender: Sender,
) -> None:
    with pytest.raises(Held) as held:
        sender.sends(wrong=60)
    assert [finding["rule"] for finding in held.value.findings] == ["reject_share"]
    assert "60%" in held.value.findings[0]["message"]
    assert not Record.objects.exists()
    counts = holding.release(held.value.batch, actor=SECOND, as_of=sender.bureau.today).counts
    assert (counts.read, counts.accepted, counts.rejected) == (100, 40, 60)


def test_a_share_beyond_the_usual_is_held(sender: Sender) -> None:
    for _ in range(3):
        sender.sends(wrong=4)
    sender.sends(wrong=10)
    with pytest.raises(Held) as held:
        sender.sends(wrong=20)
    assert [finding["rule"] for finding in held.value.findings] == ["reject_share"]


def test_rows_of_natural_persons_are_no_fault_of_their_batch(sender: Sender) -> None:
    sender.sends(persons=300)
    assert not holding.waiting()


def test_a_provider_whose_rows_often_come_back_is_not_held_for_it(sender: Sender) -> None:
    for _ in range(5):
        sender.sends(wrong=35)
    assert not holding.waiting()
