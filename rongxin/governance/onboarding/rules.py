"""接入申请与安全评估: what is asked, how it is scored, and the way of an application ((五)(六)(十)). Pure.

One person of the operator's assesses, another approves; who applies does neither. It costs nothing.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from rongxin.vocabulary import edition
from rongxin.vocabulary.labelled import Labelled


class State(Labelled):
    """Where an application stands."""

    SUBMITTED = "submitted", "待评估", "waits to be assessed"
    ASSESSED = "assessed", "待核准", "waits for a second person"
    APPROVED = "approved", "已核准", "approved"
    DECLINED = "declined", "未获核准", "declined"


class Act(StrEnum):
    ASSESS = "assess"
    APPROVE = "approve"
    DECLINE = "decline"
    SUPERSEDE = "supersede"


TRANSITIONS: Final[Mapping[State, Mapping[Act, State]]] = {
    # Superseded: another one of the same code was approved.
    State.SUBMITTED: {
        Act.ASSESS: State.ASSESSED,
        Act.DECLINE: State.DECLINED,
        Act.SUPERSEDE: State.DECLINED,
    },
    # Assessed anew, where the second person sends it back to be looked at again.
    State.ASSESSED: {
        Act.ASSESS: State.ASSESSED,
        Act.APPROVE: State.APPROVED,
        Act.DECLINE: State.DECLINED,
        Act.SUPERSEDE: State.DECLINED,
    },
    State.APPROVED: {},
    State.DECLINED: {},
}
OWNERS: Final[Mapping[Act, str]] = dict.fromkeys(Act, "operator")
WAITING: Final = (State.SUBMITTED, State.ASSESSED)


class Verdict(Labelled):
    """What the assessor found of one question."""

    MET = "met", "符合", "met"
    PARTLY = "partly", "部分符合", "partly met"
    NOT_MET = "not_met", "不符合", "not met"


_HALVES: Final = {Verdict.MET: 2, Verdict.PARTLY: 1, Verdict.NOT_MET: 0}


class Question(BaseModel):
    """One question; `must` fails the whole where it isn't met."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str
    text: str
    text_en: str
    citation: str = Field(min_length=1)
    weight: int = Field(ge=1)
    must: bool


class Questionnaire(edition.Edition):
    """An edition: what is asked and handed in, and what follows."""

    pass_percent: int = Field(ge=1, le=100)
    valid_days: int = Field(ge=1, le=366)  # yearly at the latest
    remind_days: int = Field(ge=1)
    condition_remind_days: int = Field(ge=1)
    condition_grace_days: int = Field(ge=0)  # after a condition's due date, until the service ends
    # A later day for a condition: how often at most, and by how many days each time.
    condition_extensions_max: int = Field(ge=0)
    condition_extension_days_max: int = Field(ge=1)
    waiting_of_one_code: int = Field(ge=2)  # a stranger alone must not be able to fill it
    waiting_of_one_place: int = Field(ge=1)
    waiting_in_all: int = Field(ge=1)
    documents: Mapping[str, str] = Field(min_length=1)
    file_bytes_max: int = Field(ge=1)
    documents_kept_days: int = Field(ge=1)  # after an application was declined or has run out
    declined_kept_days: int = Field(ge=1)  # after an application was declined; then it is deleted itself
    questions: tuple[Question, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _files_go_first(self) -> Self:
        if self.declined_kept_days < self.documents_kept_days:
            raise ValueError("declined_kept_days: an application stays as long as its documents do")
        return self


class Full(StrEnum):
    """Why the open door takes no further application."""

    ONCE = "once"  # this code's was handed in from there before
    PLACE = "place"
    CODE = "code"
    ALL = "all"


@dataclass(frozen=True)
class Waiting:
    """How many wait at the open door: of a code, of it from the same place, from that place, in all."""

    of_code: int
    of_code_from_here: int
    from_here: int
    in_all: int


def full(asked: Questionnaire, waiting: Waiting) -> Full | None:
    """Say why another one can't be taken in; None where it can."""
    if waiting.of_code_from_here:
        return Full.ONCE
    if waiting.from_here >= asked.waiting_of_one_place:
        return Full.PLACE
    if waiting.of_code >= asked.waiting_of_one_code:
        return Full.CODE
    return Full.ALL if waiting.in_all >= asked.waiting_in_all else None


def crowded(asked: Questionnaire, before: Waiting) -> Full | None:
    """Say what the one just taken in has filled, so that the operator looks before the next is refused."""
    if before.in_all + 1 == asked.waiting_in_all:
        return Full.ALL
    return Full.CODE if before.of_code + 1 == asked.waiting_of_one_code else None


def place(address: str) -> str:
    """Return what counts as one place: an IPv4 address, or the network that one IPv6 line is given (/64)."""
    try:
        found = ipaddress.ip_address(address.strip())
    except ValueError:
        return ""
    if isinstance(found, ipaddress.IPv4Address):
        return str(found)
    if found.ipv4_mapped:
        return str(found.ipv4_mapped)
    return str(ipaddress.ip_network((found, 64), strict=False))


@dataclass(frozen=True)
class Score:
    """Of a hundred, rounded down; `failed` are the questions that must be met and aren't."""

    percent: int
    failed: tuple[str, ...]
    passed: bool


def score(asked: Questionnaire, verdicts: Mapping[str, Verdict]) -> Score:
    """Score a full set of verdicts (`missing` finds gaps)."""
    got = sum(one.weight * _HALVES[verdicts[one.id]] for one in asked.questions)
    percent = got * 100 // (2 * sum(one.weight for one in asked.questions))
    failed = tuple(one.id for one in asked.questions if one.must and verdicts[one.id] is not Verdict.MET)
    return Score(percent, failed, not failed and percent >= asked.pass_percent)


def missing(wanted: Collection[str], given: Collection[str]) -> tuple[list[str], list[str]]:
    """Return what is wanted and not given, and what is given and not wanted."""
    return [one for one in wanted if one not in given], [one for one in given if one not in wanted]
