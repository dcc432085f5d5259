"""The report as a page: nothing inline that a strict policy forbids, nothing of a record that is markup."""

from __future__ import annotations

import html as entities
import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from rongxin.delivery.rendering import charts, html
from tests.unit.delivery import factory

HOSTILE = "<script>alert(1)</script><svg onload=alert(1)><img src=x onerror=alert(1)>\"'{{ 7*7 }}"


class Outline(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.nodes: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.nodes.append((tag, dict(attrs)))


def _page(given):
    prepared = factory.prepared(given, "演示数据")
    return html.render(prepared, charts.draw(prepared))


@pytest.mark.parametrize("name", ["plain", "hostile"])
def test_nothing_inline_that_the_policy_forbids(name):
    subject = factory.COMPANY if name == "plain" else replace(factory.COMPANY, name=HOSTILE)

    def change(item, row):
        return {k: HOSTILE if isinstance(v, str) and "虚构" in v else v for k, v in row.items()}

    page = _page(factory.release(consent=factory.FULL, rows=4, subject=subject, change=change))
    for tag, attributes in Outline(page).nodes:
        assert tag not in {"script", "style", "img", "iframe", "object", "embed", "form"}
        assert not [a for a in attributes if a == "style" or a.startswith("on")]


def test_a_record_stands_as_text():
    page = _page(factory.release(subject=replace(factory.COMPANY, name=HOSTILE)))
    assert entities.escape(HOSTILE, quote=True) in page
    assert "49" not in re.findall(r"<title>(.*?)</title>", page)[0]


def test_text_that_turns_around_is_made_visible():
    assert "〔U+202E〕" in _page(factory.release(subject=replace(factory.COMPANY, name="公司\u202e司公")))


def test_it_has_one_heading_landmarks_and_names_for_scrolling_regions():
    nodes = Outline(_page(factory.release(consent=factory.FULL, rows=3))).nodes
    assert [tag for tag, _ in nodes].count("h1") == 1
    assert [tag for tag, _ in nodes].count("main") == 1
    for tag, attributes in nodes:
        if attributes.get("tabindex") == "0":
            assert attributes.get("aria-label") or attributes.get("aria-labelledby"), tag
        if attributes.get("role") == "img":
            assert attributes["aria-label"]


def test_every_reference_by_id_leads_somewhere():
    nodes = Outline(_page(factory.release(consent=factory.FULL))).nodes
    ids = [attributes["id"] for _, attributes in nodes if "id" in attributes]
    assert len(ids) == len(set(ids))
    wanted = {a["aria-labelledby"] for _, a in nodes if a.get("aria-labelledby")}
    assert wanted <= set(ids)


def test_what_is_withheld_and_why_stands_on_the_page():
    page = _page(factory.release())
    assert "信息主体未授权" in page
    assert "企业授权后可补充的信息" in page
    for word in ("无记录", "不适用", "数据源未接入", "数据提供单位暂不可用", "未提供"):
        assert word in page


def test_a_character_that_the_font_lacks_is_numbered_and_said_as_on_paper():
    page = _page(
        factory.release(
            items=["business_licence"],
            change=lambda item, row: {**row, "legal_representative": "䶮𠮷\U0002a6a5"},
        )
    )
    assert "䶮𠮷〔U+2A6A5〕" in page
    assert "\U0002a6a5" not in page
    assert "缺少下列字符，页面以其编码标出，原字见 JSON 形式的报告：U+2A6A5。" in page


def test_it_says_nothing_of_the_font_where_nothing_is_missing():
    assert "字库缺少" not in _page(factory.release(items=["business_licence"]))
