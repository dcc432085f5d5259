"""Through the pages in a real browser: the owner of a firm on her telephone, a bank's clerk at the desk."""

from __future__ import annotations

import itertools

import pyotp
import pytest
from django.utils import timezone

from rongxin.consent import cases, grants, requests
from rongxin.consent.rules import CaseKind, Status
from rongxin.disclosure import gate
from rongxin.disclosure.release import Recipient, Request
from rongxin.disclosure.rules import RecipientKind
from rongxin.journal import checkpoints, sequencer
from rongxin.parties import memberships, sign_ins
from rongxin.parties.rules.membership import PartyKind
from rongxin.vocabulary.actor import SYSTEM, Actor, ActorKind
from rongxin.vocabulary.purpose import Purpose
from tests.journeys import browsing
from tests.unit.consent import stage
from tests.unit.consent.signing import scene as signing
from tests.unit.entrypoints.portals import doors

# Numbers of cases: a random text can look like somebody's telephone.
_numbers = itertools.count(1)
pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
CLERK = Actor(ActorKind.ACCOUNT, "1", "institution:bank_a")
# From the front page to a consent given, for a firm that is registered (issue: at most 12).
CLICKS_MAX = 12


def asked(firm):
    now = timezone.now()
    case = cases.open_case(
        "bank_a", firm.id, f"DK-{next(_numbers)}", CaseKind.LOAN_APPLICATION, actor=CLERK, as_of=now
    )
    draft = stage.draft("tax_payment", "business_licence", "electricity_fee", as_of=now)
    return requests.request(case.id, draft, actor=CLERK, as_of=now)


def looked(firm):
    """A clerk of the bank asks what is public of the firm."""
    question = Request(
        recipient=Recipient(RecipientKind.INSTITUTION, "bank_a", "云州bank_a银行", "云小谷"),
        uscc=firm.uscc,
        items=("business_licence", "administrative_penalty"),
        purpose=Purpose.FINANCING_SUPPORT,
        reference="CX-1",
    )
    answer = gate.release(question, actor=CLERK, as_of=timezone.now())
    sequencer.integrate()
    checkpoints.sign(as_of=timezone.now())
    return answer


def sign_in(visit, firm):
    visit.go("/")
    visit.click("登录", role="link")
    visit.check("sign-in")
    visit.click("实名登录", role="link")
    visit.check("sign-in-person")
    visit.fill("姓名", firm.owner.name)
    visit.fill("身份证件号码", firm.owner.id_number)
    visit.click("确认身份")


def test_an_owner_answers_a_request_and_takes_the_consent_back_on_her_telephone(home):
    firm = stage.firm()
    request = asked(firm)
    with browsing.visit(home) as visit:
        sign_in(visit, firm)
        visit.check("enterprise-home")
        visit.click("查看授权申请", role="link")
        visit.check("enterprise-requests")
        visit.click("查看并答复", role="link")
        visit.check("enterprise-request")
        visit.click("用我自己的数据看一看")
        visit.check("enterprise-request-values")
        visit.click("继续：阅读风险告知", role="link")
        visit.fill("电网户号", "户号不详")
        visit.click("我已阅读风险告知书", role="checkbox")
        visit.click("确认授权")
        assert visit.sees("账号或户号应为4至40位字母和数字")
        visit.check("enterprise-sign")
        visit.fill("电网户号", "9901000777")
        visit.click("我已阅读风险告知书", role="checkbox")
        visit.click("确认授权")
        visit.check("enterprise-consent")
        assert visit.sees("******0777")
        assert not visit.sees("9901000777")
        consent = requests.get(request.id).consent_id
        assert grants.get(consent).status is Status.ACTIVE
        assert visit.clicks <= CLICKS_MAX
        before = visit.clicks
        visit.click("撤回给")
        assert visit.clicks - before == 1
        assert visit.sees("不能再凭这份授权得到任何信息")
        assert grants.get(consent).status is Status.WITHDRAWN


def test_an_owner_finds_her_firm_by_the_licence_she_holds(home):
    firm = stage.firm()
    memberships.end_all_of_subject(firm.id, why="test", actor=SYSTEM, as_of=timezone.now())
    with browsing.visit(home) as visit:
        sign_in(visit, firm)
        visit.go("/enterprise/connect")
        visit.check("enterprise-connect")
        visit.fill("营业执照上的代码或注册号", "https://zhizhao.example/qr?id=8f3a")
        visit.click("查找我的企业")
        visit.check("enterprise-connect-mistake")
        visit.fill("营业执照上的代码或注册号", f"https://zhizhao.example/qr?uniscid={firm.uscc}")
        visit.click("查找我的企业")
        visit.check("enterprise-connect-found")
        visit.click(firm.uscc)
        assert visit.sees("已连接")


def test_an_owner_sees_who_looked_and_her_browser_checks_the_proof(home):
    firm = stage.firm()
    looked(firm)
    with browsing.visit(home) as visit:
        sign_in(visit, firm)
        visit.click("谁查过我", role="link")
        visit.check("enterprise-uses")
        visit.page.locator("tbody a").first.click()
        visit.page.wait_for_selector("#proof-result.holds")
        visit.check("enterprise-use")
        assert visit.sees("未被改动，检查点签名有效")


def test_a_forged_proof_is_told_as_such_by_the_readers_own_browser(home):
    firm = stage.firm()
    looked(firm)
    with browsing.visit(home) as visit:
        sign_in(visit, firm)
        visit.go("/enterprise/uses")
        visit.page.route("**/enterprise/uses/*", _forge)
        visit.page.locator("tbody a").first.click()
        visit.page.wait_for_selector("#proof-result.fails")
        assert visit.sees("核验未通过")


def _forge(route):
    """Serve the page with another recipient in the proof's entry, as somebody in the middle would."""
    answer = route.fetch()
    page = answer.text()
    assert "bank_a" in page
    route.fulfill(response=answer, body=page.replace("bank_a", "bank_b"))


def test_an_owner_reads_all_that_is_held_and_names_an_agent(home):
    firm = stage.firm()
    with browsing.visit(home) as visit:
        sign_in(visit, firm)
        visit.click("我的信息", role="link")
        visit.click("查看全部信息")
        visit.check("enterprise-held")
        visit.click("经办人", role="link")
        visit.check("enterprise-agents")
        visit.fill("经办人的账号", "nobody")
        visit.click("委托")
        assert visit.sees("有一处需要更正")
        visit.check("enterprise-agents-mistake")


def test_a_clerk_binds_an_authenticator_opens_a_case_and_asks(home):
    firm = stage.firm()
    username = doors.with_password(stage.staff(PartyKind.INSTITUTION, "bank_a"), as_of=timezone.now())
    with browsing.visit(home) as visit:
        visit.go("/sign-in/staff")
        visit.check("sign-in-staff")
        visit.fill("用户名", username)
        visit.fill("密码", doors.PASSWORD)
        visit.click("下一步")
        visit.check("sign-in-enrol")
        secret = visit.page.locator("code").inner_text().replace(" ", "")
        visit.fill("验证码", pyotp.TOTP(secret).now())
        visit.click("绑定并登录")
        visit.check("institution")
        visit.fill("企业的统一社会信用代码", firm.uscc)
        visit.fill("本机构的业务编号", "DK-2026-1")
        visit.click("登记")
        visit.check("institution-case")
        visit.click("纳税信息", role="checkbox")
        visit.click("向企业申请授权")
        assert visit.sees("已向企业申请授权")
        for page in ("public", "log", "duties"):
            visit.go(f"/institution/{page}")
            visit.check(f"institution-{page}")


@pytest.mark.parametrize(
    ("kind", "party", "pages"),
    [
        (PartyKind.PROVIDER, "customs", ("provider", "provider/quality", "provider/use")),
        (
            PartyKind.OPERATOR,
            None,
            ("operator", "operator/held", "operator/matching", "operator/institutions"),
        ),
    ],
)
def test_the_pages_of_providers_and_the_operators_desk_meet_the_measure(home, kind, party, pages):
    clerk = stage.staff(kind, party)
    username = doors.with_password(clerk, as_of=timezone.now())
    made = sign_ins.enrol(clerk.account, issuer="test", as_of=timezone.now())
    with browsing.visit(home) as visit:
        visit.go("/sign-in/staff")
        visit.fill("用户名", username)
        visit.fill("密码", doors.PASSWORD)
        visit.click("下一步")
        visit.fill("验证码", pyotp.TOTP(made.secret).now())
        visit.click("绑定并登录")
        for page in pages:
            visit.go(f"/{page}")
            visit.check(page.replace("/", "-"))


def test_two_people_of_a_firm_sign_on_their_telephones_and_one_alone_takes_it_back(home):
    firm = stage.firm()
    agent = signing.agent(firm, as_of=timezone.now())
    request = asked(firm)
    with browsing.visit(home) as visit:
        sign_in(visit, firm)
        visit.click("规定几个人签署", role="link")
        visit.check("enterprise-signatures")
        visit.page.get_by_label("以后几个人签署").select_option("2")
        visit.click("确认改变")
        assert visit.sees("已改为2人签署，立即生效")
        visit.go(f"/enterprise/requests/{request.id}/sign")
        visit.click("我已阅读风险告知书", role="checkbox")
        visit.click("确认授权")
        visit.check("enterprise-request-signed")
        visit.go("/enterprise/signatures")
        visit.page.get_by_label("以后几个人签署").select_option("1")
        visit.click("确认改变")
        visit.check("enterprise-signatures-fewer")
    assert requests.get(request.id).consent_id is None
    with browsing.visit(home) as visit:
        sign_in(visit, stage.Firm(firm.id, firm.uscc, agent))
        visit.check("enterprise-home-to-sign")
        visit.click("查看内容并签署", role="link")
        visit.check("enterprise-request-to-sign")
        visit.click("继续：阅读风险告知", role="link")
        visit.check("enterprise-sign-second")
        visit.click("我已阅读风险告知书", role="checkbox")
        visit.click("确认授权")
        visit.check("enterprise-consent-of-two")
        visit.click("暂停")
        assert visit.sees("已暂停")
    assert grants.get(requests.get(request.id).consent_id).status is Status.PAUSED
