"""A whole batch withdrawn by two of the operator's people in a real browser, and what its provider sees."""

from __future__ import annotations

import pytest
from django.utils import timezone

from rongxin.catalogue import loader
from rongxin.parties import seed
from rongxin.parties.rules.membership import PartyKind, Role
from rongxin.sharing.aggregation import batches
from rongxin.sharing.rules import Status
from rongxin.vocabulary.actor import SYSTEM
from tests.journeys import browsing
from tests.journeys.test_desk_pages import enter
from tests.unit.sharing.conftest import Bureau, code
from tests.unit.sharing.desk_stage import HONOUR

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
BUREAU = "development_reform_commission"


@pytest.fixture
def batch(tmp_path, settings):
    settings.RONGXIN_VAR = tmp_path / "var"
    seed.seed(loader.load(), actor=SYSTEM, as_of=timezone.now())
    rows = [
        (f"云州第{number}商贸有限公司", code(number), "守信企业", "2026-03-01", "云州市")
        for number in range(1, 9)
    ]
    bureau = Bureau(tmp_path)
    return bureau.submits(bureau.writes(HONOUR, rows, "荣誉表彰2026年第三季度.csv"), "honours").batch


def test_a_clerk_proposes_a_checker_confirms_and_the_provider_reads_why(home, batch):
    with browsing.visit(home) as clerk:
        enter(clerk, PartyKind.OPERATOR, None, Role.CLERK)
        clerk.go("/operator/batches")
        clerk.check("operator-batches")
        clerk.go(f"/operator/batches/{batch}")
        clerk.check("operator-batch")
        clerk.page.locator("#m-withdraw").check()
        clerk.fill("依据：法律条款，或来函、文书的文号", "云州市发改委来函（云发改函〔2026〕12号）：整批误报")
        clerk.click("先看将涉及哪些记录")
        clerk.check("operator-batch-foreseen")
        clerk.click("提出，待另一人复核")
        clerk.check("operator-batch-proposal-own")
        at = clerk.page.url.removeprefix(home)
    with browsing.visit(home) as checker:
        enter(checker, PartyKind.OPERATOR, None, Role.CHECKER)
        checker.go("/operator/batch-proposals")
        checker.check("operator-batch-proposals")
        checker.go(at)
        checker.check("operator-batch-proposal")
        checker.click("复核确认，立即执行")
        assert checker.sees("已执行")
    assert batches.get(batch).status is Status.WITHDRAWN
    with browsing.visit(home) as provider:
        enter(provider, PartyKind.PROVIDER, BUREAU, Role.CLERK)
        provider.go(f"/provider/batches/{batch}")
        provider.check("provider-batch-withdrawn")
        assert provider.sees("整批误报")
