"""Parameters read as words: every part of every key has its name in both languages, values their units."""

from __future__ import annotations

import re

import pytest
from django.utils import translation

from rongxin.entrypoints import editions
from rongxin.entrypoints.portals import parameter_words

CODE = re.compile(r"(?<![A-Za-z])[a-z]+_[a-z_]+")


def keys():
    return [key for every in editions.families().values() for one in every for key, _value in one.values]


def test_every_part_of_every_key_has_its_word():
    parts = {part for key in keys() for part in key.split(".")}
    assert sorted(part for part in parts if not parameter_words.known(part)) == []


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_no_key_is_left_in_a_name(language):
    with translation.override(language):
        assert [name for name in map(parameter_words.name, keys()) if CODE.search(name)] == []


def test_a_name_and_a_value_read_as_a_person_says_them():
    name, value = parameter_words.name, parameter_words.value
    assert name("severities.minor.months_min") == "失信程度 › 轻微失信 › 最短公示期"
    assert value("severities.minor.months_min", "3") == "3个月"
    assert value("no_case_percent", "30") == "30%"
    assert value("complete", "True") == "是"
    assert value("materials", "fulfilment_proof") == "义务履行完毕的证明"
    assert value("items", "tax_payment、honours") == "纳税信息、荣誉表彰"
    with translation.override("en"):
        assert value("clock_days", "20") == "20 days"
