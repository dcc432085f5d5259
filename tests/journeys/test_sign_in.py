"""Signing in in a real browser: an owner at an OpenID provider before a consent, a clerk by passkey."""

from __future__ import annotations

import pyotp
import pytest
from django.test import Client
from django.utils import timezone

from rongxin.consent.models import Consent
from rongxin.parties import passkeys, sign_ins
from rongxin.parties.rules.membership import PartyKind
from tests.journeys import browsing
from tests.unit.consent import stage
from tests.unit.entrypoints.api.test_oauth import Bank
from tests.unit.entrypoints.portals import doors
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


def device(visit, **changes):
    """Give the browser a device that holds passkeys and knows its owner by the finger."""
    session = visit.page.context.new_cdp_session(visit.page)
    session.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
        **changes,
    }
    session.send("WebAuthn.addVirtualAuthenticator", {"options": options})


def password(visit, username):
    visit.go("/sign-in/staff")
    visit.fill("用户名", username)
    visit.fill("密码", doors.PASSWORD)
    visit.click("下一步")


def test_a_clerk_adds_a_passkey_and_signs_in_with_it(home, settings):
    clerk = stage.staff(PartyKind.INSTITUTION, "bank_a")
    username = doors.with_password(clerk, as_of=timezone.now())
    made = sign_ins.enrol(clerk.account, issuer="test", as_of=timezone.now())
    with browsing.visit(home) as visit:
        device(visit)
        password(visit, username)
        visit.fill("验证码", pyotp.TOTP(made.secret).now())
        visit.click("绑定并登录")
        visit.click("通行密钥", role="link")
        visit.check("passkeys-none")
        visit.fill("名称", "办公室电脑")
        visit.page.fill("#password", doors.PASSWORD)
        visit.click("登记通行密钥")
        visit.page.wait_for_selector("text=已登记通行密钥")
        visit.check("passkeys")
        visit.click("退出")
        password(visit, username)
        visit.check("sign-in-code")
        visit.click("用通行密钥登录")
        visit.page.wait_for_url("**/institution")
        assert passkeys.of_account(clerk.account)[0].used_at is not None
        visit.click("退出")
        settings.RONGXIN_PASSWORDS = "asvs"
        visit.go("/sign-in/staff")
        visit.check("sign-in-staff-passkey")
        visit.click("用通行密钥登录")
        visit.page.wait_for_url("**/institution")
