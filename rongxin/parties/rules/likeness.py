"""How alike a row and a subject are: the name by its letters, and second evidence beside it (policy of
matching).

For a person who decides, never instead of one: a like name alone is no ground to attach a record.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from difflib import SequenceMatcher
from enum import StrEnum

from rongxin.parties.rules.identity import plain
from rongxin.parties.rules.names import Key

_ORGANISATION_CODE = 9  # characters of an 组织机构代码, which lives on in the 18 (positions 9–17)
_WITH_REGION = (13, 15)  # characters of a 注册号, which begins with the region of registration


class Evidence(StrEnum):
    """What may speak for or against a candidate beside its name."""

    OLD_CODE = "old_code"
    REPRESENTATIVE_NUMBER = "representative_number"
    REPRESENTATIVE_NAME = "representative_name"
    REGION = "region"
    ESTABLISHED_ON = "established_on"
    EXISTED = "existed"
    LEGAL_FORM = "legal_form"

    @property
    def label(self) -> str:
        return _LABELS[self]

    @property
    def strong(self) -> bool:
        """Whether it tells one firm from all others by itself; the rest is shared by many."""
        return self in (Evidence.OLD_CODE, Evidence.REPRESENTATIVE_NUMBER)


_LABELS = {
    Evidence.OLD_CODE: "旧代码",
    Evidence.REPRESENTATIVE_NUMBER: "法定代表人证件号码",
    Evidence.REPRESENTATIVE_NAME: "法定代表人姓名",
    Evidence.REGION: "所在地区",
    Evidence.ESTABLISHED_ON: "成立日期",
    Evidence.EXISTED: "记录日期时已成立",
    Evidence.LEGAL_FORM: "组织形式",
}


class Comparison(StrEnum):
    AGREES = "agrees"
    DIFFERS = "differs"
    UNKNOWN = "unknown"  # the row or the register doesn't say

    @property
    def label(self) -> str:
        return {"agrees": "一致", "differs": "不一致", "unknown": "无从比较"}[self.value]


@dataclass(frozen=True, slots=True)
class Traces:
    """What a row says of its firm. `representative_number` is compared and shown to nobody."""

    name: str
    codes: tuple[str, ...] = ()
    representative: str = ""
    representative_number: str = field(default="", repr=False)
    addresses: tuple[str, ...] = ()
    established_on: date | None = None
    observed_on: date | None = None


@dataclass(frozen=True, slots=True)
class Bearer:
    """What the register says of a subject. `places` are the names of its county, city and province."""

    uscc: str | None
    key: Key
    old_codes: tuple[str, ...]
    representative: str
    representative_commitment: str
    region: str
    places: tuple[str, ...]
    established_on: date | None


def grams(key: Key) -> tuple[str, ...]:
    """Return the pairs of neighbouring characters of a name's stem; the index holds every name."""
    return tuple(dict.fromkeys(key.stem[place : place + 2] for place in range(len(key.stem) - 1)))


def likeness(one: Key, other: Key) -> float:
    """Return how much of two names' stems is the same, from 0 to 1 (Ratcliff and Obershelp)."""
    return SequenceMatcher(None, one.stem, other.stem, autojunk=False).ratio()


def compare(
    traces: Traces, key: Key, bearer: Bearer, *, commitment: str, elsewhere: Sequence[str]
) -> dict[Evidence, Comparison]:
    """Compare all that row and register both carry.

    `commitment` is that to the representative's number in the row ("" for none); `elsewhere` are the cities
    that the row's address or name begins with.
    """
    return {
        Evidence.OLD_CODE: _old_code(traces, bearer),
        Evidence.REPRESENTATIVE_NUMBER: _equal(commitment, bearer.representative_commitment),
        Evidence.REPRESENTATIVE_NAME: _equal(plain(traces.representative), plain(bearer.representative)),
        Evidence.REGION: _region(traces, bearer, elsewhere),
        Evidence.ESTABLISHED_ON: _equal(traces.established_on, bearer.established_on),
        Evidence.EXISTED: _existed(traces.observed_on, bearer.established_on),
        Evidence.LEGAL_FORM: _equal(key.form, bearer.key.form),
    }


def rank(score: float, evidence: dict[Evidence, Comparison]) -> tuple[int, float, int]:
    """Order candidates: strong evidence first, then the name, then how much else agrees or contradicts."""
    strong = sum(_sign(how) for what, how in evidence.items() if what.strong)
    other = sum(_sign(how) for what, how in evidence.items() if not what.strong)
    return (strong, round(score, 2), other)


def _sign(how: Comparison) -> int:
    return {Comparison.AGREES: 1, Comparison.DIFFERS: -1, Comparison.UNKNOWN: 0}[how]


def _equal(one: object, other: object) -> Comparison:
    if not one or not other:
        return Comparison.UNKNOWN
    return Comparison.AGREES if one == other else Comparison.DIFFERS


def _old_code(traces: Traces, bearer: Bearer) -> Comparison:
    held = set(bearer.old_codes)
    if bearer.uscc:
        held |= {bearer.uscc, bearer.uscc[8:17]}
    if held & set(traces.codes):
        return Comparison.AGREES
    # A firm has one code of each kind; only against one of the same length can another one speak.
    lengths = {len(code) for code in held}
    return Comparison.DIFFERS if lengths & {len(code) for code in traces.codes} else Comparison.UNKNOWN


def _region(traces: Traces, bearer: Bearer, elsewhere: Sequence[str]) -> Comparison:
    """County or city in the address or the name, or the region with which an old 注册号 begins."""
    texts = (*traces.addresses, traces.name)
    if any(place in text for place in bearer.places for text in texts):
        return Comparison.AGREES
    numbered = {code[:4] for code in traces.codes if len(code) in _WITH_REGION}
    if bearer.region and bearer.region[:4] in numbered:
        return Comparison.AGREES
    if bearer.region and (numbered or elsewhere):
        return Comparison.DIFFERS
    return Comparison.UNKNOWN


def _existed(observed_on: date | None, established_on: date | None) -> Comparison:
    """A firm founded after the day of the fact can't be the one that it is about."""
    if observed_on is None or established_on is None:
        return Comparison.UNKNOWN
    return Comparison.AGREES if established_on <= observed_on else Comparison.DIFFERS
