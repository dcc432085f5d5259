"""信用修复 on a provider's page: requests about its own records, nothing to decide (0072)."""

from __future__ import annotations

import pytest
from django.utils import timezone

from rongxin.parties.rules.membership import PartyKind
from rongxin.rights import papers, repairs
from rongxin.rights.repairs import Wish
from rongxin.rights.rules.repair import Severity
from tests.unit.entrypoints.portals.test_lists import cells, enter
from tests.unit.rights import stage

pytestmark = pytest.mark.django_db(transaction=True)
AT = "/provider/repairs"
SAID = "罚款已于三月缴清"


@pytest.fixture
def scene(tmp_path, settings):
    settings.RONGXIN_VAR = tmp_path / "var"
    settings.RONGXIN_REPAIR_WINDOW = f"file:{tmp_path}/window"
    return stage.opened(tmp_path)


def asked(scene):
    files = tuple(
        papers.File(f"{name}.pdf", "application/pdf", stage.PDF, name)
        for name in ("fulfilment_proof", "credit_commitment")
    )
    wish = Wish(scene.fined(), Severity.MINOR, SAID, files)
    return repairs.request(scene.firm.id, wish, actor=scene.owner, as_of=timezone.now())


def test_a_provider_follows_the_repairs_of_its_own_records_and_decides_none(scene):
    card = asked(scene)
    own, other = (enter(PartyKind.PROVIDER, one)[0] for one in (stage.BUREAU, "customs"))
    page = own.get(AT).content.decode()
    ((_day, firm, item, severity, state, decision),) = cells(page)
    assert firm == repairs.subjects.get(scene.firm.id).name
    assert (item.split()[1], severity, decision) == (f"记录{card.record}", "轻微失信", "—")
    assert state == "已受理，待转送"
    assert "平台和本单位在此都不作决定" in page
    assert SAID not in page
    repairs.forward_waiting(as_of=timezone.now())
    assert cells(own.get(AT).content.decode())[0][-1] == "等待窗口决定"
    assert cells(other.get(f"{AT}?all=1").content.decode()) == []
    assert cells(own.get(f"{AT}?find=无此名").content.decode()) == []
    for path in (f"/operator/repairs/{card.id}", f"/operator/repairs/{card.id}/confirm"):
        assert own.post(path, {"outcome": "granted"}).status_code == 403


def test_one_that_is_over_is_shown_when_asked_for(scene):
    card = asked(scene)
    repairs.withdraw(card.id, actor=scene.owner, as_of=timezone.now())
    client = enter(PartyKind.PROVIDER, stage.BUREAU)[0]
    assert cells(client.get(AT).content.decode()) == []
    assert [row[4] for row in cells(client.get(f"{AT}?all=1").content.decode())] == ["信息主体撤回"]
