"""Files for a department: the set path says what the row path says, and every firm finds it in its list."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from pathlib import Path

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rongxin.catalogue import loader
from rongxin.disclosure import deliveries, delivery_files, official_duty, register
from rongxin.disclosure.errors import DeliveryInTheWay, MissingReference, TooManyCodes
from rongxin.disclosure.models import Intent, Outcome
from rongxin.disclosure.release import Refusal, Release, SubjectCard
from rongxin.journal import entries, keyring
from rongxin.journal.models import Entry
from rongxin.parties import duty_mandates, subjects
from rongxin.proof import canonical
from rongxin.proof.errors import Forged
from rongxin.vocabulary.reason import Reason
from tests.unit.consent import stage
from tests.unit.disclosure.duty_stage import (
    DEPARTMENT,
    FIRST,
    LATER,
    LAW,
    NUMBER,
    PENALTY,
    ask,
    granted,
    question,
    scene,
)
from tests.unit.records.conftest import Bureau, Row

pytestmark = pytest.mark.django_db(transaction=True)


def _order(at, *codes, **changes):
    order = deliveries.Order(
        department="emergency_bureau",
        mandate=at.mandate,
        person="inspector-7",
        reference="AJ-2026-0001",
        codes=codes or (at.firm.uscc, at.other.uscc),
        items=(PENALTY, "business_licence"),
    )
    return replace(order, **changes)


def _deliver(order, into, actor=FIRST):
    return deliveries.deliver(order, into, actor=actor, as_of=LATER)


def _lines(directory: Path):
    return [json.loads(line) for line in (directory / "records.jsonl").read_text("utf-8").splitlines()]


def _codes(directory: Path):
    with (directory / "codes.csv").open(encoding="utf-8-sig", newline="") as file:
        return [row[:1] + row[2:] for row in csv.reader(file)][1:]


def test_it_writes_what_leaves_of_each_firm_and_what_became_of_each_code(tmp_path):
    at, stranger = scene(), stage.code()
    elsewhere = stage.firm("京州白鹭商贸有限公司")
    subjects.Subject.objects.filter(pk=elsewhere.id).update(region="110101")
    order = _order(at, at.firm.uscc, at.other.uscc, stranger, elsewhere.uscc, at.firm.uscc)
    done = _deliver(order, tmp_path / "out")
    assert (done.delivered, done.refused, done.unknown, done.records) == (2, 1, 1, 2)
    assert {line["uscc"]: line["fields"]["fine_cny"]["value"] for line in _lines(tmp_path / "out")} == {
        at.firm.uscc: "1000.00",
        at.other.uscc: "7.00",
    }
    said = _codes(tmp_path / "out")
    assert [at.firm.uscc, PENALTY, "records", "", "1"] in said
    assert [stranger, "", "unknown_subject", "unknown_subject", "0"] in said
    assert [elsewhere.uscc, "", "refused", "duty_subject_not_covered", "0"] in said
    everything = "".join(path.read_text("utf-8") for path in (tmp_path / "out").iterdir())
    assert NUMBER not in everything


def test_every_firm_finds_the_delivery_and_the_journal_commits_to_it(tmp_path):
    at = scene()
    done = _deliver(_order(at), tmp_path / "out")
    for firm in (at.firm, at.other):
        (use,) = register.uses_of(firm.id, limit=10)
        assert (use.released, use.recipient, use.items[PENALTY][2]) == (True, "emergency_bureau", 1)
        assert LAW in use.legal_basis
        assert entries.get(use.outcome_entry).commitments["release"]
    manifest = delivery_files.verify(tmp_path / "out", keyring.verifying_keys())
    assert entries.get(done.entry).commitments == {"manifest": canonical.digest(manifest)}
    assert manifest["mandate"]["legal_basis"] == LAW


@pytest.mark.parametrize("harm", ["change", "add", "take", "resign"])
def test_a_delivery_that_was_changed_does_not_verify(tmp_path, harm):
    _deliver(_order(scene()), tmp_path / "out")
    rows = tmp_path / "out" / "records.jsonl"
    if harm == "change":
        rows.write_text(rows.read_text("utf-8").replace("1000.00", "1000.01"), "utf-8")
    elif harm == "add":
        (tmp_path / "out" / "more.csv").write_text("x")
    elif harm == "take":
        rows.unlink()
    else:
        token = tmp_path / "out" / "manifest.jws"
        token.write_text(token.read_text()[:-4] + "AAAA")
    with pytest.raises(Forged):
        delivery_files.verify(tmp_path / "out", keyring.verifying_keys())


def test_a_csv_has_the_annexs_labels_and_no_formula(tmp_path):
    at = scene()
    row = {"name": "云州", "document_title": "=HYPERLINK(1)", "fine_cny": "-3.00"}
    Bureau().files(Row(2, at.firm.id, "九号", row))
    _deliver(_order(at, form=delivery_files.Form.CSV), tmp_path / "out")
    with (tmp_path / "out" / f"{PENALTY}.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert {"'=HYPERLINK(1)", ""} == {row["行政处罚决定书名称"] for row in rows}
    assert {row["罚款金额"] for row in rows} == {"1000.00", "7.00", "-3.00"}


def test_it_refuses_the_whole_where_the_mandate_does_not_carry_it(tmp_path):
    at = scene(daily_limit=1)
    for order, reason in [
        (_order(at, items=("honours",)), Reason.DUTY_ITEM_NOT_COVERED),
        (_order(at), Reason.QUOTA_EXHAUSTED),
        (_order(at, mandate=granted(valid_until=stage.TODAY, valid_from=stage.TODAY)), None),
    ]:
        answer = _deliver(order, tmp_path / f"{reason}")
        assert getattr(answer, "reason", None) is reason
        assert (tmp_path / f"{reason}").exists() == (reason is None)
    strangers = replace(DEPARTMENT, party="department:emergency_bureau_2")
    assert _deliver(_order(at), tmp_path / "x", actor=strangers).reason is Reason.RECIPIENT_MISMATCH


def test_a_revocation_while_it_is_written_leaves_no_file(tmp_path, monkeypatch):
    at = scene()
    original = deliveries.releases

    def releases(*arguments, **more):
        yield from original(*arguments, **more)
        duty_mandates.revoke(at.mandate, reason="越权", actor=FIRST, as_of=LATER)

    monkeypatch.setattr(deliveries, "releases", releases)
    answer = _deliver(_order(at), tmp_path / "out")
    assert isinstance(answer, Refusal)
    assert answer.reason is Reason.DUTY_MANDATE_REVOKED
    assert list(tmp_path.iterdir()) == []
    assert set(Outcome.objects.values_list("released", "reason")) == {(False, "duty_mandate_revoked")}


def test_a_death_before_the_outcome_leaves_no_file_and_every_intent(tmp_path, monkeypatch):
    at = scene()

    def die(*arguments, **more):
        raise KeyboardInterrupt

    monkeypatch.setattr(register, "conclude", die)
    with pytest.raises(KeyboardInterrupt):
        _deliver(_order(at), tmp_path / "out")
    assert list(tmp_path.iterdir()) == []
    assert (Intent.objects.count(), Outcome.objects.count()) == (2, 0)


def test_the_intents_are_committed_before_a_row_is_read(tmp_path, monkeypatch):
    at, seen = scene(), []
    original = deliveries.reading.of_set

    def of_set(kinds, decided):
        seen.append((transaction.get_connection().in_atomic_block, Intent.objects.count()))
        return original(kinds, decided)

    monkeypatch.setattr(deliveries.reading, "of_set", of_set)
    _deliver(_order(at), tmp_path / "out")
    assert seen == [(False, 2)]


def test_it_says_what_it_cannot_take(tmp_path):
    at = scene()
    with pytest.raises(MissingReference):
        _deliver(_order(at, reference=" "), tmp_path / "out")
    with pytest.raises(TooManyCodes):
        _deliver(_order(at, codes=tuple(map(str, range(deliveries.CODES_MAX + 1)))), tmp_path / "out")
    with pytest.raises(DeliveryInTheWay):
        _deliver(_order(at), tmp_path)
    assert Entry.objects.filter(kind__startswith="disclosure").count() == 0


AGGREGATED = sorted(name for name, item in loader.load().items.items() if item.aggregation)


@st.composite
def _held(draw):
    """Rows of some aggregated item, with filters, dates and numbers hidden in words."""
    item = loader.load().item(draw(st.sampled_from(AGGREGATED)))
    row = {}
    for field in item.fields:
        if draw(st.booleans()):
            row[field.name] = draw(st.sampled_from(["甲", "A", f"身份证{NUMBER}", NUMBER, "13812345678"]))
    for channel in item.channels:
        if channel.where is not None and draw(st.booleans()):
            row[channel.where.field] = channel.where.equals
    for name in filter(None, (item.observed_on, item.published_until)):
        row.pop(name, None)
        if draw(st.booleans()):
            row[name] = draw(st.sampled_from(["2026-03-01", "2026-03-02", "2026-03-03"]))
    return item, row, draw(st.sampled_from(["", LAW]))


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(_held(), st.sampled_from(["91", "92"]))
def test_the_set_path_releases_what_the_row_path_does(held, whose):
    item, row, law = held
    deliveries.sources.forget()
    firm = stage.firm(department_and_class=whose)
    Bureau().files(Row(2, firm.id, "一", row), item=item.item)
    at = _Stage(item.item, law, firm)
    one = ask(question(at, item.item, uscc=firm.uscc, mandate_id=at.mandate))
    assert isinstance(one, Release)
    request = question(at, item.item, uscc=firm.uscc, mandate_id=at.mandate)
    with transaction.atomic():
        intent = register.intend(request, subject_id=firm.id, consent=None, actor=DEPARTMENT, as_of=LATER)
    carries = official_duty.carries(duty_mandates.get(at.mandate))
    subject = subjects.find(firm.uscc)
    card = SubjectCard(firm.id, firm.uscc, subject.name, subject.kind, subject.region, subject.status.label)
    ((many, _),) = deliveries.releases([(request, card, intent)], [item], carries, as_of=LATER)
    assert many.items == one.items
    assert (many.subject, many.purpose, many.mandate_id) == (one.subject, one.purpose, one.mandate_id)


class _Stage:
    """A mandate for one item, of a department that may be there already."""

    def __init__(self, item, law, firm):
        if not deliveries.departments.Department.objects.exists():
            deliveries.departments.admit(
                "emergency_bureau", name="云州市应急管理局", actor=FIRST, as_of=stage.NOW
            )
        self.firm, self.mandate = firm, granted(items={item: law})
