"""Who inside may ask, and what: secrets by their hashes, lists that refuse what isn't listed."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as some

from rongxin.front import callers
from rongxin.front.callers import Caller
from rongxin.outpost.errors import Misconfigured


def _caller(*allow: str) -> Caller:
    return Caller(sha256=["0" * 64], allow=list(allow))


def test_a_secret_is_known_by_its_hash_and_no_file_holds_it(tmp_path: Path) -> None:
    core, desk = (callers.make(tmp_path, name) for name in ("core", "desk"))
    assert core not in (tmp_path / "core.yaml").read_text()
    found = callers.read(tmp_path)
    for secret, name in ((core, "core"), (desk, "desk")):
        known = callers.who(found, f"Bearer {secret}")
        assert known is not None
        assert known.name == name
    for wrong in ("", "Bearer", "Bearer ", f"Basic {core}", f"Bearer {core}x", f"Bearer {core[:-1]}", core):
        assert callers.who(found, wrong) is None, wrong


def test_a_secret_is_renewed_while_the_last_one_holds_and_the_one_before_does_not(tmp_path: Path) -> None:
    first = callers.make(tmp_path, "core")
    path = tmp_path / "core.yaml"
    path.write_text(yaml.safe_dump(yaml.safe_load(path.read_text()) | {"allow": ["GET cases"]}))
    second, third = (callers.make(tmp_path, "core", renew=True) for _ in range(2))
    found = callers.read(tmp_path)
    assert [callers.who(found, f"Bearer {one}") is not None for one in (first, second, third)] == [
        False, True, True,
    ]  # fmt: skip
    assert found["core"].allow == ["GET cases"]


@pytest.mark.parametrize(
    ("name", "renew", "told"),
    [
        ("Core", False, "small letters"),
        ("../x", False, "small letters"),
        ("core", False, "--renew"),
        ("new", True, "no such"),
    ],
)
def test_a_name_that_can_not_be_is_refused(tmp_path: Path, name: str, renew: bool, told: str) -> None:
    callers.make(tmp_path, "core")
    with pytest.raises(Misconfigured, match=told):
        callers.make(tmp_path, name, renew=renew)


@pytest.mark.parametrize(
    ("rule", "method", "path", "may"),
    [
        ("POST reports", "POST", "reports", True),
        ("POST reports", "GET", "reports", False),
        ("POST reports", "POST", "reports/1", False),
        ("GET reports/*", "GET", "reports/1", True),
        ("GET reports/*", "GET", "reports/1/status", False),
        ("GET reports/*", "GET", "reports", False),
        ("GET reports/*/status", "GET", "reports/1/status", True),
        ("* push/**", "PUT", "push/subscriptions/1", True),
        ("* push/**", "GET", "push", False),
        ("* push/**", "GET", "pushes/1", False),
        ("GET **", "GET", "anything/at/all", True),
        ("GET /front/events", "GET", "/front/events", True),
        ("GET front/events", "GET", "/front/events", False),
        ("GET report", "GET", "reports", False),
    ],
)
def test_a_rule_allows_what_it_says(rule: str, method: str, path: str, may: bool) -> None:
    assert _caller(rule).may(method, path) is may


@given(some.lists(some.sampled_from(["a", "b", "c"]), min_size=1, max_size=4).map("/".join))
def test_without_a_list_all_is_allowed_and_by_an_empty_one_nothing(path: str) -> None:
    assert Caller(sha256=["0" * 64]).may("POST", path)
    assert not _caller().may("POST", path)
    assert _caller(f"POST {path}").may("POST", path)
    assert not _caller(f"POST {path}/a", f"POST {path}b", f"GET {path}").may("POST", path)


@pytest.mark.parametrize("rule", ["reports", "get reports", "GET", "GET reports extra", "GET reports?x=1"])
def test_a_rule_that_is_none_is_named(tmp_path: Path, rule: str) -> None:
    callers.make(tmp_path, "core")
    path = tmp_path / "core.yaml"
    path.write_text(path.read_text() + yaml.safe_dump({"allow": [rule]}))
    with pytest.raises(Misconfigured, match=r"core\.yaml: allow"):
        callers.read(tmp_path)
