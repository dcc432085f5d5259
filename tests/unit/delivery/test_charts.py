"""Charts: where they help, in SVG that a strict policy lets through, with words beside."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

import rongxin
from rongxin.delivery.rendering import charts, fonts
from rongxin.delivery.rendering.lettering import Lettering
from tests.unit.delivery import factory

ALLOWED = {"svg", "g", "path", "rect", "line", "text", "title", "desc", "defs", "clipPath", "tspan"}


@pytest.fixture(scope="module")
def drawn():
    return charts.draw(factory.prepared(factory.release(consent=factory.FULL, rows=2)))


def test_a_report_by_consent_has_three_charts_each_with_a_text_alternative(drawn):
    assert [chart["title"] for chart in drawn] == ["各类信息的取得情况", "按年份的记录", "近一年纳税"]
    assert all(re.search(r"\d", chart["alt"]) for chart in drawn)


def test_on_a_telephone_no_chart_is_wider_than_its_screen_nor_has_letters_too_small_to_read():
    shown = charts.draw_for_pages(factory.prepared(factory.release(consent=factory.FULL, rows=2)))
    assert len(shown) == 3
    for chart in shown:
        drawing = ET.fromstring(chart["narrow"])
        assert float(drawing.attrib["width"]) <= 296, chart["title"]  # 360 less the edges of page and box
        letters = re.findall(r'font-size="(\d+)px"', chart["narrow"])
        assert letters
        assert min(map(int, letters)) >= 11


def test_a_drawing_has_no_style_no_script_and_no_reference(drawn):
    for chart in drawn:
        for node in ET.fromstring(chart["svg"]).iter():
            assert node.tag.split("}")[1] in ALLOWED
            assert not {
                name for name in node.attrib if name == "style" or name.startswith("on") or "href" in name
            }


def test_the_words_stand_in_the_drawing_and_no_stand_in_is_left(drawn):
    assert "市场主体登记信息" in drawn[0]["svg"]
    assert "许可、荣誉与权利" in drawn[1]["svg"]
    for chart in drawn:
        assert not re.search(r"Q\d+Q", chart["svg"])
        assert set(re.findall(r'font-family="([^"]*)"', chart["svg"])) == {fonts.FAMILY}


def test_each_colour_of_a_drawing_has_another_in_the_dark(drawn):
    path = Path(rongxin.__file__).parent / "entrypoints" / "static" / "rongxin" / "rongxin.css"
    dark = path.read_text(encoding="utf-8").partition("@media screen and (prefers-color-scheme: dark)")[2]
    dark = dark.partition("\n}\n")[0]
    drawings = "".join(chart["svg"] for chart in drawn)
    drawings += "".join(f' fill="{colour}"' for colour in charts._COLOURS.values())
    painted = set(re.findall(r' ((?:fill|stroke)="#[0-9a-f]+")', drawings))
    assert len(painted) > 8
    assert [one for one in sorted(painted) if f"figure [{one}]" not in dark] == []


def test_no_chart_is_drawn_of_next_to_nothing():
    assert charts.draw(factory.prepared(factory.release(items=["honours", "business_licence"]))) == []


def test_years_without_a_record_are_not_skipped():
    svg = _timeline(["2019-01-01", "2023-01-01"])
    assert all(f">{year}<" in svg for year in range(2019, 2024))


def _timeline(days):
    rows = iter(days)
    given = factory.release(
        rows=len(days), items=["honours"], change=lambda item, row: {**row, "awarded_on": next(rows)}
    )
    found = [item for item in charts.draw(factory.prepared(given)) if item["title"] == "按年份的记录"]
    return found[0]["svg"]


def test_a_word_with_markup_in_it_stays_a_word():
    lettering = Lettering()
    stand_in = lettering.take({"label": '虚构<script>"&'})["label"]
    assert stand_in.isascii()
    svg = lettering.put_back(f"<text>{stand_in}</text>", "X")
    assert svg == "<text>虚构&lt;script&gt;&quot;&amp;</text>"


def test_an_axis_of_counts_names_each_whole_number_once():
    given = factory.release(items=["business_licence", "honours", "patent", "trademark"], rows=3)
    for chart in charts.draw(factory.prepared(given))[:2]:
        labels = re.findall(r">(1|2|0\.5|1\.5)</text>", chart["svg"])
        assert labels
        assert len(labels) == len(set(labels))
        assert set(labels) <= {"1", "2"}


def test_the_same_facts_are_drawn_once_and_others_anew(monkeypatch):
    charts._drawn.cache_clear()
    made = []
    draws = charts.vl_convert.vegalite_to_svg
    monkeypatch.setattr(charts.vl_convert, "vegalite_to_svg", lambda it: made.append(1) or draws(it))
    first = _timeline(["2021-05-05", "2022-05-05"])
    assert _timeline(["2021-05-05", "2022-05-05"]) == first
    assert len(made) == 1
    assert _timeline(["2021-05-05", "2023-05-05"]) != first
    assert len(made) == 2
