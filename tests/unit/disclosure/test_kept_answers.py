"""Kept answers: given again within the consent's retention and by it alone, then gone."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from django.db import connection

from rongxin.catalogue import loader
from rongxin.consent import cases, grants
from rongxin.delivery import report, verification
from rongxin.delivery.evidence import checking, exporting
from rongxin.disclosure import gate, kept, reach, register
from rongxin.disclosure.models import Intent, Kept
from rongxin.disclosure.release import Recipient, Refusal, Release
from rongxin.disclosure.rules import RecipientKind
from rongxin.exchange.question import Match
from rongxin.journal import checkpoints, entries, keyring, sealing, sequencer
from rongxin.journal.rules import Kind
from rongxin.proof import boxes
from rongxin.proof.errors import Forged
from rongxin.records import filing
from rongxin.records.rules import EndedWhy
from rongxin.vocabulary.actor import SYSTEM
from rongxin.vocabulary.availability import Availability
from rongxin.vocabulary.reason import Reason
from tests.unit.consent import stage
from tests.unit.disclosure.gateway_stage import BANK, LATER, Scene, forms
from tests.unit.gateway.stage import CATALOGUE, terms
from tests.unit.records.conftest import Bureau, Row

pytestmark = pytest.mark.django_db(transaction=True)
PAID, CERTIFICATE = "vat_paid_cny_12m", "real_estate_certificate_number"
BOTH = ("tax_payment", "real_estate")
CLAIMS = {"real_estate": {CERTIFICATE: "云（2026）不动产权第7号", "area_sqm": "90"}}
DAY = timedelta(days=1)


def _first(scene: Scene, *items: str, **changes: Any) -> Release:
    stage.consent(scene.firm, scene.case, draft=stage.draft("tax_payment", "real_estate"))
    answer = scene.asks(*items, **changes)
    assert isinstance(answer, Release)
    return answer


def _again(scene: Scene, first: Release | UUID, *items: str, **changes: Any) -> Release | Refusal:
    id = first if isinstance(first, UUID) else first.id
    return scene.asks(*items, **{"repeats": id, "case_id": None, "as_of": LATER + DAY, **changes})


def _refused(answer: Release | Refusal) -> Reason:
    assert isinstance(answer, Refusal)
    return answer.reason


def test_it_gives_the_answer_again_without_asking_anybody(scene: Scene) -> None:
    first = _first(scene, *BOTH, claims=CLAIMS)
    with closing(sqlite3.connect(scene.tax.directory / "store.sqlite")) as base, base:
        base.execute("UPDATE t SET v = 999")
    again = _again(scene, first, *BOTH)
    assert isinstance(again, Release)
    assert (scene.tax.asked, scene.estate.asked) == (1, 1)
    tax, estate = again.items
    assert tax.rows == first.items[0].rows
    assert tax.rows[0].received_at == LATER
    assert estate.results == {CERTIFICATE: Match.MATCH, "area_sqm": Match.MISMATCH}
    assert (tax.answered_at, estate.answered_at) == (LATER, LATER)
    assert (tax.withheld, estate.withheld) == (first.items[0].withheld, first.items[1].withheld)
    document = report.build(again, CATALOGUE, node="n")
    assert verification.holds(document)
    assert (document["repeats"], document["report"]) == (str(first.id), str(again.id))


def test_every_form_says_that_the_answer_is_of_its_own_day(scene: Scene) -> None:
    first = _first(scene, *BOTH, claims=CLAIMS)
    again = _again(scene, first, *BOTH)
    assert isinstance(again, Release)
    document, page, paper = forms(again)
    assert document["sections"][0]["items"][0]["answered_at"] == LATER.isoformat()
    for text in (page, paper):
        assert text.count("答复，本次未再询问。") == 2
        assert "再次提供" in text
        assert str(first.id) in text
    assert "再次提供" not in forms(first)[1]


def test_the_journal_says_what_is_repeated_and_nothing_of_it(scene: Scene) -> None:
    first = _first(scene)
    again = _again(scene, first)
    assert isinstance(again, Release)
    entry = entries.get(again.intent_entry)
    assert entry.refs["repeats"] == str(first.id)
    assert entry.refs["consent"] == str(first.consent_id)
    use, earlier = register.uses_of(scene.firm.id, limit=2)
    assert (use.kept_until, earlier.kept_until) == (None, Kept.objects.get().until)


def test_the_evidence_of_a_repeat_stands_alone(scene: Scene) -> None:
    again = _again(scene, _first(scene))
    sequencer.integrate()
    checkpoints.sign(as_of=LATER + DAY)
    document = json.loads(json.dumps(exporting.export(again.id, actor=SYSTEM, as_of=LATER + DAY)))
    assert len(list(checking.check(document, checking.keys_of(document)))) == 4


def test_a_repeat_is_no_further_use_of_the_consent(scene: Scene) -> None:
    first = _first(scene)
    for _ in range(2):
        assert isinstance(scene.asks(), Release)
    assert _refused(scene.asks()) is Reason.FREQUENCY_EXHAUSTED
    for _ in range(4):
        assert isinstance(_again(scene, first), Release)
    assert scene.tax.asked == 3


def test_a_repeat_counts_in_the_days_quota(scene: Scene) -> None:
    first = _first(scene)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE parties_institution SET daily_quota = 2 WHERE id = 'bank_a'")
    answers = [_again(scene, first) for _ in range(3)]
    assert [isinstance(one, Release) for one in answers] == [True, True, False]
    assert _refused(answers[-1]) is Reason.QUOTA_EXHAUSTED
    assert _refused(_again(scene, uuid4())) is Reason.QUOTA_EXHAUSTED


def _other_firm(scene: Scene, first: Release) -> Release | Refusal:
    other = stage.firm("云州白鹭商贸有限公司")
    stage.consent(other, stage.case(other, "bank_a", "DK-9"))
    return _again(scene, first, uscc=other.uscc)


def _other_bank(scene: Scene, first: Release) -> Release | Refusal:
    stage.bank("bank_b")
    bank_b = Recipient(RecipientKind.INSTITUTION, "bank_b", "云州乙银行", "clerk-1")
    request = replace(scene.request("tax_payment"), recipient=bank_b, repeats=first.id, case_id=None)
    return gate.release(request, actor=replace(BANK, party="institution:bank_b"), as_of=LATER)


def _other_consent(scene: Scene, first: Release) -> Release | Refusal:
    return _again(scene, first, consent_id=stage.consent(scene.firm, scene.case).id)


NOT_KEPT: dict[str, Callable[[Scene, Release], Release | Refusal]] = {
    "unknown": lambda scene, first: _again(scene, uuid4()),
    "another institution": _other_bank,
    "another subject": _other_firm,
    "another consent": _other_consent,
    "an item more": lambda scene, first: _again(scene, first, *BOTH),
    "other claims": lambda scene, first: _again(scene, first, claims={"tax_payment": {PAID: "1"}}),
    "a repeat of a repeat": lambda scene, first: _again(scene, _again(scene, first).id),
}


@pytest.mark.parametrize("which", NOT_KEPT)
def test_it_is_given_to_nobody_else_and_no_further(scene: Scene, which: str) -> None:
    first = _first(scene)
    assert _refused(NOT_KEPT[which](scene, first)) is Reason.ANSWERS_NOT_KEPT
    assert scene.tax.asked == 1


def test_retention_counts_from_the_release_and_ends_with_the_consent() -> None:
    given = terms(retention_days=30, valid_until=date(2026, 12, 31))
    assert kept.until(given, LATER) == LATER.date() + timedelta(days=30)
    assert kept.until(replace(given, valid_until=LATER.date()), LATER) == LATER.date()


def test_after_its_last_day_it_is_not_served_and_then_deleted(scene: Scene) -> None:
    first = _first(scene)
    last = stage.TODAY + timedelta(days=3)
    _keep_until(first, last)
    on_last = LATER + timedelta(days=3)
    assert isinstance(_again(scene, first, as_of=on_last), Release)
    assert kept.delete_due(as_of=on_last) == 0
    assert _refused(_again(scene, first, as_of=on_last + DAY)) is Reason.ANSWERS_NOT_KEPT
    assert kept.delete_due(as_of=on_last + DAY) == 1
    assert not Kept.objects.exists()
    assert _deletions() == [("retention_over", 1)]


def _keep_until(first: Release, last: date) -> None:
    """Shorten the retention as it would be sealed."""
    row = Kept.objects.get(intent=first.id)
    keys = keyring.data_keys()
    plain = keys.open(bytes(row.answers), place=kept._place(row.intent_id, row.consent, row.until))
    row.until, row.answers = last, keys.seal(plain, place=kept._place(row.intent_id, row.consent, last))
    row.save()


def _deletions() -> list[tuple[str, int]]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT body FROM journal_entry WHERE kind = %s", [Kind.ANSWERS_DELETED.value])
        refs = [json.loads(body)["refs"] for (body,) in cursor.fetchall()]
    assert all(set(one) == {"consent", "subject", "institution", "requests", "why"} for one in refs)
    return [(one["why"], one["requests"]) for one in refs]


ENDS: dict[str, tuple[Callable[[Scene, Release], Any], Reason, str]] = {
    "withdrawn": (
        lambda s, f: grants.withdraw(f.consent_id, actor=s.firm.owner.actor, as_of=LATER),
        Reason.CONSENT_WITHDRAWN,
        "consent_withdrawn",
    ),
    "superseded": (
        lambda s, f: stage.consent(s.firm, s.case, supersedes=f.consent_id),
        Reason.CONSENT_SUPERSEDED,
        "consent_superseded",
    ),
    "case closed": (
        lambda s, f: cases.close_case(s.case, actor=SYSTEM, as_of=LATER),
        Reason.CASE_CLOSED,
        "case_closed",
    ),
    "expired": (
        lambda s, f: grants.expire_due(as_of=LATER + 40 * DAY),
        Reason.CONSENT_EXPIRED,
        "consent_expired",
    ),
}


@pytest.mark.parametrize("how", ENDS)
def test_what_ends_the_consent_ends_the_kept_answer_at_once_and_deletes_it(scene: Scene, how: str) -> None:
    act, reason, why = ENDS[how]
    first = _first(scene)
    assert isinstance(scene.asks(), Release)
    act(scene, first)
    assert Kept.objects.count() == 2
    assert _refused(_again(scene, first)) is reason
    sequencer.integrate()
    assert kept.follow_consents(as_of=LATER) == 2
    assert not Kept.objects.exists()
    assert _deletions() == [(why, 2)]
    assert kept.follow_consents(as_of=LATER) == 0
    assert scene.tax.asked == 2


def test_a_withdrawal_while_it_is_read_again_is_in_time(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, again = _first(scene), reach.again

    def withdrawing(*given: Any, **more: Any) -> Any:
        grants.withdraw(first.consent_id, actor=scene.firm.owner.actor, as_of=LATER)  # type: ignore[arg-type]
        return again(*given, **more)

    monkeypatch.setattr(reach, "again", withdrawing)
    assert _refused(_again(scene, first)) is Reason.CONSENT_WITHDRAWN


def test_an_answer_deleted_while_it_is_asked_for_is_refused(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = _first(scene)
    monkeypatch.setattr(kept, "there", lambda *given, **more: True)
    Kept.objects.all().delete()
    assert _refused(_again(scene, first)) is Reason.ANSWERS_NOT_KEPT


def test_a_pause_stops_its_use_and_keeps_it(scene: Scene) -> None:
    first = _first(scene)
    assert first.consent_id is not None
    acting: dict[str, Any] = {"actor": scene.firm.owner.actor, "as_of": LATER}
    grants.pause(first.consent_id, **acting)
    assert _refused(_again(scene, first)) is Reason.CONSENT_PAUSED
    sequencer.integrate()
    assert (kept.follow_consents(as_of=LATER), kept.delete_due(as_of=LATER)) == (0, 0)
    grants.resume(first.consent_id, **acting)
    assert isinstance(_again(scene, first), Release)


def test_what_is_given_again_is_decided_by_todays_catalogue(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = _first(scene)
    scene.tax.withholds("tax_payment", PAID, masked="name")
    monkeypatch.setattr(loader, "load", lambda: scene.tax.catalogue)
    again = _again(scene, first)
    assert isinstance(again, Release)
    fields = again.items[0].rows[0].fields
    assert PAID not in fields
    assert fields["name"].reason is Reason.THIRD_PERSON
    assert fields["name"].value != first.items[0].rows[0].fields["name"].value


def test_what_left_masked_stays_masked_and_its_value_is_not_kept(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene.tax.withholds("tax_payment", masked="name")
    first = _first(scene)
    name = first.items[0].rows[0].fields["name"]
    again = _again(scene, first)
    assert isinstance(again, Release)
    assert again.items[0].rows[0].fields["name"] == name
    assert (again.items[0].availability, again.items[0].reason) == (
        Availability.PARTIAL,
        Reason.THIRD_PERSON,
    )
    row = Kept.objects.get()
    opened = keyring.data_keys().open(
        bytes(row.answers), place=kept._place(row.intent_id, row.consent, row.until)
    )
    assert "云州蓝鲸物流有限公司".encode() not in opened
    assert str(name.value).encode() in opened


def test_the_store_is_read_anew(scene: Scene) -> None:
    """A repaired row is gone, and one that came since shows what is public of it."""
    penalty, bureau = "administrative_penalty", Bureau()
    number = "legal_representative_id_number"
    bureau.files(Row(2, scene.firm.id, "一号", {"document_title": "甲", number: "E1"}))
    bureau.files(Row(2, scene.firm.id, "二号", {"document_title": "乙", number: "E2"}))
    draft = stage.draft("tax_payment", penalty)
    stage.consent(scene.firm, scene.case, draft=draft, person_assertion=scene.firm.owner.attest())
    first = scene.asks("tax_payment", penalty)
    assert isinstance(first, Release)
    assert [number in row.fields for row in first.items[1].rows] == [True, True]
    act = {"subject_id": scene.firm.id, "ended_by": "repair:1", "actor": SYSTEM, "as_of": LATER}
    filing.end([first.items[1].rows[0].record_id or 0], EndedWhy.REPAIRED, **act)
    bureau.files(Row(2, scene.firm.id, "三号", {"document_title": "丙", number: "E3"}))
    again = _again(scene, first, "tax_payment", penalty)
    assert isinstance(again, Release)
    left = [(row.fields["document_title"].value, number in row.fields) for row in again.items[1].rows]
    assert sorted(left) == [("丙", False), ("甲", True)]
    assert (scene.tax.asked, again.items[1].answered_at) == (1, None)


def test_a_sealed_box_is_given_again_as_it_came(scene: Scene) -> None:
    pem = boxes.public_text(X25519PrivateKey.generate().public_key())
    (scene.tax.directory / "institutions").mkdir()
    (scene.tax.directory / "institutions" / "bank_a.pub.pem").write_bytes(pem)
    first = _first(scene, seal_to=pem.decode())
    again = _again(scene, first)
    assert isinstance(again, Release)
    assert again.items[0].sealed == first.items[0].sealed != ()


def test_where_nobody_answered_a_repeat_says_so_again(scene: Scene) -> None:
    (scene.estate.directory / "store.sqlite").unlink()
    first = _first(scene, *BOTH, claims=CLAIMS)
    again = _again(scene, first, *BOTH)
    assert isinstance(again, Release)
    assert [item.availability for item in again.items] == [
        Availability.RECORDS,
        Availability.PROVIDER_UNAVAILABLE,
    ]
    assert scene.estate.asked == 1


def test_nothing_is_kept_where_no_provider_answered_or_nothing_left(scene: Scene) -> None:
    assert isinstance(scene.asks("court_judgment", case_id=None), Release)  # by no consent
    stage.consent(scene.firm, scene.case)
    assert isinstance(scene.asks("tax_payment", "business_licence"), Release)
    assert Kept.objects.count() == 1
    (scene.tax.directory / "store.sqlite").unlink()
    assert isinstance(scene.asks(), Release)
    assert Kept.objects.count() == 1
    refused = _again(scene, uuid4())
    assert Intent.objects.filter(id=refused.id).exists()
    assert Kept.objects.count() == 1


@pytest.mark.parametrize("column", ["until", "consent", "intent_id"])
def test_a_row_edited_in_the_database_does_not_open(scene: Scene, column: str) -> None:
    first = _first(scene)
    second = scene.asks()
    assert isinstance(second, Release)
    values = {"until": date(2027, 1, 1), "consent": uuid4(), "intent_id": second.id}
    Kept.objects.filter(intent=second.id).delete()
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE disclosure_kept SET {column} = %s", [values[column]])
    asked = second if column == "intent_id" else first
    with pytest.raises(Forged):
        _again(scene, asked)


def test_it_is_sealed_anew_under_the_next_key(scene: Scene) -> None:
    first = _first(scene)
    sealing.rotate(actor=SYSTEM, as_of=LATER)
    assert sealing.renew(kept.SEALED, actor=SYSTEM, as_of=LATER) == 1
    assert sealing.renew(kept.SEALED, actor=SYSTEM, as_of=LATER) == 0
    assert isinstance(_again(scene, first), Release)
