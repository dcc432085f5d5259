"""What an owner holds instead of a code: read only what the check digit bears out."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rongxin.parties.rules import licence_code
from rongxin.parties.rules.licence_code import Reading, What
from rongxin.vocabulary import uscc

CODE = uscc.compose("91", "990101", "MA100001")
NUMBER = "990101000000015"
OTHER = uscc.compose("92", "990101", "MA100002")


@pytest.mark.parametrize(
    "text",
    [
        CODE,
        CODE.lower(),
        f" {CODE[:4]} {CODE[4:10]} {CODE[10:]} ",
        f"https://zhizhao.example/qr?uniscid={CODE}&t=1",
        f"https://zhizhao.example/qr%3Funiscid%3D{CODE}",
        f"统一社会信用代码：{CODE}；名称：云州蓝鲸物流有限公司",
        "".join(chr(ord(one) + 0xFEE0) for one in CODE),
    ],
)
def test_it_reads_the_code_however_it_comes(text):
    assert licence_code.read(text) == Reading(What.USCC, CODE)


@pytest.mark.parametrize("text", [NUMBER, f"http://gs.example/?regno={NUMBER}", f"注册号 {NUMBER}"])
def test_it_reads_the_number_of_an_older_licence(text):
    assert licence_code.read(text) == Reading(What.REGISTRATION_NUMBER, NUMBER)


@pytest.mark.parametrize("text", ["13800138000", "+86 138 0013 8000", "138-0013-8000"])
def test_it_reads_a_telephone(text):
    assert licence_code.read(text) == Reading(What.PHONE, "13800138000")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "https://zhizhao.example/qr?id=8f3a",
        CODE[:-1] + ("0" if CODE[-1] != "0" else "1"),
        f"{NUMBER} 990101000000023",
        f"{CODE} {OTHER}",
        f"9{NUMBER}",
        "x" * 4000 + CODE,
    ],
)
def test_it_reads_nothing_where_nothing_or_two_things_stand(text):
    assert licence_code.read(text) is None


@given(st.text(max_size=200))
def test_no_text_breaks_it(text):
    found = licence_code.read(text)
    assert found is None or found.value
