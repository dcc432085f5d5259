"""跳转授权: the bank pushes, the firm's person decides on our page, the bank fetches the consent."""

from __future__ import annotations

import base64
import json
import re
from datetime import timedelta
from hashlib import sha256
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client
from django.utils import timezone

from rongxin.consent import grants
from rongxin.consent.models import Consent, ConsentRequest, PushedRequest
from rongxin.consent.redirection import addresses, pushed
from rongxin.consent.rules import DETAILS_TYPE
from rongxin.journal import sequencer
from rongxin.parties import institutions, memberships
from rongxin.parties.models import Account
from rongxin.proof import client_assertion
from rongxin.vocabulary.actor import SYSTEM
from tests.unit.consent import stage
from tests.unit.consent.signing import scene as signing
from tests.unit.entrypoints.api.test_oauth import ISSUER, TOKEN, Bank
from tests.unit.entrypoints.test_public_pages import Outline

pytestmark = pytest.mark.django_db(transaction=True)
PAR = "/api/v1/oauth/par"
BACK = "https://loan.bank.example/callback"
VERIFIER = "v" * 43
CHALLENGE = base64.urlsafe_b64encode(sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
STATE = "s&x=1"


class Scene:
    def __init__(self, bank: Bank, firm: stage.Firm, institution: str = "bank_a") -> None:
        self.bank, self.firm, self.institution = bank, firm, institution
        self.case = stage.case(firm, institution, as_of=timezone.now())
        until = timezone.localdate() + timedelta(days=30)
        institutions.assess(institution, until=until, actor=SYSTEM, as_of=timezone.now())
        one, other = stage.operators()
        now = timezone.now()
        card = addresses.propose(institution, BACK, actor=one, as_of=now)
        addresses.confirm(institution, card.id, actor=other, as_of=now)
        self.address, self.operator = card.id, one

    def push(self, client: Client, **changes: object):
        details = {"type": DETAILS_TYPE, "identifier": str(self.case), "datatypes": ["tax_payment"]}
        form = {
            "client_assertion_type": client_assertion.FORM,
            "client_assertion": self.bank.assertion(),
            "client_id": self.bank.client_id,
            "response_type": "code",
            "redirect_uri": BACK,
            "state": STATE,
            "code_challenge": CHALLENGE,
            "code_challenge_method": "S256",
            "authorization_details": json.dumps([details]),
        }
        return client.post(PAR, form | changes)

    def link(self, client: Client) -> dict[str, str]:
        answer = self.push(client)
        assert answer.status_code == 201, answer.content
        return {"request_uri": answer.json()["request_uri"], "client_id": self.bank.client_id}

    def redeem(self, client: Client, code: str, bank: Bank | None = None, **changes: str):
        given = {"grant_type": "authorization_code", "code": code, "redirect_uri": BACK}
        return (bank or self.bank).ask_token(client, **{**given, "code_verifier": VERIFIER, **changes})


@pytest.fixture
def scene() -> Scene:
    return Scene(Bank(), stage.firm())


@pytest.fixture
def browser() -> Client:
    return Client(enforce_csrf_checks=True)


def _form(page, **said: str) -> dict[str, str]:
    """Fill in the form of a page as a browser does: with its hidden fields."""
    hidden = {
        attributes["name"]: attributes["value"]
        for tag, attributes in Outline(page.content.decode()).nodes
        if tag == "input" and attributes.get("type") == "hidden"
    }
    return {**hidden, **said}


def _sign_in(browser: Client, link: dict[str, str], person: stage.Person):
    page = browser.get("/authorize", link)
    assert page.status_code == 200
    answer = browser.post("/sign-in/person", _form(page, name=person.name, id_number=person.id_number))
    assert answer.status_code == 302, answer.content.decode()
    return browser.get(answer["Location"])


def _decide(browser: Client, page, **said: str) -> dict[str, str]:
    answer = browser.post("/authorize", _form(page, **said))
    assert answer.status_code == 303, answer.content.decode()
    place, _, query = answer["Location"].partition("?")
    assert place == BACK
    return {name: value for name, (value,) in parse_qs(query).items()}


def _granted(browser: Client, scene: Scene) -> str:
    page = _sign_in(browser, scene.link(browser), scene.firm.owner)
    return _decide(browser, page, act="grant", read="yes")["code"]


def test_the_whole_way_from_the_push_to_the_consent(browser, scene):
    link = scene.link(browser)
    before = browser.get("/authorize", link).content.decode()
    assert "云州bank_a银行" in before
    assert scene.firm.uscc not in before, "the link alone tells nothing of the firm"
    assert "纳税信息" not in before
    page = _sign_in(browser, link, scene.firm.owner)
    text = page.content.decode()
    for word in ("云州蓝鲸物流有限公司", "纳税信息", "怎样撤回", "风险告知书", "贷前审批", "DK-2026-0001"):
        assert word in text, word
    assert page["Cache-Control"].count("no-store")
    assert "form-action 'self' https://loan.bank.example;" in page["Content-Security-Policy"]
    said = _decide(browser, page, act="grant", read="yes")
    assert (said["state"], said["iss"]) == (STATE, ISSUER)
    told = scene.redeem(browser, said["code"]).json()
    consent = Consent.objects.get()
    assert (told["consent"], told["token_type"], told["scope"]) == (str(consent.id), "DPoP", "all")
    assert told["authorization_details"][0]["datatypes"] == ["tax_payment"]
    url = f"/api/v1/consents/{consent.id}"
    headers = scene.bank.headers(told["access_token"], url, "GET")
    assert browser.get(url, headers=headers).json()["status"] == "active"
    assert ConsentRequest.objects.get().consent_id == consent.id


def test_whoever_refuses_is_sent_back_without_a_code(browser, scene):
    page = _sign_in(browser, scene.link(browser), scene.firm.owner)
    said = _decide(browser, page, act="refuse")
    assert said == {"error": "access_denied", "state": STATE, "iss": ISSUER}
    assert not Consent.objects.exists()
    assert ConsentRequest.objects.get().status == "declined"


@pytest.mark.parametrize(
    "uri",
    ["https://evil.example/", BACK + "/", BACK + "?x=1", "https://loan.bank.example/", "", BACK.upper()],
)
def test_nobody_is_sent_to_an_address_that_is_not_registered_to_the_letter(browser, scene, uri):
    answer = scene.push(browser, redirect_uri=uri)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")
    assert not ConsentRequest.objects.exists()


def test_a_revoked_or_unconfirmed_address_counts_for_nothing(browser, scene):
    now = timezone.now()
    addresses.propose("bank_a", "https://other.bank.example/", actor=scene.operator, as_of=now)
    assert scene.push(browser, redirect_uri="https://other.bank.example/").status_code == 400
    addresses.revoke("bank_a", scene.address, actor=scene.operator, as_of=now)
    assert scene.push(browser).status_code == 400


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"client_assertion": "x"}, "invalid_client"),
        ({"client_id": "somebody"}, "invalid_request"),
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"state": ""}, "invalid_request"),
        ({"code_challenge": ""}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"authorization_details": "[]"}, "invalid_authorization_details"),
        ({"authorization_details": "{"}, "invalid_authorization_details"),
        ({"authorization_details": "[" * 9000}, "invalid_authorization_details"),
    ],
)
def test_a_push_that_is_not_as_it_must_be_is_refused_in_the_words_of_the_rfc(browser, scene, change, error):
    answer = scene.push(browser, **change)
    assert (answer.status_code, answer.json()["error"]) == (401 if error == "invalid_client" else 400, error)


def test_another_institutions_case_is_as_good_as_none(browser, scene):
    other = Scene(Bank("bank_b"), scene.firm, "bank_b")
    details = [{"type": DETAILS_TYPE, "identifier": str(other.case), "datatypes": ["tax_payment"]}]
    answer = scene.push(browser, authorization_details=json.dumps(details))
    assert answer.json()["error"] == "invalid_authorization_details"


def test_a_mixed_up_client_gets_neither_page_nor_consent(browser, scene):
    other = Scene(Bank("bank_b"), scene.firm, "bank_b")
    link = scene.link(browser)
    mixed = browser.get("/authorize", {**link, "client_id": other.bank.client_id})
    assert mixed.status_code == 400
    code = _granted(browser, scene)
    stolen = other.redeem(browser, code)
    assert (stolen.status_code, stolen.json()["error"]) == (400, "invalid_grant")
    assert scene.redeem(browser, code).status_code == 200, "the theft did not burn it"


@pytest.mark.parametrize("change", [{"code_verifier": "w" * 43}, {"redirect_uri": "https://evil.example/"}])
def test_a_code_without_its_verifier_is_worth_nothing(browser, scene, change):
    code = _granted(browser, scene)
    answer = scene.redeem(browser, code, **change)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")


def test_a_code_is_good_once_and_for_a_minute(browser, scene):
    code = _granted(browser, scene)
    PushedRequest.objects.update(code_until=timezone.now() - timedelta(seconds=1))
    assert scene.redeem(browser, code).json()["error"] == "invalid_grant"
    PushedRequest.objects.update(code_until=timezone.now() + timedelta(seconds=9))
    assert scene.redeem(browser, code).status_code == 200
    again = scene.redeem(browser, code)
    assert (again.status_code, again.json()["error"]) == (400, "invalid_grant")
    for nothing in ("", "x"):
        assert scene.redeem(browser, nothing).json()["error"] == "invalid_grant"


def test_a_link_is_over_with_its_answer_and_with_its_time(browser, scene):
    link = scene.link(browser)
    page = _sign_in(browser, link, scene.firm.owner)
    _decide(browser, page, act="refuse")
    for again in (browser.get("/authorize", link), browser.post("/authorize", _form(page, act="grant"))):
        assert again.status_code == 400
    late = scene.link(browser)
    PushedRequest.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert browser.get("/authorize", late).status_code == 400
    assert browser.get("/authorize", {"request_uri": "x", "client_id": ""}).status_code == 400
    assert browser.get("/authorize").status_code == 400


def test_a_decision_needs_the_form_and_the_session_in_which_the_person_was_known(browser, scene):
    link = scene.link(browser)
    page = _sign_in(browser, link, scene.firm.owner)
    filled = _form(page, act="grant", read="yes")
    forged = {name: value for name, value in filled.items() if name != "csrfmiddlewaretoken"}
    assert browser.post("/authorize", forged).status_code == 403
    stranger = Client(enforce_csrf_checks=True)  # has the link, not the session
    strangers = _form(stranger.get("/authorize", link), act="grant", read="yes")
    asked = stranger.post("/authorize", {**filled, **strangers})
    assert "请确认身份" in asked.content.decode()
    assert not Consent.objects.exists()


def test_whoever_is_known_in_the_portal_is_known_here_while_that_is_fresh(browser, scene):
    _sign_in(browser, scene.link(browser), scene.firm.owner)
    assert browser.get("/enterprise").status_code == 200
    other = scene.link(browser)
    page = browser.get("/authorize", other)
    assert "是否授权" in page.content.decode()
    session = browser.session
    session["assertion"] = {**session["assertion"], "at": stage.NOW.isoformat()}
    session.save()
    assert "请确认身份" in browser.get("/authorize", other).content.decode()
    late = browser.post("/authorize", _form(page, act="grant", read="yes"))
    assert "请确认身份" in late.content.decode()
    browser.post("/sign-out", _form(browser.get("/authorize", other)))
    assert "请确认身份" in browser.get("/authorize", other).content.decode()
    assert not Consent.objects.exists()


def test_only_a_decision_registers_an_owner(browser):
    firm, bank = stage.firm(), Bank()
    memberships.end_all_of_subject(firm.id, why="test", actor=SYSTEM, as_of=timezone.now())
    page = _sign_in(browser, Scene(bank, firm).link(browser), firm.owner)
    assert "是否授权" in page.content.decode()
    assert memberships.of_subject(firm.id, on=timezone.localdate()) == []


def test_whoever_may_not_act_for_the_firm_learns_nothing(browser, scene):
    stranger = stage.person("王五")
    refused = _sign_in(browser, scene.link(browser), stranger)
    assert refused.status_code == 403
    assert scene.firm.uscc not in refused.content.decode()
    assert "请确认身份" in refused.content.decode()


def test_an_agent_grants_by_mandate_and_not_for_the_owner(browser, scene):
    agent, today = stage.person("李明"), timezone.localdate()
    span = {"valid_from": today, "valid_until": today + timedelta(days=9)}
    memberships.give_mandate(
        agent.account, scene.firm.id, **span, actor=scene.firm.owner.actor, as_of=timezone.now()
    )
    page = _sign_in(browser, scene.link(browser), agent)
    assert "person_agrees" not in page.content.decode()
    assert _decide(browser, page, act="grant", read="yes")["code"]
    assert grants.get(Consent.objects.get().id).terms.signers[0].name == "李明"


def test_an_owner_who_was_never_here_is_registered_on_the_way(browser):
    firm, bank = stage.firm(), Bank()
    owner = firm.owner
    memberships.end_all_of_subject(firm.id, why="test", actor=SYSTEM, as_of=timezone.now())
    scene = Scene(bank, firm)
    accounts_before = Account.objects.count()
    page = _sign_in(browser, scene.link(browser), owner)
    assert _decide(browser, page, act="grant", read="yes", person_agrees="yes")["code"]
    assert Account.objects.count() == accounts_before, "one person, one account"
    assert grants.get(Consent.objects.get().id).terms.person_signature is not None


def test_unread_or_outdated_it_is_not_granted(browser, scene):
    page = _sign_in(browser, scene.link(browser), scene.firm.owner)
    unread = browser.post("/authorize", _form(page, act="grant"))
    assert (unread.status_code, "请先阅读" in unread.content.decode()) == (422, True)
    filled = _form(page, act="grant", read="yes") | {"notice_sha256": "0" * 64}
    outdated = browser.post("/authorize", filled)
    assert outdated.status_code == 409
    back = re.search(r'href="(https://loan[^"]+)"', outdated.content.decode())
    assert back
    assert parse_qs(urlsplit(back[1].replace("&amp;", "&")).query)["error"] == ["invalid_request"]
    assert not Consent.objects.exists()


def test_what_the_firm_answered_in_its_portal_meanwhile_is_not_answered_twice(browser, scene):
    page = _sign_in(browser, scene.link(browser), scene.firm.owner)
    grants.decline(ConsentRequest.objects.get().id, actor=scene.firm.owner.actor, as_of=timezone.now())
    answer = browser.post("/authorize", _form(page, act="grant", read="yes"))
    assert answer.status_code == 409
    assert not Consent.objects.exists()


def test_pushed_twice_the_firm_is_asked_once(browser, scene):
    scene.link(browser)
    scene.link(browser)
    assert (ConsentRequest.objects.count(), PushedRequest.objects.count()) == (1, 2)
    assert pushed.forget(as_of=timezone.now() + timedelta(days=2)) == 2
    assert ConsentRequest.objects.count() == 1


def test_a_suspended_institution_pushes_and_redeems_nothing(browser, scene):
    code = _granted(browser, scene)
    institutions.suspend("bank_a", actor=SYSTEM, as_of=timezone.now())
    assert scene.redeem(browser, code).json()["error"] == "invalid_grant"
    assert scene.push(browser).status_code == 400


def test_no_secret_lies_in_clear_and_each_step_is_journalled(browser, scene):
    link = scene.link(browser)
    page = _sign_in(browser, link, scene.firm.owner)
    code = _decide(browser, page, act="grant", read="yes")["code"]
    assert scene.redeem(browser, code).status_code == 200
    row = str(vars(PushedRequest.objects.get()))
    assert code not in row
    assert link["request_uri"].rpartition(":")[2] not in row
    from rongxin.journal import entries

    sequencer.integrate()
    told = [one.refs.get("change", one.kind) for one in entries.find(subject=scene.firm.id)]
    assert [word for word in told if word in ("redeemed", "pushed", "requested")] == [
        "redeemed",
        "pushed",
        "requested",
    ]


@pytest.mark.parametrize("step", ["before", "after", "over"])
def test_each_page_works_without_script_and_names_its_fields(browser, scene, step):
    link = scene.link(browser) if step != "over" else {}
    known = step == "after"
    page = _sign_in(browser, link, scene.firm.owner) if known else browser.get("/authorize", link)
    nodes = Outline(page.content.decode()).nodes
    for tag, attributes in nodes:
        assert tag not in {"script", "style", "iframe"}
        assert not [name for name in attributes if name == "style" or name.startswith("on")]
    tags = [tag for tag, _ in nodes]
    assert (tags.count("h1"), tags.count("main")) == (1, 1)
    labelled = {attributes["for"] for tag, attributes in nodes if tag == "label"}
    shown = {a["id"] for tag, a in nodes if tag == "input" and a.get("type") != "hidden"}
    assert shown == labelled


def test_the_metadata_name_what_is_offered(client):
    told = client.get("/api/v1/oauth/metadata").json()
    assert told["authorization_endpoint"] == f"{ISSUER}/authorize"
    assert told["pushed_authorization_request_endpoint"] == ISSUER + PAR
    assert told["require_pushed_authorization_requests"] is True
    assert told["token_endpoint"] == ISSUER + TOKEN


def test_where_two_sign_the_first_brings_no_code_and_the_second_does(browser, scene):
    now = timezone.now()
    someone = signing.agent(scene.firm, as_of=now)
    signing.demand(scene.firm, 2, as_of=now)
    link = scene.link(browser)
    page = _sign_in(browser, link, scene.firm.owner)
    assert "本企业规定须2人签署" in page.content.decode()
    said = _decide(browser, page, act="grant", read="yes")
    assert said["error"] == "authorization_pending"
    assert grants.of_subject(scene.firm.id) == []
    other = Client(enforce_csrf_checks=True)
    said = _decide(other, _sign_in(other, link, someone), act="grant", read="yes")
    answer = scene.redeem(browser, said["code"])
    assert answer.status_code == 200, answer.content
    assert len(grants.of_subject(scene.firm.id)[0].terms.signers) == 2
