"""The node's keys: made where that is allowed, brought in production, believed as long as they lie there."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.test import override_settings

from rongxin.journal import keyring
from rongxin.journal.errors import OriginMissing
from rongxin.proof.errors import KeyMissing
from rongxin.proof.keys import SigningKey


@pytest.fixture
def keys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("RONGXIN_KEYS", str(tmp_path))
    return tmp_path


def test_it_signs_documents_and_checkpoints_with_different_keys(keys: Path) -> None:
    node, journal = keyring.node_key(), keyring.journal_key()
    assert node.id != journal.id
    assert set(keyring.verifying_keys()) == {node.id, journal.id}
    assert keyring.node_key() is node


def test_it_believes_a_retired_key_as_soon_as_and_as_long_as_it_lies_there(keys: Path) -> None:
    keyring.verifying_keys()
    retired = SigningKey.generate("node-2025").public
    path = keys / "node-2025.pub.pem"
    path.write_text(retired.pem())
    assert retired.id in keyring.verifying_keys()
    path.unlink()
    assert retired.id not in keyring.verifying_keys()


@override_settings(RONGXIN_MODE="production")
def test_production_brings_its_keys_and_its_name(keys: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RONGXIN_ORIGIN", raising=False)
    with pytest.raises(KeyMissing, match="rongxin keys init"):
        keyring.node_key()
    assert not list(keys.iterdir())
    with pytest.raises(OriginMissing, match="RONGXIN_ORIGIN"):
        keyring.origin()
    monkeypatch.setenv("RONGXIN_ORIGIN", "credit.example/journal")
    assert keyring.origin() == "credit.example/journal"
