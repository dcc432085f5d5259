"""A batch and what becomes of its rows (国办发〔2021〕52号 （五）, annex note 2). Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Final

from rongxin.vocabulary.sharing_mode import SharingMode

if TYPE_CHECKING:
    from rongxin.catalogue.schema import Item


#: Is told how many of how many are done.
Steps = Callable[[int, int], None]

#: Where the room's dated numbers stand.
PARAMETERS: Final = Path(__file__).parent / "parameters"


class Status(StrEnum):
    """Where a batch stands. RECEIVED is a promise: its file is on disk and will be filed or refused."""

    RECEIVED = "received"
    FILING = "filing"
    HELD = "held"
    FILED = "filed"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"

    @property
    def label(self) -> str:
        return _STATUS_LABELS[self]


_STATUS_LABELS = {
    Status.RECEIVED: "已接收",
    Status.FILING: "入库中",
    Status.HELD: "待复核",
    Status.FILED: "已入库",
    Status.REFUSED: "已退回",
    Status.WITHDRAWN: "已撤回",
}


class Act(StrEnum):
    TAKE_UP = "take_up"
    FILE = "file"
    HOLD = "hold"
    RELEASE = "release"
    REFUSE = "refuse"
    WITHDRAW = "withdraw"


TRANSITIONS: Mapping[Status, Mapping[Act, Status]] = {
    Status.RECEIVED: {Act.TAKE_UP: Status.FILING},
    # Taken up again after a crash: a batch stays in FILING until its one transaction has committed.
    Status.FILING: {
        Act.TAKE_UP: Status.FILING,
        Act.FILE: Status.FILED,
        Act.HOLD: Status.HELD,
        Act.REFUSE: Status.REFUSED,
    },
    # Nothing of a held batch is in the store; released, it is filed from its file like any other.
    Status.HELD: {Act.RELEASE: Status.FILING, Act.REFUSE: Status.REFUSED},
    Status.FILED: {Act.WITHDRAW: Status.WITHDRAWN},
    Status.REFUSED: {},
    Status.WITHDRAWN: {},
}

OWNERS: Mapping[Act, str] = {
    Act.TAKE_UP: "node",
    Act.FILE: "node",
    Act.HOLD: "node",
    Act.RELEASE: "operator",
    Act.REFUSE: "node, operator",
    Act.WITHDRAW: "provider",
}

UNFINISHED: Final = frozenset({Status.RECEIVED, Status.FILING})
# A file counts as handed in before as long as a batch of it stands in one of these.
STANDING: Final = UNFINISHED | {Status.HELD, Status.FILED}


class Mode(StrEnum):
    """What a file says of the records that are not in it: nothing, or that they no longer stand."""

    INCREMENT = "increment"
    SNAPSHOT = "snapshot"
    # What a provider answered in bulk, by agreement; handed in by the platform itself and by nobody else.
    ANSWERS = "answers"


class RowAct(StrEnum):
    """What a provider may do to one row that counts."""

    CORRECT = "correct"
    END = "end"
    WITHDRAW = "withdraw"

    @property
    def label(self) -> str:
        return {"correct": "更正", "end": "终止", "withdraw": "撤回"}[self.value]


class RowOutcome(StrEnum):
    """How a row that is not simply accepted ends."""

    REJECTED = "rejected"
    PENDING = "pending"
    DUPLICATE = "duplicate"
    # It waited and was filed by a person's decision: counted as accepted, kept so that it can be taken back.
    MATCHED = "matched"

    @property
    def label(self) -> str:
        return _OUTCOME_LABELS[self]


_OUTCOME_LABELS = {
    RowOutcome.REJECTED: "退回",
    RowOutcome.PENDING: "待确认",
    RowOutcome.DUPLICATE: "重复",
    RowOutcome.MATCHED: "已人工归集",
}


OUT_OF_SCOPE: Final = "out_of_scope"
OUTSIDE_CHANNEL: Final = "outside_channel"
# A natural person's row in a file of firms, and a row that the annex doesn't have stored (of 纳税信用等级
# only the A list is): nothing of them is kept, not even among the rejects.
NEVER_KEPT: Final = frozenset({OUT_OF_SCOPE, OUTSIDE_CHANNEL})


@dataclass(frozen=True)
class Counts:
    """How the rows of a file ended; the four always add up to what was read (a database check holds it)."""

    accepted: int = 0
    rejected: int = 0
    pending: int = 0
    duplicate: int = 0

    @property
    def read(self) -> int:
        return self.accepted + self.rejected + self.pending + self.duplicate


def why_not_aggregated(item: Item) -> str | None:
    """Say in what other way the annex shares an item; None where it is aggregated and may come in."""
    if item.aggregation is not None:
        return None
    modes = dict.fromkeys(channel.mode for channel in item.channels)
    consent = "（经企业授权）" if any(channel.consent for channel in item.channels) else ""
    ways = "、".join(SharingMode(mode).label for mode in modes)
    rows = "、".join(map(str, item.annex_row))
    return f"附件第{rows}项“{item.label}”的共享方式为{ways}{consent}，不是物理归集"


# What a spreadsheet takes for a formula when it opens a CSV (OWASP ASVS 5.0 V1.2.10), full width included.
_FORMULA: Final = re.compile(r"^[=+\-@\t\r\n\0＝＋－＠]")
_PLAIN_NUMBER: Final = re.compile(r"^[+-]?\d+(\.\d+)?$")


def formula_safe(text: str) -> str:
    """Put an apostrophe before what a spreadsheet would run; a plain signed number stays as it is."""
    if _FORMULA.match(text) and not _PLAIN_NUMBER.match(text):
        return f"'{text}"
    return text
