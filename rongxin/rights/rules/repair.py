"""信用修复: where a request stands, whose each act is, and the periods of the three classes (令第36号). Pure.

谁认定谁修复: the body that decided repairs. The platform takes the request, forwards it to the one national
window and carries the decision to every copy; GRANT, REFUSE and RETURN are the window's.
"""

from __future__ import annotations

import calendar
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from rongxin.vocabulary.labelled import Labelled

DECISION_TYPE = "repair-decision+jws"
REQUEST_TYPE = "repair-request+jws"


class Severity(Labelled):
    """失信程度: as the body that decided has it."""

    MINOR = "minor", "轻微失信", "minor"
    GENERAL = "general", "一般失信", "general"
    SERIOUS = "serious", "严重失信", "serious"


class Material(Labelled):
    """What has to come with a request."""

    FULFILMENT_PROOF = "fulfilment_proof", "义务履行完毕的证明", "proof that the duty is fulfilled"
    CREDIT_COMMITMENT = "credit_commitment", "信用承诺书", "credit commitment"
    OTHER = "other", "其他材料", "other"


class State(Labelled):
    """Where a request stands; the last four are final."""

    REQUESTED = "requested", "已受理，待转送", "taken in, to be forwarded"
    FORWARDED = "forwarded", "已转送全国受理窗口", "with the national window"
    GRANTED = "granted", "同意修复", "repaired"
    REFUSED = "refused", "不予修复", "refused"
    RETURNED = "returned", "材料不全，已退回", "returned: materials are missing"
    WITHDRAWN = "withdrawn", "信息主体撤回", "withdrawn by the subject"


class Act(StrEnum):
    """What is done with a request."""

    FORWARD = "forward"
    GRANT = "grant"
    REFUSE = "refuse"
    RETURN = "return"
    WITHDRAW = "withdraw"


TRANSITIONS: Mapping[State, Mapping[Act, State]] = {
    State.REQUESTED: {Act.FORWARD: State.FORWARDED, Act.WITHDRAW: State.WITHDRAWN},
    State.FORWARDED: {
        Act.GRANT: State.GRANTED,
        Act.REFUSE: State.REFUSED,
        Act.RETURN: State.RETURNED,
        Act.WITHDRAW: State.WITHDRAWN,
    },
    State.GRANTED: {},
    State.REFUSED: {},
    State.RETURNED: {},
    State.WITHDRAWN: {},
}

OWNERS: Mapping[Act, str] = {
    Act.FORWARD: "node",
    Act.GRANT: "window",
    Act.REFUSE: "window",
    Act.RETURN: "window",
    Act.WITHDRAW: "subject",
}

#: While a request stands so, the record bears its mark.
OPEN = frozenset({State.REQUESTED, State.FORWARDED})


class Outcome(Labelled):
    """What the window decided."""

    GRANTED = "granted", "同意修复", "repaired"
    REFUSED = "refused", "不予修复", "refused"
    RETURNED = "returned", "材料不全，已退回", "returned: materials are missing"

    @property
    def act(self) -> Act:
        return {"granted": Act.GRANT, "refused": Act.REFUSE, "returned": Act.RETURN}[self.value]


@dataclass(frozen=True)
class Decision:
    """The window's decision on one request: by which body, under what number, on what day, and why."""

    repair: str
    outcome: Outcome
    authority: str
    document: str
    decided_on: date
    reason: str

    def as_json(self) -> dict[str, str]:
        """Return it as plain values: what is signed, journalled and confirmed."""
        return {
            "repair": self.repair,
            "outcome": self.outcome.value,
            "authority": self.authority,
            "document": self.document,
            "decided_on": self.decided_on.isoformat(),
            "reason": self.reason,
        }


def decision_of(document: Mapping[str, object]) -> Decision:
    """Return what `as_json` gave; ValueError where it says less or something else."""
    try:
        texts = {name: str(document[name]).strip() for name in ("repair", "authority", "document", "reason")}
        outcome, day = Outcome(str(document["outcome"])), date.fromisoformat(str(document["decided_on"]))
    except KeyError as error:
        raise ValueError(f"decision: {error} is missing") from error
    if not all(texts.values()):
        raise ValueError("decision: repair, authority, document and reason are all to be filled in")
    return Decision(texts["repair"], outcome, texts["authority"], texts["document"], day, texts["reason"])


@dataclass(frozen=True)
class Period:
    """How long an entry is published: repairable from `repairable_on`, over by itself at `ends_on`."""

    repairable_on: date
    ends_on: date


def period(since: date, months_min: int, months_max: int) -> Period:
    """Return the period of publication of an entry of a day."""
    return Period(_months_on(since, months_min), _months_on(since, months_max))


def _months_on(day: date, months: int) -> date:
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    last = calendar.monthrange(year, month + 1)[1]
    return date(year, month + 1, min(day.day, last))
