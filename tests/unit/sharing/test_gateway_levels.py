"""Which gateway is asked where a provider has several, by the level at which an item is shared ((五))."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from rongxin.proof.keys import SigningKey
from rongxin.sharing import gateways
from rongxin.sharing.connectors import gateway as connector
from rongxin.sharing.connectors.gateway import Gateway

# 国家或地方层面接口调用; 国家层面; 地方层面.
EITHER = ("agriculture_bureau", "agricultural_operator")
NATIONAL = ("housing_fund_center", "housing_fund")
LOCAL = ("tax_bureau", "tax_payment")
Connects = Callable[..., None]


@pytest.fixture
def connects(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Connects:
    """Write a gateway's file for a level, or one that names none; its address tells which it is."""
    monkeypatch.setenv("RONGXIN_GATEWAYS", str(tmp_path))
    monkeypatch.setattr(gateways, "_from_files", {})
    gateways._directories.cache_clear()

    def written(provider: str, level: str = "", items: str = "") -> None:
        directory = tmp_path / level
        directory.mkdir(exist_ok=True)
        (directory / "key.pem").write_text(SigningKey.generate(provider).public.pem())
        text = f"provider: {provider}\nurl: http://{level or 'plain'}.test\nkey: key.pem\n"
        (directory / f"{provider}.yaml").write_text(text + (f"items: [{items}]\n" if items else ""))

    return written


def asked(question: tuple[str, str]) -> str | None:
    connector = gateways.of(*question)
    assert (connector is not None) is (question in gateways.connected([question]))
    return None if connector is None else connector._address.url.removeprefix("http://")


@pytest.mark.parametrize(
    ("question", "order"),
    [
        (EITHER, ["national.test", "provincial.test", "plain.test", "city.test"]),
        (NATIONAL, ["plain.test", "national.test"]),
        (LOCAL, ["provincial.test", "plain.test", "city.test"]),
    ],
)
def test_the_first_connected_level_is_asked_and_never_one_that_the_annex_does_not_name(
    connects: Connects, tmp_path: Path, question: tuple[str, str], order: list[str]
) -> None:
    provider, _ = question
    assert asked(question) is None
    for level in ("", "national", "provincial", "city"):
        connects(provider, level)
    found = []
    while (url := asked(question)) is not None:
        found.append(url)
        level = url.removesuffix(".test").replace("plain", "")
        (tmp_path / level / f"{provider}.yaml").unlink()
    assert found == order


def test_a_local_gateway_answers_where_the_national_one_is_not_connected_for_the_item(
    connects: Connects,
) -> None:
    connects(EITHER[0], "national", items="another_item")
    connects(EITHER[0], "city")
    assert asked(EITHER) == "city.test"
    assert gateways.known() == [EITHER[0]]
    assert len(gateways.keys_of(EITHER[0])) == 2


@pytest.mark.parametrize("changed", ["address", "key"])
def test_what_is_changed_twice_within_a_tick_of_the_files_clock_is_noticed(
    connects: Connects, tmp_path: Path, changed: str
) -> None:
    provider, item = LOCAL
    connects(provider)
    address, key = tmp_path / f"{provider}.yaml", tmp_path / "key.pem"
    first = gateways.of(provider, item)
    assert gateways.of(provider, item) is first
    path = address if changed == "address" else key
    stamp = path.stat().st_mtime_ns
    if changed == "address":
        path.write_text(path.read_text().replace("plain", "plane"))
    else:
        path.write_text(SigningKey.generate(provider).public.pem())
    os.utime(path, ns=(stamp, stamp))
    second = gateways.of(provider, item)
    assert isinstance(first, Gateway)
    assert isinstance(second, Gateway)
    found = (second._address.url != first._address.url, second.keys != first.keys)
    assert found == (changed == "address", changed == "key")


def test_a_settled_file_is_not_read_again_and_a_new_key_alone_is_noticed(
    connects: Connects, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    provider, item = LOCAL
    connects(provider)
    _age(tmp_path)
    read, original = list[Path](), connector.read
    monkeypatch.setattr(connector, "read", lambda path: read.append(path) or original(path))
    first = gateways.of(provider, item)
    assert gateways.of(provider, item) is first
    assert len(read) == 1
    (tmp_path / "key.pem").write_text(SigningKey.generate(provider).public.pem())
    second = gateways.of(provider, item)
    assert isinstance(first, Gateway)
    assert isinstance(second, Gateway)
    assert second.keys != first.keys


def _age(directory: Path) -> None:
    for path in directory.iterdir():
        os.utime(path, (1_700_000_000, 1_700_000_000))
