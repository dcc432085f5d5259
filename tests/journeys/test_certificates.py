"""A bank comes with an SM2 certificate, asks for tokens with it, and is stopped by its authority's list."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from django.test import Client
from django.utils import timezone

from rongxin.delivery.webhooks import rules
from rongxin.entrypoints.cli import certificates as command
from rongxin.entrypoints.cli import worker
from rongxin.journal import entries
from rongxin.journal.rules import Kind
from rongxin.parties import institutions
from rongxin.parties.models import Account
from rongxin.parties.rules.membership import PartyKind, Role
from rongxin.proof import client_assertion, dpop
from rongxin.proof.signers import Sm2SigningKey
from tests.authority import Authority, armoured, lay
from tests.unit.consent import stage
from tests.unit.entrypoints.api import keys
from tests.unit.entrypoints.portals import doors
from tests.unit.entrypoints.portals.test_desk import enter

pytestmark = pytest.mark.django_db(transaction=True)
ISSUER, TOKEN = "http://testserver", "/api/v1/oauth/token"
KEYS = "/api/v1/institutions/bank_a/keys"
PAGE = "/operator/institutions/bank_a"
SERIAL = 0xBA4C


class Bank:
    """A bank whose authority the node's operator believes."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        stage.bank()
        self.key, self.clerk = Sm2SigningKey.generate("bank_a"), stage.staff(PartyKind.INSTITUTION, "bank_a")
        now = timezone.now()
        self.root = Authority("商密测试根 SM2 Root", now=now)
        self.sub = Authority("商密运营 SM2 Issuing", parent=self.root, path_length=0, now=now)
        lay(directory, roots=[self.root])
        (directory / "crls" / "sub.crl").write_bytes(self.sub.crl())
        subject = {"country_name": "CN", "serial_number": institutions.get("bank_a").uscc}
        leaf = self.sub.issue(self.key, subject, serial=SERIAL, until=now + timedelta(days=20))
        self.pem = armoured(leaf.dump()) + self.sub.pem

    def revoke(self) -> None:
        (self.directory / "crls" / "sub.crl").write_bytes(self.sub.crl({SERIAL: "key_compromise"}))

    def ask_token(self, client: Client) -> Any:
        name, now = Account.objects.get(pk=self.clerk.account).username, timezone.now()
        form = {
            "grant_type": "client_credentials",
            "client_assertion_type": client_assertion.FORM,
            "client_assertion": client_assertion.make(name, self.key, audience=ISSUER, now=now),
        }
        return client.post(TOKEN, form, headers={"DPoP": dpop.Key().prove("POST", ISSUER + TOKEN, now=now)})


@pytest.fixture
def bank(tmp_path: Path, settings: Any) -> Bank:
    settings.RONGXIN_TRUST, settings.RONGXIN_CERTIFICATES = str(tmp_path), "required"
    return Bank(tmp_path)


def _tend() -> int:
    (duty,) = [one for one in worker.duties() if one.name == "certificates of institutions"]
    return duty.act(timezone.now())


def _registered(client: Client, bank: Bank) -> dict[str, Any]:
    """Enter and confirm it by the API, by two persons."""
    people = [stage.staff(PartyKind.OPERATOR, None, Role.SECURITY_ADMINISTRATOR) for _ in range(2)]
    one, other = map(keys.header_of, people)
    day = timezone.localdate()
    until = (day + timedelta(days=300)).isoformat()
    body = {"purpose": "tokens", "account": bank.clerk.account, "valid_from": day.isoformat()}
    sent = {"content_type": "application/json", "headers": one}
    bare = client.post(KEYS, body | {"pem": bank.key.public.pem(), "valid_until": until}, **sent)
    assert (bare.status_code, bare.json()["code"]) == (403, "not_allowed")
    made = client.post(KEYS, body | {"pem": bank.pem, "valid_until": until}, **sent)
    assert made.status_code == 201, made.content
    assert bank.ask_token(client).status_code == 401
    confirmed = client.post(f"{KEYS}/{made.json()['key']}/confirm", headers=other)
    assert confirmed.status_code == 200, confirmed.content
    told: dict[str, Any] = confirmed.json()
    return told


def test_a_bank_has_tokens_by_its_certificate_until_its_authority_revokes_it(client: Client, bank: Bank):
    told = _registered(client, bank)
    assert told["certificate"]["serial"] == f"{SERIAL:x}"
    assert told["valid_until"] == (timezone.localdate() + timedelta(days=20)).isoformat()
    assert bank.ask_token(client).status_code == 200
    assert _tend() == 0
    bank.revoke()
    refused = bank.ask_token(client)
    assert (refused.status_code, refused.json()["error"]) == (401, "invalid_client")
    assert _tend() == 1
    (shown,) = client.get(KEYS, headers=keys.header_of(bank.clerk)).json()
    assert (shown["trouble"], bool(shown["revoked_at"])) == ("revoked", True)
    last = entries.find(institution="bank_a", kinds=[Kind.KEY_CREATED])[0]
    (event,) = [one for one in rules.TOLD if one.type == "institution.key_changed"]
    assert last.refs["change"] in event.changes
    assert {name: last.refs[name] for name in event.ids} == {
        "key": told["key"],
        "change": "revoked",
        "purpose": "tokens",
        "why": "revoked",
    }


def test_the_pages_show_the_second_person_what_the_certificate_says(client: Client, bank: Bank):
    first, second = (enter(Role.SECURITY_ADMINISTRATOR) for _ in range(2))
    day = timezone.localdate()
    form = {"what": "key", "purpose": "signatures", "valid_from": day.isoformat()}
    form["valid_until"] = (day + timedelta(days=30)).isoformat()
    wrong = first.post(f"{PAGE}/enter", form | {"pem": bank.key.public.pem()})
    assert (wrong.status_code, "只登记带证书的公钥" in wrong.content.decode()) == (422, True)
    assert first.post(f"{PAGE}/enter", form | {"pem": bank.pem}).status_code == 302
    page = second.get(PAGE).content.decode()
    for word in ("商密运营 SM2 Issuing", institutions.get("bank_a").uscc, f"{SERIAL:x}", "证书有效期至"):
        assert word in page, word
    number = page.partition(f"{PAGE}/confirm/")[2].partition('"')[0]
    bank.revoke()
    refused = second.post(f"{PAGE}/confirm/{number}", {"what": "key"})
    assert (refused.status_code, "证书已被吊销" in refused.content.decode()) == (422, True)
    assert _tend() == 0, "what was never in force needs no alarm"


def test_a_suspended_key_is_not_shown_as_one_in_force(client: Client, bank: Bank):
    _registered(client, bank)
    operator, administrator = enter(Role.SECURITY_ADMINISTRATOR), Client()
    clerk = stage.staff(PartyKind.INSTITUTION, "bank_a", Role.ADMINISTRATOR)
    doors.as_staff(administrator, doors.with_password(clerk, as_of=timezone.now()))
    pages = [(operator, PAGE), (administrator, "/institution/access")]
    for one, page in pages:
        assert _keys_of(one, page) == (True, False)
    (bank.directory / "crls" / "sub.crl").unlink()
    assert _tend() == 1
    for one, page in pages:
        assert _keys_of(one, page) == (False, True)


def _keys_of(client: Client, page: str) -> tuple[bool, bool]:
    """Whether the page says of the keys that one is in force, and that a list is missing."""
    section = client.get(page).content.decode().partition('id="keys"')[2].partition("</section>")[0]
    assert "商密运营 SM2 Issuing" in section
    return "已生效" in section, "缺少颁发者的吊销列表" in section


def test_the_command_lists_authorities_and_checks_a_file(bank: Bank, tmp_path: Path, monkeypatch: Any):
    monkeypatch.setenv("RONGXIN_TRUST", str(bank.directory))
    (tmp_path / "bank.pem").write_text(bank.pem)

    def says(*arguments: str, status: int = 0) -> Any:
        result = CliRunner().invoke(command.command, list(arguments))
        assert result.exit_code == status, result.output
        return json.loads(result.stdout)

    (root,) = says("list")["authorities"]
    assert (root["kind"], root["trouble"]) == ("roots", None)
    asked = ("check", str(tmp_path / "bank.pem"), "--institution", "bank_a")
    assert says(*asked)["serial"] == f"{SERIAL:x}"
    bank.revoke()
    assert says(*asked, status=2)["code"] == "certificate_refused"
    (bank.directory / "crls" / f"{bank.root.name}.crl").unlink()
    assert "缺少颁发者的吊销列表" in says("list", status=1)["authorities"][0]["trouble"]
