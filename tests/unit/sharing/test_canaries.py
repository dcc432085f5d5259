"""A dump of the database holds no seeded identity number, phone or card (T11), and the gate sees all."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from hashlib import sha256

import pytest
from django.db import DatabaseError, connection, transaction

from rongxin.catalogue.types import id_number
from rongxin.journal import sealing
from rongxin.parties import subjects
from rongxin.proof.errors import Forged
from rongxin.records import reading, seals
from rongxin.sharing.aggregation import outcomes, withdrawal
from rongxin.sharing.rules import RowOutcome
from rongxin.vocabulary.actor import SYSTEM
from tests.unit.records import stored

from .conftest import CLERK, Bureau, code

pytestmark = pytest.mark.django_db
PENALTY = "administrative_penalty"
HEADER = (
    "企业名称", "统一社会信用代码", "行政处罚决定书文号", "罚款金额", "行政处罚决定日期",
    "法定代表人证件号码", "行政相对人证件号码", "违法事实", "备注",
)  # fmt: skip
FIRST17 = "99010119800101001"
PERSON = FIRST17 + id_number.check_character(FIRST17)
OTHER17 = "99010219810202002"
COUNTERPART = OTHER17 + id_number.check_character(OTHER17)
PHONE, CARD = "13912345678", "6222021234567890128"
PASSPORT = "EA7654321"  # of a form that only the field's type tells
CANARIES = (PERSON, COUNTERPART, PHONE, CARD, PASSPORT)


def row(firm: int | str, number: str, fine: str, **cells: str) -> tuple[str, ...]:
    uscc = code(firm) if isinstance(firm, int) else firm
    return (
        f"云州第{firm}商贸有限公司", uscc, number, fine, "2026-03-01", cells.get("person", PERSON),
        COUNTERPART, f"联系电话{PHONE}", f"卡号{CARD}",
    )  # fmt: skip


def dumped() -> Iterator[tuple[str, bytes]]:
    """Every table of the database as COPY writes it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace "
                       "AND relkind = 'r' ORDER BY 1")  # fmt: skip
        for (table,) in cursor.fetchall():
            with cursor.copy(f'COPY "{table}" TO STDOUT') as copy:
                yield table, b"".join(bytes(part) for part in copy)


def hits() -> list[tuple[str, str]]:
    found = []
    for table, octets in dumped():
        for canary in CANARIES:
            plain = canary.encode()
            shapes = [plain, plain[::-1], plain.hex().encode(), sha256(plain).hexdigest().encode()]
            shapes += [_in_base64(plain, turn) for turn in range(3)]
            found += [(table, canary) for shape in shapes if shape in octets]
    return found


def _in_base64(plain: bytes, turn: int) -> bytes:
    """Wherever a text stands in base64, one of three turns of it is seen: the whole groups of that turn.

    Never fewer than eight characters: four are met by chance in the receipts' signatures.
    """
    groups = base64.b64encode(b"x" * turn + plain)
    shape = groups[4 if turn else 0 : -4 if (turn + len(plain)) % 3 else None]
    assert len(shape) >= 8
    return shape


def held(bureau: Bureau, firm: int) -> reading.Row:
    subject = subjects.find(code(firm))
    assert subject is not None
    return stored.of(subject.id, [PENALTY], as_of=bureau.today)[PENALTY][0]


def test_a_dump_holds_no_canary_after_rows_of_every_outcome(bureau: Bureau) -> None:
    rows = [
        row(1, "一号", "100"),
        row(2, "二号", "贰佰"),  # rejected
        row(3, "三号", "1"), row(3, "三号", "2"),  # in conflict
        row(4, "四号", "1"), row(4, "四号", "1"),  # a duplicate
        row("", "五号", "5"),  # waits, or out of scope
        row(6, PHONE, "6"),  # a number in the key
        row(7, "七号", "7", person=CARD),  # in the wrong column
        row(9, "九号", "9", person=PASSPORT),
        row(8, "八号", "约" + PHONE),  # and in the words of the reject
    ]  # fmt: skip
    receipt = bureau.submits(bureau.writes(HEADER, rows), PENALTY)
    bureau.submits(bureau.writes(HEADER, [row(1, "一号", "50", person=COUNTERPART)]), PENALTY)
    assert (receipt.counts.read, hits()) == (11, [])
    assert held(bureau, 1).payload["legal_representative_id_number"] == COUNTERPART
    assert held(bureau, 6).payload["violation_facts"] == f"联系电话{PHONE}"
    assert receipt.batch is not None
    back = list(outcomes.of_batch(receipt.batch, [RowOutcome.REJECTED]))
    assert PERSON in str(back[0].raw)


def test_a_dump_shows_a_canary_that_is_put_into_it(bureau: Bureau) -> None:
    """The control: the search finds what is there, in plain and in base64."""
    receipt = bureau.submits(bureau.writes(HEADER, [row(1, "一号", "100")]), PENALTY)
    for text in (f"a{PHONE}", base64.b64encode(b"ab" + CARD.encode()).decode()):
        with connection.cursor() as cursor:
            cursor.execute("UPDATE sharing_batch SET file_name = %s WHERE id = %s", [text, receipt.batch])
        assert [table for table, _ in hits()] == ["sharing_batch"]


def test_a_seal_moved_to_another_row_is_refused(bureau: Bureau) -> None:
    bureau.submits(bureau.writes(HEADER, [row(1, "一号", "1"), row(2, "二号", "2")]), PENALTY)
    one, two = (subjects.find(code(firm)) for firm in (1, 2))
    assert one is not None
    assert two is not None
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE records_record DISABLE TRIGGER records_record_keep")
        cursor.execute(
            "UPDATE records_record SET sealed = (SELECT sealed FROM records_record WHERE subject_id = %s) "
            "WHERE subject_id = %s", [one.id, two.id],
        )  # fmt: skip
    assert held(bureau, 1)
    with pytest.raises(Forged, match="moved here from another row"):
        held(bureau, 2)


def test_rotation_reads_the_old_seals_everything_anew_and_changes_nothing_else(bureau: Bureau) -> None:
    receipt = bureau.submits(bureau.writes(HEADER, [row(1, "一号", "1"), row(2, "二号", "坏")]), PENALTY)
    before = held(bureau, 1)
    version = sealing.rotate(actor=SYSTEM, as_of=bureau.today)
    assert held(bureau, 1) == before
    for column in (seals.SEALED, outcomes.SEALED):
        told: list[tuple[int, int]] = []
        done = sealing.renew(
            column, actor=SYSTEM, as_of=bureau.today, progress=lambda *at, told=told: told.append(at)
        )
        assert (done, told) == (1, [(1, 1)])
        assert sealing.renew(column, actor=SYSTEM, as_of=bureau.today) == 0
    assert held(bureau, 1) == before
    assert receipt.batch is not None
    assert PERSON in str(next(outcomes.of_batch(receipt.batch, [RowOutcome.REJECTED])).raw)
    with connection.cursor() as cursor:
        cursor.execute("SELECT DISTINCT get_byte(sealed, 3) FROM records_record WHERE sealed IS NOT NULL")
        assert cursor.fetchall() == [(version,)]


def test_the_database_lets_a_seal_be_renewed_but_not_taken_away(bureau: Bureau) -> None:
    bureau.submits(bureau.writes(HEADER, [row(1, "一号", "1")]), PENALTY)
    with pytest.raises(DatabaseError, match="only its end"), transaction.atomic():
        connection.cursor().execute("UPDATE records_record SET sealed = NULL WHERE sealed IS NOT NULL")


def test_the_same_row_handed_in_again_is_a_duplicate_also_under_a_newer_key(bureau: Bureau) -> None:
    bureau.submits(bureau.writes(HEADER, [row(1, PHONE, "1")]), PENALTY)
    sealing.rotate(actor=SYSTEM, as_of=bureau.today)
    again = bureau.submits(bureau.writes(HEADER, [row(1, PHONE, "1"), row(2, "二号", "1")]), PENALTY)
    assert (again.counts.duplicate, again.counts.accepted) == (1, 1)


def test_what_a_withdrawal_brings_back_opens_as_before(bureau: Bureau) -> None:
    bureau.submits(bureau.writes(HEADER, [row(1, "一号", "1")]), PENALTY)
    later = bureau.submits(bureau.writes(HEADER, [row(1, "一号", "2", person=COUNTERPART)]), PENALTY)
    assert later.batch is not None
    withdrawal.withdraw(later.batch, actor=CLERK, as_of=bureau.today)
    assert held(bureau, 1).payload["legal_representative_id_number"] == PERSON
