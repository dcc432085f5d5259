"""What institutions told of a firm leaves to others by the firm's consent alone, and to the firm in full."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest

from rongxin.catalogue import loader
from rongxin.consent import grants, issuing
from rongxin.delivery import report, verification
from rongxin.disclosure import gate
from rongxin.disclosure.release import Recipient, Refusal, Release, ReleasedItem, Request
from rongxin.disclosure.rules import RecipientKind
from rongxin.disclosure.told import INSTITUTION, OUTCOME
from rongxin.financing import history, outcomes
from rongxin.financing.outcomes import Line
from rongxin.financing.rules import Stage, Told
from rongxin.rights import held, uses
from rongxin.vocabulary.actor import SYSTEM
from rongxin.vocabulary.availability import Availability
from rongxin.vocabulary.period import Period, months_later
from rongxin.vocabulary.purpose import Purpose
from rongxin.vocabulary.reason import Reason
from tests.unit.consent import stage
from tests.unit.financing.test_rules import APPROVED, DRAWN, EACH, PAID, RECEIVED, SETTLED

pytestmark = pytest.mark.django_db(transaction=True)
LATER = stage.NOW + timedelta(minutes=1)
LENDER, ASKER = "bank_a", "bank_b"


@pytest.fixture
def firm():
    stage.bank(LENDER)
    stage.bank(ASKER)
    made = stage.firm()
    tell(stage.case(made, LENDER), RECEIVED, APPROVED, DRAWN, PAID)
    return made


def tell(case: UUID, *steps: Told, institution: str = LENDER) -> None:
    lines = [Line(place, case, step) for place, step in enumerate(steps)]
    taken = outcomes.tell(institution, lines, actor=SYSTEM, as_of=stage.NOW)
    assert len(taken.accepted) == len(steps), taken


def asked(firm, *items: str, case: UUID | None = None, as_of=LATER, **more: Any) -> Release | Refusal:
    bank = Recipient(RecipientKind.INSTITUTION, ASKER, "云州银行", "clerk-7")
    request = Request(bank, firm.uscc, items, Purpose.PRE_LOAN_REVIEW, "DK-9", case_id=case, **more)
    return gate.release(request, actor=SYSTEM, as_of=as_of)


def with_consent(firm, *items: str, of=(), draft=None, as_of=LATER) -> dict[str, ReleasedItem]:
    case = stage.case(firm, ASKER, "DK-9", as_of=stage.NOW)
    stage.consent(firm, case, draft=draft or stage.draft(*(of or items)))
    answer = asked(firm, *items, case=case, as_of=as_of)
    assert isinstance(answer, Release), answer
    return {item.item: item for item in answer.items}


def values(item: ReleasedItem) -> list[dict[str, Any]]:
    return [{name: field.value for name, field in row.fields.items()} for row in item.rows]


def test_without_consent_nothing_leaves_and_whether_there_is_any_is_not_said(firm):
    stranger = stage.firm("云州白鹭商贸有限公司")
    for one in (firm, stranger):
        answer = asked(one, OUTCOME, INSTITUTION)
        assert isinstance(answer, Release)
        said = {(item.availability, item.reason, item.rows) for item in answer.items}
        assert said == {(Availability.WITHHELD, Reason.CONSENT_MISSING, ())}


def test_a_consent_to_something_else_opens_none_of_it(firm):
    found = with_consent(firm, "tax_payment", OUTCOME, INSTITUTION, of=("tax_payment",))
    said = {(found[name].availability, found[name].reason) for name in (OUTCOME, INSTITUTION)}
    assert said == {(Availability.WITHHELD, Reason.ITEM_NOT_COVERED)}


def test_a_consent_that_names_it_gives_every_step_without_the_name_of_who_told_it(firm):
    found = with_consent(firm, OUTCOME, INSTITUTION, of=(OUTCOME,))
    told = values(found[OUTCOME])
    assert [row["stage"] for row in told] == ["还款情况", "已放款", "已批准", "已受理"]
    assert told[2]["amount_cny"] == "300000.00"
    assert {row["institution_kind"] for row in told} == {"银行"}
    assert "bank_a" not in str(found)
    assert "DK-2026-0001" not in str(found)
    assert found[INSTITUTION].availability is Availability.WITHHELD


def test_the_name_is_given_where_the_consent_names_it_too(firm):
    found = with_consent(firm, OUTCOME, INSTITUTION)
    (told,) = values(found[INSTITUTION])
    assert told["institution"] == "云州bank_a银行"
    assert {row["matter"] for row in values(found[OUTCOME])} == {told["matter"]}


def test_each_case_has_a_number_of_its_own_that_is_nobodys(firm):
    other = stage.case(firm, LENDER, "DK-2026-0002")
    tell(other, RECEIVED)
    found = with_consent(firm, OUTCOME, INSTITUTION)
    numbers = {row["matter"] for row in values(found[OUTCOME])}
    assert len(numbers) == 2
    assert numbers == {row["matter"] for row in values(found[INSTITUTION])}
    said = str(found).replace("-", "").lower()
    assert other.hex[:8] not in said
    assert "dk2026" not in said


def test_what_lies_outside_the_consents_period_stays(firm):
    old = replace(RECEIVED, on=date(2021, 5, 6))
    tell(stage.case(firm, LENDER, "DK-2021"), old)
    days = {row["occurred_on"] for row in values(with_consent(firm, OUTCOME)[OUTCOME])}
    assert days
    assert "2021-05-06" not in days


def test_another_firms_are_never_among_them(firm):
    other = stage.firm("云州白鹭商贸有限公司")
    assert with_consent(other, OUTCOME)[OUTCOME].availability is Availability.NO_RECORD


def test_a_withdrawal_ends_it(firm):
    case = stage.case(firm, ASKER, "DK-9")
    grant = stage.consent(firm, case, draft=stage.draft(OUTCOME))
    grants.withdraw(grant.id, actor=firm.owner.actor, as_of=LATER)
    answer = asked(firm, OUTCOME, case=case)
    assert isinstance(answer, Refusal)
    assert answer.reason is Reason.CONSENT_WITHDRAWN


def test_a_correction_shows_at_once_and_what_was_wrong_no_longer_does(firm):
    late = outcomes.of_reference(LENDER, "DK-2026-0001")[-1]
    better = replace(late.told, overdue_days=45)
    assert late.told.overdue_days == 0
    outcomes.correct(late.id, LENDER, better, "系统错误", actor=SYSTEM, as_of=LATER)
    told = values(with_consent(firm, OUTCOME)[OUTCOME])
    assert [row.get("overdue_days") for row in told if row["stage"] == "还款情况"] == [45]


@pytest.mark.parametrize(("end", "months"), [(SETTLED, 60), (EACH[Stage.REJECTED], 24)])
def test_what_is_over_drops_out_after_its_time_and_not_before(firm, end, months):
    steps = (RECEIVED, end) if end.stage is Stage.REJECTED else (RECEIVED, APPROVED, DRAWN, end)
    other = stage.firm("云州白鹭商贸有限公司")
    tell(stage.case(other, LENDER, "DK-7"), *steps)
    (matter,) = history.of_subject(other.id)
    last = matter.shared_until(stage.TODAY)
    assert last is not None
    assert (last.year * 12 + last.month) - (end.on.year * 12 + end.on.month) == months
    (open_one,) = history.of_subject(firm.id)
    assert open_one.shared_until(stage.TODAY) is None


@pytest.mark.parametrize("days", [0, 1])
def test_after_its_time_nobody_but_the_firm_is_shown_it(firm, monkeypatch, days):
    other = stage.firm("云州白鹭商贸有限公司")
    ended = replace(EACH[Stage.REJECTED], on=months_later(stage.TODAY, -24) - timedelta(days=days))
    tell(stage.case(other, LENDER, "DK-7"), replace(RECEIVED, on=ended.on), ended)
    wide = replace(stage.draft(OUTCOME), data_period=Period(date(2020, 1, 1), stage.TODAY))
    monkeypatch.setattr(issuing, "check_draft", lambda draft, as_of: "wide@1")
    shown = with_consent(other, OUTCOME, draft=wide)[OUTCOME]
    assert len(values(shown)) == (0 if days else 2)
    assert len(values(own(other)[OUTCOME])) == 2


def own(firm) -> dict[str, ReleasedItem]:
    answer = held.everything(firm.id, person="张建国", actor=firm.owner.actor, as_of=LATER)
    assert isinstance(answer, Release)
    return {item.item: item for item in answer.items}


def test_the_firm_reads_all_of_it_with_every_name(firm):
    shown = own(firm)
    assert len(values(shown[OUTCOME])) == 4
    assert values(shown[INSTITUTION])[0]["institution"] == "云州bank_a银行"


def test_the_firm_reads_in_its_log_who_got_it_and_by_which_name(firm):
    with_consent(firm, OUTCOME)
    (use,) = uses.of_subject(firm.id, limit=9, as_of=LATER)
    document = use.document()
    assert document["recipient"] == ASKER
    assert document["item_labels"] == {OUTCOME: "融资结果反馈"}


def test_a_report_has_it_in_a_section_of_its_own_and_proves_itself(firm):
    case = stage.case(firm, ASKER, "DK-9")
    stage.consent(firm, case, draft=stage.draft(OUTCOME))
    answer = asked(firm, "business_licence", OUTCOME, INSTITUTION, case=case)
    assert isinstance(answer, Release)
    document = report.build(answer, loader.load(), node="云州")
    section = document["sections"][-1]
    assert (section["label"], [item["item"] for item in section["items"]]) == (
        "平台自有信息",
        [INSTITUTION, OUTCOME],
    )
    row = section["items"][1]["rows"][0]
    assert (row["source"]["label"], row["mode"]["label"]) == ("融资信用服务平台", "机构反馈")
    assert verification.holds(document)
    assert INSTITUTION in {one["item"] for one in document["consent_would_add"]}
