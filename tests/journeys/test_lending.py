"""From the front page to a submitted application on a telephone, and to its decision at a bank's desk."""

from __future__ import annotations

import pyotp
import pytest
from django.utils import timezone

from rongxin.consent import register
from rongxin.financing.applying import answers, applications
from rongxin.financing.applying.rules import State
from rongxin.journal.windows import Window
from rongxin.parties import sign_ins
from rongxin.parties.rules.membership import PartyKind, Role
from rongxin.rights import objections
from tests.journeys import browsing
from tests.unit.consent import stage
from tests.unit.consent.signing import scene as signing
from tests.unit.entrypoints.portals import doors
from tests.unit.financing import desk, shelf

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
# From the front page to a submitted, consented application, for a registered firm (issue: at most 12).
CLICKS_MAX = 12


@pytest.fixture
def home(home):
    """Our pages with products of two banks on the shelf, one of them for firms of elsewhere."""
    now = timezone.now()
    stage.bank("bank_b")
    for bank, name, rate in (("bank_a", "云店贷", 540), ("bank_b", "商户速贷", 720)):
        fee = [{"label": "账户管理费", "rate_bp": 30, "every_year": True}] if bank == "bank_b" else []
        papers = ["近三个月收款流水"]
        given = {"name": name, "rate_max_bp": rate, "fees": fee, "papers": papers}
        shelf.published(bank, as_of=now, admission={"regions": ["990100"]}, **given)
    shelf.published("bank_b", as_of=now, name="制造业设备贷", admission={"regions": ["110000"]})
    return home


def finds_a_loan(visit, firm):
    visit.go("/")
    visit.click("为我的企业找贷款", role="link")
    proves(visit, firm.owner)


def proves(visit, person):
    visit.fill("姓名", person.name)
    visit.fill("身份证件号码", person.id_number)
    visit.click("确认身份")


def fills_in(visit):
    visit.fill("申请金额（元）", "200000")
    visit.fill("期限（月）", "12")
    visit.fill("资金用途", "扩大店面、采购食材")


def test_an_owner_finds_a_loan_and_applies_in_a_dozen_clicks(home):
    firm = stage.firm("云州王记面馆有限公司")
    with browsing.visit(home) as visit:
        visit.go("/products")
        visit.check("lending-public-products")
        finds_a_loan(visit, firm)
        visit.check("lending-products")
        assert visit.sees("不能申请")
        visit.click("选“云店贷”", role="checkbox")
        visit.click("申请所选产品")
        fills_in(visit)
        visit.check("lending-apply")
        visit.click("下一步：核对")
        visit.check("lending-form")
        visit.click("授权并提交给", role="link")
        visit.check("lending-submit")
        assert visit.sees("哪段时间的信息")
        visit.click("我已阅读风险告知书", role="checkbox")
        visit.click("确认授权并提交")
        visit.page.wait_for_url("**/enterprise/applications/*")
        assert visit.clicks <= CLICKS_MAX, visit.clicks
        visit.check("lending-application")
        visit.click("我的申请", role="link")
        visit.check("lending-applications")
    (card,) = applications.of_subject(firm.id, Window(5)).rows
    assert card.state is State.SUBMITTED
    (given,) = register.of_case(firm.id, "bank_a", card.case.id)
    assert given.status.value == "active"


def test_one_form_goes_to_two_banks_and_what_is_wrong_is_said_on_the_page(home):
    firm = stage.firm("云州王记面馆有限公司")
    with browsing.visit(home) as visit:
        finds_a_loan(visit, firm)
        visit.click("选“云店贷”", role="checkbox")
        visit.click("选“商户速贷”", role="checkbox")
        visit.click("申请所选产品")
        fills_in(visit)
        visit.fill("申请金额（元）", "9000000")
        visit.click("下一步：核对")
        assert visit.sees("请调整金额或改选产品")
        visit.check("lending-apply-mistake")
        visit.fill("申请金额（元）", "200000")
        visit.click("下一步：核对")
        visit.click("授权并提交给", role="link")
        for _ in range(2):
            visit.click("我已阅读风险告知书", role="checkbox")
            visit.click("确认授权并提交")
        visit.page.wait_for_url("**/enterprise/applications/*")
        assert visit.clicks <= CLICKS_MAX, visit.clicks
    told = applications.of_subject(firm.id, Window(5)).rows
    assert sorted(card.institution for card in told) == ["bank_a", "bank_b"]


def test_two_people_of_a_firm_sign_one_application_and_the_bank_gets_it_with_the_last(home):
    firm, now = stage.firm("云州王记面馆有限公司"), timezone.now()
    agent = signing.agent(firm, as_of=now)
    signing.demand(firm, 2, as_of=now)
    with browsing.visit(home) as visit:
        finds_a_loan(visit, firm)
        visit.click("选“云店贷”", role="checkbox")
        visit.click("申请所选产品")
        fills_in(visit)
        visit.click("下一步：核对")
        visit.click("授权并提交给", role="link")
        visit.click("我已阅读风险告知书", role="checkbox")
        visit.click("确认授权并提交")
        assert visit.sees("您已签署；其他人签齐后才提交给机构")
        visit.check("lending-form-signed")
    assert applications.of_subject(firm.id, Window(5)).rows == []
    assert register.of_subject(firm.id) == []
    with browsing.visit(home) as visit:
        visit.go("/enterprise")
        proves(visit, agent)
        visit.check("lending-home-to-sign")
        visit.click("查看内容并签署", role="link")
        visit.check("lending-submit-second")
        assert visit.sees("还差1人签署")
        visit.click("我已阅读风险告知书", role="checkbox")
        visit.click("签署授权和申请")
        visit.page.wait_for_url("**/enterprise/applications/*")
        visit.check("lending-application-of-two")
    (card,) = applications.of_subject(firm.id, Window(5)).rows
    (given,) = register.of_case(firm.id, "bank_a", card.case.id)
    assert sorted(one.name for one in given.terms.signers) == sorted([firm.owner.name, agent.name])


def test_a_bank_works_off_its_list_asks_for_papers_and_decides(home):
    firm, now = stage.firm("云州王记面馆有限公司"), timezone.now()
    card = desk.submitted(firm, as_of=now, name="云商贷", first_answer_days=2)
    clerk = key_of(stage.staff(PartyKind.INSTITUTION, "bank_a"))
    with browsing.visit(home) as visit:
        at_the_desk(visit, clerk)
        visit.click("融资申请", role="link")
        visit.check("lending-worklist")
        visit.click(card.case.reference, role="link")
        visit.check("lending-desk")
        visit.page.get_by_text("要求补充材料").click()
        visit.fill("材料（每行一项）", "近三个月收款流水")
        visit.click("请企业补交")
        assert visit.sees("待补材料")
        visit.page.get_by_text("批准", exact=True).first.click()
        visit.fill("年利率（单利，%）", "9.9")
        visit.click("批准并告知企业")
        assert visit.sees("高于产品公布的上限")
        visit.check("lending-desk-mistake")
        visit.fill("年利率（单利，%）", "4.5")
        visit.click("批准并告知企业")
        visit.page.wait_for_selector("text=已告知企业")
        visit.check("lending-decided")
    (told,) = applications.of_subject(firm.id, Window(5)).rows
    assert told.state is State.APPROVED


def test_a_bank_proposes_a_product_and_another_person_publishes_it(home):
    clerk = key_of(stage.staff(PartyKind.INSTITUTION, "bank_a"))
    checker = key_of(stage.staff(PartyKind.INSTITUTION, "bank_a", Role.CHECKER))
    with browsing.visit(home) as visit:
        at_the_desk(visit, clerk)
        visit.click("产品", role="link")
        visit.go("/institution/products")
        visit.check("lending-shelf")
        visit.click("新产品", role="link")
        for label, text in (
            ("名称", "云科贷"),
            ("一句话说明", "给科技企业"),
            ("最低金额（元）", "10000"),
            ("最高金额（元）", "500000"),
            ("最短期限（月）", "6"),
            ("最长期限（月）", "24"),
            ("最低年利率（单利，%）", "3.5"),
            ("最高年利率（单利，%）", "5"),
        ):
            visit.fill(label, text)
        visit.check("lending-new-product")
        visit.click("提交复核")
        assert visit.sees("security")
        visit.page.get_by_role("checkbox", name="信用", exact=True).check()
        visit.click("提交复核")
        visit.check("lending-proposed")
        address = visit.page.url.removeprefix(home)
    with browsing.visit(home) as visit:
        at_the_desk(visit, checker)
        visit.go(address)
        visit.click("复核无误，发布")
        assert visit.sees("已发布，企业现在可以看到")
        visit.check("lending-published")


def key_of(someone):
    """Give somebody of the bank's a password and an authenticator; before a browser's loop runs."""
    username = doors.with_password(someone, as_of=timezone.now())
    return username, sign_ins.enrol(someone.account, issuer="test", as_of=timezone.now()).secret


def at_the_desk(visit, key):
    """Sign in as somebody of the bank's, with the authenticator's first code."""
    username, secret = key
    visit.go("/sign-in/staff")
    visit.fill("用户名", username)
    visit.fill("密码", doors.PASSWORD)
    visit.click("下一步")
    visit.fill("验证码", pyotp.TOTP(secret).now())
    visit.click("绑定并登录")
    visit.page.wait_for_url("**/institution**")


def test_a_bank_corrects_what_it_told_and_takes_back_what_never_was(home):
    firm, now = stage.firm("云州王记面馆有限公司"), timezone.now()
    card = desk.submitted(firm, as_of=now, name="云商贷")
    answers.decide(card.id, desk.approved(now), "", actor=shelf.clerk("bank_a"), as_of=now)
    clerk = key_of(stage.staff(PartyKind.INSTITUTION, "bank_a"))
    with browsing.visit(home) as visit:
        at_the_desk(visit, clerk)
        visit.go(f"/institution/applications/{card.id}")
        visit.click("更正或撤回已反馈的结果", role="link")
        visit.check("outcomes-case")
        visit.page.get_by_role("link", name="更正或撤回").nth(1).click()
        visit.check("outcomes-one")
        visit.fill("年利率（单利，%）", "41.5")
        visit.fill("更正的原因", "利率笔误")
        visit.click("更正并告知企业")
        assert visit.sees("超出范围")
        visit.check("outcomes-mistake")
        visit.fill("年利率（单利，%）", "4.15")
        visit.click("更正并告知企业")
        assert visit.sees("已更正，企业会收到通知")
        visit.page.get_by_role("link", name="更正或撤回").nth(1).click()
        visit.fill("撤回的原因", "记错了企业")
        visit.click("撤回“已批准”")
        visit.check("outcomes-taken-back")
        visit.page.get_by_role("link", name="已撤回").click()
        visit.check("outcomes-old")
    (told,) = applications.of_subject(firm.id, Window(5)).rows
    assert (told.state, told.answer) == (State.IN_REVIEW, "")
    with browsing.visit(home) as visit:
        visit.go("/enterprise")
        proves(visit, firm.owner)
        assert visit.sees("记错了企业")
        visit.check("outcomes-firm")


def test_a_firm_objects_to_one_step_and_its_bank_puts_it_right(home):
    firm, now = stage.firm("云州王记面馆有限公司"), timezone.now()
    card = desk.submitted(firm, as_of=now, name="云商贷")
    answers.decide(card.id, desk.approved(now), "", actor=shelf.clerk("bank_a"), as_of=now)
    clerk = key_of(stage.staff(PartyKind.INSTITUTION, "bank_a"))
    with browsing.visit(home) as visit:
        visit.go("/enterprise/held")
        proves(visit, firm.owner)
        visit.page.locator("main form button").first.click()
        visit.check("objected-held")
        visit.click("有误？提出异议", role="link")
        visit.fill("哪里有误，应当是什么", "利率应为4.15%")
        visit.check("objected-form")
        visit.click("提交异议")
        assert visit.sees("异议已提交")
    with browsing.visit(home) as visit:
        at_the_desk(visit, clerk)
        visit.click("待办事项", role="link")
        visit.check("objected-list")
        visit.page.locator("td a").first.click()
        visit.check("objected-one")
        visit.click("更正或撤回", role="link")
        visit.fill("年利率（单利，%）", "4.15")
        visit.fill("更正的原因", "利率笔误")
        visit.click("更正并告知企业")
        visit.click("待办事项", role="link")
        visit.page.locator("td a").first.click()
        visit.check("objected-right")
        visit.fill("理由（告知企业）", "核实有误，已更正")
        visit.click("异议成立")
        assert visit.sees("没有待答复的异议")
    (kept,) = objections.of_subject(firm.id, Window(5)).rows
    assert (kept.state.value, kept.institution) == ("upheld", "bank_a")
