"""The operator declares by a page whose firms a provider speaks of."""

from __future__ import annotations

import pytest

from rongxin.catalogue import loader
from rongxin.parties import providers, seed
from rongxin.parties.rules.membership import Role
from rongxin.vocabulary.actor import SYSTEM
from tests.unit.consent import stage
from tests.unit.entrypoints.portals import test_provider_desk as desk
from tests.unit.entrypoints.portals.test_desk import enter

pytestmark = pytest.mark.django_db(transaction=True)
LIST, ONE = "/operator/providers", "/operator/providers/customs"


@pytest.fixture(autouse=True)
def _providers():
    seed.seed(loader.load(), actor=SYSTEM, as_of=stage.NOW)


def test_a_remit_is_declared_and_shown_by_name():
    clerk = enter()
    assert ONE in clerk.get(f"{LIST}?undeclared=1").content.decode()
    assert clerk.post(ONE, {"regions": ["990101 云溪区", "990102"], "kinds": ["company"]}).status_code == 302
    page = clerk.get(ONE).content.decode()
    assert "云岭省云州市云溪区（990101）、云岭省云州市星槐区（990102）；企业" in page
    assert "云溪区" in clerk.get(LIST).content.decode()
    assert ONE not in clerk.get(f"{LIST}?undeclared=1").content.decode()
    assert clerk.post(ONE, {"regions": ""}).status_code == 302
    assert not providers.get("customs").remit.declared


def test_the_provider_reads_its_own_remit():
    own, _someone = desk.enter()
    assert "还没有登记本单位的职责范围" in own.get("/provider/gateway").content.decode()
    enter().post(ONE, {"regions": ["990101"], "kinds": ["company"]})
    assert "云岭省云州市云溪区（990101）；企业" in own.get("/provider/gateway").content.decode()


def test_what_is_wrong_is_said_and_stays_typed():
    clerk = enter()
    answer = clerk.post(ONE, {"regions": "云溪镇东头"})
    assert (answer.status_code, "云溪镇东头" in answer.content.decode()) == (422, True)
    assert not providers.get("customs").remit.declared


def test_an_auditor_reads_and_does_not_declare():
    auditor = enter(Role.AUDIT_ADMINISTRATOR)
    assert "登记职责范围" not in auditor.get(ONE).content.decode()
    assert auditor.post(ONE, {"regions": "990101"}).status_code == 422
    assert not providers.get("customs").remit.declared
