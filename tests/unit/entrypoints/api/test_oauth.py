"""A bank's machine gets a token with its own key, and uses it with a proof; nothing else opens the API."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from rongxin.parties import access_tokens, institution_keys, institutions, memberships
from rongxin.parties.models import Account, UsedNumber
from rongxin.parties.rules.membership import PartyKind
from rongxin.proof import client_assertion, dpop
from rongxin.proof.keys import SigningKey
from rongxin.proof.signers import Sm2SigningKey
from rongxin.vocabulary.actor import SYSTEM
from tests.unit.consent import stage
from tests.unit.entrypoints.api import keys

pytestmark = pytest.mark.django_db(transaction=True)
ISSUER = "http://testserver"
TOKEN = "/api/v1/oauth/token"
CASES = "/api/v1/cases"


class Bank:
    """An institution with a machine account and a registered key."""

    def __init__(self, id: str = "bank_a", kind: type[SigningKey | Sm2SigningKey] = SigningKey) -> None:
        stage.bank(id)
        self.clerk = stage.staff(PartyKind.INSTITUTION, id)
        self.key, self.session = kind.generate(id), dpop.Key()
        now = timezone.now()
        pem = self.key.public.pem()
        self.registered = stage.institution_key(id, pem, account=self.clerk.account, as_of=now)
        self.client_id = Account.objects.get(pk=self.clerk.account).username

    def assertion(self) -> str:
        return client_assertion.make(self.client_id, self.key, audience=ISSUER, now=timezone.now())

    def proof(self, url: str, method: str = "POST", token: str = "") -> str:
        return self.session.prove(method, ISSUER + url, now=timezone.now(), token=token)

    def ask_token(self, client: Client, **changes: str):
        form = {
            "grant_type": "client_credentials",
            "client_assertion_type": client_assertion.FORM,
            "client_assertion": self.assertion(),
        }
        proof = changes.pop("proof", self.proof(TOKEN))
        return client.post(TOKEN, form | changes, headers={"DPoP": proof})

    def token(self, client: Client) -> str:
        answer = self.ask_token(client)
        assert answer.status_code == 200, answer.content
        return answer.json()["access_token"]

    def headers(self, token: str, url: str = CASES, method: str = "POST") -> dict[str, str]:
        return {"Authorization": f"DPoP {token}", "DPoP": self.proof(url, method, token)}


@pytest.fixture
def bank() -> Bank:
    return Bank()


def open_case(client: Client, headers: dict[str, str], reference: str = "DK-1"):
    body = {"uscc": stage.firm().uscc, "reference": reference}
    return client.post(CASES, body, content_type="application/json", headers=headers)


@pytest.mark.parametrize("kind", [SigningKey, Sm2SigningKey])
def test_a_token_with_its_proof_opens_what_a_key_opens(client, kind):
    bank = Bank(kind=kind)
    token = bank.token(client)
    assert open_case(client, bank.headers(token)).status_code == 201
    assert open_case(client, bank.headers(token), "DK-2").status_code == 201


@pytest.mark.parametrize("kind", [SigningKey, Sm2SigningKey])
def test_an_assertion_of_a_key_that_is_not_registered_opens_nothing(client, bank, kind):
    bank.key = kind.generate("bank_a")
    assert bank.ask_token(client).status_code == 401


def test_a_token_without_its_key_is_worth_nothing(client, bank):
    token, thief = bank.token(client), Bank("bank_b")
    for headers in (
        {"Authorization": f"Bearer {token}"},
        {"Authorization": f"DPoP {token}"},
        {"Authorization": f"DPoP {token}", "DPoP": bank.proof(CASES)},
        {"Authorization": f"DPoP {token}", "DPoP": bank.proof("/api/v1/reports", "POST", token)},
        thief.headers(token),
        {"Authorization": f"DPoP {token[:-3]}abc", "DPoP": bank.proof(CASES, "POST", token)},
    ):
        assert open_case(client, headers).status_code == 401


def test_proof_and_assertion_are_used_once(client, bank):
    token = bank.token(client)
    headers = bank.headers(token)
    assert open_case(client, headers).status_code == 201
    again = open_case(client, headers, "DK-2")
    assert (again.status_code, again.json()["code"]) == (401, "invalid_dpop_proof")
    assertion = bank.assertion()
    assert bank.ask_token(client, client_assertion=assertion).status_code == 200
    second = bank.ask_token(client, client_assertion=assertion, proof=bank.proof(TOKEN))
    assert (second.status_code, second.json()["error"]) == (401, "invalid_client")


def test_of_sixteen_parallel_replays_one_passes(bank):
    token = bank.token(Client())
    headers, firm = bank.headers(token), stage.firm()
    found: list[int] = []
    start = threading.Barrier(16)

    def knock(number: int) -> None:
        start.wait()
        body = {"uscc": firm.uscc, "reference": f"DK-{number}"}
        answer = Client().post(CASES, body, content_type="application/json", headers=headers)
        found.append(answer.status_code)
        connection.close()

    threads = [threading.Thread(target=knock, args=(number,)) for number in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found) == [201] + [401] * 15


def test_errors_are_those_of_the_standard(client, bank):
    wrong = bank.ask_token(client, grant_type="password")
    assert (wrong.status_code, wrong.json()["error"]) == (400, "unsupported_grant_type")
    wrong = bank.ask_token(client, client_assertion="x.y.z")
    assert (wrong.status_code, wrong.json()["error"]) == (401, "invalid_client")
    wrong = bank.ask_token(client, proof="nonsense")
    assert (wrong.status_code, wrong.json()["error"]) == (400, "invalid_dpop_proof")
    assert wrong["Cache-Control"] == "no-store"


def test_a_revoked_key_and_an_ended_role_open_nothing(client, bank):
    token = bank.token(client)
    role = next(iter(memberships.of_account(bank.clerk.account, on=timezone.localdate())))
    institution_keys.revoke(bank.registered.id, actor=stage.operators(1)[0], as_of=timezone.now())
    assert bank.ask_token(client).json()["error"] == "invalid_client"
    memberships.end(role.id, why="left", actor=SYSTEM, as_of=timezone.now())
    assert open_case(client, bank.headers(token)).status_code == 401


def test_who_is_not_served_has_a_token_for_its_duties_alone(client, bank):
    """Where plain keys are refused, it could otherwise not say what it has deleted."""
    wide, duties = bank.token(client), "/api/v1/deletion-duties"
    institutions.suspend("bank_a", actor=SYSTEM, as_of=timezone.now())
    assert open_case(client, bank.headers(wide)).json()["code"] == "institution_not_served"
    answer = bank.ask_token(client).json()
    narrow = answer["access_token"]
    assert answer["scope"] == "duties"
    assert open_case(client, bank.headers(narrow)).json()["code"] == "institution_not_served"
    assert client.get(duties, headers=bank.headers(narrow, duties, "GET")).status_code == 200
    institutions.reinstate("bank_a", actor=SYSTEM, as_of=timezone.now())
    assert open_case(client, bank.headers(narrow)).json()["code"] == "insufficient_scope"
    assert bank.ask_token(client).json()["scope"] == "all"


def test_a_node_can_refuse_plain_keys_of_institutions(client, bank, settings):
    settings.RONGXIN_BOUND_TOKENS = "required"
    plain = open_case(client, keys.header_of(bank.clerk))
    assert (plain.status_code, plain.json()["code"]) == (401, "bound_token_required")
    assert open_case(client, bank.headers(bank.token(client))).status_code == 201


def test_numbers_are_forgotten_once_they_are_over(client, bank):
    bank.token(client)
    assert access_tokens.forget(as_of=timezone.now()) == 0
    assert access_tokens.forget(as_of=timezone.now() + timedelta(hours=1)) == 2
    assert UsedNumber.objects.count() == 0


def test_a_stranger_leaves_no_number_behind(client, bank):
    """Anybody can make proofs of a key of their own: only what a client or a token stands behind is kept."""
    token, thief = bank.token(client), Bank("bank_b")
    kept = UsedNumber.objects.count()
    assert bank.ask_token(client, client_assertion="x.y.z").status_code == 401
    thief.client_id = "nobody"
    assert thief.ask_token(client).status_code == 401
    assert open_case(client, thief.headers(token)).status_code == 401
    assert UsedNumber.objects.count() == kept


def test_the_metadata_names_the_token_endpoint(client):
    said = client.get("/api/v1/oauth/metadata").json()
    assert said["token_endpoint"] == f"{ISSUER}{TOKEN}"
    assert said["token_endpoint_auth_methods_supported"] == ["private_key_jwt"]
    assert "SGD_SM3_SM2" in said["token_endpoint_auth_signing_alg_values_supported"]
