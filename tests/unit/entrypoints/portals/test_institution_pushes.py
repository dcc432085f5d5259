"""Pushes through the pages: regions and industries by name, terms changed, files fetched and acknowledged."""

from __future__ import annotations

import json
from hashlib import sha256

import pytest
from django.utils import timezone

from rongxin.catalogue import loader
from rongxin.delivery.push import runs, subscriptions
from rongxin.entrypoints.portals import coded
from rongxin.parties import seed
from rongxin.parties.rules.membership import Role
from rongxin.vocabulary.actor import SYSTEM
from tests.unit.consent import stage
from tests.unit.delivery.push import stage as pushes
from tests.unit.entrypoints.portals.test_institution_desk import enter
from tests.unit.records.conftest import Bureau

pytestmark = pytest.mark.django_db(transaction=True)
GIVEN = {
    "items_wanted": ["administrative_penalty"],
    "kinds_wanted": ["company"],
    "interval_hours": "48",
    "reference": "TS-1",
    "basis": "接入协议第三条",
}


@pytest.fixture
def clerk():
    seed.seed(loader.load(), actor=SYSTEM, as_of=timezone.now())
    for bank in ("bank_a", "bank_b"):
        stage.bank(bank)
    return enter(Role.CLERK)[0]


@pytest.mark.parametrize(
    ("typed", "codes"),
    [
        (["990100 云州市"], ("990100",)),
        (["云州市", "  ", "云溪区"], ("990100", "990101")),
        (["990100 110000，130100"], ("990100", "110000", "130100")),
        (["990100", "云州市"], ("990100",)),
        (["无此市"], ("无此市",)),
    ],
)
def test_a_region_is_named_and_kept_by_its_code(typed, codes):
    assert coded.REGIONS.read(typed) == codes


@pytest.mark.parametrize("kind", [coded.REGIONS, coded.INDUSTRIES])
def test_whatever_is_offered_is_read_as_its_own_code(kind):
    names = coded.offered()[kind.id.replace("s-known", "_names").replace("ie_", "y_")]
    assert len(names) > 100
    for name in names:
        assert kind.read([name]) == (name.split(" ", 1)[0],), name


def test_industries_with_commas_in_their_names_stay_one():
    assert coded.INDUSTRIES.read(["农、林、牧、渔业", "C1310", "unknown"]) == ("A", "C1310", "unknown")
    assert coded.INDUSTRIES.rows(["C"]) == ["C 制造业", "", ""]


def test_a_subscription_by_names_is_kept_by_codes_and_its_change_begins_from_them(clerk):
    sent = GIVEN | {"regions": ["云州市", "", "990102 星槐区"]}
    assert clerk.post("/institution/pushes", sent).status_code == 302
    (card,) = subscriptions.listed("bank_a")
    assert card.terms.regions == ("990100", "990102")
    page = clerk.get("/institution/pushes").content.decode()
    assert f"/institution/pushes/{card.id}/change" in page
    assert '<option value="990100 云州市">' in page
    at = f"/institution/pushes/{card.id}/change"
    page = clerk.get(at).content.decode()
    assert 'value="990102 星槐区"' in page
    assert clerk.post(at, GIVEN | {"regions": "朝阳", "basis": "新条款"}).status_code == 422
    assert clerk.post(at, GIVEN | {"regions": "云州市", "basis": "新条款"}).status_code == 302
    (card,) = subscriptions.listed("bank_a")
    assert (card.version, card.terms.regions, card.terms.basis) == (2, ("990100",), "新条款")
    other, _ = enter(Role.CLERK, "bank_b")
    assert [other.get(at).status_code, other.post(at, GIVEN).status_code] == [404, 404]


@pytest.fixture
def made(clerk, tmp_path, settings):
    settings.RONGXIN_VAR = tmp_path
    pushes.fine(Bureau(), stage.firm())
    return pushes.run(pushes.subscription())


def test_files_are_fetched_and_acknowledged_by_the_hash_of_the_manifest(clerk, made):
    at = f"/institution/pushes/runs/{made.id}"
    assert at in clerk.get("/institution/pushes").content.decode()
    page = clerk.get(at).content.decode()
    manifest = b"".join(clerk.get(f"{at}/files/manifest.json").streaming_content)
    for name in json.loads(manifest)["files"]:
        assert f"{at}/files/{name}" in page
    assert clerk.get(f"{at}/files/nothing.csv").status_code == 404
    for wrong in ("", "x" * 64, "0" * 64):
        assert clerk.post(f"{at}/acknowledge", {"manifest_sha256": wrong}).status_code == 422
    sent = {"manifest_sha256": sha256(manifest).hexdigest().upper()}
    assert clerk.post(f"{at}/acknowledge", sent).status_code == 302
    assert runs.get(made.id).state.value == "acknowledged"
    assert "已确认收到" in clerk.get(at).content.decode()


def test_another_banks_run_is_none(made):
    other, _ = enter(Role.CLERK, "bank_b")
    at = f"/institution/pushes/runs/{made.id}"
    asked = [other.get(at), other.get(f"{at}/files/manifest.json"), other.post(f"{at}/acknowledge")]
    assert {answer.status_code for answer in asked} == {404}
