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


#: The journal's entries that raise an alarm.
RAISED_BY: Mapping[Entry, Kind] = {
    Entry.DELETION_OVERDUE: Kind.RECEIPT_OVERDUE,
    Entry.PROBING_SUSPECTED: Kind.PROBING_SUSPECTED,
    Entry.INCIDENT_OPENED: Kind.MISUSE_SUSPECTED,
    Entry.INCIDENT_OVERDUE: Kind.INCIDENT_OVERDUE,
}
