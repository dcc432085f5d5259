"""Dates, amounts and codes stay on one line, wherever a page says them; nothing else of the page changes."""

from __future__ import annotations

import re

import pytest

from rongxin.entrypoints.portals import unbroken


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("<p>有效期至2026-12-31。</p>", "<p>有效期至<time>2026-12-31</time>。</p>"),
        ("<dd>2026-12-01 12:02</dd>", "<dd><time>2026-12-01 12:02</time></dd>"),
        ("<dd>贷款申请（YZ-2026-0002）</dd>", '<dd>贷款申请（<span class="whole">YZ-2026-0002</span>）</dd>'),
        ("<dd>10,300,000.00 元</dd>", '<dd><span class="whole">10,300,000.00 元</span></dd>'),
        ("<dd>-12,000.00 元</dd>", '<dd><span class="whole">-12,000.00 元</span></dd>'),
    ],
)
def test_it_keeps_a_date_a_code_and_an_amount_whole(said, kept):
    assert unbroken.kept(said) == kept


@pytest.mark.parametrize(
    "page",
    [
        '<input value="2026-12-31" max="2027-01-01">',
        "<title>2026-12-31</title>",
        "<select><option>2026-12-31</option></select>",
        "<textarea>\n2026-12-31</textarea>",
        '<script type="application/json">{"day": "2026-12-31"}</script>',
        "<svg><text>2026-12-31</text></svg>",
        "<!-- 2026-12-31 > 2026-01-01 -->",
        "<p>c865d9da-2026-12-31-9f00</p>",
        "<p>/files/2026-12-31/a.xlsx</p>",
        "<time>2026-12-31</time>",
    ],
)
def test_it_leaves_alone_what_is_no_text_of_a_line(page):
    assert unbroken.kept(page) == page


def test_what_stands_after_something_left_alone_is_kept_again():
    page = "<head><title>1</title></head><p>2026-12-31</p><svg/><datalist><option>1</datalist>2026-12-30"
    assert re.findall("<time>(.*?)</time>", unbroken.kept(page)) == ["2026-12-31", "2026-12-30"]
