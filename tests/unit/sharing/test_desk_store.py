"""The store after a late match: as if the row had come with its code, and as if a reversed one never had."""

from __future__ import annotations

from uuid import UUID

import pytest

from rongxin.catalogue import loader
from rongxin.parties import subjects
from rongxin.records import filing
from rongxin.records.models import Record
from rongxin.records.rules import EndedWhy
from rongxin.sharing.aggregation import desk, outcomes, registration, withdrawal
from rongxin.sharing.aggregation.decisions import Card
from rongxin.sharing.errors import NotFiled
from rongxin.sharing.rules import Mode, RowOutcome
from rongxin.vocabulary.actor import Actor

from .conftest import CLERK, Bureau, code
from .desk_stage import COURT, DEBTOR, SECOND, Court, counts, firm, live, old_code

pytestmark = pytest.mark.django_db
NAME = "云州蓝鲸物流有限公司"
COURT_CLERK = Actor(CLERK.kind, CLERK.id, f"provider:{COURT}")


@pytest.fixture
def court(bureau: Bureau) -> Court:
    firm(1, NAME)
    return Court(bureau)


def subject() -> int:
    card = subjects.find(code(1))
    assert card is not None
    return card.id


def rule_of(batch: UUID, line: int = 2) -> str:
    kinds = [RowOutcome.REJECTED, RowOutcome.DUPLICATE]
    return next(end.rule for end in outcomes.of_batch(batch, kinds) if end.line == line)


def reverse(card: Card, court: Court) -> None:
    desk.reverse(card.id, reason="看错了", actor=SECOND, as_of=court.later())


def settled(court: Court, batch: UUID) -> Card:
    proposed = court.matches(batch, 2, 1)
    return desk.confirm(proposed.id, actor=SECOND, as_of=court.later())


def test_a_reversal_brings_back_what_the_row_had_superseded(court: Court) -> None:
    first = court.lists(("（2026）云01执1号", NAME, code(1)))
    late = court.lists(("（2026）云01执1号", f"{NAME}云溪分部", old_code(1)))
    card = settled(court, late)
    assert live(subject(), DEBTOR) == [(late, 2)]
    reverse(card, court)
    assert live(subject(), DEBTOR) == [(first, 2)]
    reverse(settled(court, late), court)
    assert live(subject(), DEBTOR) == [(first, 2)]


def test_a_row_received_later_keeps_its_place(court: Court) -> None:
    waits = court.lists(("（2026）云01执1号", f"{NAME}云溪分部", old_code(1)))
    later = court.lists(("（2026）云01执1号", NAME, code(1)))
    card = settled(court, waits)
    assert (live(subject(), DEBTOR), rule_of(waits)) == ([(later, 2)], "overtaken")
    assert counts(waits) == (0, 1, 0, 0)
    reverse(card, court)
    assert counts(waits) == (0, 0, 1, 0)


def test_a_row_of_its_own_batch_contradicts_it(court: Court) -> None:
    case = "（2026）云01执1号"
    batch = court.lists((case, f"{NAME}云溪分部", old_code(1)), (case, NAME, code(1)))
    settled(court, batch)
    assert (live(subject(), DEBTOR), rule_of(batch)) == ([(batch, 3)], "conflict_in_file")


def test_the_withdrawal_of_the_batch_takes_matched_rows_too(court: Court) -> None:
    first = court.lists(("（2026）云01执1号", NAME, code(1)))
    late = court.lists(("（2026）云01执1号", f"{NAME}云溪分部", old_code(1)))
    card = settled(court, late)
    done = withdrawal.withdraw(late, actor=COURT_CLERK, as_of=court.later())
    assert (done.ended, done.reinstated, live(subject(), DEBTOR)) == (1, 1, [(first, 2)])
    with pytest.raises(NotFiled):
        reverse(card, court)


def test_what_was_reversed_never_comes_back_by_anothers_withdrawal(court: Court) -> None:
    """Matched, superseded by a newer batch, reversed: that batch withdrawn, what stood before both stands."""
    first = court.lists(("（2026）云01执1号", NAME, code(1)))
    late = court.lists(("（2026）云01执1号", f"{NAME}云溪分部", old_code(1)))
    card = settled(court, late)
    newest = court.lists(("（2026）云01执1号", f"{NAME}星槐分部", code(1)))
    reverse(card, court)
    assert live(subject(), DEBTOR) == [(newest, 2)]
    withdrawal.withdraw(newest, actor=COURT_CLERK, as_of=court.later())
    assert live(subject(), DEBTOR) == [(first, 2)]


def test_a_newer_full_list_has_its_say(court: Court) -> None:
    waits = court.lists(("（2026）云01执1号", NAME, old_code(1)))
    court.lists(("（2026）云01执2号", NAME, code(1)), mode=Mode.SNAPSHOT)
    settled(court, waits)
    assert rule_of(waits) == "list_overtaken"
    assert len(live(subject(), DEBTOR)) == 1


def test_a_repaired_record_is_not_filed_by_hand_either(court: Court) -> None:
    court.lists(("（2026）云01执1号", NAME, code(1)))
    row = Record.objects.get()
    filing.end(
        [row.id],
        EndedWhy.REPAIRED,
        subject_id=subject(),
        ended_by="repair:1",
        actor=CLERK,
        as_of=court.later(),
    )
    waits = court.lists(("（2026）云01执1号", f"{NAME}云溪分部", old_code(1)))
    settled(court, waits)
    assert (live(subject(), DEBTOR), rule_of(waits)) == ([], "barred_repaired")


def test_no_licence_ever_waits() -> None:
    """A licence changes its subject: it goes by code alone, so that no reversal has to undo that."""
    code_field = loader.load().item(registration.ITEM).column("uscc")
    assert (code_field.type, getattr(code_field, "required", False)) == ("uscc", True)
