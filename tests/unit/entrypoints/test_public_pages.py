"""Pages for everybody: readable without an account, without a script, with nothing private in them."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from html.parser import HTMLParser

import pytest
from django.test import Client

from rongxin.catalogue import loader
from rongxin.journal import checkpoints, entries, sequencer
from rongxin.journal.rules import Kind
from rongxin.vocabulary.actor import SYSTEM

PAGES = ["/", "/catalogue", "/catalogue/tax_payment", "/catalogue/taxpayer_credit_rating", "/journal"]
AT = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)

pytestmark = pytest.mark.django_db


class Outline(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.nodes: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.nodes.append((tag, dict(attrs)))


def _page(client: Client, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200, path
    return answer.content.decode()


@pytest.mark.parametrize("path", PAGES)
def test_a_page_works_without_script_and_without_inline_style(client, path):
    for tag, attributes in Outline(_page(client, path)).nodes:
        assert tag not in {"script", "style", "iframe"}
        assert not [name for name in attributes if name == "style" or name.startswith("on")]


@pytest.mark.parametrize("path", PAGES)
def test_a_page_has_language_title_one_heading_and_a_way_past_the_navigation(client, path):
    page = _page(client, path)
    nodes = Outline(page).nodes
    tags = [tag for tag, _ in nodes]
    assert dict(nodes)["html"]["lang"] == "zh-Hans"
    assert re.search(r"<title>[^<]+ · 融信 Rongxin</title>", page)
    assert (tags.count("h1"), tags.count("main")) == (1, 1)
    links = [attributes["href"] for tag, attributes in nodes if tag == "a"]
    assert links[0] == "#main"
    ids = [attributes["id"] for _, attributes in nodes if "id" in attributes]
    assert len(ids) == len(set(ids))
    assert {link[1:] for link in links if link.startswith("#")} <= set(ids)


@pytest.mark.parametrize("path", PAGES)
def test_every_link_within_the_site_leads_somewhere(client, path):
    links = {a["href"] for tag, a in Outline(_page(client, path)).nodes if tag == "a"}
    for link in {link.partition("#")[0] for link in links} - {"", "/api/v1/journal/checkpoint"}:
        assert client.get(link, follow=True).status_code == 200, link


def test_the_catalogue_lists_every_item_and_each_has_its_page(client):
    page = _page(client, "/catalogue")
    for item in loader.load().items.values():
        assert f'href="/catalogue/{item.item}"' in page
        own = _page(client, f"/catalogue/{item.item}")
        assert all(field.label in own for field in item.fields)


def test_the_catalogue_says_where_consent_is_needed(client):
    assert "须经授权" in _page(client, "/catalogue/tax_payment")
    assert "法定代表人证件号码" in _page(client, "/catalogue/administrative_permit")
    assert "仅限" in _page(client, "/catalogue/taxpayer_credit_rating")


def test_an_unknown_item_is_not_found(client):
    assert client.get("/catalogue/no_such_item").status_code == 404


def test_the_journal_shows_its_latest_checkpoint_and_key(client):
    assert "还没有检查点" in _page(client, "/journal")
    entries.append(Kind.DEMO_NOTE, actor=SYSTEM, refs={"subject": 1}, as_of=AT)
    sequencer.integrate()
    signed = checkpoints.sign(as_of=AT)
    page = _page(client, "/journal")
    assert signed.root.hex() in page
    assert "2026-03-02 10:00:00" in page
    assert "BEGIN PUBLIC KEY" in page
    assert "PRIVATE" not in page
    assert "存证记录" in _page(client, "/")


@pytest.mark.parametrize("path", PAGES)
def test_pages_are_read_only(client, path):
    assert client.post(path).status_code == 405


@pytest.fixture
def demo(settings, tmp_path):
    (tmp_path / "demo").mkdir()
    for name in ("report.pdf", "accounts.json", "summary.json"):
        (tmp_path / "demo" / name).write_text("{}")
    settings.RONGXIN_VAR, settings.RONGXIN_MODE, settings.RONGXIN_NOTICE = tmp_path, "demo", "演示数据"


def test_a_demo_says_that_all_is_invented_and_hands_out_what_it_made(client, demo):
    page = _page(client, "/")
    assert "演示数据" in page
    assert 'href="/demo/report.pdf"' in page
    assert client.get("/demo/report.pdf").status_code == 200


@pytest.mark.parametrize("name", ["accounts.json", "public_report.pdf", "..%2Fsecret_key", "addresses.json"])
def test_a_demo_hands_out_nothing_else(client, demo, name):
    assert client.get(f"/demo/{name}").status_code == 404


def test_elsewhere_than_in_a_demo_nothing_is_handed_out(client, demo, settings):
    settings.RONGXIN_MODE = "production"
    settings.SECURE_SSL_REDIRECT = False
    assert client.get("/demo/report.pdf").status_code == 404


def test_an_address_that_is_not_there_gets_a_page_of_ours_that_leads_back(client):
    for path in ("/nowhere", "/catalogue/no_such_item", "/demo/no_such_file"):
        answer = client.get(path)
        page = answer.content.decode()
        assert answer.status_code == 404, path
        assert "没有这个页面" in page, path
        assert 'href="/catalogue"' in page, path
