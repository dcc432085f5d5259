"""`rongxin keys` as an operator meets it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from django.apps import apps
from django.db.models import BinaryField
from django.utils import timezone

from rongxin.entrypoints.cli import keys
from rongxin.gateway import trust
from rongxin.journal import keyring
from rongxin.parties import sign_ins
from tests.unit.consent import stage

pytestmark = pytest.mark.django_db(transaction=True)


def _says(*arguments: str) -> Result:
    return CliRunner().invoke(keys.command, list(arguments))


def test_the_nodes_public_key_goes_into_a_gateways_directory(tmp_path: Path) -> None:
    said = _says("public", "--out", str(tmp_path / "node.pub.pem"))
    assert said.exit_code == 0, said.output
    node = keyring.node_key()
    assert list(trust.nodes(tmp_path)) == [node.id]
    assert node.id in said.output
    assert _says("public").stdout == node.public.pem()


def test_where_it_can_not_be_written_is_said(tmp_path: Path) -> None:
    said = _says("public", "--out", str(tmp_path / "gone" / "node.pub.pem"))
    assert (said.exit_code, "未能写入" in said.output) == (1, True)


#: Bytes in a table that are no sealed text: hashes, public halves of keys, errands (gone within the hour).
NOT_SEALED = {
    ("journal_leaf", "hash"), ("journal_pending", "hash"), ("journal_subtree", "hash"),
    ("journal_checkpoint", "root"), ("records_record", "digest"), ("parties_usednumber", "hash"),
    ("parties_idempotencykey", "digest"), ("parties_passkey", "credential"),
    ("parties_passkey", "public_key"), ("parties_failedsignin", "key"),
    ("sharing_errand", "asked"), ("sharing_errand", "answer"),
}  # fmt: skip


def test_every_sealed_column_is_sealed_anew() -> None:
    kept = {
        (model._meta.db_table, field.column)
        for model in apps.get_models()
        for field in model._meta.fields
        if isinstance(field, BinaryField)
    }
    assert kept - NOT_SEALED == {(one.table, one.column) for one in keys.columns()}


@pytest.fixture
def apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: Any) -> Path:
    """Keys and files that no other test has sealed anything with."""
    settings.RONGXIN_VAR = tmp_path / "var"
    monkeypatch.setenv("RONGXIN_VAR", str(settings.RONGXIN_VAR))
    monkeypatch.setenv("RONGXIN_KEYS", str(tmp_path / "keys"))
    return tmp_path


def test_an_authenticator_still_opens_when_the_old_key_is_gone(apart: Path) -> None:
    account = stage.person("someone").account
    secret = sign_ins.enrol(account, issuer="t", as_of=timezone.now()).secret
    for command in ("rotate", "reencrypt"):
        assert (said := _says(command)).exit_code == 0, said.output
    (apart / "keys" / "data-1.secret").unlink()
    assert sign_ins.enrol(account, issuer="t", as_of=timezone.now()).secret == secret


def test_a_key_that_is_missing_is_said_in_one_line(apart: Path) -> None:
    sign_ins.enrol(stage.person("someone").account, issuer="t", as_of=timezone.now())
    assert _says("rotate").exit_code == 0
    (apart / "keys" / "data-1.secret").unlink()
    said = _says("reencrypt")
    assert (said.exit_code, said.output.splitlines()[-1][:7]) == (1, "Error: ")
    assert "data-1.secret" in said.output


def test_a_new_nodes_keys_are_made_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    where = tmp_path / "keys"
    monkeypatch.setenv("RONGXIN_KEYS", str(where))
    made = _says("init")
    assert made.exit_code == 0, made.output
    files = {path.name: (path.read_bytes(), path.stat().st_mode & 0o777) for path in where.iterdir()}
    assert set(files) == {"node.key.pem", "journal.key.pem", "data-1.secret", "index.secret"}
    assert {mode for _, mode in files.values()} == {0o600}
    again = _says("init")
    assert (again.exit_code, "未改动" in again.output) == (1, True)
    assert {path.name: (path.read_bytes(), 0o600) for path in where.iterdir()} == files
