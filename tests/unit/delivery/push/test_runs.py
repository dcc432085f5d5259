"""批量推送: exactly what the gate allows, then what changed; what is gone is taken back ((六)(九))."""

from __future__ import annotations

import pytest

from rongxin.consent.rules import business_day
from rongxin.delivery.push import files, policy, uses
from rongxin.parties.models import Subject
from rongxin.records import filing
from rongxin.records.rules import EndedWhy
from tests.unit.consent import stage as people
from tests.unit.delivery.push import stage
from tests.unit.records.conftest import CLERK, Bureau, Row


@pytest.fixture
def industries_public(monkeypatch):
    """An edition that names a basis; the one on file names none."""
    (there,) = policy.every()
    monkeypatch.setattr(
        policy, "every", lambda: (there.model_copy(update={"industries_basis": "某令第1条"}),)
    )


pytestmark = pytest.mark.django_db(transaction=True)


def test_a_full_push_is_what_the_gate_answers(scene):
    firm, other, _ = scene
    held = {}
    made = stage.acknowledged(stage.subscription(), held)
    assert (made.rows, made.removed) == (2, 0)
    assert stage.told(held) == stage.by_the_gate([firm, other])
    (row,) = [row for row in held.values() if row["_uscc"] == firm.uscc]
    assert stage.NUMBER not in str(row)
    assert "legal_representative" not in row


def test_an_increment_gives_what_changed_and_takes_back_what_is_gone(scene):
    firm, other, bureau = scene
    held, subscription = {}, stage.subscription()
    stage.acknowledged(subscription, held)
    (gone,) = [record for (_, record), row in held.items() if row["_uscc"] == firm.uscc]
    filing.end(
        [gone], EndedWhy.REPAIRED, subject_id=firm.id, ended_by="repair:1", actor=CLERK, as_of=stage.later()
    )
    stage.fine(bureau, other, key="二号", amount="9.00")
    made = stage.acknowledged(subscription, held)
    assert (made.based_on is not None, made.rows, made.summary["removed"]) == (True, 1, {"repaired": 1})
    assert stage.told(held) == stage.by_the_gate([firm, other])
    again = stage.acknowledged(subscription, held)
    assert (again.rows, again.removed) == (0, 0)


def test_it_says_why_a_row_is_taken_back(scene):
    firm, other, bureau = scene
    until = business_day(stage.later()).isoformat()
    batch = stage.fine(bureau, firm, key="二号", published_until=until)
    withdrawn = stage.fine(bureau, firm, key="三号")
    held, subscription = {}, stage.subscription()
    stage.acknowledged(subscription, held)
    bureau.withdraws(withdrawn)
    Subject.objects.filter(pk=other.id).update(region="110101")
    card = stage.subscriptions.get(subscription)
    changed = stage.replace(card.terms, regions=("990100",))
    stage.subscriptions.change(
        subscription, changed, institution="bank_a", actor=stage.BANK, as_of=stage.later()
    )
    made = stage.run(subscription, hours=48)  # after the last day of publication
    assert made.summary["removed"] == {"withdrawn": 1, "out_of_scope": 1, "ended": 1}
    assert batch is not None


def test_every_firm_finds_the_push_among_who_looked(scene):
    firm, other, _ = scene
    made = stage.run(stage.subscription(regions=("990100",)))
    for one in (firm, other):
        (use,) = uses.of(one.id, limit=10)
        assert (use.request, use.recipient, use.reference) == (made.id, "bank_a", "PUSH-2026-1")
        assert use.items[stage.PENALTY] == ["records", "development_reform_commission", 1]
        assert stage.entries.get(use.outcome_entry).commitments["manifest"] == made.manifest
    assert uses.of(people.firm().id, limit=10) == []


def test_individual_businesses_are_left_out_unless_somebody_says_by_what_right(scene):
    shop = people.firm("云州小面馆", department_and_class="92")
    Subject.objects.filter(pk=shop.id).update(kind="individual_business")
    Bureau().files(
        Row(
            2, shop.id, "", {"name": "小面馆", "uscc": shop.uscc, "registered_address": "云州市南街1号302室"}
        ),
        item=stage.LICENCE,
        is_state=True,
    )
    held = {}
    stage.acknowledged(stage.subscription(), held)
    assert shop.uscc not in {row["_uscc"] for row in held.values()}
    with pytest.raises(stage.UnfitTerms, match="个体工商户"):
        stage.subscription(kinds=tuple(stage.SubjectKind))
    kinds = stage.subscription(kinds=tuple(stage.SubjectKind), individuals_basis="接入协议第4条")
    assert stage.run(kinds).reason == "subscription_waiting"
    stage.confirm(kinds)
    stage.acknowledged(kinds, held)
    (row,) = [row for row in held.values() if row["_uscc"] == shop.uscc]
    assert (row["name"], row["registered_address"]) == ("小面馆", None)  # the home behind the shop


def test_a_region_a_size_and_an_industry_choose_and_what_is_unknown_must_be_named(scene, industries_public):
    firm, other, _ = scene
    Subject.objects.filter(pk=firm.id).update(size_class="small", industry="C1310")
    for terms, expected in [
        ({"regions": ("990101",)}, {firm.uscc, other.uscc}),
        ({"regions": ("110000",)}, set()),
        ({"sizes": ("small",)}, {firm.uscc}),
        ({"sizes": ("unknown",)}, {other.uscc}),
        ({"industries": ("13",)}, {firm.uscc}),
        ({"industries": ("C",)}, {firm.uscc}),
        ({"industries": ("F", "unknown")}, {other.uscc}),
    ]:
        held = {}
        stage.acknowledged(stage.subscription(**terms), held)
        assert {row["_uscc"] for row in held.values()} == expected, terms


def test_nobody_chooses_by_industry_without_a_basis(scene, industries_public, monkeypatch):
    subscription = stage.subscription(industries=("C",))
    assert stage.subscriptions.get(subscription).terms.industries_basis == "某令第1条"
    monkeypatch.undo()
    assert stage.run(subscription).reason == "industries_not_public"
    with pytest.raises(stage.UnfitTerms, match="行业"):
        stage.subscription(industries=("C",))
    with pytest.raises(stage.UnfitTerms, match="行业"):  # the basis is the platform's word, nobody else's
        stage.subscription(industries=("C",), industries_basis="本行认为公开")


def test_a_csv_push_holds_the_same_rows_and_no_formula(scene):
    parquet, table = {}, {}
    stage.acknowledged(stage.subscription(), parquet)
    made = stage.acknowledged(stage.subscription(form=stage.Form.CSV), table)
    assert sorted(parquet) == sorted(table)
    assert {row["document_title"] for row in table.values()} == {"'=HYPERLINK(1)"}
    assert {path.suffix for path in files.directory(made.id).iterdir()} == {".csv", ".json", ".jws"}
