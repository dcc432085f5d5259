"""A row that waited for its subject and is known from another source stands by, and is taken back whole."""

from __future__ import annotations

import pytest

from rongxin.parties import providers
from rongxin.sharing import source_levels
from rongxin.sharing.aggregation import desk, withdrawal
from rongxin.sharing.models import Outcome
from rongxin.vocabulary.actor import SYSTEM
from rongxin.vocabulary.level import SourceLevel

from .conftest import NOW, Bureau, code
from .desk_stage import HONOUR, SECOND, Court, counts, firm, live

pytestmark = pytest.mark.django_db
NAME = "云州玉兰纺织有限公司"
ROW = (NAME, code(1), "示范企业", "2026-03-01", "云州市")


@pytest.mark.parametrize("reversed_", [False, True])
def test_a_matched_row_that_is_known_stands_by_until_the_match_is_taken_back(
    bureau: Bureau, reversed_: bool
) -> None:
    court, subject = Court(bureau), firm(1, NAME)
    providers.admit("nation", name="全国", department="", items=["honours"], actor=SYSTEM, as_of=NOW)
    source_levels.set_level("nation", SourceLevel.NATIONAL, actor=SYSTEM, as_of=NOW)
    national = bureau.submits(bureau.writes(HONOUR, [ROW]), "honours", "nation").batch
    batch = court.honours((NAME, "?", "示范企业"))
    card = court.matches(batch, 2, 1)
    assert counts(batch) == (0, 0, 0, 1)
    assert Outcome.objects.get(batch_id=batch).held_batch == national
    if reversed_:
        desk.reverse(card.id, reason="看错了", actor=SECOND, as_of=court.later())
        assert counts(batch) == (0, 0, 1, 0)
        assert Outcome.objects.get(batch_id=batch).held_batch is None
    assert national is not None
    withdrawal.withdraw(national, actor=SYSTEM, as_of=court.later())
    assert live(subject) == ([] if reversed_ else [(batch, 2)])
