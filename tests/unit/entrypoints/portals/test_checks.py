"""What a firm declared, verified through the pages at a department's gateway: words, and never a value."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from rongxin.consent import cases
from rongxin.disclosure import claims
from rongxin.journal import entries
from rongxin.journal.rules import Kind
from rongxin.parties import quotas
from rongxin.parties.rules.membership import PartyKind
from rongxin.parties.rules.quota import Scope
from rongxin.sharing import calls
from rongxin.vocabulary.actor import SYSTEM
from rongxin.vocabulary.sharing_mode import SharingMode
from rongxin.vocabulary.subject_kind import SubjectKind
from tests.unit.consent import stage
from tests.unit.disclosure import gateway_stage
from tests.unit.entrypoints.portals import doors

pytestmark = pytest.mark.django_db(transaction=True)
NUMBER, AREA = "real_estate.real_estate_certificate_number", "real_estate.area_sqm"
RIGHT = "云（2026）不动产权第7号"


@pytest.fixture
def scene(tmp_path, monkeypatch):
    monkeypatch.setattr(calls, "_ways", {})
    with gateway_stage.opened(tmp_path) as made:
        yield made


@pytest.fixture
def clerk(scene):
    client = Client()
    someone = stage.staff(PartyKind.INSTITUTION, "bank_a")
    doors.as_staff(client, doors.with_password(someone, as_of=timezone.now()))
    return client


def consent(scene, *items, **changes):
    now = timezone.now()
    draft = stage.draft(*(items or ("real_estate", "tax_payment")), as_of=now)
    return stage.consent(scene.firm, scene.case, draft=draft, as_of=now, **changes)


def verify(client, scene, status=200, *, ahead=0, **claimed):
    """Fill in the form and send it; the department's clock runs `ahead` by so many seconds."""
    scene.estate.clock = timezone.now() + timedelta(seconds=ahead)
    names = {"number": NUMBER, "area": AREA}
    given = {names.get(key, key): text for key, text in claimed.items()}
    answer = client.post(f"/institution/cases/{scene.case}/check", given)
    assert answer.status_code == status, answer.content.decode()
    return re.sub(r"\s+", " ", answer.content.decode())


def said(page):
    """The answers as a reader has them: of each line the word in its tag."""
    return re.findall(r'data-label="答复"><span class="tag [a-z]*">([^<]+)</span>', page)


def test_claims_are_answered_by_words_and_no_value_comes_back(scene, clerk):
    consent(scene)
    with closing(sqlite3.connect(scene.estate.directory / "store.sqlite")) as base, base:
        base.execute("UPDATE e SET m = '8237.61'")
    page = verify(clerk, scene, number=RIGHT, area="8237.6")
    assert said(page) == ["一致", "不一致"]
    assert "8237.61" not in page
    (told,) = entries.find(subject=scene.firm.id, kinds=[Kind.DISCLOSURE_RELEASED], entries_max=10)
    assert told.refs["institution"] == "bank_a"


def test_what_was_typed_stays_and_what_was_left_empty_is_not_asked(scene, clerk):
    consent(scene)
    page = verify(clerk, scene, number=RIGHT, area=" ")
    assert said(page) == ["一致"]
    assert f'value="{RIGHT}"' in page


def test_no_record_not_authorised_unavailable_and_partial_are_told_apart(scene, clerk):
    consent(scene)
    scene.estate.withholds("real_estate", "area_sqm")
    partial = verify(clerk, scene, number=RIGHT, area="100")
    assert said(partial) == ["一致", "未答复"]
    assert "只答复了一部分" in partial
    assert "不在共享清单内" in partial
    store = scene.estate.directory / "store.sqlite"
    with closing(sqlite3.connect(store)) as base, base:
        base.execute("DELETE FROM e")
    nothing = verify(clerk, scene, number=RIGHT)
    assert (said(nothing), "没有这家企业的记录" in nothing) == (["无记录"], True)
    store.unlink()
    silent = verify(clerk, scene, number=RIGHT)
    assert (said(silent), "既不是没有记录，也不是不一致" in silent) == (["未答复"], True)
    barred = verify(clerk, scene, number=RIGHT, ahead=20)  # the consent's status is too old for it
    assert (said(barred), "没有获准核验" in barred) == (["未答复"], True)
    assert "未附授权的当前状态" in barred


def test_a_spent_budget_is_told_in_words_and_the_same_value_may_be_asked_again(scene, clerk):
    consent(scene)
    for area in ("512", "256", "128"):
        assert said(verify(clerk, scene, area=area)) == ["不一致"]
    consent(scene)  # the first one's three uses are spent
    page = verify(clerk, scene, area="64")
    assert (said(page), "以防逐个试出" in page) == (["未答复"], True)
    assert len(entries.find(kinds=[Kind.PROBING_SUSPECTED], entries_max=10)) == 1
    assert said(verify(clerk, scene, area="512")) == ["不一致"]


def test_what_is_no_value_of_its_field_is_put_right_before_anybody_is_asked(scene, clerk):
    consent(scene)
    page = verify(clerk, scene, 422, area="一百平")
    assert "面积：" in page
    assert 'value="一百平"' in page
    assert f'<a href="#{AREA}">' in page
    assert "请至少填写一个待核验的值" in verify(clerk, scene, 422)
    assert entries.find(subject=scene.firm.id, kinds=[Kind.DISCLOSURE_RELEASED], entries_max=10) == []


def test_social_insurance_is_claimed_by_bands_alone(scene, clerk):
    consent(scene, "social_insurance")
    band = "social_insurance.pension_insured_band_avg_12m"
    assert "不得填写确切数值" in verify(clerk, scene, 422, **{band: "63"})
    page = verify(clerk, scene, **{band: "50-99人"})
    assert (said(page), "尚未接入平台" in page) == (["未答复"], True)


def test_a_band_that_the_agency_does_not_use_is_refused_with_those_it_uses(scene, clerk):
    consent(scene, "social_insurance")
    band = "social_insurance.pension_insured_band_avg_12m"
    page = verify(clerk, scene, 422, **{band: "20–99人"})
    assert "没有“20–99人”这一分档" in page
    assert "50–99人、100–299人" in page


def test_the_bands_of_the_agency_are_offered_so_that_nobody_guesses_at_words(scene, clerk):
    consent(scene, "social_insurance")
    page = clerk.get(f"/institution/cases/{scene.case}/check").content.decode()
    for band in ("50–99人", "1000人以上", "10–50万元"):
        assert f'<option value="{band}">' in page
    schema = clerk.get("/api/v1/catalogue/social_insurance/schema").json()
    assert "50–99人" in schema["properties"]["pension_insured_band_avg_12m"]["examples"]


def test_a_refusal_keeps_the_form_and_says_why(scene, clerk):
    consent(scene)
    quotas.set_limit("bank_a", Scope.PERSON, 0, actor=SYSTEM, as_of=timezone.now())
    page = verify(clerk, scene, 403, area="90")
    assert "该查询人已达当日查询上限" in page
    assert 'value="90"' in page


def test_the_report_and_the_check_cost_one_use_together(scene, clerk):
    given = consent(scene)
    page = verify(clerk, scene, area="90", form="report")
    assert "不一致" in page
    assert "信用信息报告" in page
    assert uses(given) == 1


def uses(given):
    with connection.cursor() as cursor:
        cursor.execute("SELECT sum(count) FROM disclosure_use WHERE consent = %s", [given.id])
        return cursor.fetchone()[0]


def test_without_a_consent_that_covers_it_nothing_can_be_verified(scene, clerk):
    page = f"/institution/cases/{scene.case}/check"
    assert "没有生效的授权" in clerk.get(page).content.decode()
    consent(scene, "tax_payment")
    assert "未包含可核验的信息项" in clerk.get(page).content.decode()
    assert "核验企业申报的值" not in clerk.get(f"/institution/cases/{scene.case}").content.decode()
    consent(scene)
    assert "核验企业申报的值" in clerk.get(f"/institution/cases/{scene.case}").content.decode()
    cases.close_case(scene.case, actor=SYSTEM, as_of=timezone.now())
    closed = clerk.get(page).content.decode()
    assert "已办结，不能再核验" in closed
    assert "<fieldset>" not in closed


def test_a_newer_consent_for_something_else_hides_nothing(scene, clerk):
    older = consent(scene)
    consent(scene, "tax_payment")
    assert "核验企业申报的值" in clerk.get(f"/institution/cases/{scene.case}").content.decode()
    assert said(verify(clerk, scene, area="90")) == ["不一致"]
    assert uses(older) == 1


def test_another_banks_case_is_as_good_as_unknown(scene, clerk):
    theirs = stage.case(scene.firm, stage.bank("bank_b"))
    assert clerk.get(f"/institution/cases/{theirs}/check").status_code == 404
    assert clerk.post(f"/institution/cases/{theirs}/check", {AREA: "1"}).status_code == 404


def test_the_list_says_what_can_be_verified_in_each_case(scene, clerk):
    bare = stage.case(scene.firm, "bank_a", "DK-2")
    consent(scene)
    page = clerk.get("/institution/checks").content.decode()
    assert f"/institution/cases/{scene.case}/check" in page
    assert "企业名下不动产登记情况" in page
    assert f'href="/institution/cases/{bare}"' in page
    assert "尚未申请授权" in page


def test_what_may_be_claimed_follows_the_table_of_the_gate(scene):
    given = consent(scene, "real_estate", "social_insurance", "tax_payment")
    found = {one.item.item: len(one.fields) for one in claims.askable(given, SubjectKind.COMPANY)}
    assert found == {"social_insurance": 5, "real_estate": 10}
    less = replace(given, terms=replace(given.terms, modes=frozenset({SharingMode.INTERFACE_CALL})))
    assert claims.askable(less, SubjectKind.COMPANY) == ()


def case_page(client, scene):
    return re.sub(r"\s+", " ", client.get(f"/institution/cases/{scene.case}").content.decode())


def test_how_providers_answer_is_told_before_a_consent_is_asked_for(clerk, scene):
    before = case_page(clerk, scene)
    assert "税务部门近一日应答率" not in before
    assert "住房公积金管理中心尚未接通" in before
    consent(scene)
    verify(clerk, scene, number=RIGHT)
    (scene.estate.directory / "store.sqlite").unlink()
    verify(clerk, scene, area="5")
    assert "自然资源部门（不动产登记机构）近一日应答率50%" in case_page(clerk, scene)
