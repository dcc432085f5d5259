"""A provider's batch ended or withdrawn by the operator's pages: foreseen, proposed, confirmed, seen."""

from __future__ import annotations

import re

import pytest

from rongxin.parties.rules.membership import Role
from rongxin.sharing.aggregation import batches, row_changes
from rongxin.sharing.batch_endings import proposals
from rongxin.sharing.batch_endings.rules import State
from rongxin.sharing.rules import Status
from tests.unit.entrypoints.portals import test_provider_desk as desk
from tests.unit.entrypoints.portals.test_desk import enter
from tests.unit.entrypoints.portals.test_lists import cells

pytestmark = pytest.mark.django_db(transaction=True)
firm = desk.firm
GROUND = "云海关函〔2026〕3号"


@pytest.fixture
def provider(firm):
    client, _someone = desk.enter()
    return client, desk.filed(client, firm)


def proposed(clerk, number, measure="withdraw"):
    """Foresee and propose by the page; return the proposal's address."""
    at, given = f"/operator/batches/{number}", {"measure": measure, "ground": GROUND}
    page = clerk.post(at, given | {"act": "foresee"}).content.decode()
    (seen,) = re.findall(r'name="seen" value="([^"]+)"', page)
    assert "不再有效的记录" in page
    answer = clerk.post(at, given | {"act": "propose", "seen": seen})
    assert answer.status_code == 302, answer.content.decode()
    return answer.headers["Location"], seen


def test_one_proposes_another_confirms_and_the_provider_sees_it(provider):
    client, number = provider
    clerk, checker = enter(), enter(Role.CHECKER)
    assert number in clerk.get("/operator/batches?find=海关").content.decode()
    at, seen = proposed(clerk, number)
    assert batches.get(number).status is Status.FILED
    assert GROUND in client.get(f"/provider/batches/{number}").content.decode()
    page = checker.get(at).content.decode()
    assert all(said in page for said in (GROUND, "1条", "海关.csv"))
    assert clerk.post(at, {"act": "confirm", "seen": seen}).status_code == 422
    assert checker.post(at, {"act": "confirm", "seen": "9-9-9-9"}).status_code == 422
    assert checker.post(at, {"act": "confirm", "seen": seen}).status_code == 302
    assert batches.get(number).status is Status.WITHDRAWN
    page = client.get(f"/provider/batches/{number}").content.decode()
    assert "已执行" in page
    assert [row[-1] for row in cells(checker.get("/operator/batch-proposals").content.decode())] == ["已执行"]


def test_the_provider_reads_of_a_proposal_on_its_first_page_until_it_is_decided(provider):
    client, number = provider
    others, _someone = desk.enter("tax_bureau")
    said = "平台提议终止或撤回本单位的批次"
    assert said not in client.get("/provider").content.decode()
    at, _seen = proposed(enter(), number)
    page = client.get("/provider").content.decode()
    assert f"/provider/batches/{number}#proposals" in page
    assert all(words in page for words in (said, "整批撤回", "将使1条记录不再有效"))
    assert said not in others.get("/provider").content.decode(), "of another's batches"
    assert enter(Role.CHECKER).post(at, {"act": "decline", "reason": "来函有误"}).status_code == 302
    assert said not in client.get("/provider").content.decode()


def test_a_checker_confirms_nothing_of_their_own_and_takes_it_back(provider):
    _client, number = provider
    checker = enter(Role.CHECKER)
    at, seen = proposed(checker, number, "over")
    assert checker.post(at, {"act": "confirm", "seen": seen}).status_code == 422
    assert checker.post(at, {"act": "take_back", "reason": " "}).status_code == 422
    assert checker.post(at, {"act": "take_back", "reason": "文号有误"}).status_code == 302
    (card,) = proposals.of_batch(number)
    assert (card.state, row_changes.of_batch(number)) == (State.TAKEN_BACK, [])


def test_what_is_not_chosen_or_not_grounded_is_said_and_stays_typed(provider):
    _client, number = provider
    clerk, at = enter(), f"/operator/batches/{number}"
    for given, says in (
        ({"ground": GROUND}, "请选择"),
        ({"measure": "end", "ground": GROUND}, "请选择"),
        ({"measure": "withdraw", "ground": " "}, "请写明依据"),
    ):
        answer = clerk.post(at, {"act": "foresee", **given})
        assert (answer.status_code, says in answer.content.decode()) == (422, True), given
    assert GROUND in clerk.post(at, {"act": "foresee", "ground": GROUND}).content.decode()
    assert clerk.post(at, {"act": "propose", "measure": "withdraw", "ground": GROUND}).status_code == 422
    assert proposals.of_batch(number) == []


def test_an_auditor_looks_and_proposes_nothing_and_others_stay_out(provider):
    client, number = provider
    auditor, at = enter(Role.AUDIT_ADMINISTRATOR), f"/operator/batches/{number}"
    assert "提出整批终止或撤回" not in auditor.get(at).content.decode()
    assert auditor.post(at, {"act": "foresee", "measure": "withdraw", "ground": GROUND}).status_code == 422
    assert enter(Role.SECURITY_ADMINISTRATOR).get(at).status_code == 403
    assert client.get(at).status_code == 403
    unknown = "0f8fad5b-d9cb-469f-a165-70867728950e"
    for path in (f"/operator/batches/{unknown}", f"/operator/batch-proposals/{unknown}"):
        assert auditor.get(path).status_code == 404
