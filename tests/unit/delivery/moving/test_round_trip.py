"""Out and in again on an empty node: the same subjects and records, history and bars included."""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import date

import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rongxin.delivery.moving.errors import KeyNeeded, Unreadable
from rongxin.disclosure import gate
from rongxin.disclosure.release import Recipient, Request
from rongxin.disclosure.rules import RecipientKind
from rongxin.journal import entries
from rongxin.journal.models import Entry
from rongxin.parties import subjects
from rongxin.parties.rules.registration import AliasKind
from rongxin.proof import boxes
from rongxin.records import filing
from rongxin.records.errors import AlreadyEnded
from rongxin.records.rules import EndedWhy, Fate
from rongxin.vocabulary.actor import SYSTEM
from rongxin.vocabulary.availability import Availability
from rongxin.vocabulary.purpose import Purpose
from tests.unit.consent import stage as consent_stage
from tests.unit.delivery.moving import stage
from tests.unit.delivery.moving.stage import PENALTY
from tests.unit.records.conftest import CLERK, Bureau, Row

pytestmark = pytest.mark.django_db(transaction=True)
# A number with a right check digit; nobody's.
NUMBER = "11010119900307123X"
NOW = consent_stage.NOW


def _ids(item=PENALTY):
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id, subject_id, record_key FROM records_record WHERE item = %s ORDER BY id", [item]
        )
        return cursor.fetchall()


def _repair(bureau, record, subject):
    filing.end(
        [record], EndedWhy.REPAIRED, subject_id=subject, ended_by="repair:1", actor=CLERK, as_of=bureau.day
    )


def _live():
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT s.uscc, r.item, r.record_key, encode(r.digest, 'hex') FROM records_record r "
            "JOIN parties_subject s ON s.id = r.subject_id WHERE r.ended_at IS NULL ORDER BY 1, 2, 3"
        )
        return cursor.fetchall()


def _scene():
    stage.empty()
    one, other = consent_stage.firm(), consent_stage.firm("云州白鹭商贸有限公司")
    subjects.rename(one.id, "云州蓝鲸供应链有限公司", changed_on=date(2026, 2, 1), actor=SYSTEM, as_of=NOW)
    subjects.add_old_code(one.id, AliasKind.REGISTRATION_NUMBER, "990100000001234", actor=SYSTEM, as_of=NOW)
    bureau = Bureau()
    fine = {"uscc": one.uscc, "fine_cny": "10.00", "legal_representative_id_number": NUMBER}
    bureau.files(
        Row(2, one.id, "一号", fine, date(2026, 1, 1)),
        Row(3, one.id, "二号", {"fine_cny": "5.50", "violation_facts": f"当事人{NUMBER}"}, date(2026, 1, 1)),
        Row(4, other.id, NUMBER, {"fine_cny": "7.00"}, date(2026, 1, 1)),
    )
    bureau.files(Row(2, one.id, "一号", {**fine, "fine_cny": "12.00"}, date(2026, 1, 2)))
    bureau.files(Row(2, other.id, "", {"name": "云州白鹭"}), item="business_licence", is_state=True)
    record, subject, _ = next(row for row in _ids() if row[2] == "二号")
    _repair(bureau, record, subject)
    return bureau, one, other


def test_out_then_in_on_an_empty_node_gives_the_same_subjects_and_records(tmp_path):
    _scene()
    before, live = stage.held(stage.out(tmp_path / "a", tmp_path / "key"), tmp_path / "key"), _live()
    stage.empty()
    report = stage.take(tmp_path / "a", opener=boxes.opener(tmp_path / "key"))
    ends = {name: (one["refused"], one["agrees"]) for name, one in report.items()}
    assert ends == dict.fromkeys(report, (0, True))
    after = stage.held(stage.out(tmp_path / "b", tmp_path / "key"), tmp_path / "key")
    moved = [name for name in before if name.startswith("records/") or name == "subjects.jsonl"]
    assert len(moved) == 3
    for name in moved:
        assert after[name] == before[name], name
    assert _live() == live


def test_a_repaired_record_stands_against_the_next_list_on_the_new_node_too(tmp_path):
    _, one, _ = _scene()
    stage.out(tmp_path / "a", tmp_path / "key")
    stage.empty()
    stage.take(tmp_path / "a", opener=boxes.opener(tmp_path / "key"))
    again = subjects.find(one.uscc)
    _, filed, findings = Bureau().files(Row(2, again.id, "二号", {"fine_cny": "99.00"}, date(2026, 3, 1)))
    assert (filed.stored, [one.fate for one in findings]) == (0, [Fate.BARRED])


def test_of_what_was_moved_in_the_gate_says_no_record_and_of_nothing_else(tmp_path):
    _scene()
    stage.out(tmp_path / "a", tmp_path / "key")
    stage.empty()
    stage.take(tmp_path / "a", opener=boxes.opener(tmp_path / "key"))
    other = consent_stage.firm("云州新设商贸有限公司")
    consent_stage.bank()
    answer = gate.release(
        Request(
            recipient=Recipient(RecipientKind.INSTITUTION, "bank_a", "云州银行", "clerk-7"),
            uscc=other.uscc,
            items=(PENALTY, "honours"),
            purpose=Purpose.PRE_LOAN_REVIEW,
            reference="DK-1",
        ),
        actor=SYSTEM,
        as_of=NOW,
    )
    assert [item.availability for item in answer.items] == [
        Availability.NO_RECORD,
        Availability.SOURCE_NOT_CONNECTED,
    ]


def test_nothing_that_is_sealed_leaves_in_clear_and_none_of_it_without_a_key(tmp_path):
    _scene()
    with pytest.raises(KeyNeeded, match="--to"):
        stage.outward.out(
            tmp_path / "x", node="云州", recipient=None, archived=(), actor=stage.OPERATOR, as_of=NOW
        )
    assert list(tmp_path.iterdir()) == []
    stage.out(tmp_path / "a", tmp_path / "key")
    everything = b"".join(path.read_bytes() for path in (tmp_path / "a").rglob("*.*") if path.is_file())
    assert NUMBER.encode() not in everything
    with pytest.raises(KeyNeeded, match="--key"):
        stage.take(tmp_path / "a")
    boxes.make(tmp_path / "other")
    with pytest.raises(KeyNeeded, match="成对"):
        stage.take(tmp_path / "a", opener=boxes.opener(tmp_path / "other"))


def test_the_journal_commits_to_what_was_moved_out_and_taken_in(tmp_path):
    _scene()
    stage.out(tmp_path / "a", tmp_path / "key")
    (moved,) = [entries.get(id) for id in Entry.objects.filter(kind="moved.out").values_list("id", flat=True)]
    manifest = (tmp_path / "a" / "manifest.json").read_bytes()
    assert moved.commitments == {"manifest": stage.sha256(manifest).hexdigest()}
    with pytest.raises(Unreadable, match="已存在"):
        stage.out(tmp_path / "a", tmp_path / "key")
    stage.empty()
    stage.take(tmp_path / "a", opener=boxes.opener(tmp_path / "key"))
    files = {
        entry["sha256"] for entry in json.loads(manifest)["files"] if entry["kind"] not in ("archive", "scan")
    }
    ids = Entry.objects.filter(kind="moved.in").values_list("id", flat=True)
    assert {entries.get(id).commitments["file"] for id in ids} == files


ACTS = st.lists(
    st.tuples(
        st.sampled_from(["file", "file", "repair", "withdraw"]),
        st.integers(0, 1),
        st.sampled_from(["甲", "乙", NUMBER]),
        st.sampled_from(["1.00", "2.00"]),
        st.booleans(),
        st.integers(1, 9),
    ),
    min_size=1,
    max_size=8,
)


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(ACTS)
def test_any_history_moves_whole(tmp_path_factory, acts):
    tmp_path = tmp_path_factory.mktemp("move")
    stage.empty()
    firms, bureau, batches = [consent_stage.firm(), consent_stage.firm()], Bureau(), []
    for act, who, key, fine, hidden, day in acts:
        live = [row for row in _ids() if row[1] == firms[who].id]
        if act == "file":
            facts = {"fine_cny": fine} | ({"legal_representative_id_number": NUMBER} if hidden else {})
            batches.append(bureau.files(Row(2, firms[who].id, key, facts, date(2026, 1, day)))[0])
        elif act == "repair" and live:
            with suppress(AlreadyEnded):
                _repair(bureau, live[-1][0], live[-1][1])
        elif act == "withdraw" and batches:
            bureau.withdraws(batches.pop())
    before, counted = stage.held(stage.out(tmp_path / "a", tmp_path / "key"), tmp_path / "key"), _live()
    stage.empty()
    report = stage.take(tmp_path / "a", opener=boxes.opener(tmp_path / "key"))
    assert all(one["agrees"] for one in report.values())
    again = stage.take(tmp_path / "a", opener=boxes.opener(tmp_path / "key"))
    assert all(one["repeated"] for one in again.values())
    after = stage.held(stage.out(tmp_path / "b", tmp_path / "key"), tmp_path / "key")
    moved = [name for name in before if name.startswith("records/") or name == "subjects.jsonl"]
    assert {name: after[name] for name in moved} == {name: before[name] for name in moved}
    assert _live() == counted
