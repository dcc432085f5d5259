"""匹配台 by pages: rows are found, settled one after another, decided by two where it is against a firm, and
every decision can be taken back.
"""

from __future__ import annotations

import pytest
from django.utils import timezone

from rongxin.catalogue import loader
from rongxin.parties import seed
from rongxin.parties.rules.membership import PartyKind, Role
from rongxin.sharing.aggregation import decisions
from rongxin.vocabulary.actor import SYSTEM
from tests.unit.entrypoints.portals.test_lists import cells, enter
from tests.unit.sharing.conftest import Bureau, code
from tests.unit.sharing.desk_stage import DEBTOR, Court, counts, firm, live, old_code

pytestmark = pytest.mark.django_db(transaction=True)
NAME = "云州蓝鲸物流有限公司"


@pytest.fixture
def court(tmp_path, settings):
    settings.RONGXIN_VAR = tmp_path / "var"
    seed.seed(loader.load(), actor=SYSTEM, as_of=timezone.now())
    return Court(Bureau(tmp_path))


def staff(role=Role.CHECKER):
    return enter(PartyKind.OPERATOR, None, role)[0]


def shown(client, at):
    return cells(client.get(at).content.decode())


def test_two_settle_what_is_against_a_firm_and_one_takes_it_back(court):
    subject = firm(1, NAME)
    batch = court.lists(("（2026）云01执1号", NAME, old_code(1)))
    one, other, clerk = staff(), staff(), staff(Role.CLERK)
    at = f"/operator/matching/{batch}/2"
    assert code(1) in one.get(at).content.decode()
    assert one.post(at, {"act": "match"}).status_code == 422
    assert one.post(at, {"act": "match", "uscc": code(1), "reason": "地址一致"}).status_code == 302
    ((name, *_rest, how),) = shown(clerk, "/operator/matching")
    assert (name, how) == (NAME, "待另一人复核")
    (card,) = decisions.on(batch, 2)
    confirmed = f"/operator/decisions/{card.id}"
    assert clerk.post(confirmed).status_code == 403
    assert one.post(confirmed).status_code == 422, "the first person confirmed the decision"
    assert "地址一致" in other.get(at).content.decode()
    assert other.post(confirmed).headers["Location"] == "/operator/matching"
    assert live(subject, DEBTOR) == [(batch, 2)]
    assert clerk.post(f"{confirmed}/take-back", {"reason": " "}).status_code == 422
    assert clerk.post(f"{confirmed}/take-back", {"reason": "看错了"}).headers["Location"] == at
    assert (counts(batch), live(subject, DEBTOR)) == ((0, 0, 1, 0), [])
    page = clerk.get(at).content.decode()
    assert "看错了" in page
    assert "属于哪个主体" in page


def test_a_proposal_is_declined_and_the_row_waits_again(court):
    firm(1, NAME)
    batch = court.lists(("（2026）云01执1号", NAME, old_code(1)))
    one, other = staff(), staff(Role.CLERK)
    one.post(f"/operator/matching/{batch}/2", {"act": "dismiss", "reason": "并无此企业"})
    (card,) = decisions.on(batch, 2)
    assert other.post(f"/operator/decisions/{card.id}/take-back", {"reason": "有此企业"}).status_code == 302
    assert [row[-1] for row in shown(other, "/operator/decisions?state=declined")] == ["未获确认"]
    assert [row[-1] for row in shown(other, "/operator/matching")] == ["须两人"]


def test_a_row_goes_to_a_firm_that_is_not_like_it_and_the_next_one_follows(court):
    firm(2, "云州白鹿茶业有限公司")
    batch = court.honours((NAME, "?", "示范企业"), (NAME, "?", "守信企业"))
    client, at = staff(Role.CLERK), f"/operator/matching/{batch}"
    unknown = client.post(f"{at}/2", {"act": "match", "other": code(7)})
    assert (unknown.status_code, code(7) in unknown.content.decode()) == (422, True)
    assert client.post(f"{at}/2", {"act": "match", "other": code(2)}).headers["Location"] == f"{at}/3"
    ((_at, item, file, verdict, _who, state),) = shown(client, "/operator/decisions?find=白鹿")
    assert (item, verdict, state) == ("荣誉表彰", "归集到主体 云州白鹿茶业有限公司", "已生效")
    assert file.endswith("第2行")
    assert shown(client, "/operator/decisions?find=蓝鲸") == []


def test_what_waits_is_found_by_item_provider_file_and_age(court):
    court.lists(("（2026）云01执1号", NAME, old_code(1)), ("（2026）云01执2号", NAME, old_code(2)))
    court.honours((NAME, "?", "示范企业"))
    client = staff(Role.CLERK)
    assert len(shown(client, "/operator/matching")) == 3
    assert [row[1] for row in shown(client, "/operator/matching?item=honours")] == ["荣誉表彰"]
    assert len(shown(client, f"/operator/matching?item={DEBTOR}&provider=peoples_court")) == 2
    assert shown(client, "/operator/matching?provider=customs") == []
    assert shown(client, "/operator/matching?find=无此文件") == []
    assert client.get("/operator/matching/0f8fad5b-d9cb-469f-a165-70867728950e/2").status_code == 404
