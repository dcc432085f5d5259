"""The law of deletion: what an institution owes once a consent has ended, and which receipt discharges it.

个人信息保护法 art. 47: whoever holds the data deletes it when consent is withdrawn or the term is over, and
keeps it only as long as a law or an administrative regulation says; 国办发〔2021〕52号 （九）（十）. A
receipt says *deleted* or *restricted until a day under a law*; once that day has passed only deletion is
left. Pure.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from rongxin.consent.rules import BUSINESS_ZONE, Status, Terms, business_day
from rongxin.vocabulary.labelled import Labelled

RECEIPT_TYPE = "deletion-receipt+jws"
#: Clocks of two houses differ by so much.
_SKEW = timedelta(minutes=5)


class State(Labelled):
    """Where a duty of deletion stands."""

    OWED = "owed", "应交删除回执", "receipt owed"
    RESTRICTED = "restricted", "依法限制保存", "kept under a law"
    LAPSED = "lapsed", "限制保存期满，应删除并交回执", "time of keeping over, deletion owed"
    DELETED = "deleted", "已删除", "deleted"


class Act(StrEnum):
    """What is said, or what comes to pass."""

    DELETE = "delete"
    RESTRICT = "restrict"
    LAPSE = "lapse"


class Owner(StrEnum):
    """Whose act it is."""

    INSTITUTION = "institution"
    NODE = "node"


# From each state, the acts that are possible and where they lead. What is not listed is refused.
TRANSITIONS: Mapping[State, Mapping[Act, State]] = {
    State.OWED: {Act.DELETE: State.DELETED, Act.RESTRICT: State.RESTRICTED},
    State.RESTRICTED: {Act.DELETE: State.DELETED, Act.LAPSE: State.LAPSED},
    State.LAPSED: {Act.DELETE: State.DELETED},
    State.DELETED: {},
}

OWNERS: Mapping[Act, frozenset[Owner]] = {
    Act.DELETE: frozenset({Owner.INSTITUTION}),
    Act.RESTRICT: frozenset({Owner.INSTITUTION}),
    Act.LAPSE: frozenset({Owner.NODE}),
}

#: While a duty stands so, a receipt is owed.
OPEN = frozenset({State.OWED, State.LAPSED})
#: How the statement of an act reads in a receipt.
_WORDS = {Act.DELETE: "deleted", Act.RESTRICT: "restricted"}


class Fault(Labelled):
    """Why a receipt is not taken."""

    SIGNATURE = "signature", "签名无效，或签名公钥未登记、已停用", "signature or key not valid"
    NOT_A_RECEIPT = "not_a_receipt", "内容不是一份删除回执，请核对各项", "not the content of a receipt"
    KEY_NEEDED = "key_needed", "贵机构已登记签名公钥，回执须由该密钥签名", "sign it by the registered key"
    OTHER_CONSENT = "other_consent", "回执所写的授权不是这一份", "it names another consent"
    OTHER_INSTITUTION = "other_institution", "回执所写的机构不是贵机构", "it names another institution"
    NOT_OWED = "not_owed", "按现在的状态不能再交这种回执", "no such receipt is possible now"
    BEFORE_THE_END = "before_the_end", "回执出具于应交之前", "it was made before it was owed"
    AHEAD = "ahead", "回执的出具时间晚于现在", "it was made later than now"
    STALE = "stale", "回执出具已久，请重新出具", "it was made too long ago: make it anew"
    NOT_YET_DELETED = "not_yet_deleted", "删除日期晚于回执出具日", "the day of deletion is still to come"
    RESTRICTION_OVER = "restriction_over", "限制保存的期限须晚于今日", "the day must be still to come"
    RESTRICTION_TOO_LONG = "restriction_too_long", "限制保存的期限超过上限", "longer than is accepted"
    LAW_UNKNOWN = "law_unknown", "所引法律不在可作依据之列", "the law is not on the list"


@dataclass(frozen=True, slots=True)
class Statement:
    """What a receipt says: deleted on a day, or restricted until a day (its last) under a law of the list."""

    consent: UUID
    institution: str
    act: Act
    at: datetime
    deleted_on: date | None = None
    until: date | None = None
    law: str = ""


@dataclass(frozen=True, slots=True)
class Duty:
    """What is owed; a statement counts that was made at `since` or later, and is in time through `due_on`."""

    consent: UUID
    institution: str
    state: State
    since: datetime
    due_on: date
    until: date | None = None


@dataclass(frozen=True, slots=True)
class Limits:
    """Policy of a day: how old a statement may be, the longest restriction, the laws that may be named."""

    statement_hours_max: int
    restricted_years_max: int
    laws: Collection[str]


def fault(statement: Statement, duty: Duty, limits: Limits, *, now: datetime) -> Fault | None:
    """Say why a statement doesn't discharge a duty; None where it does. The first obstacle counts."""
    if statement.consent != duty.consent:
        return Fault.OTHER_CONSENT
    if statement.institution != duty.institution:
        return Fault.OTHER_INSTITUTION
    if Owner.INSTITUTION not in OWNERS[statement.act] or statement.act not in TRANSITIONS[duty.state]:
        return Fault.NOT_OWED
    return _time(statement, duty, limits, now) or _words(statement, limits, business_day(now))


def _time(statement: Statement, duty: Duty, limits: Limits, now: datetime) -> Fault | None:
    if statement.at < duty.since:
        return Fault.BEFORE_THE_END
    if statement.at > now + _SKEW:
        return Fault.AHEAD
    return Fault.STALE if statement.at < now - timedelta(hours=limits.statement_hours_max) else None


def _words(statement: Statement, limits: Limits, today: date) -> Fault | None:
    if statement.act is Act.DELETE:
        day = statement.deleted_on
        return Fault.NOT_YET_DELETED if day is None or day > business_day(statement.at) else None
    if statement.until is None or statement.until <= today:
        return Fault.RESTRICTION_OVER
    if statement.until.year - today.year > limits.restricted_years_max:
        return Fault.RESTRICTION_TOO_LONG
    return None if statement.law in limits.laws else Fault.LAW_UNKNOWN


def overdue(duty: Duty, today: date) -> bool:
    """Whether a receipt should have come by now."""
    return duty.state in OPEN and today > duty.due_on


def lapsed(duty: Duty, today: date) -> bool:
    """Whether the time for which a law allowed keeping has passed."""
    return duty.state is State.RESTRICTED and duty.until is not None and today > duty.until


def due_on(terms: Terms, status: Status, *, ended: date, told: date, receipt_days: int) -> date:
    """Return the last day for a receipt: so many days after deletion is owed and the institution could know.

    Who withdraws wants it gone now. Where the term simply ran out, the consent itself allows keeping for
    `retention_days` more.
    """
    keeps = terms.retention_days if status is Status.EXPIRED else 0
    return max(ended + timedelta(days=keeps), told) + timedelta(days=receipt_days)


def passes_on(former: Terms, successor: Terms) -> frozenset[str]:
    """Return the items whose data an institution may keep under the consent that superseded another.

    A firm that renews its consent has not asked for deletion, so what both name for one purpose stays, and
    its deletion is owed when the successor ends. What the successor no longer names is owed at once.
    """
    if former.institution != successor.institution or former.purpose is not successor.purpose:
        return frozenset()
    return former.items & successor.items


def encode(statement: Statement) -> dict[str, Any]:
    """Return the payload of a receipt."""
    told: dict[str, Any] = {
        "consent": str(statement.consent),
        "institution": statement.institution,
        "statement": _WORDS[statement.act],
        "at": statement.at.astimezone(BUSINESS_ZONE).isoformat(),
    }
    if statement.deleted_on is not None:
        told["deleted_on"] = statement.deleted_on.isoformat()
    if statement.until is not None:
        told |= {"until": statement.until.isoformat(), "law": statement.law}
    return told


def decode(payload: Mapping[str, Any]) -> Statement:
    """Return what a receipt's payload says; ValueError where it says less, more or something else."""
    acts = {word: act for act, word in _WORDS.items()}
    try:
        act = acts[payload["statement"]]
        own = {"deleted_on"} if act is Act.DELETE else {"until", "law"}
        if set(payload) != own | {"consent", "institution", "statement", "at"}:
            raise ValueError(f"{sorted(payload)}")
        at = datetime.fromisoformat(payload["at"])
        if at.tzinfo is None:
            raise ValueError("at: without a time zone")
        return Statement(
            UUID(payload["consent"]),
            str(payload["institution"]),
            act,
            at,
            deleted_on=date.fromisoformat(payload["deleted_on"]) if act is Act.DELETE else None,
            until=date.fromisoformat(payload["until"]) if act is Act.RESTRICT else None,
            law=str(payload.get("law", "")),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ValueError(f"not the payload of a deletion receipt: {error}") from error
