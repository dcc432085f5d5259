"""Signing in at an OpenID provider: who comes back as themselves, and who with something forged does not."""

from __future__ import annotations

import time
from urllib.parse import parse_qs, urlsplit

import pytest
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from django.test import Client
from django.utils import timezone

from rongxin.parties import accounts, openid
from rongxin.parties.models import RealName
from rongxin.vocabulary.actor import SYSTEM
from tests.unit.consent import stage
from tests.unit.parties import openid_stage

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.filterwarnings(*openid_stage.QUIET),
]


@pytest.fixture(scope="module")
def running():
    with openid_stage.running() as found:
        yield found


@pytest.fixture
def city(running, settings, tmp_path):
    running.forge, running.algorithm, running.own_key = None, "RS256", True
    running.heard.clear()
    settings.RONGXIN_OPENID_PROVIDERS = str(running.file(tmp_path))
    return running


@pytest.fixture
def firm(city):
    found = stage.firm()
    city.knows("owner", name=found.owner.name, id_card=found.owner.id_number, acr="face", scope="profile")
    return found


def leave(client, wanted=""):
    answer = client.get("/sign-in/openid/city", {"next": wanted})
    assert answer.status_code == 302, answer.content.decode()
    return answer.headers["Location"]


def come_back(client, address):
    parts = urlsplit(address)
    return client.get(f"{parts.path}?{parts.query}")


def signed_in(client, city, wanted=""):
    return come_back(client, city.agree(leave(client, wanted), "owner"))


def refused(client, answer):
    assert answer.status_code == 422, answer.headers
    assert "number" not in client.session
    assert client.get("/enterprise").headers["Location"].startswith("/sign-in")
    page = answer.content.decode()
    assert "没有应答" not in page, "the test's provider broke"
    return page


def test_an_owner_signs_in_there_and_finds_her_firm_here(client, city, firm):
    assert "统一身份认证平台" in client.get("/sign-in/person").content.decode()
    answer = signed_in(client, city, "/enterprise/uses")
    assert answer.headers["Location"] == "/enterprise/uses"
    assert client.get("/enterprise").status_code == 200
    assert RealName.objects.get(account=firm.owner.account).issuer == "city"


def test_what_goes_there_is_bound_to_what_comes_back(client, city, firm):
    asked = {name: value for name, (value,) in parse_qs(urlsplit(leave(client)).query).items()}
    assert asked["response_type"] == "code"
    assert asked["code_challenge_method"] == "S256"
    assert asked["max_age"] == "1800"
    signed_in(client, city)
    left = next(one for one in city.heard if one["path"] == "/oauth2/authorize")
    told = next(one for one in city.heard if one["path"] == "/oauth2/token")
    assert create_s256_code_challenge(told["code_verifier"]) == left["code_challenge"]
    assert told["redirect_uri"] == left["redirect_uri"]
    assert len({asked["state"], left["state"], asked["nonce"], left["nonce"]}) == 4, "none serves twice"


def test_no_identity_number_is_kept(client, city, firm):
    signed_in(client, city)
    assert firm.owner.id_number not in str(dict(client.session))
    assert RealName.objects.filter(id_commitment__contains=firm.owner.id_number).count() == 0


def test_a_person_by_the_code_that_her_licence_vouches_for(client, city):
    firm = stage.firm()
    city.knows("owner", name=firm.owner.name, id_card="99010119900101001X", acr="face", uscc=firm.uscc)
    signed_in(client, city)
    assert firm.uscc in client.get("/enterprise/connect").content.decode()


@pytest.mark.parametrize(("verified", "status"), [(True, 200), (False, 422), ("true", 422)])
def test_a_telephone_finds_her_firms_only_where_the_provider_has_verified_it(
    client, city, firm, settings, tmp_path, verified, status
):
    claims = {"id_number": "id_card", "phone": "phone_number", "levels": {"face": "high"}}
    settings.RONGXIN_OPENID_PROVIDERS = str(city.file(tmp_path, claims=claims))
    city.forge = lambda said: {**said, "phone_number": "+8613800138000", "phone_number_verified": verified}
    signed_in(client, city)
    assert "13800138000" not in str(dict(client.session))
    answer = client.post("/enterprise/connect", {"sought": "138 0013 8000"})
    assert answer.status_code == status


def test_a_provider_that_tells_the_rest_only_when_asked(client, city, firm, settings, tmp_path):
    settings.RONGXIN_OPENID_PROVIDERS = str(city.file(tmp_path, userinfo=True))
    city.forge = lambda claims: {
        name: value for name, value in claims.items() if name not in ("name", "id_card")
    }
    assert signed_in(client, city).headers["Location"] == "/enterprise"


@pytest.mark.parametrize(
    "forged",
    [
        {"nonce": "another"},
        {"nonce": None},
        {"iss": "https://elsewhere.example"},
        {"iss": None},
        {"aud": "another-node"},
        {"aud": [openid_stage.CLIENT, "another-node"]},
        {"aud": "another-node", "azp": openid_stage.CLIENT},
        {"aud": None},
        {"exp": int(time.time()) - 3600},
        {"exp": None},
        {"azp": "another-node"},
        {"at_hash": "AAAAAAAAAAAAAAAAAAAAAA"},
        {"auth_time": int(time.time()) - 3 * 3600},
        {"auth_time": int(time.time()) + 3600},
        {"auth_time": None},
        {"auth_time": "now"},
        {"name": " "},
        {"id_card": None},
        {"id_card": 110101},
        {"acr": "password"},
        {"acr": "of our own making"},
        {"acr": None},
    ],
    ids=lambda forged: " ".join(forged),  # without values: some tell the time
)
def test_a_token_that_is_not_as_it_must_be_opens_nothing(client, city, firm, forged):
    def forge(claims):
        return {name: value for name, value in {**claims, **forged}.items() if value is not None}

    city.forge = forge
    refused(client, signed_in(client, city))


@pytest.mark.parametrize("algorithm", ["none", "HS256"])
def test_a_token_that_anybody_could_have_made_opens_nothing(client, city, firm, algorithm):
    city.algorithm = algorithm
    assert "未通过校验" in refused(client, signed_in(client, city))


def test_a_token_of_another_key_opens_nothing(client, city, firm):
    city.own_key = False
    refused(client, signed_in(client, city))


def test_an_answer_without_token_opens_nothing(client, city, firm):
    city.forge = lambda claims: None
    refused(client, signed_in(client, city))


def test_a_wrong_state_opens_nothing_and_spends_the_departure(client, city, firm):
    back = city.agree(leave(client), "owner")
    state = parse_qs(urlsplit(back).query)["state"][0]
    refused(client, come_back(client, back.replace(state, "x" * len(state))))
    refused(client, come_back(client, back))


def test_what_was_meant_for_one_browser_serves_no_other(client, city, firm):
    back = city.agree(leave(client), "owner")
    stranger = Client()
    refused(stranger, come_back(stranger, back))
    leave(stranger)
    refused(stranger, come_back(stranger, back))


def test_a_code_serves_once(client, city, firm):
    back = city.agree(leave(client), "owner")
    assert come_back(client, back).status_code == 302
    client.post("/sign-out")
    refused(client, come_back(client, back))
    state = parse_qs(urlsplit(leave(client)).query)["state"][0]
    old = parse_qs(urlsplit(back).query)
    again = client.get("/sign-in/openid/city/back", {"code": old["code"][0], "state": state})
    assert "没有确认您的身份" in refused(client, again)


def test_an_answer_that_names_another_issuer_opens_nothing(client, city, firm):
    back = city.agree(leave(client), "owner")
    refused(client, come_back(client, back + "&iss=https%3A%2F%2Felsewhere.example"))


def test_whoever_cancels_or_takes_too_long_starts_anew(client, city, firm):
    state = parse_qs(urlsplit(leave(client)).query)["state"][0]
    refused(client, client.get("/sign-in/openid/city/back", {"error": "access_denied", "state": state}))
    back = city.agree(leave(client), "owner")
    session = client.session
    session["openid"] = {**session["openid"], "at": session["openid"]["at"] - 601}
    session.save()
    assert "用时过长" in refused(client, come_back(client, back))


def test_a_closed_account_is_told_so(client, city, firm):
    accounts.deactivate(firm.owner.account, actor=SYSTEM, as_of=timezone.now())
    assert "已停用" in refused(client, signed_in(client, city))
    typed = {"name": firm.owner.name, "id_number": firm.owner.id_number}
    assert "已停用" in refused(client, client.post("/sign-in/person", typed))


def test_a_provider_that_is_silent_or_calls_itself_otherwise(client, city, settings, tmp_path):
    settings.RONGXIN_OPENID_PROVIDERS = str(city.file(tmp_path, issuer="http://localhost:9"))
    assert "没有应答" in client.get("/sign-in/openid/city").content.decode()
    openid._metadata.clear()
    settings.RONGXIN_OPENID_PROVIDERS = str(city.file(tmp_path, issuer=f"http://127.0.0.1:{city.port}/"))
    assert "不一致" in client.get("/sign-in/openid/city").content.decode()
    assert client.get("/sign-in/openid/nobody").status_code == 404


def test_nobody_is_sent_elsewhere_afterwards(client, city, firm):
    assert signed_in(client, city, "https://elsewhere.example/").headers["Location"] == "/enterprise"
