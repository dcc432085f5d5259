"""A clerk has what a firm declared verified at the department that keeps the record."""

from __future__ import annotations

import pytest
from django.utils import timezone

from rongxin.parties.rules.membership import PartyKind
from rongxin.sharing import calls
from tests.journeys import browsing, test_lending
from tests.unit.consent import stage
from tests.unit.disclosure import gateway_stage

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def scene(home, tmp_path, monkeypatch):
    """The bank of `home` and two departments; their clocks go with ours."""
    monkeypatch.setattr(calls, "_ways", {})
    monkeypatch.setattr(stage, "bank", lambda: "bank_a")
    with gateway_stage.opened(tmp_path) as made:
        made.estate.clock = timezone.now()
        yield made


def test_a_clerk_verifies_what_a_firm_declared_and_reads_the_answers(home, scene):
    now = timezone.now()
    draft = stage.draft("real_estate", "social_insurance", as_of=now)
    stage.consent(scene.firm, scene.case, draft=draft, as_of=now)
    key = test_lending.key_of(stage.staff(PartyKind.INSTITUTION, "bank_a"))
    with browsing.visit(home) as visit:
        test_lending.at_the_desk(visit, key)
        visit.click("核验与查询", role="link")
        visit.check("institution-checks")
        visit.click("DK-2026-0001", role="link")
        visit.fill("企业职工基本养老保险近一年均参保人数分档", "63")
        visit.click("核验")
        visit.check("institution-check-mistake")
        assert visit.sees("不得填写确切数值")
        visit.fill("企业职工基本养老保险近一年均参保人数分档", "50-99人")
        visit.fill("不动产权证书号", "云（2026）不动产权第7号")
        visit.fill("面积", "90")
        scene.estate.clock = timezone.now()
        visit.click("核验")
        visit.check("institution-check-answers")
        for word in ("一致", "不一致", "数据源未接入"):
            assert visit.page.get_by_text(word, exact=True).count() == 1, word
