"""Quotas of institutions, branches and persons, counted exactly however many ask at once ((十)).

The institution's count of the day is taken first and stays locked until the caller's transaction ends, so
that all other counts of the same institution change one after the other. Call `take` in the short transaction
that writes the intent; a rollback gives everything back.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache, lru_cache
from pathlib import Path

from django.db import transaction
from django.db.models import Sum
from django.utils import timezone

from rongxin.journal import entries, plans
from rongxin.journal.rules import Kind
from rongxin.parties import step_ups
from rongxin.parties.errors import NotAllowed, PartiesError, UnknownParty
from rongxin.parties.models import Institution
from rongxin.parties.quota_models import QuotaLimit, QuotaUse
from rongxin.parties.rules import quota as rules
from rongxin.parties.rules.quota import Counter, Limits, Scope
from rongxin.vocabulary import edition
from rongxin.vocabulary.actor import Actor
from rongxin.vocabulary.reason import Reason

PARAMETERS = Path(__file__).parent / "parameters"
#: Scopes whose limit an operator may set for one institution or for one branch or person of it. The
#: institution's own daily quota is `institutions.set_daily_quota`.
SETTABLE = tuple(scope for scope in Scope if scope is not Scope.INSTITUTION)


class InvalidLimits(PartiesError):
    """A file of limits can't be used as it stands."""

    code = "invalid_quota_limits"


@dataclass(frozen=True)
class Taken:
    """What became of one request: admitted, or the reason; `limit` and `used` are of the narrowest count."""

    reason: Reason | None
    scope: Scope
    limit: int
    used: int
    resets_at: datetime

    @property
    def admitted(self) -> bool:
        return self.reason is None

    @property
    def remaining(self) -> int:
        return max(0, self.limit - self.used)


@dataclass(frozen=True)
class Asker:
    """Who asks: the institution, its branch ("" = not said) and person; `export`: it is for a file."""

    institution: str
    branch: str
    person: str
    export: bool = False


def take(asker: Asker, subject: int | None, *, as_of: datetime) -> Taken:
    """Count one request about a subject (None: nobody has the code) in all its counts, or in none of them."""
    at = timezone.localtime(as_of)
    day = at.date()
    counted = tuple(
        rules.counters(
            limits(day),
            branch=asker.branch,
            person=asker.person,
            known=subject is not None,
            at=at,
            lately=_lately(asker.institution, day),
            export=asker.export,
        )
    )
    return _take(asker.institution, subject, counted, at)


def take_push(institution: str, *, as_of: datetime) -> Taken:
    """Count one push as one of the institution's requests of the day; no person asks for it."""
    return _take(institution, None, (Counter(Scope.INSTITUTION, "", None),), timezone.localtime(as_of))


def take_export(asker: Asker, *, as_of: datetime) -> Taken:
    """Count one file that is no answer about a subject: a list of the institution's own work."""
    at = timezone.localtime(as_of)
    counted = tuple(rules.exports(limits(at.date()), person=asker.person, at=at))
    return _take(asker.institution, None, counted, at)


def _take(institution: str, subject: int | None, counted: Sequence[Counter], at: datetime) -> Taken:
    known = {"institution": institution, "day": at.date(), "subject": subject}
    found = [
        (Scope(scope), key, allowed or 0, used)
        for scope, key, allowed, used in plans.rows(_TAKE, {**known, **_columns(counted)})
    ]
    over = next((one for one in found if one[3] is None), None)
    if over is None:
        scope, _, allowed, used = min(found, key=lambda one: one[2] - one[3])
        return Taken(None, scope, allowed, used, _resets(scope, at))
    taken = [one for one in found if one[3] is not None]
    given_back = {
        "taken": [one[0].value for one in taken],
        "keys": [one[1] for one in taken],
        # The new subject's count was asked for only because the row could be written just now.
        "newly": any(one[0] is Scope.NEW_SUBJECTS for one in found),
    }
    plans.rows(_GIVE_BACK, {**known, **given_back})
    scope, key, allowed, _ = over
    # What a person's count is 0 for is told apart only here: the usual case costs nothing.
    watched = scope is Scope.PERSON and allowed == 0 and step_ups.is_demanded(institution, key)
    reason = Reason.STEP_UP_REQUIRED if watched else scope.reason
    return Taken(reason, scope, allowed, allowed, _resets(scope, at))


# One statement for the usual case. A subject is new where its row could be written; the counts are taken in
# the order asked for, the institution's first, so that requests of one institution never wait crosswise.
_TAKE = """
    WITH newly AS (
        INSERT INTO parties_subjectasked (institution_id, subject_id, first_on)
        SELECT %(institution)s, %(subject)s, %(day)s WHERE %(subject)s::bigint IS NOT NULL
        ON CONFLICT DO NOTHING RETURNING subject_id
    ), asked AS (
        SELECT n, one.scope, one.key,
               CASE WHEN one.scope = 'person' AND EXISTS (
                        SELECT FROM parties_stepup WHERE institution_id = %(institution)s
                           AND person = one.whose AND over_at IS NULL)
                    THEN 0
                    ELSE COALESCE(own.allowed, every.allowed, one.allowed, party.daily_quota)
               END AS allowed
        FROM unnest(%(scopes)s::text[], %(keys)s::text[], %(limits)s::bigint[], %(whose)s::text[])
             WITH ORDINALITY AS one(scope, key, allowed, whose, n)
        JOIN parties_institution party ON party.id = %(institution)s
        LEFT JOIN parties_quotalimit own
               ON own.institution_id = party.id AND own.scope = one.scope AND own.key = one.whose
              AND one.whose <> ''
        LEFT JOIN parties_quotalimit every
               ON every.institution_id = party.id AND every.scope = one.scope AND every.key = ''
        WHERE one.scope <> 'new_subjects' OR EXISTS (SELECT FROM newly)
    ), counted AS (
        INSERT INTO parties_quotause AS held (institution_id, day, scope, key, used)
        SELECT %(institution)s, %(day)s, scope, key, 1 FROM asked WHERE allowed > 0 ORDER BY n
        ON CONFLICT (institution_id, day, scope, key) DO UPDATE SET used = held.used + 1
        WHERE held.used < (SELECT allowed FROM asked WHERE (asked.scope, asked.key) = (held.scope, held.key))
        RETURNING scope, key, used
    )
    SELECT asked.scope, asked.key, asked.allowed, counted.used
    FROM asked LEFT JOIN counted USING (scope, key) ORDER BY n
"""
_GIVE_BACK = """
    WITH forgotten AS (
        DELETE FROM parties_subjectasked
        WHERE %(newly)s AND institution_id = %(institution)s AND subject_id = %(subject)s
    )
    UPDATE parties_quotause held SET used = used - 1
    FROM unnest(%(taken)s::text[], %(keys)s::text[]) AS one(scope, key)
    WHERE held.institution_id = %(institution)s AND held.day = %(day)s
      AND (held.scope, held.key) = (one.scope, one.key)
"""


def _columns(counted: Sequence[Counter]) -> dict[str, object]:
    return {
        "scopes": [one.scope.value for one in counted],
        "keys": [one.key for one in counted],
        "limits": [one.limit for one in counted],
        "whose": [one.whose for one in counted],
    }


def set_limit(
    institution_id: str, scope: Scope, allowed: int, *, key: str = "", actor: Actor, as_of: datetime
) -> None:
    """Set an institution's own limit, or with `key` that of one branch or person of it; 0 bars it."""
    if scope not in SETTABLE:
        raise NotAllowed("机构的每日上限请用 institutions.set_daily_quota 设定")
    if allowed < 0:
        raise NotAllowed("上限不能为负数")
    if key and not rules.named(key):
        raise NotAllowed("请写明分支机构或查询人 name the branch or person")
    with transaction.atomic():
        if not Institution.objects.filter(pk=institution_id).exists():
            raise UnknownParty(f"没有接入机构“{institution_id}”")
        QuotaLimit.objects.update_or_create(
            institution_id=institution_id,
            scope=scope.value,
            key=rules.named(key),
            defaults={"allowed": allowed},
        )
        _journal(institution_id, scope, "limit_set", allowed=allowed, actor=actor, as_of=as_of)


def allow(institution_id: str, scope: Scope, *, key: str = "", actor: Actor, as_of: datetime) -> None:
    """Take an institution's own limit away, so that the general one holds again."""
    with transaction.atomic():
        gone, _ = QuotaLimit.objects.filter(
            institution_id=institution_id, scope=scope.value, key=rules.named(key)
        ).delete()
        if not gone:
            raise NotAllowed("没有单独设定的上限 no limit of its own is set")
        _journal(institution_id, scope, "limit_lifted", actor=actor, as_of=as_of)


def own_limit(institution_id: str, scope: Scope, key: str = "") -> int | None:
    """Return the limit that is set for an institution, or one branch or person of it; None where none is."""
    rows = QuotaLimit.objects.filter(institution_id=institution_id, scope=scope.value, key=rules.named(key))
    return rows.values_list("allowed", flat=True).first()


def barred(institution_id: str) -> list[str]:
    """Return the persons of an institution who may not ask at present."""
    found = QuotaLimit.objects.filter(institution_id=institution_id, scope=Scope.PERSON.value, allowed=0)
    return sorted(found.exclude(key="").values_list("key", flat=True))


def askers(day: date) -> list[str]:
    """Return the institutions that asked anything on a day."""
    rows = QuotaUse.objects.filter(day=day, scope=Scope.INSTITUTION.value)
    return sorted(rows.values_list("institution_id", flat=True))


def used(institution_id: str, day: date) -> dict[tuple[Scope, str], int]:
    """Return what was counted on a day."""
    rows = QuotaUse.objects.filter(institution_id=institution_id, day=day, used__gt=0)
    return {(Scope(scope), key): count for scope, key, count in rows.values_list("scope", "key", "used")}


@dataclass(frozen=True)
class Count:
    """One count of a day beside the limit that holds for it."""

    scope: Scope
    whose: str
    used: int
    allowed: int

    @property
    def left(self) -> int:
        return max(0, self.allowed - self.used)

    @property
    def label(self) -> str:
        return self.scope.label


def standing(institution_id: str, *, as_of: datetime) -> list[Count]:
    """Return an institution's counts of the day with their limits, what is nearest to its limit first."""
    at = timezone.localtime(as_of)
    institution = Institution.objects.get(pk=institution_id)
    rows = QuotaLimit.objects.filter(institution=institution_id)
    own = {(scope, key): allowed for scope, key, allowed in rows.values_list("scope", "key", "allowed")}
    found = []
    for (scope, key), count in used(institution_id, at.date()).items():
        whose = rules.whose(scope, key)
        general = rules.general(limits(at.date()), scope, lately=_lately(institution_id, at.date()))
        allowed = own.get((scope.value, whose), own.get((scope.value, ""), general))
        found.append(Count(scope, key, count, institution.daily_quota if allowed is None else allowed))
    return sorted(found, key=lambda one: (one.left, one.scope, one.whose))


def limits(on: date) -> Limits:
    """Return the limits in force on a day; before the first edition, the first."""
    return edition.in_force(_editions(), on)


@cache
def _editions() -> tuple[Limits, ...]:
    return edition.read(PARAMETERS, "quotas_*.yaml", Limits, broken=InvalidLimits)


@lru_cache(maxsize=4096)
def _lately(institution_id: str, day: date) -> int:
    """Count the new subjects of the days before: they are over, so their number stays what it is."""
    since = day - timedelta(days=limits(day).new_subjects_days)
    days = QuotaUse.objects.filter(
        institution_id=institution_id, scope=Scope.NEW_SUBJECTS.value, day__gte=since, day__lt=day
    )
    return int(days.aggregate(total=Sum("used"))["total"] or 0)


def forget_lately() -> None:
    """Count the days before anew: tests travel in time."""
    _lately.cache_clear()


def _journal(
    institution_id: str, scope: Scope, change: str, *, actor: Actor, as_of: datetime, **more: int
) -> None:
    refs = {"institution": institution_id, "change": change, "scope": scope.value, **more}
    entries.append(Kind.INSTITUTION_CHANGED, actor=actor, refs=refs, as_of=as_of)


def _resets(scope: Scope, at: datetime) -> datetime:
    if scope in (Scope.PERSON_OFF_HOURS, Scope.PERSON_EXPORTS_HOUR):
        return (at + timedelta(hours=1)).replace(minute=0, second=0, microsecond=0)
    return (at + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
