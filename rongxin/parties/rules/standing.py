"""Whether an access institution may be served today, and if not, why ((十): 对接入机构进行信息安全评估)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from rongxin.vocabulary.reason import Reason


class InstitutionKind(StrEnum):
    """（五）: 有需求的银行、保险、担保、信用服务等机构."""

    BANK = "bank"
    INSURER = "insurer"
    GUARANTOR = "guarantor"
    CREDIT_SERVICE_INSTITUTION = "credit_service_institution"

    @property
    def label(self) -> str:
        return _KIND_LABELS[self]


_KIND_LABELS = {
    InstitutionKind.BANK: "银行",
    InstitutionKind.INSURER: "保险机构",
    InstitutionKind.GUARANTOR: "担保机构",
    InstitutionKind.CREDIT_SERVICE_INSTITUTION: "信用服务机构",
}


class Standing(StrEnum):
    """Where an institution stands with the node."""

    PROBATION = "probation"
    ACTIVE = "active"
    SUSPENDED = "suspended"
    CLOSED = "closed"

    @property
    def label(self) -> str:
        return _STANDING_LABELS[self]


_STANDING_LABELS = {
    Standing.PROBATION: "待评估",
    Standing.ACTIVE: "正常",
    Standing.SUSPENDED: "暂停",
    Standing.CLOSED: "终止",
}

# From which standing an institution may go to which. CLOSED is final: who returns is assessed as a new one.
TRANSITIONS: dict[Standing, frozenset[Standing]] = {
    Standing.PROBATION: frozenset({Standing.ACTIVE, Standing.CLOSED}),
    Standing.ACTIVE: frozenset({Standing.SUSPENDED, Standing.CLOSED}),
    Standing.SUSPENDED: frozenset({Standing.ACTIVE, Standing.CLOSED}),
    Standing.CLOSED: frozenset(),
}


@dataclass(frozen=True)
class Decision:
    """`admitted`, or why not; `message` says in Chinese what to do next."""

    admitted: bool
    reason: Reason | None
    message: str


ADMITTED = Decision(True, None, "")


def decide(
    standing: Standing, assessed_until: date | None, today: date, conditions_until: date | None = None
) -> Decision:
    """Decide whether an institution may be served on `today`.

    The assessment holds through its last day, and the service through the last one of what its approval's
    conditions leave (`conditions_until`; None: none ends it). A suspended or closed institution is told so
    before anything is said about its assessment.
    """
    if standing in (Standing.SUSPENDED, Standing.CLOSED):
        return Decision(
            False, Reason.INSTITUTION_SUSPENDED, f"机构状态为“{standing.label}”，请联系平台安全管理员。"
        )
    if standing is Standing.PROBATION or assessed_until is None or assessed_until < today:
        return Decision(
            False, Reason.INSTITUTION_NOT_ASSESSED, "信息安全评估未完成或已到期，请先申请（重新）评估。"
        )
    if conditions_until is not None and conditions_until < today:
        return Decision(
            False,
            Reason.INSTITUTION_CONDITION_OVERDUE,
            "接入条件逾期未落实，请由机构管理员在“接入与续评”报告落实情况，平台验收后即恢复服务。",
        )
    return ADMITTED
