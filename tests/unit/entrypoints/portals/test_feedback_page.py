"""What a department reads of the use of its information: counts in words, of calls and of loans."""

from __future__ import annotations

import re

import pytest

from rongxin.catalogue import loader
from rongxin.financing import outcomes
from rongxin.parties import seed
from rongxin.parties.rules.membership import PartyKind
from rongxin.sharing import gateways
from rongxin.vocabulary.actor import SYSTEM
from rongxin.vocabulary.purpose import Purpose
from tests.unit.consent import stage
from tests.unit.disclosure.test_usage import NOON, TODAY, Tax, ask, firm  # noqa: F401
from tests.unit.entrypoints.portals.test_staff import enter
from tests.unit.financing.test_rules import RECEIVED

pytestmark = pytest.mark.django_db(transaction=True)


def test_it_names_what_is_counted_and_holds_back_what_is_too_few(client, firm):  # noqa: F811
    seed.seed(loader.load(), actor=SYSTEM, as_of=NOON)
    gateways.connect("tax_bureau", Tax())
    try:
        case = stage.case(firm, "bank_a")
        consent = stage.consent(firm, case, draft=stage.draft("tax_payment"))
        purpose = Purpose.PRE_LOAN_REVIEW
        ask(firm, "tax_payment", case_id=case, consent_id=consent.id, purpose=purpose)
        outcomes.tell("bank_a", [outcomes.Line(1, case, RECEIVED)], actor=SYSTEM, as_of=NOON)
    finally:
        gateways.disconnect("tax_bureau")
    enter(client, PartyKind.PROVIDER, "tax_bureau")
    page = client.get(f"/provider/use?month={TODAY:%Y-%m}").content.decode()
    headings = re.findall(r'<th scope="col"[^>]*>([^<]*)</th>', page)
    assert headings[:7] == ["信息项", "谁用", "用途", "请求", "有记录", "命中", "核验不一致"]
    assert headings[7:12] == ["信息项", "请求", "应答", "中位用时", "95%用时"]
    assert headings[12:16] == ["信息项", "融资业务", "已批准", "未批准"]
    assert "不足以汇总" in page
    assert firm.uscc not in page
    assert "bank_a" not in page
