"""What only commands could do, by pages in a browser: schedules, matching, bureaus, imports, webhooks."""

from __future__ import annotations

from datetime import date

import pytest
from django.utils import timezone

from rongxin.consent import moving
from rongxin.parties.bureaus import mandates
from rongxin.parties.rules.membership import PartyKind, Role
from rongxin.vocabulary.actor import SYSTEM
from tests.journeys import browsing
from tests.journeys.test_desk_pages import enter, look
from tests.unit.consent import stage
from tests.unit.delivery.moving import old_platform
from tests.unit.entrypoints.portals import test_bureau_pages, test_schedule_pages
from tests.unit.sharing.conftest import Bureau, code
from tests.unit.sharing.desk_stage import Court, firm, old_code

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
NAME = "云州蓝鲸物流有限公司"


@pytest.fixture
def court(tmp_path, settings):
    settings.RONGXIN_VAR = tmp_path / "var"
    return Court(Bureau(tmp_path))


def test_a_clerk_settles_a_row_takes_it_back_and_sets_a_plan(home, court):
    firm(1, NAME)
    court.lists(("（2026）云01执1号", NAME, old_code(1)), ("（2026）云01执2号", NAME, old_code(2)))
    test_schedule_pages.late()
    with browsing.visit(home) as visit:
        enter(visit, PartyKind.OPERATOR, None, Role.CHECKER)
        look(visit, "operator/matching")
        visit.page.locator("tbody a").first.click()
        visit.check("operator-matching-row")
        visit.page.get_by_label(code(1)).check()
        visit.click("归集到这个主体")
        look(visit, "operator/decisions")
        visit.page.locator("tbody a").first.click()
        visit.fill("原因", "看错了")
        visit.click("不予确认")
        visit.check("operator-matching-row-taken-back")
        look(visit, "operator/schedules?all=1")
        look(visit, "operator/schedules/customs/customs_registration")
        visit.click("设定")
        assert visit.sees("已设定")


def test_bureaus_and_imported_consents_meet_the_measure(home):
    one = stage.operators(1, Role.CLERK)[0]
    given = test_bureau_pages.wish()
    days = {name: date.fromisoformat(given[name]) for name in ("valid_from", "valid_until")}
    card = mandates.propose(mandates.Wish(**{**given, **days}), actor=one, as_of=timezone.now())
    row = old_platform.consent(stage.firm().uscc)
    moving.take([row], scan_of=lambda name: stage.SCAN, actor=SYSTEM, as_of=stage.NOW)
    with browsing.visit(home) as visit:
        enter(visit, PartyKind.OPERATOR, None, Role.SECURITY_ADMINISTRATOR)
        look(visit, "operator/bureaus", f"operator/bureaus/{card.id}")
        visit.click("核准")
        visit.check("operator-bureau-granted")
        visit.click("退出")
        enter(visit, PartyKind.OPERATOR, None, Role.CLERK)
        look(visit, "operator/imports")
        visit.page.locator("tbody a").first.click()
        visit.check("operator-import")


def test_a_providers_office_meets_the_measure(home):
    test_schedule_pages.late()
    with browsing.visit(home) as visit:
        enter(visit, PartyKind.PROVIDER, "customs", Role.CLERK)
        look(visit, "provider", "provider/repairs", "provider/webhooks", prefix="office-")
        visit.fill("地址（https）", "https://customs.example/hook")
        visit.page.locator("input[name=events]").first.check()
        visit.click("登记")
        visit.check("provider-webhook-secret")
        visit.go("/provider/webhooks")
        visit.page.locator("tbody a").first.click()
        visit.check("provider-webhook")
