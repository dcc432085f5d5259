"""Chinese first, English second: whoever chooses reads the pages in their language."""

from __future__ import annotations

import html
import re
from datetime import UTC, datetime

import pytest
from django.template import engines
from django.utils import translation

from rongxin.catalogue import loader
from rongxin.consent import templates
from rongxin.consent.errors import UnknownConsent
from rongxin.delivery.webhooks import rules
from rongxin.entrypoints.portals import wording
from rongxin.parties.rules import permission
from rongxin.parties.rules.membership import PartyKind
from rongxin.site import translations
from rongxin.vocabulary.reason import Reason

pytestmark = pytest.mark.django_db
HAN = re.compile(r"[\u4e00-\u9fff]+")


def language_of(client, **headers):
    page = client.get("/", headers=headers).content.decode()
    return re.search(r'<html lang="([^"]+)"', page)[1]


def test_a_browser_that_asks_for_nothing_known_is_answered_in_chinese(client):
    assert language_of(client) == "zh-Hans"
    assert language_of(client, accept_language="fr-FR,fr;q=0.9") == "zh-Hans"
    assert language_of(client, accept_language="zh-CN,en;q=0.5") == "zh-Hans"


def test_a_browser_that_asks_for_english_gets_it_and_a_choice_goes_before_what_it_asks(client):
    assert language_of(client, accept_language="en-GB,en") == "en"
    client.get("/language/zh")
    assert language_of(client, accept_language="en-GB,en") == "zh-Hans"
    client.get("/language/en")
    assert language_of(client, accept_language="zh-CN") == "en"


def test_a_choice_leads_back_to_the_page_and_nowhere_else(client):
    assert client.get("/language/en?next=/catalogue").headers["Location"] == "/catalogue"
    assert client.get("/language/en?next=https://evil.example/").headers["Location"] == "/"
    assert client.get("/language/xx").status_code == 404


def test_no_english_stands_on_a_chinese_page_and_no_chinese_on_an_english_one(client):
    chinese = text_of(client.get("/").content.decode())
    assert re.findall(r"[A-Z][a-z]+ [a-z]+", chinese) == []
    client.get("/language/en")
    for path in ("/", "/sign-in", "/sign-in/person", "/sign-in/staff", "/journal", "/nowhere"):
        page = text_of(client.get(path).content.decode())
        assert HAN.findall(page.replace("融信", "").replace("中文", "")) == [], path


def test_whoever_stands_before_a_page_of_others_reads_whose_it_is_in_their_language():
    every = [one for one in vars(permission).values() if isinstance(one, permission.Permission)]
    assert len(every) > 5
    with translation.override("zh-hans"):
        assert [wording.admitted(one) for one in every] == [one.label() for one in every]
    with translation.override("en"):
        assert [said for one in every if HAN.search(said := wording.admitted(one))] == []


def text_of(page):
    """Return what is read of a page: neither tags nor their attributes."""
    return re.sub(r"<[^>]*>", " ", page.partition("<body>")[2])


def test_the_fields_of_an_item_stand_in_the_language_of_the_page(client):
    fields = loader.load().item("patent").fields
    for language, name in (("zh", "label"), ("en", "label_en")):
        client.get(f"/language/{language}")
        page = client.get("/catalogue/patent").content.decode()
        shown = re.findall(r'<th scope="row">([^<]+)</th>', page)
        assert shown[: len(fields)] == [html.escape(getattr(field, name)) for field in fields]


def test_names_of_word_lists_and_items_are_found_by_their_chinese():
    with translation.override("en"):
        assert wording.named(PartyKind.INSTITUTION.label) == "Institutions"
        assert wording.named(Reason.CONSENT_PAUSED.label) == "the consent is paused"
        item = loader.load().item("business_licence")
        assert wording.named(item.label) == item.label_en
        assert wording.listed(["是", "否"]) == "yes, no"
    with translation.override("zh-hans"):
        assert wording.listed(["是", "否"]) == "是、否"


def test_a_field_is_called_as_its_file_calls_it_whatever_a_page_says_by_the_same_letters():
    fields = [field for item in loader.load().items.values() for field in item.fields]
    with translation.override("en"):
        wrong = {field.label for field in fields if wording.named(field.label) != field.label_en}
        assert translation.gettext("状态") != wording.named("状态")  # one of those where they differ
    assert wrong == set()


def test_an_error_says_its_kind_in_english_and_keeps_what_it_says_of_the_case():
    error = UnknownConsent("没有编号为7的授权")
    with translation.override("en"):
        assert wording.of_error(error) == (404, "There is no such consent (没有编号为7的授权)")
        assert wording.of_error(UnknownConsent("no consent 7"))[1] == "no consent 7"
        assert wording.of_error(RuntimeError("secret"))[0] == 500
        assert "secret" not in wording.of_error(RuntimeError("secret"))[1]
    with translation.override("zh-hans"):
        assert wording.of_error(error)[1] == "没有编号为7的授权"


def test_a_changed_text_is_compiled_anew_and_the_same_one_is_not(tmp_path):
    source = tmp_path / "source" / "en" / "LC_MESSAGES"
    source.mkdir(parents=True)
    text = 'msgid ""\nmsgstr "Content-Type: text/plain; charset=UTF-8\\n"\n\nmsgid "是"\nmsgstr "%s"\n'
    (source / "django.po").write_text(text % "yes", encoding="utf-8")
    first = translations.compiled(tmp_path / "var", source=tmp_path / "source")
    assert translations.compiled(tmp_path / "var", source=tmp_path / "source") == first
    (source / "django.po").write_text(text % "aye", encoding="utf-8")
    second = translations.compiled(tmp_path / "var", source=tmp_path / "source")
    assert second != first


def test_a_label_with_a_percent_sign_reads_english_too():
    source = '{% load i18n %}{% translate "最低年利率（单利，%）" %}'
    with translation.override("en"):
        assert engines["django"].from_string(source).render({}) == "Lowest yearly rate (simple, %)"


def test_events_and_fair_use_templates_have_english_names():
    names = [one.label for one in rules.TOLD] + [one.label for one in templates.every()]
    with translation.override("en"):
        assert [name for name in names if HAN.search(wording.named(name))] == []


@pytest.mark.parametrize(
    ("moment", "day"),
    [
        (datetime(2026, 11, 30, 15, 59, tzinfo=UTC), "2026-11-30"),
        (datetime(2026, 11, 30, 16, 0, tzinfo=UTC), "2026-12-01"),
        ("2026-11-30T16:00:00+00:00", "2026-12-01"),
        ("2026-11-30", "2026-11-30"),
        (None, ""),
    ],
)
def test_a_day_is_that_of_the_business_zone(moment, day):
    assert wording.day(moment) == day
