"""跳转授权 by the SDK: pushed, decided on the platform's page, redeemed; what isn't ours is not redeemed."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from django.test import Client

from rongxin.client import redirects
from rongxin.client.calls import Call, Reply
from rongxin.client.conversation import Conversation, Now, Request
from rongxin.client.credentials import ApiKey, NeedsPrivateKey, PrivateKey
from rongxin.client.errors import Problem
from rongxin.consent import rules
from rongxin.consent.models import Consent
from tests.unit.consent import stage
from tests.unit.entrypoints import test_authorize_page as page
from tests.unit.entrypoints.api.test_oauth import ISSUER, Bank

pytestmark = pytest.mark.django_db(transaction=True)


class Sdk:
    """Carries by Django's test client what a conversation says; a sender does the same by httpx."""

    def __init__(self, credentials: Any) -> None:
        self.said, self.web = Conversation("https://testserver", credentials, issuer=ISSUER), Client()
        self.sent: list[Request] = []

    def send(self, call: Call[Any]) -> Any:
        course = self.said.course(call, datetime.now(UTC))
        try:
            step: Any = next(course)
            while True:
                self.sent.append(step)
                parts = urlsplit(step.url)
                answer = self.web.generic(
                    step.method, parts.path, step.body or b"", headers=dict(step.headers),
                    content_type=step.headers.get("Content-Type", "application/json"),
                )  # fmt: skip
                reply = Reply(answer.status_code, {k.lower(): v for k, v in answer.items()}, answer.content)
                step = course.send(Now(datetime.now(UTC), reply))
        except StopIteration as end:
            return end.value

    def run(self, plan: Any) -> Any:
        try:
            step = next(plan)
            while True:
                step = plan.send(self.send(step))
        except StopIteration as end:
            return end.value


class Scene:
    def __init__(self) -> None:
        self.bank = Bank()
        self.page = page.Scene(self.bank, stage.firm())
        self.sdk = Sdk(PrivateKey(self.bank.client_id, self.bank.key))

    def begin(self) -> redirects.Started:
        plan = redirects.begin(self.bank.client_id, self.page.case, ["tax_payment"], redirect_uri=page.BACK)
        started: redirects.Started = self.sdk.run(plan)
        return started

    def decide(self, started: redirects.Started, **said: str) -> dict[str, str]:
        browser = Client(enforce_csrf_checks=True)
        link = dict(parse_qsl(urlsplit(started.url).query))
        asked = page._sign_in(browser, link, self.page.firm.owner)
        return page._decide(browser, asked, **said)


@pytest.fixture
def scene() -> Scene:
    return Scene()


def test_from_the_push_to_the_consent(scene: Scene) -> None:
    started = scene.begin()
    assert started.url.startswith(f"{ISSUER}/authorize?")
    kept = redirects.Started(**started.model_dump(mode="json"))  # as a session keeps it
    query = scene.decide(started, act="grant", read="yes")
    agreed = scene.sdk.send(redirects.returned(kept, query))
    assert agreed.consent == Consent.objects.get().id
    assert agreed.authorization_details[0]["type"] == rules.DETAILS_TYPE == redirects.DETAILS_TYPE
    assert not any("Authorization" in one.headers for one in scene.sdk.sent if one.method == "POST")


def test_a_code_is_asked_for_once_and_another_time_is_a_problem(scene: Scene) -> None:
    started = scene.begin()
    call = redirects.returned(started, scene.decide(started, act="grant", read="yes"))
    scene.sdk.send(call)
    with pytest.raises(Problem) as told:
        scene.sdk.send(call)
    assert told.value.code == "invalid_grant"


def test_what_was_refused_raises_and_what_is_not_ours_is_not_redeemed(scene: Scene) -> None:
    started = scene.begin()
    with pytest.raises(redirects.Declined, match="access_denied"):
        redirects.returned(started, scene.decide(started, act="refuse"))
    other = scene.begin()
    query = scene.decide(other, act="grant", read="yes")
    for wrong in ({**query, "state": started.state}, {**query, "iss": "https://evil.example"}, {}):
        with pytest.raises(redirects.NotOurs):
            redirects.returned(other, wrong)


def test_a_key_of_the_node_signs_no_form(scene: Scene) -> None:
    plan = redirects.begin("x", scene.page.case, ["tax_payment"], redirect_uri=page.BACK)
    with pytest.raises(NeedsPrivateKey):
        Sdk(ApiKey("rxk_1_x")).run(plan)
