"""谁查过我: what a subject is told of every use and refused attempt, and what may be held back. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from enum import StrEnum

from rongxin.vocabulary.labelled import Labelled
from rongxin.vocabulary.reason import Reason


class ReasonClass(Labelled):
    """理由类别: why something was refused, in the words of somebody who isn't of the trade."""

    GIVEN = "given", "已提供", "given"
    UNFINISHED = "unfinished", "未完成，没有提供", "not finished: nothing left"
    CONSENT = "consent", "没有您的有效授权", "your consent did not carry it"
    STANDING = "standing", "查询机构当时无权使用平台", "the institution was not admitted"
    LIMIT = "limit", "超出查询次数限制", "too many queries"
    DUTY = "duty", "部门的履职依据不足", "the department's duty did not carry it"
    EMERGENCY = "emergency", "没有生效的紧急查阅核准", "no break-glass in force"
    PURPOSE = "purpose", "用途不允许", "the purpose is not permitted"
    OTHER = "other", "其他原因", "another reason"


_PREFIXES = (
    ("consent_", ReasonClass.CONSENT),
    ("case_", ReasonClass.CONSENT),
    ("item_not_covered", ReasonClass.CONSENT),
    ("purpose_not_covered", ReasonClass.CONSENT),
    ("period_not_covered", ReasonClass.CONSENT),
    ("field_consent", ReasonClass.CONSENT),
    ("recipient_mismatch", ReasonClass.CONSENT),
    ("subject_mismatch", ReasonClass.CONSENT),
    ("answers_not_kept", ReasonClass.CONSENT),
    ("institution_", ReasonClass.STANDING),
    ("mandate_missing", ReasonClass.STANDING),
    ("duty_", ReasonClass.DUTY),
    ("break_glass_", ReasonClass.EMERGENCY),
    ("not_collected", ReasonClass.DUTY),
    ("purpose_not_permitted", ReasonClass.PURPOSE),
    ("frequency_exhausted", ReasonClass.LIMIT),
    ("verification_budget", ReasonClass.LIMIT),
)


def class_of(released: bool | None, reason: str) -> ReasonClass:
    """Return of which class the outcome of an attempt is; None: it has no outcome."""
    if released is None:
        return ReasonClass.UNFINISHED
    if released:
        return ReasonClass.GIVEN
    if reason.endswith("_exhausted") and not reason.startswith("frequency"):
        return ReasonClass.LIMIT
    return next((found for prefix, found in _PREFIXES if reason.startswith(prefix)), ReasonClass.OTHER)


def words(reason: str) -> Reason | None:
    """Return a reason by its code; None for one of another room's."""
    try:
        return Reason(reason)
    except ValueError:
        return None


class HoldState(Labelled):
    """Where a hold stands: that a department's uses are not shown to the subject while an inquiry is on."""

    PROPOSED = "proposed", "待另一人核准", "to be confirmed by another person"
    IN_FORCE = "in_force", "生效中", "in force"
    DECLINED = "declined", "未予核准", "declined"
    LIFTED = "lifted", "已提前解除", "lifted"


class HoldAct(StrEnum):
    """What is done with a hold; that its last day passes needs no act."""

    CONFIRM = "confirm"
    DECLINE = "decline"
    LIFT = "lift"


TRANSITIONS: Mapping[HoldState, Mapping[HoldAct, HoldState]] = {
    HoldState.PROPOSED: {HoldAct.CONFIRM: HoldState.IN_FORCE, HoldAct.DECLINE: HoldState.DECLINED},
    HoldState.IN_FORCE: {HoldAct.LIFT: HoldState.LIFTED},
    HoldState.DECLINED: {},
    HoldState.LIFTED: {},
}

OWNERS: Mapping[HoldAct, str] = dict.fromkeys(HoldAct, "operator")


def holds(state: HoldState, until: date, today: date) -> bool:
    """Whether a hold still keeps something back; after its last day everything is shown."""
    return state is HoldState.IN_FORCE and today <= until
