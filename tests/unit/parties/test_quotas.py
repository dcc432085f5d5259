"""Quotas: exact when many ask at once, taken whole or not at all."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from django.db import connection, transaction

from rongxin.consent.rules import BUSINESS_ZONE
from rongxin.parties import institutions, quotas
from rongxin.parties.errors import NotAllowed, UnknownParty
from rongxin.parties.quotas import Asker, InvalidLimits, Taken
from rongxin.parties.rules import quota as rules
from rongxin.parties.rules.quota import Limits, Scope
from rongxin.vocabulary import edition
from rongxin.vocabulary.actor import SYSTEM
from rongxin.vocabulary.reason import Reason
from tests.unit.consent import stage
from tests.unit.parties.test_institutions import NOW, TODAY, admit

LIMITS = quotas.limits(TODAY)
NOON = NOW.astimezone(BUSINESS_ZONE).replace(hour=12)
NIGHT = NOON.replace(hour=22)


@pytest.fixture(autouse=True)
def _fresh() -> Iterator[None]:
    quotas.forget_lately()
    yield
    quotas.forget_lately()


def take(person: str = "7", subject: int | None = None, *, branch: str = "", at: datetime = NOON) -> Taken:
    return quotas.take(Asker("bank_a", branch, person), subject, as_of=at)


def firm() -> int:
    return stage.firm().id


@pytest.mark.django_db
def test_it_takes_no_more_than_the_days_quota() -> None:
    admit(quota=2)
    assert [take().admitted for _ in range(3)] == [True, True, False]
    assert take().reason is Reason.QUOTA_EXHAUSTED
    assert take(at=NOON + timedelta(days=1)).admitted
    institutions.set_daily_quota("bank_a", 0, actor=SYSTEM, as_of=NOW)
    assert not take(at=NOON + timedelta(days=2)).admitted


@pytest.mark.django_db
def test_one_person_is_stopped_and_a_colleague_is_not() -> None:
    admit(quota=10_000)
    one = firm()
    answers = [take("7", one) for _ in range(LIMITS.person_day + 1)]
    assert [a.admitted for a in answers].count(True) == LIMITS.person_day
    assert answers[-1].reason is Reason.PERSON_QUOTA_EXHAUSTED
    assert take("8", one).admitted


@pytest.mark.django_db
def test_what_is_refused_for_one_count_is_taken_from_none() -> None:
    admit(quota=10_000)
    quotas.set_limit("bank_a", Scope.PERSON, 1, key="7", actor=SYSTEM, as_of=NOW)
    one, other = firm(), firm()
    assert take("7", one, branch="east").admitted
    before = quotas.used("bank_a", TODAY)
    assert take("7", other, branch="east").reason is Reason.PERSON_QUOTA_EXHAUSTED
    assert quotas.used("bank_a", TODAY) == before
    # The firm was not answered about, so it is still new.
    assert take("8", other).admitted
    assert quotas.used("bank_a", TODAY)[Scope.NEW_SUBJECTS, ""] == 2


@pytest.mark.django_db
def test_a_branch_has_its_own_limit_and_a_barred_person_none() -> None:
    admit(quota=10_000)
    quotas.set_limit("bank_a", Scope.BRANCH, 2, key="east", actor=SYSTEM, as_of=NOW)
    assert [take(str(n), branch="east").admitted for n in range(3)] == [True, True, False]
    assert take("3", branch="west").admitted
    quotas.set_limit("bank_a", Scope.PERSON, 0, key="9", actor=SYSTEM, as_of=NOW)
    assert take("9").reason is Reason.PERSON_QUOTA_EXHAUSTED
    assert quotas.barred("bank_a") == ["9"]


@pytest.mark.django_db
def test_another_spelling_is_no_other_person() -> None:
    admit(quota=10_000)
    quotas.set_limit("bank_a", Scope.PERSON, 1, key="Clerk 7", actor=SYSTEM, as_of=NOW)
    assert take("clerk 7").admitted
    for spelt in ("CLERK 7", " clerk  7", "ｃｌｅｒｋ 7", "clerk\u200b 7"):
        assert take(spelt).reason is Reason.PERSON_QUOTA_EXHAUSTED
    assert take("\ufdfa" * 128).admitted  # each such sign unfolds into eighteen letters


@pytest.mark.django_db
def test_outside_business_hours_a_person_has_less_an_hour() -> None:
    admit(quota=10_000)
    most = LIMITS.person_off_hours
    answers = [take(at=NIGHT) for _ in range(most + 1)]
    assert [a.admitted for a in answers] == [True] * most + [False]
    assert answers[-1].reason is Reason.OFF_HOURS_QUOTA_EXHAUSTED
    assert answers[-1].resets_at == NIGHT.replace(hour=23, minute=0, second=0, microsecond=0)
    assert take(at=NIGHT.replace(hour=23)).admitted


@pytest.mark.django_db
def test_files_have_limits_of_their_own_an_hour_and_a_day() -> None:
    admit(quota=10_000)

    def export(person: str, hour: int) -> Taken:
        return quotas.take(Asker("bank_a", "", person, export=True), None, as_of=NOON.replace(hour=hour))

    most, day = LIMITS.person_exports_hour, LIMITS.person_exports_day
    answers = [export("7", 9) for _ in range(most + 1)]
    assert [one.admitted for one in answers] == [True] * most + [False]
    assert answers[-1].reason is Reason.PERSON_EXPORTS_HOUR_EXHAUSTED
    assert answers[-1].resets_at == NOON.replace(hour=10, minute=0, second=0, microsecond=0)
    assert take("7", at=NOON.replace(hour=9)).admitted  # who only looks goes on
    quotas.set_limit("bank_a", Scope.UNKNOWN_SUBJECTS, 10_000, actor=SYSTEM, as_of=NOW)
    answers = [export("7", hour) for hour in (10, 11, 12, 13) for _ in range(most)]
    assert sum(one.admitted for one in answers) == day - most
    assert answers[-1].reason is Reason.PERSON_EXPORTS_EXHAUSTED
    quotas.set_limit("bank_a", Scope.EXPORTS, day + 1, actor=SYSTEM, as_of=NOW)
    assert [export("8", 14).reason for _ in range(2)] == [None, Reason.EXPORTS_EXHAUSTED]


@pytest.mark.django_db
def test_a_persons_own_limit_outside_business_hours_holds_every_hour() -> None:
    admit(quota=10_000)
    quotas.set_limit("bank_a", Scope.PERSON_OFF_HOURS, 2, key="Clerk 7", actor=SYSTEM, as_of=NOW)
    for at in (NIGHT, NIGHT.replace(hour=23)):
        assert [take("clerk 7", at=at).admitted for _ in range(3)] == [True, True, False]
    assert take("8", at=NIGHT).admitted
    quotas.allow("bank_a", Scope.PERSON_OFF_HOURS, key="clerk 7", actor=SYSTEM, as_of=NOW)
    assert take("clerk 7", at=NIGHT).admitted


@pytest.mark.django_db
def test_a_scrape_spread_over_many_persons_meets_the_limit_of_new_subjects() -> None:
    admit(quota=10_000)
    firms = [firm() for _ in range(LIMITS.new_subjects_base + 5)]
    answers = [take(f"p{n % 20}", one) for n, one in enumerate(firms)]
    assert [a.admitted for a in answers].count(True) == LIMITS.new_subjects_base
    assert answers[-1].reason is Reason.NEW_SUBJECTS_EXHAUSTED
    # Whom it knows it may go on asking about; and tomorrow's limit grows with what it did today.
    assert take("p0", firms[0]).admitted
    quotas.forget_lately()
    tomorrow = LIMITS.new_subjects(LIMITS.new_subjects_base)
    assert tomorrow == LIMITS.new_subjects_base + LIMITS.new_subjects_base * 150 // 3000


@pytest.mark.django_db
def test_the_narrowest_count_is_told() -> None:
    admit(quota=3)
    taken = take()
    assert (taken.scope, taken.limit, taken.remaining) == (Scope.INSTITUTION, 3, 2)
    assert taken.resets_at.hour == 0


@pytest.mark.django_db
def test_it_refuses_limits_that_are_none() -> None:
    admit()
    with pytest.raises(NotAllowed):
        quotas.set_limit("bank_a", Scope.INSTITUTION, 1, actor=SYSTEM, as_of=NOW)
    with pytest.raises(NotAllowed):
        quotas.set_limit("bank_a", Scope.PERSON, -1, actor=SYSTEM, as_of=NOW)
    with pytest.raises(UnknownParty):
        quotas.set_limit("nobody", Scope.PERSON, 1, actor=SYSTEM, as_of=NOW)


def test_an_edition_that_is_broken_is_named(tmp_path: Path) -> None:
    file = tmp_path / "quotas_x.yaml"
    file.write_text("edition: x\n")
    with pytest.raises(InvalidLimits, match="quotas_x"):
        edition.load(file, Limits, broken=InvalidLimits)


def test_every_scope_has_its_reason() -> None:
    assert len({scope.reason for scope in Scope}) == len(Scope)
    assert {scope.reason for scope in Scope} == rules.REASONS


def race(at: datetime) -> None:
    """Let 16 threads of one institution ask at once; each count ends exactly at its limit."""
    answers: list[Taken] = []
    start = threading.Barrier(16)

    def ask(seat: int) -> None:
        start.wait()
        try:
            for _ in range(6):
                with transaction.atomic():
                    answers.append(take(f"p{seat % 4}", branch=f"b{seat % 2}", at=at))
        finally:
            connection.close()

    threads = [threading.Thread(target=ask, args=(seat,)) for seat in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    counted = quotas.used("bank_a", at.date())
    admitted = sum(answer.admitted for answer in answers)
    assert len(answers) == 96
    assert admitted == counted[Scope.INSTITUTION, ""] == 40
    persons = [count for (scope, _), count in counted.items() if scope is Scope.PERSON]
    assert sum(persons) == admitted
    assert max(persons) <= 12
    reasons = {answer.reason for answer in answers if not answer.admitted}
    assert reasons <= {Reason.PERSON_QUOTA_EXHAUSTED, Reason.QUOTA_EXHAUSTED}


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("runs", [5, pytest.param(100, marks=pytest.mark.long)])
def test_every_count_is_exact_when_many_ask_at_once(runs: int) -> None:
    admit(quota=40)
    quotas.set_limit("bank_a", Scope.PERSON, 12, actor=SYSTEM, as_of=NOW)
    for number in range(runs):
        race(NOON + timedelta(days=number))
