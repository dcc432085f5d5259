"""What the database asks of whoever reads facts by `gate_read`: a committed intent, fresh and unused."""

from __future__ import annotations

from datetime import date, timedelta
from uuid import uuid4

import psycopg
import pytest
from django.db import connection, transaction
from django.db.utils import ProgrammingError

from rongxin.disclosure import register
from rongxin.disclosure.release import Recipient, Request
from rongxin.disclosure.rules import RecipientKind
from rongxin.records import reading
from rongxin.vocabulary.actor import SYSTEM
from rongxin.vocabulary.purpose import Purpose
from rongxin.vocabulary.reason import Reason
from tests.unit.consent import stage
from tests.unit.records.conftest import Bureau, Row

pytestmark = pytest.mark.django_db(transaction=True)
PENALTY = "administrative_penalty"


@pytest.fixture
def firms():
    """Two firms with a fine each; the first one's permit is held too."""
    one, other = stage.firm(), stage.firm("云州白鹭商贸有限公司")
    bureau = Bureau()
    bureau.files(
        Row(2, one.id, "一号", {"fine_cny": "10.00"}), Row(3, other.id, "二号", {"fine_cny": "20.00"})
    )
    bureau.files(Row(2, one.id, "许一", {"title": "甲"}, date(2026, 3, 1)), item="administrative_permit")
    return one, other


def _intend(firm, *items):
    request = Request(
        recipient=Recipient(RecipientKind.INSTITUTION, "bank_a", "云州银行", "clerk-7"),
        uscc=firm.uscc,
        items=items or (PENALTY,),
        purpose=Purpose.PRE_LOAN_REVIEW,
        reference="DK-2026-0001",
    )
    return register.intend(request, subject_id=firm.id, consent=None, actor=SYSTEM, as_of=stage.NOW)


def _committed(firm, *items):
    with transaction.atomic():
        return _intend(firm, *items)


def test_it_gives_the_rows_of_the_intents_subject_and_of_the_items_asked_for(firms):
    intent = _committed(firms[0], PENALTY, "administrative_permit", "honours")
    found = reading.of(intent.id, [PENALTY, "honours"])
    assert {item: [row.payload for row in rows] for item, rows in found.items()} == {
        PENALTY: [{"fine_cny": "10.00"}],
        "honours": [],
    }


def test_it_refuses_an_unknown_intent(firms):
    with pytest.raises(ProgrammingError, match="is unknown"):
        reading.of(uuid4(), [PENALTY])


def test_it_gives_rows_once(firms):
    intent = _committed(firms[0])
    reading.of(intent.id, [PENALTY])
    with pytest.raises(ProgrammingError, match="was used"):
        reading.of(intent.id, [PENALTY])


def test_it_refuses_an_intent_that_has_its_outcome(firms):
    with transaction.atomic():
        register.refuse(_intend(firms[0]), Reason.CONSENT_MISSING, actor=SYSTEM, as_of=stage.NOW)
        (intent,) = register.Intent.objects.all()
    with pytest.raises(ProgrammingError, match="was used"):
        reading.of(intent.id, [PENALTY])


def test_it_refuses_an_intent_of_the_same_transaction(firms):
    with transaction.atomic():
        intent = _intend(firms[0])
        with pytest.raises(ProgrammingError, match="is not committed"), transaction.atomic():
            reading.of(intent.id, [PENALTY])


def test_it_refuses_an_intent_of_a_savepoint_of_the_same_transaction(firms):
    with transaction.atomic():
        with transaction.atomic():
            intent = _intend(firms[0])
        with pytest.raises(ProgrammingError, match="is not committed"), transaction.atomic():
            reading.of(intent.id, [PENALTY])


def test_it_refuses_items_that_the_intent_does_not_name(firms):
    intent = _committed(firms[0])
    with pytest.raises(ProgrammingError, match="does not name"):
        reading.of(intent.id, [PENALTY, "administrative_permit"])


def test_it_refuses_an_intent_that_the_journal_does_not_know(firms):
    """One entry doesn't carry a second intent, nor another subject."""
    intent = _committed(firms[0])
    with connection.cursor() as cursor:
        cursor.execute("UPDATE disclosure_intent SET subject_id = %s WHERE id = %s", [firms[1].id, intent.id])
    with pytest.raises(ProgrammingError, match="is not in the journal"):
        reading.of(intent.id, [PENALTY])


def test_it_refuses_an_intent_of_long_ago(firms):
    intent = _committed(firms[0])
    with connection.cursor() as cursor:
        cursor.execute("UPDATE disclosure_intent SET written_at = written_at - %s", [timedelta(minutes=6)])
    with pytest.raises(ProgrammingError, match="is too old"):
        reading.of(intent.id, [PENALTY])


def test_whoever_reads_and_rolls_back_learns_nothing_more_after_the_outcome(firms):
    intent = _committed(firms[0])
    with transaction.atomic():
        reading.of(intent.id, [PENALTY])
        transaction.set_rollback(True)
    with transaction.atomic():
        register.release(intent, "0" * 64, (), actor=SYSTEM, as_of=stage.NOW)
    with pytest.raises(ProgrammingError, match="was used"):
        reading.of(intent.id, [PENALTY])


@pytest.fixture
def stranger():
    """A role without any right but to call the function, on a connection of its own."""
    name = f"test_stranger_{uuid4().hex[:8]}"
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE ROLE {name} LOGIN")
        cursor.execute(f"GRANT EXECUTE ON FUNCTION gate_read(uuid, text[]) TO {name}")
    place = connection.get_connection_params()
    address = {key: place[key] for key in ("host", "port", "dbname") if place.get(key)}
    with psycopg.connect(**address, user=name, autocommit=True) as own:
        yield own
    with connection.cursor() as cursor:
        cursor.execute(f"DROP OWNED BY {name}")
        cursor.execute(f"DROP ROLE {name}")


def test_a_role_that_can_read_no_table_reads_by_an_intent(firms, stranger):
    intent = _committed(firms[0])
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        stranger.execute("SELECT payload FROM records_record")
    rows = stranger.execute("SELECT payload FROM gate_read(%s, %s)", [intent.id, [PENALTY]]).fetchall()
    assert rows == [('{"fine_cny": "10.00"}',)]


def test_tables_of_the_callers_do_not_stand_in_for_the_gates(firms, stranger):
    stranger.execute(
        """
        CREATE TEMPORARY TABLE disclosure_intent AS SELECT gen_random_uuid() AS id, %s::bigint AS subject_id,
            '["administrative_penalty"]'::jsonb AS items, now() AS asked_at, now() AS written_at,
            '3'::xid8 AS written_in, gen_random_uuid() AS entry
        """,
        [firms[0].id],
    )
    stranger.execute("SET search_path = pg_temp, public")
    ((forged,),) = stranger.execute("SELECT id FROM pg_temp.disclosure_intent").fetchall()
    with pytest.raises(psycopg.errors.InsufficientPrivilege, match="is unknown"):
        stranger.execute("SELECT * FROM gate_read(%s, %s)", [forged, [PENALTY]])


def test_nobody_may_call_it_unasked(firms, stranger):
    with connection.cursor() as cursor:
        cursor.execute(f"REVOKE EXECUTE ON FUNCTION gate_read(uuid, text[]) FROM {stranger.info.user}")
    with pytest.raises(psycopg.errors.InsufficientPrivilege, match="permission denied for function"):
        stranger.execute("SELECT * FROM gate_read(%s, %s)", [uuid4(), [PENALTY]])
