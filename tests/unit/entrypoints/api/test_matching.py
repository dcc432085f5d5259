"""The matching desk over HTTP: the operator's clerks only; two accounts for what is against a firm."""

from __future__ import annotations

import pytest

from rongxin.catalogue import loader
from rongxin.parties import seed
from rongxin.parties.rules.membership import PartyKind, Role
from rongxin.vocabulary.actor import SYSTEM
from tests.unit.consent import stage
from tests.unit.entrypoints.api import keys
from tests.unit.sharing.conftest import Bureau, code
from tests.unit.sharing.desk_stage import DEBTOR, Court, counts, firm, live, old_code

pytestmark = pytest.mark.django_db(transaction=True)
URL = "/api/v1/matching"
NAME = "云州蓝鲸物流有限公司"


@pytest.fixture
def court(tmp_path, settings):
    settings.RONGXIN_VAR = tmp_path / "var"
    seed.seed(loader.load(), actor=SYSTEM, as_of=stage.NOW)
    return Court(Bureau(tmp_path))


@pytest.fixture
def clerks():
    return [keys.header_of(stage.staff(PartyKind.OPERATOR, "node", Role.CHECKER)) for _ in range(2)]


def post(client, path, headers, **body):
    return client.post(f"{URL}/{path}", body, content_type="application/json", headers=headers)


def test_two_clerks_settle_a_row_that_is_against_a_firm(client, court, clerks):
    subject = firm(1, NAME)
    batch = court.lists(("（2026）云01执1号", NAME, old_code(1)))
    first, second = clerks
    (row,) = client.get(f"{URL}?item={DEBTOR}&limit=5", headers=first).json()
    assert [one["uscc"] for one in row["candidates"]] == [code(1)]
    card = post(client, f"{batch}/2/match", first, uscc=code(1), reason="地址一致").json()
    assert card["state"] == "proposed"
    own = post(client, f"decisions/{card['decision']}/confirm", first)
    assert (own.status_code, own.json()["code"]) == (422, "second_person_needed")
    seen = client.get(f"{URL}/{batch}/2", headers=second).json()
    assert [one["reason"] for one in seen["decisions"]] == ["地址一致"]
    assert seen["proposal"] == card["decision"]
    assert post(client, f"decisions/{card['decision']}/confirm", second).json()["outcome"] == "matched"
    assert live(subject, DEBTOR) == [(batch, 2)]
    back = post(client, f"decisions/{card['decision']}/reverse", second, reason="看错了").json()
    assert (back["state"], counts(batch), live(subject, DEBTOR)) == ("reversed", (0, 0, 1, 0), [])


def test_it_says_what_cannot_be_done(client, court, clerks):
    firm(1, NAME)
    batch = court.honours((NAME, "?", "示范企业"))
    first, _ = clerks
    returned = post(client, f"{batch}/2/dismiss", first, reason="请补报代码", return_to_provider=True).json()
    assert (returned["verdict"], returned["outcome"]) == ("return", "rejected")
    again = post(client, f"{batch}/2/match", first, uscc=code(1))
    assert (again.status_code, again.json()["code"]) == (409, "row_not_waiting")
    assert post(client, f"{batch}/9/match", first, uscc=code(1)).status_code == 404
    assert post(client, f"decisions/{batch}/confirm", first).json()["code"] == "unknown_decision"
    assert post(client, f"{batch}/2/dismiss", first, reason="").status_code == 422


def test_an_age_beyond_all_days_is_refused(client, clerks):
    for days in ("36501", "36893488147419103232"):
        answer = client.get(f"/api/v1/matching?older_than_days={days}", headers=clerks[0])
        assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request")


def test_nobody_but_the_operator_comes_to_the_desk(client, court):
    batch = court.honours((NAME, "?", "示范企业"))
    headers = keys.header_of(stage.staff(PartyKind.PROVIDER, "customs"))
    assert client.get(URL, headers=headers).status_code == 403
    assert client.get(f"{URL}/{batch}/2", headers=headers).status_code == 403
    assert post(client, f"{batch}/2/match", headers, uscc=code(1)).status_code == 403
    assert client.get(URL).status_code == 401
