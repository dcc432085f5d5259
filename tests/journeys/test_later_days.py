"""What waits for two people, in a real browser: a condition's later day, a provider's batch to be ended."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from rongxin.governance.conditions import extensions, fulfilment
from rongxin.governance.conditions.rules import Condition, ExtensionState
from rongxin.governance.onboarding import applications, door
from rongxin.parties.rules.membership import PartyKind, Role
from tests.journeys import browsing
from tests.journeys.test_desk_pages import enter, look
from tests.unit.consent import stage
from tests.unit.entrypoints.portals import test_batch_proposals as endings
from tests.unit.entrypoints.portals import test_desk as desk
from tests.unit.entrypoints.portals import test_provider_desk as providers
from tests.unit.governance.onboarding.test_applications import found, wish

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def approved(bank):
    """Approve a bank with one condition, due in a month; return the condition."""
    now, (one, other) = timezone.now(), stage.operators()
    made, _ = door.apply(wish(institution=bank), origin="", as_of=now)
    given = (Condition("补齐等级保护测评报告", timezone.localdate() + timedelta(days=30)),)
    applications.assess(made.id, found(), conditions=given, actor=one, as_of=now)
    applications.approve(made.id, actor=other, as_of=now)
    return fulfilment.of_institution(bank)[0].id


def test_a_later_day_is_asked_for_and_granted_by_two_in_their_browsers(home):
    condition = approved("bank_n")
    with browsing.visit(home) as visit:
        enter(visit, PartyKind.INSTITUTION, "bank_n", Role.ADMINISTRATOR)
        look(visit, "institution/standing")
        day = extensions.may_ask("bank_n", on=timezone.localdate())[condition] - timedelta(days=1)
        visit.page.locator("details", has_text="最迟可以延到").locator("summary").first.click()
        visit.check("institution-standing-extend")
        visit.page.locator("input[type=date]").first.fill(day.isoformat())
        visit.page.locator("input[name=reason]").first.fill("测评机构排期到下月")
        visit.page.locator("details form button").first.click()
        visit.check("institution-standing-asked")
        for role, act in ((Role.CLERK, "审核通过"), (Role.SECURITY_ADMINISTRATOR, "同意延期")):
            visit.page.context.clear_cookies()
            enter(visit, PartyKind.OPERATOR, None, role)
            look(visit, "operator/conditions", "operator/institutions/bank_n", prefix=f"extend-{role.value}-")
            visit.click(act)
        (made,) = extensions.of_condition(condition)
        assert (made.state, made.due_wanted) == (ExtensionState.GRANTED, day)
        visit.check("operator-extension-granted")


def test_a_proposal_is_seen_by_its_provider_and_by_the_second_person(home):
    client, _someone = providers.enter()
    number = providers.filed(client, stage.firm())
    at, _seen = endings.proposed(desk.enter(), number)
    assert isinstance(client, Client)
    with browsing.visit(home) as visit:
        enter(visit, PartyKind.PROVIDER, "customs", Role.CLERK)
        look(visit, "provider", f"provider/batches/{number}", prefix="proposed-")
        visit.page.context.clear_cookies()
        enter(visit, PartyKind.OPERATOR, None, Role.CHECKER)
        look(visit, at.strip("/"), "operator/batch-proposals", f"operator/batches/{number}")
