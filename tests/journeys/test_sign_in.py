"""Signing in in a real browser: an owner at an OpenID provider on the way to a consent."""

from __future__ import annotations

import pytest
from django.test import Client
from django.utils import timezone

from rongxin.consent.models import Consent
from tests.journeys import browsing
from tests.unit.consent import stage
from tests.unit.entrypoints.api.test_oauth import Bank
from tests.unit.entrypoints.test_authorize_page import BACK, Scene
from tests.unit.parties import openid_stage

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.filterwarnings(*openid_stage.QUIET),
]


def test_an_owner_comes_from_her_bank_signs_in_at_the_city_and_consents(home, settings, tmp_path):
    settings.RONGXIN_IDENTITY_PROVIDER = ""
    scene = Scene(Bank("bank_b"), stage.firm(), "bank_b")
    link = scene.link(Client())
    owner = scene.firm.owner
    with openid_stage.running() as city, browsing.visit(home) as visit:
        settings.RONGXIN_OPENID_PROVIDERS = str(city.file(tmp_path))
        city.knows("owner", name=owner.name, id_card=owner.id_number, acr="face")
        visit.also.append(city.issuer)
        visit.page.route("**/*.min.css", lambda route: route.fulfill(body="", content_type="text/css"))
        visit.page.route(BACK + "*", lambda route: route.fulfill(body="the bank's page"))
        visit.go(f"/authorize?request_uri={link['request_uri']}&client_id={link['client_id']}")
        visit.check("authorize-who")
        visit.click("统一身份认证平台", role="link")
        visit.page.fill("input[name=sub]", "owner")
        visit.click("Authorize")
        visit.page.wait_for_selector("text=是否授权")
        visit.check("authorize")
        visit.click("我已阅读风险告知书", role="checkbox")
        visit.also.append(BACK)
        visit.click("同意授权")
        visit.page.wait_for_url(BACK + "?code=*")
        assert Consent.objects.get().valid_from == timezone.localdate()
