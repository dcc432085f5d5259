"""What the watch found is told in words: who, what was counted, from when until when."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.utils import timezone

from rongxin.governance import alarms
from rongxin.governance.watching import incidents
from rongxin.governance.watching.rules import Figure, Finding, Rule
from rongxin.journal import sequencer
from rongxin.parties import institutions
from rongxin.parties.rules.membership import PartyKind, Role
from tests.unit.entrypoints.portals.test_staff import enter, ground  # noqa: F401

pytestmark = pytest.mark.django_db(transaction=True)
ISO = re.compile(r"\d{4}-\d{2}-\d{2}T")


def test_an_incident_and_its_alarm_are_told_in_words(client, ground):  # noqa: F811
    now = timezone.now()
    finding = Finding(Rule.PERSON_PAST_LIMIT, {Figure.REFUSALS: 25}, "clerk-7")
    incidents.open_incident("bank_a", finding, seen=(now - timedelta(hours=3), now), as_of=now)
    sequencer.integrate()
    alarms.follow(as_of=now + timedelta(minutes=1))
    enter(client, PartyKind.OPERATOR, None, Role.SECURITY_ADMINISTRATOR)
    name = institutions.get("bank_a").name
    page = client.get("/operator/watch").content.decode()
    assert page.count(name) == 2
    page = page.replace(name, "")
    for words in (
        "超限后被拒 25",
        "查询人 clerk-7",
        f"{timezone.localtime(now):%Y-%m-%d %H:%M}",
        "疑似异常查询",
    ):
        assert words in page
    assert not ISO.search(page)
    assert "refusals" not in page
    assert "bank_a" not in page
