"""`rongxin journal` as a person at a terminal meets it."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest
from click.testing import CliRunner, Result
from django.db import connection, transaction

from rongxin.entrypoints.cli import journal
from rongxin.journal import entries
from rongxin.journal.rules import Kind
from rongxin.proof import checkpoint, merkle
from rongxin.vocabulary.actor import SYSTEM

pytestmark = pytest.mark.django_db(transaction=True)


def run(*arguments: str) -> Result:
    return CliRunner().invoke(journal.command, list(arguments))


def note(number: int = 1) -> UUID:
    moment = datetime(2026, 3, 1, 9, 0, number, tzinfo=UTC)
    return entries.append(Kind.DEMO_NOTE, actor=SYSTEM, refs={"number": number}, as_of=moment).id


def tamper() -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute("UPDATE journal_entry SET body = replace(body, '\"number\":1', '\"number\":9')")


def test_it_verifies_with_a_witness(tmp_path: Path) -> None:
    note()
    kept = tmp_path / "kept"
    kept.write_text(run("checkpoint").stdout)
    note(2)
    kept.write_text(kept.read_text() + "\n" + run("checkpoint").stdout)
    result = run("verify", "--witness", str(kept), "--json")
    assert result.exit_code == 0, result.output
    outcome = json.loads(result.stdout)
    assert (outcome["ok"], outcome["entries"], outcome["witnessed"]) == (True, 2, 2)


def test_it_says_what_it_could_not_see_without_a_witness() -> None:
    note()
    result = run("verify")
    assert result.exit_code == 0
    assert "--witness FILE" in result.stdout


def test_it_names_what_was_changed_and_what_to_do() -> None:
    note()
    run("checkpoint")
    tamper()
    result = run("verify")
    assert result.exit_code == 1
    assert "叶子 leaf 0" in result.stdout
    assert "restore this entry from a backup" in result.stdout
    assert "NOT as it was written" in result.stdout
    assert json.loads(run("verify", "--json").stdout)["counts"] == {"entry_altered": 1}


def test_it_finds_the_tail_cut_off_by_what_a_witness_kept(tmp_path: Path) -> None:
    note()
    kept = tmp_path / "kept"
    kept.write_text(run("checkpoint").stdout)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        for table in ("entry", "leaf", "checkpoint"):
            cursor.execute(f"DELETE FROM journal_{table}")
    assert run("verify").exit_code == 0
    result = run("verify", "--witness", str(kept))
    assert result.exit_code == 1
    assert "shorter than a checkpoint" in result.stdout


def test_it_prints_a_proof_that_stands_by_itself() -> None:
    entry = note()
    note(2)
    run("checkpoint")
    proof = json.loads(run("proof", str(entry)).stdout)
    head = checkpoint.parse(proof["checkpoint"])
    leaf = merkle.leaf_hash(proof["body"].encode())
    path = [base64.b64decode(hash_) for hash_ in proof["path"]]
    assert merkle.verify_inclusion(leaf, proof["index"], head.size, path, head.root)


def test_it_says_when_to_ask_again_for_a_proof() -> None:
    result = run("proof", str(note()))
    assert result.exit_code == 1
    assert "ten seconds [not_yet_covered]" in result.output
    assert run("proof", "no-id").exit_code == 2


def test_it_shows_the_latest_entries_latest_last() -> None:
    made = [note(number) for number in range(5)]
    lines = run("tail", "-n", "2").stdout.splitlines()
    assert [json.loads(line)["id"] for line in lines] == [str(entry) for entry in made[-2:]]
