"""授权评价: made of what this release holds, kept while the consent lets it be; then hash and codes alone."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256
from typing import Any

import pytest

from rongxin.consent import grants
from rongxin.delivery import verification
from rongxin.disclosure import gate, kept, scored
from rongxin.disclosure.errors import ScoreNotKept, UnknownRequest
from rongxin.disclosure.models import Kept, Scored
from rongxin.disclosure.release import Recipient, Release
from rongxin.disclosure.rules import RecipientKind
from rongxin.evaluation import loading, runs
from rongxin.journal import entries, sequencer
from rongxin.journal.models import Entry
from rongxin.journal.rules import Kind
from rongxin.parties.models import Subject
from rongxin.vocabulary.actor import SYSTEM
from rongxin.vocabulary.availability import Availability
from rongxin.vocabulary.purpose import Purpose
from rongxin.vocabulary.reason import Reason
from tests.unit.consent import stage
from tests.unit.disclosure.gateway_stage import LATER, Scene, forms
from tests.unit.evaluation.stage import quiet

pytestmark = pytest.mark.django_db(transaction=True)
ITEM, TAX = "credit_evaluation", "tax_payment"
DAY = timedelta(days=1)


@pytest.fixture
def scene(scene: Scene) -> Scene:
    """The scene with a published run: everybody has a public score."""
    Subject.objects.filter(id=scene.firm.id).update(registration_status="registered")
    runs.full(day=stage.TODAY, version=loading.load().version, progress=quiet, actor=SYSTEM, as_of=stage.NOW)
    return scene


def consents(scene: Scene, *items: str) -> grants.Grant:
    return stage.consent(scene.firm, scene.case, draft=stage.draft(*items))


def released(answer: object) -> Release:
    assert isinstance(answer, Release), answer
    return answer


def by_tier(answer: Release) -> dict[str, dict[str, Any]]:
    (item,) = [one for one in answer.items if one.item == ITEM]
    rows = [{name: field.value for name, field in row.fields.items()} for row in item.rows]
    return {row["tier"]: row for row in rows}


def test_a_consent_that_names_it_adds_a_score_of_what_this_release_holds(scene: Scene) -> None:
    consents(scene, TAX, ITEM)
    answer = released(scene.asks(TAX, ITEM))
    found = by_tier(answer)
    assert set(found) == {"public", "authorised"}
    told = json.loads(found["authorised"]["explanation"])
    states = {one["code"]: one["state"] for one in told["indicators"]}
    assert states["F07"] == "observed"
    assert told["tier"]["code"] == "authorised"
    would = json.loads(found["public"]["explanation"])["consent_would_add"]
    assert "F07" in {one["code"] for one in would}
    document, page, paper = forms(answer)
    assert [one["tier"]["code"] for one in document["evaluation"]["scores"]] == ["public", "authorised"]
    assert "授权评价" in page
    assert "授权评价" in paper


def test_a_consent_that_does_not_name_it_adds_none(scene: Scene) -> None:
    consents(scene, TAX)
    assert set(by_tier(released(scene.asks(TAX, ITEM)))) == {"public"}
    assert not Scored.objects.exists()


def test_nothing_told_anew_is_no_further_score(scene: Scene) -> None:
    consents(scene, TAX, ITEM)
    assert set(by_tier(released(scene.asks(ITEM)))) == {"public"}


def test_it_is_explained_to_the_byte_while_it_is_kept_then_hash_and_codes_stay(scene: Scene) -> None:
    consents(scene, TAX, ITEM)
    answer = released(scene.asks(TAX, ITEM))
    given = by_tier(answer)["authorised"]["explanation"].encode()
    assert scored.explain(answer.id, actor=SYSTEM, as_of=LATER) == given
    assert Entry.objects.filter(kind=Kind.EVALUATION_EXPLAINED.value).count() == 1
    row = Kept.objects.get()
    assert row.score is not None
    assert b"company" not in bytes(row.score)
    over = LATER + timedelta(days=40)
    for deleted in (0, 1):
        assert kept.delete_due(as_of=over) == 1 - deleted
        with pytest.raises(ScoreNotKept, match=sha256(given).hexdigest()) as gone:
            scored.explain(answer.id, actor=SYSTEM, as_of=over)
    assert Scored.objects.get().codes[0] in str(gone.value)


def test_a_withdrawal_takes_what_it_rested_on(scene: Scene) -> None:
    grant = consents(scene, TAX, ITEM)
    answer = released(scene.asks(TAX, ITEM))
    grants.withdraw(grant.id, actor=scene.firm.owner.actor, as_of=LATER)
    sequencer.integrate()
    assert kept.follow_consents(as_of=LATER) == 1
    with pytest.raises(ScoreNotKept):
        scored.explain(answer.id, actor=SYSTEM, as_of=LATER)


def test_a_repeat_makes_it_again_of_the_kept_answers(scene: Scene) -> None:
    consents(scene, TAX, ITEM)
    first = released(scene.asks(TAX, ITEM))
    again = released(scene.asks(TAX, ITEM, repeats=first.id, case_id=None))
    assert scene.tax.asked == 1
    assert by_tier(again)["authorised"]["score"] == by_tier(first)["authorised"]["score"]
    given = by_tier(again)["authorised"]["explanation"].encode()
    assert scored.explain(again.id, actor=SYSTEM, as_of=LATER) == given
    assert len(set(Kept.objects.values_list("until", flat=True))) == 1
    refused = scene.asks(TAX, ITEM, repeats=again.id, case_id=None)
    assert getattr(refused, "reason", None) is Reason.ANSWERS_NOT_KEPT


def test_a_score_of_an_individual_business_leaves_only_by_its_owners_consent(scene: Scene) -> None:
    Subject.objects.filter(id=scene.firm.id).update(kind="individual_business")
    consents(scene, TAX)
    (_, item) = released(scene.asks(TAX, ITEM)).items
    assert (item.availability, item.rows) == (Availability.WITHHELD, ())
    named = consents(scene, TAX, ITEM)
    told = by_tier(released(scene.asks(TAX, ITEM, consent_id=named.id)))
    assert set(told) == {"public", "authorised"}


@pytest.mark.parametrize("kind", ["company", "individual_business"])
def test_the_firm_sees_its_score_with_the_reasons_that_the_bank_sees(scene: Scene, kind: str) -> None:
    """（九） and （七）: free, without consent, and by nobody but who acts for it."""
    Subject.objects.filter(id=scene.firm.id).update(kind=kind)
    own = replace(
        scene.request(ITEM),
        recipient=Recipient(RecipientKind.SUBJECT, str(scene.firm.id), "", ""),
        purpose=Purpose.SELF_ACCESS,
        case_id=None,
    )
    mine = released(gate.release(own, actor=scene.firm.owner.actor, as_of=LATER))
    consents(scene, TAX, ITEM)
    told = by_tier(mine)
    assert told["public"]["explanation"] == by_tier(released(scene.asks(ITEM)))["public"]["explanation"]
    would = json.loads(told["public"]["explanation"])["consent_would_add"]
    assert {"T04", "T05"} <= {one["code"] for one in would}
    assert not {"S02", "G02", "R11"} & {one["code"] for one in would}
    stranger = stage.firm("云州白鹭食品有限公司").owner.actor
    refused = gate.release(own, actor=stranger, as_of=LATER)
    assert getattr(refused, "reason", None) is Reason.MANDATE_MISSING


def test_a_request_without_a_score_and_an_unknown_one_are_told(scene: Scene) -> None:
    consents(scene, TAX)
    answer = released(scene.asks(TAX))
    with pytest.raises(ScoreNotKept):
        scored.explain(answer.id, actor=SYSTEM, as_of=LATER)
    with pytest.raises(UnknownRequest):
        scored.explain(entries.get(answer.intent_entry).id, actor=SYSTEM, as_of=LATER)
    assert verification.holds(forms(answer)[0])
