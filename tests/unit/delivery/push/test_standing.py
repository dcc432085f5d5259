"""Who may have a push and fetch its files: looked at before, at the end, and at every file ((十))."""

from __future__ import annotations

import pytest
from django.db import transaction

from rongxin.consent.rules import business_day
from rongxin.delivery.push import files, policy, runs, subscriptions, upkeep
from rongxin.delivery.push.errors import (
    NotPossible,
    NotServed,
    TooMany,
    UnfitTerms,
    UnknownRun,
    UnknownSubscription,
    WrongManifest,
)
from rongxin.delivery.push.models import Pushed, PushRun
from rongxin.delivery.push.rules import Act, RunState, Status
from rongxin.disclosure import public_sets
from rongxin.disclosure.errors import NotIntended
from rongxin.journal import sequencer
from rongxin.journal.models import Entry
from rongxin.parties import institutions
from rongxin.parties.populations import Population
from rongxin.records import filing
from rongxin.records.rules import EndedWhy
from rongxin.vocabulary.actor import SYSTEM
from rongxin.vocabulary.subject_kind import SubjectKind
from tests.unit.consent import stage as people
from tests.unit.delivery.push import stage
from tests.unit.records.conftest import CLERK

pytestmark = pytest.mark.django_db(transaction=True)
MANIFEST = "manifest.json"


def _fetch(made, name=MANIFEST, bank="bank_a"):
    return runs.fetch(made.id, name, institution=bank, actor=stage.BANK, as_of=stage.later())


def _lying():
    return sorted(path.name for path in files.lying())


def test_a_suspended_institution_gets_no_run_and_no_file_of_an_earlier_one(scene):
    subscription = stage.subscription()
    made = stage.run(subscription)
    assert _fetch(made).exists()
    institutions.suspend("bank_a", actor=SYSTEM, as_of=stage.later())
    with pytest.raises(NotServed):
        _fetch(made)
    with pytest.raises(NotServed):
        stage.subscription()
    refused = stage.run(subscription)
    assert (refused.state, refused.reason) == (RunState.REFUSED, "institution_suspended")
    assert not upkeep.due(subscriptions.get(subscription), as_of=stage.later(100))
    institutions.reinstate("bank_a", actor=SYSTEM, as_of=stage.later())
    assert _fetch(made).exists()


def test_what_the_operator_has_stopped_is_neither_made_nor_fetched(scene):
    subscription = stage.subscription()
    made = stage.run(subscription)
    move = {"institution": None, "actor": stage.OPERATOR, "as_of": stage.later()}
    subscriptions.move(subscription, Act.STOP, why="依据不足", **move)
    with pytest.raises(NotServed):
        _fetch(made)
    assert stage.run(subscription).reason == "subscription_stopped"
    with pytest.raises(NotPossible):
        subscriptions.move(subscription, Act.STOP, **move)
    subscriptions.move(subscription, Act.RESUME, **move)
    assert _fetch(made).exists()


def test_who_must_name_a_case_for_every_query_is_pushed_nothing(scene):
    subscription = stage.subscription()
    made = stage.run(subscription)
    institutions.require_cases("bank_a", True, actor=SYSTEM, as_of=stage.later())
    with pytest.raises(NotServed):
        _fetch(made)
    with pytest.raises(NotServed):
        stage.subscription()
    assert stage.run(subscription).state == "refused"


@pytest.mark.parametrize("bank", ["bank_b", "nobody"])
def test_anothers_push_is_like_none(scene, bank):
    people.bank("bank_b")
    subscription = stage.subscription()
    made = stage.run(subscription)
    with pytest.raises(UnknownRun):
        _fetch(made, bank=bank)
    with pytest.raises(UnknownRun):
        runs.get(made.id, institution=bank)
    with pytest.raises(UnknownSubscription):
        subscriptions.get(subscription, institution=bank)
    assert (runs.of(bank), subscriptions.listed(bank)) == ([], [])


@pytest.mark.parametrize("name", ["../states", "..", "manifest.jwt", "no-0000.parquet", ""])
def test_only_files_of_the_run_are_fetched(scene, name):
    with pytest.raises(UnknownRun):
        _fetch(stage.run(stage.subscription()), name)


def test_a_suspension_while_it_is_written_leaves_nothing(scene, monkeypatch):
    subscription = stage.subscription()
    original = files.publish

    def publish(into, run):
        original(into, run)
        institutions.suspend("bank_a", actor=SYSTEM, as_of=stage.later())

    monkeypatch.setattr(files, "publish", publish)
    made = stage.run(subscription)
    assert (made.state, made.reason) == (RunState.REFUSED, "institution_suspended")
    assert (_lying(), Pushed.objects.count()) == ([], 0)
    assert Entry.objects.filter(kind="push.refused").count() == 1


def test_terms_that_change_while_it_is_written_leave_nothing(scene, monkeypatch):
    subscription = stage.subscription()
    original = files.publish

    def publish(into, run):
        original(into, run)
        terms = stage.replace(stage.TERMS, regions=("110000",))
        given = {"institution": "bank_a", "actor": stage.BANK, "as_of": stage.later()}
        subscriptions.change(subscription, terms, **given)

    monkeypatch.setattr(files, "publish", publish)
    assert stage.run(subscription).reason == "terms_changed"
    assert _lying() == []


def test_a_kill_leaves_nothing_to_be_seen_and_the_next_run_is_whole(scene, monkeypatch):
    held, subscription = {}, stage.subscription()
    stage.acknowledged(subscription, held)

    def die(*arguments, **more):
        raise KeyboardInterrupt

    for place in ("sign", "publish"):
        with monkeypatch.context() as patch:
            patch.setattr(files, place, die)
            # What a kill can't do either: clear up.
            patch.setattr(files, "forget", lambda run: None)
            with pytest.raises(KeyboardInterrupt):
                stage.run(subscription)
        assert len(runs.of("bank_a")) > len([card for card in runs.of("bank_a") if card.state == "ready"])
    stage.fine(scene[2], scene[0], key="二号")
    assert stage.acknowledged(subscription, held).rows == 1
    assert stage.told(held) == stage.by_the_gate(list(scene[:2]))
    assert [card.state.value for card in runs.of("bank_a")].count("abandoned") == 2
    upkeep.sweep()
    last = PushRun.objects.order_by("-intended_at").first()
    assert _lying() == [str(last.id)]  # the state that the next run builds on


def test_nothing_is_read_without_a_committed_intent(scene):
    population = Population((SubjectKind.COMPANY,))
    made = stage.run(stage.subscription())
    intent = PushRun.objects.get(id=made.id)
    for entry in (intent.outcome_entry, made.id):
        with pytest.raises(NotIntended):
            _open(entry, population)
    with transaction.atomic(), pytest.raises(NotIntended):
        _open(intent.intent_entry, population)


def _open(entry, population):
    with public_sets.opened(entry, (stage.PENALTY,), population, day=people.TODAY):
        pytest.fail("it was read")


def test_an_acknowledgement_names_what_was_verified_and_comes_once(scene):
    subscription = stage.subscription()
    first, second = stage.run(subscription), stage.run(subscription)
    given = {"institution": "bank_a", "actor": stage.BANK, "as_of": stage.later()}
    with pytest.raises(NotPossible):
        runs.acknowledge(first.id, first.manifest, **given)  # superseded: it is not to be taken in
    with pytest.raises(UnknownRun):
        _fetch(first)
    with pytest.raises(WrongManifest):
        runs.acknowledge(second.id, first.manifest, **given)
    runs.acknowledge(second.id, second.manifest, **given)
    assert runs.acknowledge(second.id, second.manifest, **given).state is RunState.ACKNOWLEDGED
    with pytest.raises(UnknownRun):
        _fetch(second)
    assert stage.run(subscription).based_on == second.id


def test_a_ready_run_that_holds_a_repaired_record_is_taken_back(scene):
    firm, *_ = scene
    subscription = stage.subscription()
    made = stage.run(subscription)
    assert upkeep.take_back_overtaken(as_of=stage.later()) == 0
    (record,) = [row["_record"] for row in _rows(made) if row["_uscc"] == firm.uscc]
    how = {"subject_id": firm.id, "ended_by": "repair:1", "actor": CLERK, "as_of": stage.later()}
    filing.end([record], EndedWhy.REPAIRED, **how)
    assert upkeep.make_due(as_of=stage.later(1)) == 1
    with pytest.raises(UnknownRun):
        _fetch(made)
    (ready,) = [card for card in runs.of("bank_a") if card.state is RunState.READY]
    assert firm.uscc not in {row["_uscc"] for row in _rows(ready)}


def test_a_removal_that_was_asked_for_before_the_run_takes_it_back_too(scene):
    """The errand's hour is its request's; it is carried out after the run was made."""
    firm, *_ = scene
    asked_at, subscription = stage.later(-1), stage.subscription()
    made = stage.run(subscription)
    (record,) = [row["_record"] for row in _rows(made) if row["_uscc"] == firm.uscc]
    how = {"subject_id": firm.id, "ended_by": "repair:1", "actor": CLERK, "as_of": asked_at}
    filing.end([record], EndedWhy.REPAIRED, **how)
    sequencer.integrate()
    assert upkeep.take_back_overtaken(as_of=stage.later()) == 1
    again = stage.run(subscription)
    assert firm.uscc not in {row["_uscc"] for row in _rows(again)}
    assert upkeep.take_back_overtaken(as_of=stage.later()) == 0


def test_a_run_lives_no_longer_than_what_it_tells_may_be_published(scene):
    firm, _, bureau = scene
    today = business_day(stage.later())
    stage.fine(bureau, firm, key="二号", published_until=today.isoformat())
    subscription = stage.subscription(interval_hours=24 * 31)
    made = stage.run(subscription)
    assert _fetch(made).exists()
    tomorrow = {"institution": "bank_a", "actor": stage.BANK, "as_of": stage.later(24)}
    with pytest.raises(UnknownRun):
        runs.fetch(made.id, MANIFEST, **tomorrow)
    with pytest.raises(NotPossible):
        runs.acknowledge(made.id, made.manifest, **tomorrow)
    assert upkeep.take_back_overtaken(as_of=stage.later()) == 0
    assert upkeep.take_back_overtaken(as_of=stage.later(24)) == 1


def test_what_was_acknowledged_is_taken_back_when_its_publication_is_over(scene):
    firm, _, bureau = scene
    stage.fine(bureau, firm, key="二号", published_until=business_day(stage.later()).isoformat())
    subscription = stage.subscription(interval_hours=24 * 31)
    stage.acknowledged(subscription, {})
    assert not upkeep.due(subscriptions.get(subscription), as_of=stage.later(1 / 60))
    assert upkeep.due(subscriptions.get(subscription), as_of=stage.later(24))
    assert stage.run(subscription, hours=24).summary["removed"] == {"ended": 1}
    assert not upkeep.due(subscriptions.get(subscription), as_of=stage.later(24))


def test_an_institution_has_so_many_subscriptions_and_no_more(scene):
    (first, *_) = [stage.subscription() for _ in range(policy.in_force(people.TODAY).subscriptions_max)]
    with pytest.raises(TooMany):
        stage.subscription()
    subscriptions.move(first, Act.END, institution="bank_a", actor=stage.BANK, as_of=stage.later())
    stage.subscription()
    people.bank("bank_b")
    stage.subscription("bank_b")


def test_individual_businesses_wait_for_the_operators_word_on_these_very_terms(scene):
    wanted = {"kinds": tuple(SubjectKind), "individuals_basis": "接入协议第4条"}
    subscription = stage.subscription(**wanted)
    given = {"institution": "bank_a", "actor": stage.BANK, "as_of": stage.later()}
    with pytest.raises(NotServed):
        subscriptions.request(subscription, full=False, **given)
    stage.confirm(subscription)
    made = stage.run(subscription)
    assert _fetch(made).exists()
    terms = stage.replace(subscriptions.get(subscription).terms, regions=("990101",))
    assert subscriptions.change(subscription, terms, **given).status is Status.WAITING
    with pytest.raises(NotServed):
        _fetch(made)
    with pytest.raises(NotPossible):
        stage.confirm(subscription, 1)  # version 2 is what would be confirmed
    move = {"institution": None, "actor": stage.OPERATOR, "as_of": stage.later()}
    subscriptions.move(subscription, Act.STOP, **move)
    assert subscriptions.move(subscription, Act.RESUME, **move).status is Status.WAITING
    stage.confirm(subscription, 2)
    without = stage.replace(terms, kinds=(SubjectKind.COMPANY,))
    assert subscriptions.change(subscription, without, **given).status is Status.ACTIVE


def _rows(made):
    return [row for path in files.directory(made.id).glob("adm*") for row in stage.rows_of(path)]


def test_it_says_what_is_wrong_with_terms(scene):
    for changes, word in [
        ({"items": ("tax_payment",)}, "tax_payment"),
        ({"items": ()}, "信息项"),
        ({"basis": " "}, "依据"),
        ({"regions": ("99",)}, "行政区划"),
        ({"sizes": ("tiny",)}, "划型"),
        ({"industries": ("ZZ",)}, "行业"),
        ({"interval_hours": 0}, "间隔"),
    ]:
        with pytest.raises(UnfitTerms, match=word):
            stage.subscription(**changes)
