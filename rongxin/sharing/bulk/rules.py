"""批量调用: what a written agreement says, who is asked next, how fast, and what is known of a subject. Pure.

The notice has 接口调用 made for a firm's consent (附件注2). Where a row needs none, its provider may agree in
writing to have all firms asked about, at a rate of its own; without that paper the platform asks for a case.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import Any, Final

DOCUMENT_NUMBER_MAX: Final = 120
RATE_MAX: Final = 6000  # a minute
REFRESH_DAYS_MAX: Final = 366
KEEP_DAYS_MAX: Final = 3660
#: What is asked of a provider in one turn at most: what is lost where a process is killed.
TURN_SUBJECTS_MAX: Final = 100
#: A turn that has not ended by then never will: its process is dead.
TURN_LASTS_MAX: Final = timedelta(minutes=3)
#: After a turn that found the provider silent or unwilling, and for a subject of which it failed.
REST: Final = timedelta(minutes=10)
_WINDOW: Final = timedelta(minutes=1)
_NEVER: Final = datetime.min.replace(tzinfo=UTC)
_SHA256: Final = re.compile(r"[0-9a-f]{64}")


class State(StrEnum):
    """Where an agreement stands; only one in force lets anybody be asked."""

    PROPOSED = "proposed"
    IN_FORCE = "in_force"
    DECLINED = "declined"
    SUPERSEDED = "superseded"
    ENDED = "ended"

    @property
    def label(self) -> str:
        return _LABELS[self]


_LABELS = {
    State.PROPOSED: "待第二人核对",
    State.IN_FORCE: "已生效",
    State.DECLINED: "核对未通过",
    State.SUPERSEDED: "已被新的约定取代",
    State.ENDED: "已终止",
}


class Act(StrEnum):
    CONFIRM = "confirm"
    DECLINE = "decline"
    SUPERSEDE = "supersede"
    END = "end"


TRANSITIONS: Mapping[State, Mapping[Act, State]] = {
    State.PROPOSED: {Act.CONFIRM: State.IN_FORCE, Act.DECLINE: State.DECLINED},
    State.IN_FORCE: {Act.SUPERSEDE: State.SUPERSEDED, Act.END: State.ENDED},
    State.DECLINED: {},
    State.SUPERSEDED: {},
    State.ENDED: {},
}

OWNERS: Mapping[Act, str] = {
    Act.CONFIRM: "operator",
    Act.DECLINE: "operator",
    Act.SUPERSEDE: "node",
    Act.END: "operator",
}


@dataclass(frozen=True)
class Terms:
    """What the paper says. `keep_days`: how long after its end the rows may still be kept and used; 0 = not
    a day.
    """

    document_number: str
    document_sha256: str
    signed_on: date
    from_on: date
    until_on: date
    calls_per_minute: int
    refresh_days: int
    keep_days: int

    def as_json(self) -> dict[str, Any]:
        """Return the terms as plain values; `read` reads them back."""
        return {
            "document_number": self.document_number,
            "document_sha256": self.document_sha256,
            "signed_on": self.signed_on.isoformat(),
            "from_on": self.from_on.isoformat(),
            "until_on": self.until_on.isoformat(),
            "calls_per_minute": self.calls_per_minute,
            "refresh_days": self.refresh_days,
            "keep_days": self.keep_days,
        }


def read(document: Mapping[str, Any]) -> Terms:
    """Return the terms that `Terms.as_json` wrote."""
    days = {name: date.fromisoformat(document[name]) for name in ("signed_on", "from_on", "until_on")}
    return Terms(**{**document, **days})


def faults(terms: Terms) -> Iterator[str]:
    """Say in Chinese, one line a fault, what keeps these terms from being an agreement."""
    number = terms.document_number
    if not number.strip() or len(number) > DOCUMENT_NUMBER_MAX:
        yield f"请写明书面同意的文号（不超过{DOCUMENT_NUMBER_MAX}字）"
    if not _SHA256.fullmatch(terms.document_sha256):
        yield "请给出书面同意文件的 SHA-256（64 位小写十六进制）"
    if terms.from_on > terms.until_on:
        yield "生效日期晚于截止日期"
    if terms.signed_on > terms.from_on:
        yield "签署日期晚于生效日期"
    for label, value, last in (
        ("每分钟调用次数", terms.calls_per_minute, RATE_MAX),
        ("更新间隔（天）", terms.refresh_days, REFRESH_DAYS_MAX),
    ):
        if not 1 <= value <= last:
            yield f"{label}应为 1 至 {last}"
    if not 0 <= terms.keep_days <= KEEP_DAYS_MAX:
        yield f"终止后保存天数应为 0 至 {KEEP_DAYS_MAX}"


def in_force(terms: Terms, state: State, on: date) -> bool:
    """Whether the provider may be asked in bulk on a day."""
    return state is State.IN_FORCE and terms.from_on <= on <= terms.until_on


def over_on(terms: Terms, ended_on: date | None) -> date:
    """Return the last day on which an agreement held: its own, or the day on which it was ended."""
    return terms.until_on if ended_on is None else min(ended_on, terms.until_on)


def may_be_kept(terms: Terms, state: State, ended_on: date | None, on: date) -> bool:
    """Whether rows called by it may be kept and used on a day: while it holds, and as long after as it says.

    One that a later version took the place of says nothing any more: that version does.
    """
    if state not in (State.IN_FORCE, State.ENDED) or on < terms.from_on:
        return False
    held = ended_on is None and on <= terms.until_on
    return held or (terms.keep_days > 0 and on <= over_on(terms, ended_on) + timedelta(days=terms.keep_days))


def due_before(terms: Terms, *, as_of: datetime) -> datetime:
    """Return the moment before which an observation is asked anew: in the last quarter of its interval, so
    that nothing grows stale while it waits its turn.
    """
    return as_of - timedelta(days=terms.refresh_days) * 0.75


def stale_before(terms: Terms, *, as_of: datetime) -> datetime:
    """Return the moment before which an observation counts no more."""
    return as_of - timedelta(days=terms.refresh_days)


def allowance(terms: Terms, turns: Iterable[tuple[datetime, int]], *, as_of: datetime) -> int:
    """Return how many calls may be made now, by what was taken up in the last minute (when, how many).

    What a turn took up counts whether or not it was ever asked: so a process that dies and comes back again
    and again asks no faster than one that lives.
    """
    taken = sum(count for at, count in turns if as_of - _WINDOW < at)
    return max(0, min(terms.calls_per_minute - taken, TURN_SUBJECTS_MAX))


@dataclass(frozen=True)
class Candidate:
    """A subject as the refresh sees it; both moments are None where it was never asked about."""

    subject: int
    asked_at: datetime | None
    observed_at: datetime | None


def next_ones(candidates: Iterable[Candidate], terms: Terms, limit: int, *, as_of: datetime) -> list[int]:
    """Return whom to ask about now; the set-based twin is in `sharing.bulk.queue`.

    Never asked comes first, then whom was asked about longest ago, whatever came of it: those whose answers
    are handed back again and again would otherwise take the rate before anybody else's turn. Whom the
    provider failed to answer about a while ago is not asked again at once.
    """
    due = [one for one in candidates if _is_due(one, terms, as_of)]
    due.sort(key=lambda one: (one.asked_at or _NEVER, one.subject))
    return [one.subject for one in due[:limit]]


def _is_due(one: Candidate, terms: Terms, as_of: datetime) -> bool:
    if one.asked_at is None:
        return True
    if one.asked_at > as_of - REST:
        return False
    return one.observed_at is None or one.observed_at < due_before(terms, as_of=as_of)


class Seen(StrEnum):
    """What is known of a subject under an item kept by agreement; "never asked" is not "none"."""

    OBSERVED = "observed"
    OBSERVED_NONE = "observed_none"
    MISSING = "missing"
    NOT_APPLICABLE = "not_applicable"

    @property
    def label(self) -> str:
        return {
            "observed": "有记录",
            "observed_none": "已询，无记录",
            "missing": "缺失（未询或已过期）",
            "not_applicable": "不适用",
        }[self.value]
