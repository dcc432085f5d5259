"""履职依据: by what law a department may see which items of whose, and until when ((五)). Pure.

A department needs no firm's consent for what its duty covers, so what stands in the consent's place is told
as exactly: the duty, the law, the items, the regions or firms, the days. It is put forward by one person of
the operator's and granted by another. What the annex shares only with consent needs a law of its own, cited
beside the item.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any

from rongxin.vocabulary import region as regions
from rongxin.vocabulary import uscc as codes
from rongxin.vocabulary.reason import Reason

# Long enough to name an act and its article, short enough to be read by whom it concerns.
BASIS_LENGTH_MAX = 500
DUTY_LENGTH_MAX = 200


class State(StrEnum):
    """Where a mandate stands; only a granted one carries anything."""

    PROPOSED = "proposed"
    GRANTED = "granted"
    DECLINED = "declined"
    REVOKED = "revoked"

    @property
    def label(self) -> str:
        return _LABELS[self]


_LABELS = {
    State.PROPOSED: "待第二人核准",
    State.GRANTED: "已生效",
    State.DECLINED: "未获核准",
    State.REVOKED: "已撤销",
}


class Act(StrEnum):
    GRANT = "grant"
    DECLINE = "decline"
    REVOKE = "revoke"


TRANSITIONS: Mapping[State, Mapping[Act, State]] = {
    State.PROPOSED: {Act.GRANT: State.GRANTED, Act.DECLINE: State.DECLINED},
    State.GRANTED: {Act.REVOKE: State.REVOKED},
    State.DECLINED: {},
    State.REVOKED: {},
}

OWNERS: Mapping[Act, str] = {Act.GRANT: "operator", Act.DECLINE: "operator", Act.REVOKE: "operator"}


@dataclass(frozen=True)
class Terms:
    """What a mandate says. `items` gives for each item the law that opens what needs consent ("" = none)."""

    department: str
    duty: str
    legal_basis: str
    items: Mapping[str, str]
    valid_from: date
    valid_until: date
    # Codes of GB/T 2260 whose firms it reaches, and firms beside them; at least one of either.
    regions: tuple[str, ...] = ()
    subjects: tuple[str, ...] = ()
    # How many firms may be asked about in a day, by question or by list.
    daily_limit: int = field(default=200)

    def as_json(self) -> dict[str, Any]:
        """Return the terms as plain values; `read` reads them back."""
        return {
            "department": self.department,
            "duty": self.duty,
            "legal_basis": self.legal_basis,
            "items": dict(sorted(self.items.items())),
            "regions": sorted(self.regions),
            "subjects": sorted(self.subjects),
            "valid_from": self.valid_from.isoformat(),
            "valid_until": self.valid_until.isoformat(),
            "daily_limit": self.daily_limit,
        }


def read(document: Mapping[str, Any]) -> Terms:
    """Return the terms that `Terms.as_json` wrote."""
    return Terms(
        **{
            **document,
            "regions": tuple(document["regions"]),
            "subjects": tuple(document["subjects"]),
            "valid_from": date.fromisoformat(document["valid_from"]),
            "valid_until": date.fromisoformat(document["valid_until"]),
        }
    )


def faults(terms: Terms, known_items: Iterable[str]) -> Iterator[str]:
    """Say in Chinese, one line a fault, what keeps these terms from being a mandate."""
    if not terms.duty.strip() or len(terms.duty) > DUTY_LENGTH_MAX:
        yield f"请写明履职事项（不超过{DUTY_LENGTH_MAX}字）"
    if not terms.legal_basis.strip() or len(terms.legal_basis) > BASIS_LENGTH_MAX:
        yield f"请写明法律依据，含法规名称与条款（不超过{BASIS_LENGTH_MAX}字）"
    if not terms.items:
        yield "请至少列明一个信息项"
    known = frozenset(known_items)
    yield from (f"清单中没有信息项“{name}”" for name in terms.items if name not in known)
    yield from (
        f"信息项“{name}”的法律依据超过{BASIS_LENGTH_MAX}字"
        for name, basis in terms.items.items()
        if len(basis) > BASIS_LENGTH_MAX
    )
    if not terms.regions and not terms.subjects:
        yield "请列明行政区划或信息主体：履职依据不能没有范围"
    yield from (f"“{code}”不是六位行政区划代码" for code in terms.regions if not regions.well_formed(code))
    yield from (
        f"{code}：{codes.examine(code).message}"
        for code in terms.subjects
        if not codes.examine(code).acceptable
    )
    if terms.valid_until < terms.valid_from:
        yield f"有效期止于{terms.valid_until}，早于起始日{terms.valid_from}"
    if terms.daily_limit < 1:
        yield "每日查询主体数的上限至少为1"


def standing(terms: Terms, state: State, *, department: str, day: date) -> Reason | None:
    """Say why a mandate carries nothing for a department on a day; None where it stands.

    Another department's mandate is no mandate: whether it exists is not the asker's to learn.
    """
    if terms.department != department or state in (State.PROPOSED, State.DECLINED):
        return Reason.DUTY_MANDATE_MISSING
    if state is State.REVOKED:
        return Reason.DUTY_MANDATE_REVOKED
    if day < terms.valid_from:
        return Reason.DUTY_MANDATE_NOT_YET_VALID
    return Reason.DUTY_MANDATE_EXPIRED if day > terms.valid_until else None


def names(terms: Terms, items: Iterable[str]) -> Reason | None:
    """Say why a question about these items lies outside the mandate; None where all are named."""
    return None if all(item in terms.items for item in items) else Reason.DUTY_ITEM_NOT_COVERED


def reaches(terms: Terms, *, uscc: str, region: str) -> Reason | None:
    """Say why a subject lies outside the mandate; None where it is named or lies in a region of it."""
    if uscc in terms.subjects:
        return None
    inside = regions.well_formed(region) and any(regions.lies_in(region, outer) for outer in terms.regions)
    return None if inside else Reason.DUTY_SUBJECT_NOT_COVERED


def of_item(terms: Terms, item: str) -> Reason:
    """Return on what an item rests: OFFICIAL_DUTY opens also what needs consent, since a law is cited for it;
    DUTY_BASIS_MISSING opens the rest only; any other opens nothing.
    """
    basis = terms.items.get(item)
    if basis is None:
        return Reason.DUTY_ITEM_NOT_COVERED
    return Reason.OFFICIAL_DUTY if basis.strip() else Reason.DUTY_BASIS_MISSING
