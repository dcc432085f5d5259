"""The register: one champion, promoted by two persons, by what it showed in shadow."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from django.db import IntegrityError, transaction

from rongxin.evaluation import loading
from rongxin.evaluation.errors import ModelNotPossible, ModelRefused, UnknownModel, UnknownVersion
from rongxin.evaluation.models import Run, Score, ShadowRun, ShadowScore, Version
from rongxin.evaluation.monitoring import register
from rongxin.journal.models import Entry
from rongxin.parties.errors import NotAllowed
from rongxin.vocabulary.actor import SYSTEM, Actor
from tests.unit.evaluation.stage import PENALTY, VERSION, City, penalty

from .stage import NEXT, promoted, registered

# What the versions that come with the code are, for ever: a node that registered one stops its full runs
# where as much as a citation of it was changed. What is to be otherwise is another version.
SHIPPED = {"2026-01-01": "cd88f4c080d8ad001636e6ae153e380e51ca4edc9194e935b2d54ad3d1d1f9cb"}


def test_a_version_that_was_given_out_is_never_changed():
    assert {version: register.digest_of(loading.load(version)) for version in loading.versions()} == SHIPPED


def test_a_version_is_registered_with_its_card_and_journalled(city: City, staff: list[Actor]) -> None:
    made = registered(VERSION, staff[0], as_of=city.now)
    assert (made["state"], made["registered_by"]) == ("draft", f"account:{staff[0].id}")
    assert made["digest"] == register.digest_of(loading.load(VERSION))
    (entry,) = Entry.objects.filter(kind="evaluation_model.changed")
    assert made["digest"] in entry.body
    with pytest.raises(ModelNotPossible, match="已登记"):
        registered(VERSION, staff[0], as_of=city.now)


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"document": " "}, "模型说明"),
        ({"made_from": " "}, "依据"),
        ({"document": "联系人 13800138000"}, "个人号码"),
        ({"data_from": date(2025, 1, 1)}, "数据期间"),
        ({"data_from": date(2025, 2, 1), "data_until": date(2025, 1, 1)}, "数据期间"),
        ({"data_from": date(2025, 2, 1), "data_until": date(2036, 1, 1)}, "数据期间"),
        ({"expected_bad": {"AAAA": 0.1}}, "没有等级 AAAA"),
        ({"expected_bad": {"AAA": 1.1}}, "预期违约率"),
    ],
)
def test_an_incomplete_registration_says_what_it_lacks(
    city: City, staff: list[Actor], more: dict[str, object], says: str
) -> None:
    with pytest.raises(ModelRefused, match=says):
        registered(VERSION, staff[0], as_of=city.now, **more)


def test_what_is_not_there_or_not_the_operators_is_refused(city: City, staff: list[Actor]) -> None:
    with pytest.raises(UnknownVersion):
        registered("1999-01-01", staff[0], as_of=city.now)
    with pytest.raises(NotAllowed):
        registered(VERSION, SYSTEM, as_of=city.now)
    with pytest.raises(UnknownModel):
        register.to_shadow(VERSION, actor=staff[0], as_of=city.now)


def test_promotion_takes_two_persons(city: City, staff: list[Actor]) -> None:
    registered(VERSION, staff[0], as_of=city.now)
    register.to_shadow(VERSION, actor=staff[0], as_of=city.now)
    with pytest.raises(ModelNotPossible, match="尚无人提出"):
        register.promote(VERSION, actor=staff[1], as_of=city.now)
    register.propose(VERSION, why="首个版本", actor=staff[0], as_of=city.now)
    with pytest.raises(NotAllowed, match="另一人"):
        register.promote(VERSION, actor=staff[0], as_of=city.now)
    assert register.champion() is None
    register.promote(VERSION, actor=staff[1], as_of=city.now)
    assert register.champion() == register.to_run() == VERSION
    with pytest.raises(ModelNotPossible, match="在用"):
        register.retire(VERSION, why="x", actor=staff[0], as_of=city.now)
    with pytest.raises(IntegrityError), transaction.atomic():
        Version.objects.filter(pk=VERSION).update(promoted_by=f"account:{staff[0].id}")


def test_a_challenger_is_scored_beside_the_champion_and_seen_by_nobody(
    city: City, staff: list[Actor], challenger: Path
) -> None:
    fined, clean = city.firm(), city.firm()
    city.files(PENALTY, (fined, "一号", penalty("2026-03-01")))
    for version in (VERSION, NEXT):
        registered(version, staff[0], as_of=city.now)
    promoted(VERSION, staff, as_of=city.now)
    register.to_shadow(NEXT, actor=staff[0], as_of=city.now)
    with pytest.raises(ModelNotPossible, match="影子运行 0 次"):
        register.propose(NEXT, why="更好", actor=staff[0], as_of=city.now)
    run = city.run(buckets=2, version=register.to_run()).run
    own = dict(Score.objects.filter(run_id=run).values_list("subject_id", "coverage"))
    shadow = dict(ShadowScore.objects.filter(run_id=run, version=NEXT).values_list("subject_id", "coverage"))
    assert own == shadow  # the same facts
    assert set(own) == {fined.id, clean.id}
    assert not Run.objects.filter(version=NEXT).exists()
    compared = ShadowRun.objects.get(run_id=run).comparison
    assert compared["subjects"] == 2
    register.propose(NEXT, why="更好", actor=staff[0], as_of=city.now)
    register.promote(NEXT, actor=staff[1], as_of=city.now)
    assert register.champion() == NEXT
    assert register.of(VERSION)["state"] == "retired"
    assert register.of(NEXT)["evidence"] == register.of(NEXT)["shadow_runs"][0]["sha256"]


def test_once_a_version_is_in_use_no_run_publishes_another(
    city: City, staff: list[Actor], challenger: Path
) -> None:
    assert register.to_run(VERSION) == VERSION
    for version in (VERSION, NEXT):
        registered(version, staff[0], as_of=city.now)
    promoted(VERSION, staff, as_of=city.now)
    assert register.to_run(VERSION) == VERSION
    with pytest.raises(ModelRefused, match="须先影子运行，并由两人启用"):
        register.to_run(NEXT)


def test_a_version_whose_files_were_changed_is_neither_scored_nor_promoted(
    city: City, staff: list[Actor], challenger: Path
) -> None:
    city.firm()
    registered(NEXT, staff[0], as_of=city.now)
    text = challenger.read_text("utf-8")
    challenger.write_text(text.replace("citation: ", "citation: 改 ", 1), "utf-8")
    loading._load.cache_clear()
    with pytest.raises(ModelRefused, match="有改动"):
        register.to_shadow(NEXT, actor=staff[0], as_of=city.now)
    challenger.write_text(text, "utf-8")
    loading._load.cache_clear()
    promoted(NEXT, staff, as_of=city.now)
    challenger.write_text(text.replace("citation: ", "citation: 改 ", 1), "utf-8")
    loading._load.cache_clear()
    with pytest.raises(ModelRefused, match="有改动"):
        register.to_run()
    loading._load.cache_clear()


def test_an_interrupted_run_keeps_to_the_challengers_that_it_began_with(
    city: City, staff: list[Actor], challenger: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from rongxin.evaluation import runs

    for _ in range(3):
        city.firm()

    def broken(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(runs, "publish", broken)
        with pytest.raises(KeyboardInterrupt):
            city.run(buckets=2)
    registered(NEXT, staff[0], as_of=city.now)
    register.to_shadow(NEXT, actor=staff[0], as_of=city.now)
    assert city.run(buckets=2).resumed_buckets == 2
    assert not ShadowRun.objects.exists()
    city.run(day=date(2026, 4, 2))
    assert ShadowRun.objects.get().comparison["subjects"] == 3
