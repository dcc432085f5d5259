"""What may become of a fact in the store (国办发〔2021〕52号 （四）（五）（九）). Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Final

from rongxin.vocabulary.labelled import Labelled


class MarkKind(Labelled):
    """What stands beside a record while it is under way."""

    OBJECTION = "objection", "异议申诉处理中", "under objection"
    REPAIR = "repair", "信用修复申请处理中", "credit repair asked for"


class EndedWhy(StrEnum):
    """Why a row no longer counts."""

    SUPERSEDED = "superseded"
    CORRECTED = "corrected"
    REPAIRED = "repaired"
    PUBLICATION_ENDED = "publication_ended"
    REMOVED_BY_AUTHORITY = "removed_by_authority"
    WITHDRAWN = "withdrawn"
    DELISTED = "delisted"
    UNMATCHED = "unmatched"
    NOT_IN_SOURCE = "not_in_source"
    AGREEMENT_OVER = "agreement_over"

    @property
    def label(self) -> str:
        return _LABELS[self]


_LABELS = {
    EndedWhy.SUPERSEDED: "已被更新",
    EndedWhy.CORRECTED: "内容已更正",
    EndedWhy.REPAIRED: "信用修复",
    EndedWhy.PUBLICATION_ENDED: "公示期满",
    EndedWhy.REMOVED_BY_AUTHORITY: "认定机关移除",
    EndedWhy.WITHDRAWN: "提供单位撤回",
    EndedWhy.DELISTED: "已不在最新名单",
    EndedWhy.UNMATCHED: "人工匹配已撤销",
    EndedWhy.NOT_IN_SOURCE: "提供单位处已无此记录",
    EndedWhy.AGREEMENT_OVER: "批量调用约定已终止",
}


class State(StrEnum):
    LIVE = "live"
    ENDED = "ended"


# A row ends once, for one reason, and never comes back: what returns after a withdrawal is a new row.
TRANSITIONS: Mapping[State, Mapping[EndedWhy, State]] = {
    State.LIVE: dict.fromkeys(EndedWhy, State.ENDED),
    State.ENDED: {},
}

# Which part of the house may end a row for which reason.
OWNERS: Mapping[EndedWhy, str] = {
    EndedWhy.SUPERSEDED: "sharing",
    EndedWhy.WITHDRAWN: "sharing",
    EndedWhy.DELISTED: "sharing",
    EndedWhy.UNMATCHED: "sharing",
    EndedWhy.NOT_IN_SOURCE: "sharing",
    EndedWhy.AGREEMENT_OVER: "sharing",
    EndedWhy.CORRECTED: "rights, sharing",
    EndedWhy.REPAIRED: "rights",
    EndedWhy.PUBLICATION_ENDED: "records, sharing",
    EndedWhy.REMOVED_BY_AUTHORITY: "rights, sharing",
}


class Bar(StrEnum):
    """What an ending forbids to file again under the same subject, item and record key."""

    NOTHING = "nothing"
    SAME_CONTENT = "same_content"
    SAME_RECORD = "same_record"


# Repair means that publication, sharing and use stop in every copy (发改委令第36号): a department's weekly
# full export must not bring the record back, whatever else changed in the line. A corrected row only bars
# the content that was found wrong, and a publication that ended only the entry whose time was over.
BARS: Mapping[EndedWhy, Bar] = {
    EndedWhy.SUPERSEDED: Bar.NOTHING,
    EndedWhy.WITHDRAWN: Bar.NOTHING,
    # A line left out by mistake on one day stands on the list again the next, word for word.
    EndedWhy.DELISTED: Bar.NOTHING,
    # The record was right and its subject wrong: it may be matched again, to the same subject too.
    EndedWhy.UNMATCHED: Bar.NOTHING,
    # What was gone may be there again, and an agreement may be made anew.
    EndedWhy.NOT_IN_SOURCE: Bar.NOTHING,
    EndedWhy.AGREEMENT_OVER: Bar.NOTHING,
    EndedWhy.CORRECTED: Bar.SAME_CONTENT,
    EndedWhy.PUBLICATION_ENDED: Bar.SAME_CONTENT,
    EndedWhy.REPAIRED: Bar.SAME_RECORD,
    EndedWhy.REMOVED_BY_AUTHORITY: Bar.SAME_RECORD,
}


class Fate(StrEnum):
    """What filing makes of one row."""

    FILED = "filed"
    SUPERSEDES = "supersedes"
    HISTORY = "history"  # an older state: kept, but it never counted as the present one
    DUPLICATE = "duplicate"
    DUPLICATE_IN_FILE = "duplicate_in_file"
    CONFLICT_IN_FILE = "conflict_in_file"
    BARRED = "barred"
    KNOWN = "known"  # another source, no worse, shares it already: kept beside, so that it isn't lost
    OTHER_AUTHORITY = "other_authority"
    OLDER = "older"

    @property
    def stored(self) -> bool:
        return self in (Fate.FILED, Fate.SUPERSEDES, Fate.HISTORY)


@dataclass(frozen=True)
class Precedence:
    """Which source's version of one record counts: the one with the lower place.

    `others` is the place of whoever has none of its own. Sources of one place are equal: whichever came
    first counts ((五): 凡已实现共享的信息，不再要求有关部门和单位重复提供).
    """

    places: Mapping[str, int] = field(default_factory=dict)
    others: int = 0

    def place(self, provider: str) -> int:
        return self.places.get(provider, self.others)


EQUAL: Final = Precedence()


@dataclass(frozen=True)
class Held:
    """The live version of a record, as far as filing has to know it. `authority`: as for `fate`."""

    digest: bytes
    provider: str
    observed_on: date
    authority: Sequence[str | None] = ()


def other_authority(one: Sequence[str | None], other: Sequence[str | None]) -> bool:
    """Whether two rows name different deciding authorities: the first name that both give decides."""
    for left, right in zip(one, other, strict=False):
        if left is not None and right is not None:
            return left != right
    return False


def fate(
    *,
    digest: bytes,
    provider: str,
    observed_on: date,
    is_state: bool,
    held: Held | None,
    precedence: Precedence = EQUAL,
    authority: Sequence[str | None] = (),
) -> Fate:
    """Decide what a new row means to the one that is held under the same subject, item and record key.

    Between two sources the precedence decides, whatever their dates and words: so the order in which their
    files come makes no difference. `authority` names who decided, the most certain name first (a code, then
    a name); where two sources name different ones it is no longer plain that the record is the same, and
    the row is handed back.

    Of one source, `observed_on` is the day of the fact, or the day of receipt where the row has none.
    `is_state`: the item has one record a subject (no record key), so that its versions are states in time,
    and an older one is history. A row with a record key is one event; a version dated *earlier* than the one
    held is either an old export sent late or a corrected date, which only the provider can tell: it is not
    filed in silence but handed back. The set-based twin of this function is `filing`; a property test holds
    them equal.
    """
    if held is None:
        return Fate.FILED
    if held.provider != provider:
        if other_authority(authority, held.authority):
            return Fate.OTHER_AUTHORITY
        better = precedence.place(provider) < precedence.place(held.provider)
        return Fate.SUPERSEDES if better else Fate.KNOWN
    if held.digest == digest:
        return Fate.DUPLICATE
    if observed_on < held.observed_on:
        return Fate.HISTORY if is_state else Fate.OLDER
    return Fate.SUPERSEDES
