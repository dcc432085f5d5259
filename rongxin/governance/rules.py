"""Of what the operator is alarmed, and in which words (notice （十）: 监测预警, 及时处置). Pure."""

from __future__ import annotations

from collections.abc import Mapping

from rongxin.journal.rules import Kind as Entry
from rongxin.vocabulary.labelled import Labelled


class Kind(Labelled):
    """Why an alarm is raised."""

    RECEIPT_OVERDUE = "receipt_overdue", "删除回执逾期未交", "a deletion receipt is overdue"
    PROBING_SUSPECTED = "probing_suspected", "疑似逐次试探核验", "values are probed by verification"
    MISUSE_SUSPECTED = "misuse_suspected", "疑似异常查询", "an institution's queries look like misuse"
    INCIDENT_OVERDUE = "incident_overdue", "处置案卷逾期", "an incident is past its deadline"
    OBJECTION_OVERDUE = "objection_overdue", "异议逾期未答复", "an objection is past its clock"
    CORRECTION_OVERDUE = (
        "correction_overdue",
        "更正通知逾期未确认",
        "a correction notice is not acknowledged in time",
    )
    ANSWER_OVERDUE = "answer_overdue", "融资申请逾期未首次答复", "a first answer to an application is late"
    REPAIR_SILENT = "repair_silent", "信用修复申请久无回音", "the window says nothing of a request for repair"
    APPLICATIONS_CROWDED = (
        "applications_crowded",
        "接入申请已满，请尽快甄别",
        "applications to be connected fill their places",
    )
    CONDITION_OVERDUE = (
        "condition_overdue",
        "接入条件逾期未落实",
        "a condition of an approval is not met in time",
    )
    CERTIFICATE_TROUBLE = (
        "certificate_trouble",
        "机构证书不再可信，其公钥已停用",
        "an institution's certificate is no longer believed, and its key with it",
    )
    REVOCATION_LIST_DUE = (
        "revocation_list_due",
        "认证机构或其吊销列表即将到期、已过期或不能使用，请更新",
        "an authority or its revocation list runs out or can't be relied on",
    )


class Act(Labelled):
    """What may be imposed on an institution or lifted."""

    SUSPEND = "suspend", "暂停", "suspend"
    REINSTATE = "reinstate", "恢复", "reinstate"
    CLOSE = "close", "终止接入", "end its access for good"
    REQUIRE_CASES = "require_cases", "要求每次查询关联业务", "every query must name a case"
    RELEASE_CASES = "release_cases", "不再要求关联业务", "queries need name no case"
    LIMIT = "limit", "设定上限", "a limit of its own"
    UNLIMIT = "unlimit", "取消单独的上限", "no limit of its own any more"
    DAILY_QUOTA = "daily_quota", "设定每日上限", "requests a day"
    STEP_UP = "step_up", "要求查询人再次确认身份", "a person must show a new code first"
    LIFT_INCIDENT = "lift_incident", "撤销已认定的处置", "lift a confirmed incident"


#: What one person may do: to stop can't wait. Everything else takes a second person.
ALONE = frozenset({Act.SUSPEND, Act.REQUIRE_CASES, Act.STEP_UP})


class MeasureState(Labelled):
    """Where a measure stands; the last two are final."""

    PROPOSED = "proposed", "待确认", "to be confirmed"
    DONE = "done", "已生效", "in effect"
    DECLINED = "declined", "未予采取", "declined"


#: The journal's entries that raise an alarm.
RAISED_BY: Mapping[Entry, Kind] = {
    Entry.DELETION_OVERDUE: Kind.RECEIPT_OVERDUE,
    Entry.PROBING_SUSPECTED: Kind.PROBING_SUSPECTED,
    Entry.INCIDENT_OPENED: Kind.MISUSE_SUSPECTED,
    Entry.INCIDENT_OVERDUE: Kind.INCIDENT_OVERDUE,
    Entry.OBJECTION_OVERDUE: Kind.OBJECTION_OVERDUE,
    Entry.CORRECTION_OVERDUE: Kind.CORRECTION_OVERDUE,
    Entry.FINANCING_ANSWER_OVERDUE: Kind.ANSWER_OVERDUE,
    Entry.REPAIR_SILENT: Kind.REPAIR_SILENT,
    Entry.APPLICATIONS_CROWDED: Kind.APPLICATIONS_CROWDED,
    Entry.CONDITION_OVERDUE: Kind.CONDITION_OVERDUE,
    Entry.CERTIFICATE_TROUBLE: Kind.CERTIFICATE_TROUBLE,
    Entry.REVOCATION_LIST_DUE: Kind.REVOCATION_LIST_DUE,
}
