"""`rongxin staff`: from a node that nobody works for to two people who decide and a department that asks."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner
from django.utils import timezone

from rongxin.catalogue import loader
from rongxin.entrypoints.cli import answers, department, staff
from rongxin.parties import departments, seed, sign_ins
from rongxin.parties.api_keys import Standing, authenticate
from rongxin.vocabulary.actor import SYSTEM
from tests.unit.consent import stage

pytestmark = pytest.mark.django_db(transaction=True)
PASSWORDS = "mlps3"
TERMS = {
    "department": "bureau", "duty": "安全生产执法检查", "legal_basis": "《安全生产法》第六十五条",
    "items": {"administrative_permit": ""}, "regions": ["990101"], "subjects": [],
    "valid_from": "2026-01-01", "valid_until": "2036-01-01", "daily_limit": 10,
}  # fmt: skip


@pytest.fixture(autouse=True)
def node(tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.RONGXIN_VAR, settings.RONGXIN_PASSWORDS = tmp_path / "var", PASSWORDS
    monkeypatch.setenv("RONGXIN_VAR", str(settings.RONGXIN_VAR))
    seed.seed(loader.load(), actor=SYSTEM, as_of=stage.NOW)
    departments.admit("bureau", name="云州市应急管理局", actor=SYSTEM, as_of=stage.NOW)


def _says(*arguments: object, of: click.Group = staff.command, key: str = "", status: int = 0) -> Any:
    words = [str(one) for one in arguments]
    result = CliRunner().invoke(of, words, env={answers.KEY: key or None})
    assert result.exit_code == status, result.output
    return json.loads(result.stdout)


def _username(someone: stage.Person) -> str:
    (found,) = [one for one in _says("list", "--name", someone.name) if one["account"] == someone.account]
    return str(found["username"])


def _key(someone: stage.Person, role: str) -> str:
    name = _username(someone)
    assert _says("appoint", name, "--party", "operator", "--role", role)["real_name"]
    return str(_says("key", name)["secret"])


def test_two_people_are_appointed_and_decide_at_the_command_line(tmp_path: Path) -> None:
    one = _key(stage.person("经一"), "clerk")
    other = _key(stage.person("安二"), "security_administrator")
    (tmp_path / "terms.json").write_text(json.dumps(TERMS))
    made = _says("propose", tmp_path / "terms.json", of=department.command, key=one)
    assert (
        _says("grant", made["mandate"], of=department.command, key=one, status=2)["code"] == "not_permitted"
    )
    assert _says("grant", made["mandate"], of=department.command, key=other)["state"] == "granted"


def test_a_departments_machine_gets_a_key_and_loses_it(tmp_path: Path) -> None:
    made = _says(
        "open", "bureau-api", "应急局前置机", "--party", "department:bureau", "--role", "clerk", "--machine"
    )
    one, other = (_says("key", "bureau-api") for _ in range(2))
    assert _standing(one) is Standing.ACCEPTED
    _says("revoke", one["key"])
    assert (_standing(one), _standing(other)) == (Standing.REVOKED, Standing.ACCEPTED)
    _says("dismiss", made["role_id"], "--why", "停止对接")
    assert _standing(other) is Standing.ROLE_OVER
    assert _says("list", "--party", "department:bureau") == []


def _standing(issued: dict[str, str]) -> Standing:
    return authenticate(issued["secret"], as_of=timezone.now()).standing


def test_a_password_that_was_handed_over_opens_nothing_but_its_change() -> None:
    _says("open", "tax-clerk", "税小文", "--party", "provider:tax_bureau", "--role", "clerk")
    for _ in range(2):  # at first, and again when it was forgotten
        given = _says("password", "tax-clerk")["password"]
        passed = sign_ins.by_password("tax-clerk", given, origin="x", profile=PASSWORDS, as_of=timezone.now())
        assert passed.must_change
        own = f"Own-{given[3:]}"
        sign_ins.change_password(passed.account, own, profile=PASSWORDS, actor=SYSTEM, as_of=timezone.now())
        passed = sign_ins.by_password("tax-clerk", own, origin="x", profile=PASSWORDS, as_of=timezone.now())
        assert not passed.must_change
    _says("close", "tax-clerk")
    assert _says("password", "tax-clerk", status=2)["code"] == "unknown_party"


def test_a_lost_authenticator_is_taken_away() -> None:
    someone = stage.person("丢一")
    assert _says("release", _username(someone), status=2)["code"] == "unknown_party"
    sign_ins.enrol(someone.account, issuer="t", as_of=timezone.now())
    _says("release", _username(someone))
    assert sign_ins.present_code(someone.account, as_of=timezone.now()) == ""


@pytest.mark.parametrize(
    ("party", "role"),
    [
        ("operator:x", "clerk"), ("provider", "clerk"), ("provider:", "clerk"), ("institution:b", "clerk"),
        ("subject:1", "clerk"), ("", "clerk"),
    ],
)  # fmt: skip
def test_whom_nobody_appoints_here_is_said(party: str, role: str) -> None:
    said = CliRunner().invoke(staff.command, ["open", "u", "某", "--party", party, "--role", role])
    assert (said.exit_code, "provider:单位标识" in said.output) == (2, True)


def test_a_refusal_opens_no_account_either() -> None:
    refused = _says("open", "u", "某", "--party", "provider:nobody", "--role", "clerk", status=2)
    assert refused["code"] == "unknown_party"
    assert _says("list", "--name", "某") == []
    administrator = ("--party", "provider:tax_bureau", "--role", "security_administrator")
    assert _says("open", "u", "某", *administrator, status=2)["code"] == "not_allowed"


def test_an_institutions_people_get_their_keys_by_themselves() -> None:
    clerk = stage.staff(stage.PartyKind.INSTITUTION, stage.bank())
    assert _says("key", _username(clerk), status=2)["code"] == "not_allowed"
