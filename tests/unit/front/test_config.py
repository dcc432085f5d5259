"""What a front begins with, and the settings that are refused with their place."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from rongxin.entrypoints.cli import front
from rongxin.front import config as configs
from rongxin.front.config import Config
from rongxin.outpost.errors import Misconfigured
from rongxin.proof import signers


@pytest.mark.parametrize("flags", [(), ("--sm",)])
def test_it_begins_with_three_keys_that_only_their_owner_reads(
    tmp_path: Path, flags: tuple[str, ...]
) -> None:
    begun = CliRunner().invoke(front.command, ["init", str(tmp_path), *flags])
    assert begun.exit_code == 0, begun.output
    config = configs.read(tmp_path / "front.yaml")
    keys = [config.keys.tokens, config.keys.signatures, config.keys.sealing]
    assert [(tmp_path / str(key)).stat().st_mode & 0o077 for key in keys] == [0, 0, 0]
    key = signers.load(config.at(config.keys.tokens))
    assert key.algorithm == ("SGD_SM3_SM2" if flags else "Ed25519")
    assert signers.read_public((tmp_path / "tokens.pub.pem").read_text()).id == key.id
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    again = CliRunner().invoke(front.command, ["init", str(tmp_path), *flags])
    assert (again.exit_code, "已存在" in again.output) == (1, True)
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "front.yaml"),
        ("node: ftp://x\naccount: a", "node"),
        ("node: https://x\naccount: a\nkey: b", "key"),
        ("node: https://x\naccount: a\nlimits: {at_once: 0}", r"limits\.at_once"),
        ("node: https://x\naccount: a\nouter: {path: events}", r"outer\.path"),
        ("node: https://x\naccount: ${NOT_SET_ANYWHERE}", "NOT_SET_ANYWHERE"),
    ],
)
def test_what_is_wrong_is_named_with_its_place(tmp_path: Path, text: str, told: str) -> None:
    (tmp_path / "front.yaml").write_text(text)
    with pytest.raises(Misconfigured, match=told):
        configs.read(tmp_path / "front.yaml")


@pytest.mark.parametrize("listen", ["8600", "localhost:", "localhost:http", "localhost:70000"])
def test_an_address_is_host_and_port(listen: str) -> None:
    config = Config(node="https://x", account="a", inner=configs.Inner(listen=listen))
    with pytest.raises(Misconfigured, match=r"inner\.listen"):
        config.address("inner")


def test_the_two_sides_need_an_address_each(tmp_path: Path) -> None:
    CliRunner().invoke(front.command, ["init", str(tmp_path)])
    path = tmp_path / "front.yaml"
    path.write_text(path.read_text().replace("8601", "8600"))
    said = CliRunner().invoke(front.command, ["serve", "--config", str(path)])
    assert (said.exit_code, "两侧须用不同的地址" in said.output) == (1, True)
