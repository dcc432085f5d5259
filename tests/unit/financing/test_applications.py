"""A firm applies to several institutions by one form; each sees its own alone, and decides by an outcome."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from rongxin.catalogue.attachments import File
from rongxin.consent import cases, register
from rongxin.consent.errors import SignerRefused
from rongxin.consent.rules import Status
from rongxin.financing import outcomes
from rongxin.financing.applying import answers, applications, cards, papers, statements
from rongxin.financing.applying.rules import Clock, Side, State
from rongxin.financing.errors import (
    ApplicationNotPossible,
    ApplicationRefused,
    UnknownFinancingApplication,
    UnknownPaper,
)
from rongxin.financing.models import Application, ApplicationForm, ApplicationPaper
from rongxin.financing.outcomes import Line
from rongxin.financing.products import offers
from rongxin.financing.rules import Stage, Told
from rongxin.journal.models import Entry
from rongxin.journal.windows import Window
from rongxin.parties.errors import NotAllowed
from tests.unit.consent import stage
from tests.unit.financing import desk, shelf

pytestmark = pytest.mark.django_db
NOW = stage.NOW


@pytest.fixture
def bank():
    return stage.bank()


@pytest.fixture
def firm():
    return stage.firm()


def test_one_form_goes_to_several_institutions_with_a_case_and_a_consent_for_each(bank, firm):
    other = shelf.published(stage.bank("bank_b"), name="云商贷")
    drafts = desk.drafted(firm, shelf.published(bank).id, other.id)
    assert {card.form for card in drafts} == {drafts[0].form}
    for card in drafts:
        applications.submit(card.id, desk.signed(firm), actor=firm.owner.actor, as_of=NOW)
    told = applications.of_form(drafts[0].form, firm.id)
    assert {card.state for card in told} == {State.SUBMITTED}
    for card in told:
        (given,) = register.of_case(firm.id, card.institution, card.case.id)
        assert (given.status, given.terms.items) == (Status.ACTIVE, frozenset(card.product.terms.items))
        assert [step.stage for step in outcomes.of_case(card.case.id)] == [Stage.RECEIVED]


def test_nobody_hears_of_a_draft(bank, firm):
    (card,) = desk.drafted(firm, shelf.published(bank).id)
    with pytest.raises(UnknownFinancingApplication):
        applications.own(card.id, institution=bank)
    told = Entry.objects.filter(kind="financing_application.changed")
    assert [entry.institution for entry in told] == [None]
    assert not cases.of_subject(firm.id)


def test_where_the_consent_cannot_be_given_nothing_is_submitted(bank, firm):
    (card,) = desk.drafted(firm, shelf.published(bank).id)
    stranger = desk.signed(stage.firm("云州另一家有限公司"))
    with pytest.raises(SignerRefused):
        applications.submit(card.id, stranger, actor=firm.owner.actor, as_of=NOW)
    assert cards.find(card.id).state is State.DRAFT
    assert not cases.of_subject(firm.id)


def test_a_firm_may_submit_without_consent_and_no_consent_stands(bank, firm):
    (card,) = desk.drafted(firm, shelf.published(bank).id)
    done = applications.submit(card.id, None, actor=firm.owner.actor, as_of=NOW)
    assert done.state is State.SUBMITTED
    assert register.of_case(firm.id, bank, done.case.id) == []


def test_the_decision_is_the_cases_outcome_whoever_tells_it(bank, firm):
    card = desk.submitted(firm)
    clerk = shelf.clerk(bank)
    outcomes.tell(bank, [Line(1, card.case.id, desk.approved())], actor=clerk, as_of=NOW)
    assert cards.find(card.id).state is State.APPROVED
    with pytest.raises(ApplicationNotPossible, match="已批准"):
        answers.decide(card.id, desk.rejected(), "行业不符", actor=clerk, as_of=NOW)
    (mine,) = (one for one in outcomes.of_subject(firm.id) if one.told.stage is Stage.APPROVED)
    better = desk.approved(rate_bp=400)
    outcomes.correct(mine.id, bank, better, "利率笔误", actor=clerk, as_of=NOW)
    assert cards.find(card.id).step(Stage.APPROVED) == better


def test_a_rejection_has_a_class_and_words_and_ends_the_case(bank, firm):
    card, clerk = desk.submitted(firm), shelf.clerk(bank)
    with pytest.raises(ApplicationRefused, match="理由"):
        answers.decide(card.id, desk.rejected(), " ", actor=clerk, as_of=NOW)
    done = answers.decide(card.id, desk.rejected(), "成立时间较短", actor=clerk, as_of=NOW)
    assert (done.state, done.answer, done.case.closed) == (State.REJECTED, "成立时间较短", True)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"rate_bp": 601}, "高于产品公布的上限 6.00%"),
        ({"amount_cny": Decimal(600_000)}, "金额超过"),
        ({"security": "mortgage"}, "不在产品公布的范围"),
    ],
)
def test_nothing_dearer_than_what_was_published_is_granted(bank, firm, changes, says):
    card = desk.submitted(firm)
    if "security" in changes:
        changes = {"security": desk.Security.MORTGAGE}
    with pytest.raises(ApplicationRefused, match=says):
        answers.decide(card.id, desk.approved(**changes), "", actor=shelf.clerk(bank), as_of=NOW)


def test_more_papers_are_asked_for_and_handed_in(bank, firm):
    card, clerk = desk.submitted(firm), shelf.clerk(bank)
    asked = answers.ask_papers(card.id, ["近三个月流水"], "加盖公章", actor=clerk, as_of=NOW)
    assert (asked.state, asked.asked.papers) == (State.PAPERS_ASKED, ("近三个月流水",))
    with pytest.raises(ApplicationNotPossible):
        answers.ask_papers(card.id, ["租约"], actor=clerk, as_of=NOW)
    done = applications.hand_in(card.id, [desk.PDF], actor=firm.owner.actor, as_of=NOW)
    assert done.state is State.IN_REVIEW
    assert [one.name for one in papers.of(done.form, done.id)] == ["流水.pdf"]


def test_papers_lie_sealed_and_another_institution_of_the_form_does_not_get_those_it_did_not_ask(bank, firm):
    other = shelf.published(stage.bank("bank_b"), name="云商贷")
    first, second = (
        applications.submit(card.id, None, actor=firm.owner.actor, as_of=NOW)
        for card in desk.drafted(firm, shelf.published(bank).id, other.id)
    )
    answers.ask_papers(first.id, ["流水"], actor=shelf.clerk(bank), as_of=NOW)
    applications.hand_in(first.id, [desk.PDF], actor=firm.owner.actor, as_of=NOW)
    (kept,) = papers.of(first.form, first.id)
    assert papers.read(kept.id, first.form, first.id)[1] == desk.PDF.content
    assert desk.PDF.content not in bytes(ApplicationPaper.objects.get().content)
    with pytest.raises(UnknownPaper):
        papers.read(kept.id, second.form, second.id)


@pytest.mark.parametrize(
    "file",
    [
        File("a.exe", "application/x-msdownload", b"MZ"),
        File("a.pdf", "application/pdf", b"no pdf"),
        File("a.pdf", "application/pdf", b"%PDF-1.7 /JavaScript"),
        File("a.pdf", "application/pdf", b"%PDF-" + b"0" * (5 << 20)),
    ],
)
def test_a_paper_that_is_none_is_refused(bank, firm, file):
    (card,) = desk.drafted(firm, shelf.published(bank).id)
    with pytest.raises(ApplicationRefused, match="附件"):
        applications.hand_in(card.id, [file], actor=firm.owner.actor, as_of=NOW)
    assert not ApplicationPaper.objects.exists()


def test_what_a_firm_states_of_itself_needs_its_promise_and_stands_apart(bank, firm):
    product = shelf.published(bank).id
    stated = {"employees": "6", "main_business": "面馆"}
    with pytest.raises(ApplicationRefused, match="信用承诺"):
        desk.drafted(firm, product, stated=stated)
    promise = statements.commitment(stage.TODAY)
    (card,) = desk.drafted(firm, product, stated=stated, commitment=(promise.version, promise.sha256))
    words = cards.words_of(card.form)
    assert (words.stated, words.commitment) == (stated, promise.version)
    assert "面馆".encode() not in bytes(ApplicationForm.objects.get().words)


def test_who_does_not_meet_a_rule_hears_which_and_is_not_submitted(bank, firm):
    product = shelf.published(bank, admission={"regions": ["110000"]})
    (card,) = desk.drafted(firm, product.id)
    with pytest.raises(ApplicationRefused, match="须登记在北京市；登记在"):
        applications.submit(card.id, None, actor=firm.owner.actor, as_of=NOW)


def test_both_sides_read_the_same_findings(bank, firm):
    card = desk.submitted(firm, admission={"regions": ["990100"], "grade_min": "BBB"})
    (offer,) = offers.for_subject(firm.id, as_of=NOW)
    assert [one.document() for one in offer.findings] == [dict(one) for one in card.findings]


def test_a_product_that_changed_meanwhile_is_not_applied_for(bank, firm):
    product = shelf.published(bank)
    (card,) = desk.drafted(firm, product.id)
    offers.retire(product.product, bank, actor=shelf.clerk(bank), as_of=NOW)
    with pytest.raises(ApplicationNotPossible, match="已更新或下架"):
        applications.submit(card.id, None, actor=firm.owner.actor, as_of=NOW)


def test_a_stranger_can_do_nothing(bank, firm):
    card = desk.submitted(firm)
    stranger = stage.firm("云州另一家有限公司").owner.actor
    for act in (applications.withdraw, lambda *args, **more: applications.hand_in(*args, [desk.PDF], **more)):
        with pytest.raises(NotAllowed):
            act(card.id, actor=stranger, as_of=NOW)
    stage.bank("bank_b")
    with pytest.raises(NotAllowed):
        answers.take_up(card.id, actor=shelf.clerk("bank_b"), as_of=NOW)
    with pytest.raises(UnknownFinancingApplication):
        applications.own(card.id, institution="bank_b")


def test_a_withdrawal_ends_the_case_and_is_an_outcome(bank, firm):
    card = desk.submitted(firm)
    done = applications.withdraw(card.id, actor=firm.owner.actor, as_of=NOW)
    assert (done.state, done.case.closed) == (State.WITHDRAWN, True)
    assert done.line[-1] == Told(Stage.CANCELLED, stage.TODAY)


def test_both_sides_say_once_how_it_went_when_it_is_decided(bank, firm):
    card, clerk = desk.submitted(firm), shelf.clerk(bank)
    with pytest.raises(ApplicationNotPossible):
        answers.comment(card.id, Side.SUBJECT, 5, actor=firm.owner.actor, as_of=NOW)
    answers.decide(card.id, desk.approved(), "", actor=clerk, as_of=NOW)
    answers.comment(card.id, Side.SUBJECT, 5, "很快", actor=firm.owner.actor, as_of=NOW)
    answers.comment(card.id, Side.INSTITUTION, 4, actor=clerk, as_of=NOW + timedelta(hours=1))
    with pytest.raises(ApplicationNotPossible, match="评价过"):
        answers.comment(card.id, Side.SUBJECT, 1, actor=firm.owner.actor, as_of=NOW)
    assert [(one.side, one.rating) for one in answers.feedback_of(card.id)] == [
        (Side.SUBJECT, 5),
        (Side.INSTITUTION, 4),
    ]


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"amount_cny": Decimal(5000)}, "金额为 10,000—500,000 元"),
        ({"term_months": 36}, "期限为 3—24 个月"),
        ({"purpose": " "}, "资金用途"),
        ({"purpose": "联系13812345678"}, "手机号"),
        ({"amount_cny": Decimal("10000.001")}, "两位小数"),
        ({"stated": {"colour": "red"}}, "没有可填报的项目"),
    ],
)
def test_a_form_that_cannot_be_is_refused_in_words(bank, firm, changes, says):
    with pytest.raises(ApplicationRefused, match=says):
        desk.drafted(firm, shelf.published(bank).id, **changes)
    assert not Application.objects.exists()


def test_a_new_form_takes_the_papers_of_the_one_that_it_replaces(bank, firm):
    product = shelf.published(bank)
    (card,) = desk.drafted(firm, product.id)
    applications.hand_in(card.id, [desk.PDF], actor=firm.owner.actor, as_of=NOW)
    wish = replace(desk.wish(product.id), purpose="装修")
    (again,) = applications.fill_in(firm.id, wish, instead_of=card.form, actor=firm.owner.actor, as_of=NOW)
    assert [one.name for one in papers.of(again.form)] == ["流水.pdf"]
    assert papers.of(card.form) == []


def test_the_last_day_of_the_first_answer_is_that_of_the_product(bank, firm):
    card = desk.submitted(firm, first_answer_days=2)
    assert card.due_on == stage.TODAY + timedelta(days=2)
    assert card.clock(card.due_on + timedelta(days=1)) is Clock.LATE
    answers.take_up(card.id, actor=shelf.clerk(bank), as_of=NOW)
    assert cards.find(card.id).clock(card.due_on + timedelta(days=1)) is Clock.ANSWERED


def test_a_firm_lists_what_it_submitted_the_newest_first(bank, firm):
    first = desk.submitted(firm)
    second = desk.submitted(firm, as_of=NOW + timedelta(hours=1), name="云商贷")
    desk.drafted(firm, shelf.published(bank, name="云科贷").id)
    assert [card.id for card in applications.of_subject(firm.id, Window(5)).rows] == [second.id, first.id]
