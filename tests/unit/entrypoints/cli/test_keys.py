"""`rongxin keys` as an operator meets it."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from rongxin.entrypoints.cli import keys
from rongxin.gateway import trust
from rongxin.journal import keyring

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
