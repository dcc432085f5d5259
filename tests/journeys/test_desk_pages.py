"""Clerks' pages in a real browser: at 360 and 1440 px, without a serious barrier, something on each."""

from __future__ import annotations

from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from uuid import UUID

import pyotp
import pytest
from django.utils import timezone

from rongxin.catalogue.attachments import File
from rongxin.consent import written
from rongxin.delivery import tracing
from rongxin.governance.conditions import fulfilment
from rongxin.governance.onboarding import cards, door, invitations, parameters
from rongxin.parties import break_glass, sign_ins
from rongxin.parties.rules.membership import PartyKind, Role
from rongxin.parties.rules.standing import InstitutionKind
from rongxin.rights import objections, papers
from rongxin.rights.objections import Complaint
from rongxin.vocabulary.actor import Actor, ActorKind
from tests.journeys import browsing
from tests.journeys.test_portals import looked
from tests.unit.consent import stage
from tests.unit.entrypoints.api import world
from tests.unit.entrypoints.portals import doors
from tests.unit.entrypoints.portals import test_desk_lists as filled
from tests.unit.evaluation import cards as score_cards

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
WATCHED = ("operator", "operator/applications", "operator/institutions", "operator/institutions/bank_a")
PROOF = File("测评报告.pdf", "application/pdf", b"%PDF-1.7 proof")


def waiting():
    """Put something into every queue of the operator's; return the application."""
    now, firm = timezone.now(), stage.firm()
    objections.lodge(
        firm.id, Complaint("tax_payment", None, (), "金额不符"), actor=firm.owner.actor, as_of=now
    )
    clerk = stage.staff(PartyKind.INSTITUTION, "bank_a")
    case = stage.case(firm, "bank_a")
    written.propose_written(case, stage.draft(), stage.paper(firm), actor=clerk.actor, as_of=stage.NOW)
    documents = dict.fromkeys(parameters.in_force(stage.TODAY).documents, sha256(b"").hexdigest())
    wish = cards.Wish("bank_n", "云州新银行", stage.code(), InstitutionKind.BANK, "0990-1", documents)
    asks = stage.operators(1, Role.CLERK)[0]
    break_glass.ask(firm.uscc, reason="核对误并的行政处罚记录", reference="GD-1", actor=asks, as_of=now)
    looked(firm)
    door.apply(replace(wish, name="云州冒名银行", institution="bank_x"), origin="198.51.100.1", as_of=now)
    return door.apply(wish, origin="", as_of=now)[0]


def enter(visit, kind, party, role):
    someone = stage.staff(kind, party, role)
    username = doors.with_password(someone, as_of=timezone.now())
    made = sign_ins.enrol(someone.account, issuer="test", as_of=timezone.now())
    visit.go("/sign-in/staff")
    visit.fill("用户名", username)
    visit.fill("密码", doors.PASSWORD)
    visit.click("下一步")
    visit.fill("验证码", pyotp.TOTP(made.secret).now())
    visit.click("绑定并登录")


def look(visit, *pages, prefix=""):
    for page in pages:
        visit.go(f"/{page}")
        visit.check(f"{prefix}{page}".replace("/", "-").split("?")[0])


def reached_by_keyboard(visit, name):
    """Come to a page of the menu's second row on a telephone's screen by Tab and Enter alone."""
    visit.page.set_viewport_size({"width": browsing.PHONE, "height": 900})
    visit.go("/operator/models")
    for _ in range(30):
        visit.page.keyboard.press("Tab")
        if visit.page.evaluate("document.activeElement.textContent.trim()") == name:
            break
    visit.page.keyboard.press("Enter")
    visit.page.wait_for_url("**/operator/parameters")


def test_the_security_administrators_pages_meet_the_measure(home):
    application = waiting()
    condition = UUID(world.condition("bank_a"))
    admin = Actor(ActorKind.ACCOUNT, "7", "institution:bank_a")
    given = (condition, "已完成测评，报告见附件。", PROOF)
    fulfilment.report("bank_a", *given, actor=admin, as_of=timezone.now())
    with browsing.visit(home) as visit:
        enter(visit, PartyKind.OPERATOR, None, Role.SECURITY_ADMINISTRATOR)
        look(visit, *WATCHED, "operator/conditions", "operator/watch", "operator/glass")
        visit.page.locator(".call .tasks a").first.click()
        visit.check("operator-glass-one")
        visit.go(f"/operator/applications/{application.id}")
        visit.check("operator-application")


def test_the_audit_administrators_pages_meet_the_measure(home):
    waiting()
    with browsing.visit(home) as visit:
        enter(visit, PartyKind.OPERATOR, None, Role.AUDIT_ADMINISTRATOR)
        look(visit, "operator", "operator/record", "operator/objections", "operator/repairs", prefix="audit-")
        visit.go("/operator/record")
        visit.click("核验全部日志")
        visit.check("operator-record-checked")
        assert visit.sees("核验通过")


def test_a_person_of_the_desk_sees_in_clear_by_anothers_approval(home):
    firm = stage.firm()
    file = papers.File("证明.pdf", "application/pdf", b"%PDF-1.7 proof")
    said = Complaint("tax_payment", None, (), "金额不符", (file,))
    objections.lodge(firm.id, said, actor=firm.owner.actor, as_of=timezone.now())
    with browsing.visit(home) as visit:
        enter(visit, PartyKind.OPERATOR, None, Role.CHECKER)
        visit.go("/operator/glass")
        visit.fill("统一社会信用代码", firm.uscc)
        visit.fill("工单或案卷编号", "GD-2")
        visit.fill("理由（企业会看到）", "核对误并的行政处罚记录")
        visit.click("申请")
        (asked,) = break_glass.waiting(as_of=timezone.now())
        second = stage.operators(1, Role.AUDIT_ADMINISTRATOR)[0]
        break_glass.approve(asked.id, actor=second, as_of=timezone.now())
        visit.go(f"/operator/glass/{asked.id}")
        visit.click("查阅明文")
        visit.check("operator-glass-look")
        assert visit.sees("自动遮蔽")
        with visit.page.expect_download() as leaves:
            visit.click("打开")
        assert Path(leaves.value.path()).read_bytes() == file.content


def test_the_desks_and_the_system_administrators_pages_meet_the_measure(home):
    waiting()
    filled.held("行政处罚-2026-03.csv")
    with browsing.visit(home) as visit:
        enter(visit, PartyKind.OPERATOR, None, Role.CHECKER)
        look(visit, "operator/objections", "operator/held")
        visit.page.locator("tbody a").first.click()
        visit.check("operator-held-one")
        look(visit, "operator/papers")
        visit.page.locator("tbody a").first.click()
        visit.check("operator-paper")
        visit.go("/operator/objections?find=蓝鲸")
        with visit.page.expect_download() as leaves:
            visit.click("导出 CSV")
        assert tracing.read(Path(leaves.value.path()).read_bytes()).requests
        visit.fill("保存这次筛选为", "蓝鲸的异议")
        visit.click("保存")
        visit.check("operator-objections-kept")
        visit.page.locator("tbody a").first.click()
        visit.check("operator-objection")
        visit.click("退出")
        enter(visit, PartyKind.OPERATOR, None, Role.SYSTEM_ADMINISTRATOR)
        reached_by_keyboard(visit, "参数与目录")
        pages = ("operator/parameters", "operator/parameters/quotas", "operator/models")
        look(visit, "operator", *pages, prefix="system-")


def test_an_institutions_people_and_pages_meet_the_measure(home):
    looked(stage.firm())
    with browsing.visit(home) as visit:
        enter(visit, PartyKind.INSTITUTION, "bank_a", Role.ADMINISTRATOR)
        visit.check("institution-team-empty")
        visit.fill("姓名", "王小云")
        visit.click("邀请")
        visit.check("institution-team-invited")
        (card,) = invitations.of_institution("bank_a")
        assert card.until is not None
        world.condition("bank_a")
        look(visit, "institution/access", "institution/quota", "institution/log", "institution/standing")
        visit.click("退出")
        filled.pushed()
        webhook = filled.told(3)
        filled.owes("bank_a", "云州蓝鲸物流有限公司", "DK-7")
        enter(visit, PartyKind.INSTITUTION, "bank_a", Role.CLERK)
        look(visit, "institution", "institution/applications", "institution/pushes", "institution/webhooks")
        look(visit, webhook.strip("/"), "institution/duties")
        visit.page.locator("tbody a").first.click()
        visit.check("institution-receipt")
        visit.go("/institution/pushes")
        visit.click("变更订阅TS-1", role="link")
        visit.page.get_by_label("行业（GB/T 4754").first.fill("C 制造业")
        visit.check("institution-push-change")
        visit.go("/institution/pushes")
        visit.page.locator("tbody a").nth(1).click()
        visit.check("institution-push-run")


def test_a_clerk_uploads_a_card_and_scores_a_firm_by_it(home, tmp_path):
    file, firm, now = tmp_path / "小微卡.json", stage.firm(), timezone.now()
    file.write_bytes(score_cards.data("sum(tax_payment.vat_paid_cny_12m)"))
    case = stage.case(firm, "bank_a", as_of=now)
    stage.consent(firm, case, as_of=now)
    with browsing.visit(home) as visit:
        enter(visit, PartyKind.INSTITUTION, "bank_a", Role.CLERK)
        visit.go("/institution/cards")
        visit.fill("名称", "小微卡")
        visit.page.get_by_label("评分卡文件").set_input_files(file)
        visit.click("上传")
        visit.check("institution-cards")
        visit.click("小微卡", role="link")
        visit.check("institution-card")
        visit.go(f"/institution/cases/{case}")
        visit.check("institution-case-card")
        visit.click("评分")
        visit.check("institution-card-score")
        assert visit.sees("得分最多")


def test_a_departments_pages_meet_the_measure(home, tmp_path):
    sample = tmp_path / "海关.csv"
    sample.write_text("单位,统一社会信用代码,注册标志栏\n云州蓝鲸物流有限公司,91990101MA1000001X,正常\n")
    with browsing.visit(home) as visit:
        enter(visit, PartyKind.PROVIDER, "customs", Role.CLERK)
        look(visit, "provider", "provider/quality", "provider/objections")
        look(visit, "provider/columns", "provider/gateway", "provider/columns/customs_registration")
        visit.page.get_by_label("样本文件（CSV、XLSX、JSON、Parquet）").set_input_files(sample)
        visit.click("试读")
        visit.check("provider-column-tried")
