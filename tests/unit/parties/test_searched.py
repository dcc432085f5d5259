"""Part of a firm's name finds it, by an index of pairs of characters; a single character reads all names."""

from __future__ import annotations

import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rongxin.parties import subjects
from rongxin.parties.models import Subject
from tests.unit.consent import stage

pytestmark = pytest.mark.django_db
NAMES = ("云州蓝鲸物流有限公司", "蓝鲸|旧州（云州）公司", "云州云州茶庄", "𠮷祥 小吃店_A%", "甲")
TEXTS = [name[first:last] for name in NAMES for first in range(len(name)) for last in range(first + 1, 9)]


@pytest.fixture
def firms():
    return {stage.firm(name).id: name for name in NAMES}


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.sampled_from(TEXTS) | st.text(alphabet="云州蓝鲸有限|_%𠮷A ", min_size=1, max_size=6))
def test_part_of_a_name_finds_exactly_those_that_have_it(firms, text):
    assert set(subjects.searched(text)) == {one for one, name in firms.items() if text in name}


def test_a_code_finds_its_firm_however_it_is_written(firms):
    firm = Subject.objects.get(name="甲")
    assert list(subjects.searched(f" {firm.uscc.lower()} ")) == [firm.pk]


@pytest.mark.parametrize(("text", "by_index"), [("蓝鲸", True), ("蓝", False)])
def test_two_characters_are_looked_up_in_the_index(firms, text, by_index):
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
    plan = subjects.searched(text).explain()
    assert ("subject_by_pairs_of_name" in plan) is by_index
