"""When a row may be attached to a subject by itself, and when a person must look (policy of matching).

Automatic are only: a valid code; an old code that maps to one subject; an exact canonical name that is
unique in the region of registration; a former name valid on the day of the record. Everything else waits
with its reason and up to three candidates. An adverse record is never attached by name alone: a wrong
attachment harms a firm that did nothing, and recall doesn't outweigh that.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from rongxin.parties.rules.names import Key
from rongxin.vocabulary import region as regions

CANDIDATES_MAX = 3


class Basis(StrEnum):
    """What a row was attached by."""

    CODE = "code"
    OPENED = "opened"
    OLD_CODE = "old_code"
    NAME = "name"
    FORMER_NAME = "former_name"


class Pending(StrEnum):
    """Why a row waits for a person."""

    NOTHING_TO_MATCH = "nothing_to_match"
    INVALID_CODE = "invalid_code"
    KIND_OUT_OF_SCOPE = "kind_out_of_scope"
    OLD_CODE_UNKNOWN = "old_code_unknown"
    OLD_CODE_AMBIGUOUS = "old_code_ambiguous"
    NAME_TOO_BARE = "name_too_bare"
    NAME_UNKNOWN = "name_unknown"
    NAME_AMBIGUOUS = "name_ambiguous"
    LEGAL_FORM_AMBIGUOUS = "legal_form_ambiguous"
    REGION_UNKNOWN = "region_unknown"
    OTHER_REGION = "other_region"
    FORMER_NAME_NOT_VALID = "former_name_not_valid"
    NEGATIVE_BY_NAME_ALONE = "negative_by_name_alone"

    @property
    def message(self) -> str:
        return _MESSAGES[self]


_MESSAGES = {
    Pending.NOTHING_TO_MATCH: "既无统一社会信用代码，也无名称。",
    Pending.INVALID_CODE: "统一社会信用代码有误，请核对后重报。",
    Pending.KIND_OUT_OF_SCOPE: "该代码所属类别不在本清单的信息主体范围内（附件 注1）。",
    Pending.OLD_CODE_UNKNOWN: "旧代码未对应到已知主体，请补报统一社会信用代码。",
    Pending.OLD_CODE_AMBIGUOUS: "旧代码对应多个主体，请人工确认。",
    Pending.NAME_TOO_BARE: "名称没有字号，不能按名称匹配，请补报统一社会信用代码。",
    Pending.NAME_UNKNOWN: "没有同名主体，请补报统一社会信用代码。",
    Pending.NAME_AMBIGUOUS: "有多个同名主体，请人工确认。",
    Pending.LEGAL_FORM_AMBIGUOUS: "同一名称有不同组织形式（有限公司、股份有限公司），请人工确认。",
    Pending.REGION_UNKNOWN: "缺少登记地区，不能确认同名唯一，请补报统一社会信用代码或地区。",
    Pending.OTHER_REGION: "同名主体登记在其他地区，请人工确认。",
    Pending.FORMER_NAME_NOT_VALID: "该名称在记录日期不是有效的曾用名，请人工确认。",
    Pending.NEGATIVE_BY_NAME_ALONE: "不利信息不得仅凭名称归集到主体，请补报统一社会信用代码或人工确认。",
}


@dataclass(frozen=True, slots=True)
class Candidate:
    """A subject the row might belong to; `name` is the one that is alike, current or former."""

    subject_id: int
    uscc: str | None
    name: str


@dataclass(frozen=True, slots=True)
class Holder:
    """A subject that bears a name, or bore it in a time (`former`)."""

    candidate: Candidate
    key: Key
    region: str
    former: bool = False
    valid_from: date | None = None
    valid_to: date | None = None

    def bore_it_on(self, day: date | None) -> bool:
        if not self.former:
            return True
        if day is None:
            return False
        return (self.valid_from is None or self.valid_from <= day) and (
            self.valid_to is None or day <= self.valid_to
        )


@dataclass(frozen=True, slots=True)
class Finding:
    """What became of one row: a subject with the basis, or a reason to wait with candidates."""

    subject_id: int | None
    basis: Basis | None
    pending: Pending | None
    candidates: tuple[Candidate, ...] = ()


def attached(subject_id: int, basis: Basis) -> Finding:
    return Finding(subject_id, basis, None)


def waits(reason: Pending, candidates: Sequence[Candidate] = ()) -> Finding:
    """Return a finding that waits, with at most three different candidates in a settled order."""
    distinct = sorted({candidate.subject_id: candidate for candidate in candidates}.items())
    return Finding(None, None, reason, tuple(candidate for _, candidate in distinct[:CANDIDATES_MAX]))


def by_old_code(found: Sequence[Candidate]) -> Finding:
    """Decide on a row that gives an old code instead of the 18 characters."""
    subjects = {candidate.subject_id for candidate in found}
    if not subjects:
        return waits(Pending.OLD_CODE_UNKNOWN)
    if len(subjects) > 1:
        return waits(Pending.OLD_CODE_AMBIGUOUS, found)
    return attached(subjects.pop(), Basis.OLD_CODE)


def by_name(key: Key, region: str, on: date | None, holders: Sequence[Holder], *, negative: bool) -> Finding:
    """Decide on a row that has only a name.

    `holders` are all who bear or bore the name, or the same name in the sister form, anywhere; who bears it
    in the row's region decides, but a holder elsewhere is still shown as a candidate.
    """
    everybody = [holder.candidate for holder in holders]
    if not key.tells:
        return waits(Pending.NAME_TOO_BARE, everybody)
    same = [holder for holder in holders if holder.key == key]
    if not same:
        reason = Pending.LEGAL_FORM_AMBIGUOUS if holders else Pending.NAME_UNKNOWN
        return waits(reason, everybody)
    if negative:
        return waits(Pending.NEGATIVE_BY_NAME_ALONE, everybody)
    if not region:
        return waits(Pending.REGION_UNKNOWN, everybody)
    here = [holder for holder in holders if holder.region and regions.lies_in(holder.region, region)]
    if any(holder.key != key for holder in here):
        return waits(Pending.LEGAL_FORM_AMBIGUOUS, everybody)
    if not here:
        return waits(Pending.OTHER_REGION, everybody)
    if len({holder.candidate.subject_id for holder in here}) > 1:
        return waits(Pending.NAME_AMBIGUOUS, everybody)
    fitting = [holder for holder in here if holder.bore_it_on(on)]
    if not fitting:
        return waits(Pending.FORMER_NAME_NOT_VALID, everybody)
    former = all(holder.former for holder in fitting)
    return attached(fitting[0].candidate.subject_id, Basis.FORMER_NAME if former else Basis.NAME)
