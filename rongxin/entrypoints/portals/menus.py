"""The menu of each portal: what the people of a kind of party can go to, in the order of their day."""

from __future__ import annotations

from dataclasses import dataclass

from rongxin.parties.memberships import Card
from rongxin.parties.rules import permission
from rongxin.parties.rules.membership import PartyKind
from rongxin.parties.rules.permission import Permission


@dataclass(frozen=True)
class Entry:
    """One entry; `name` is the address by which Django knows it, and what a page says of itself as `here`."""

    name: str
    label: str
    label_en: str
    permission: Permission


HOME = {
    PartyKind.SUBJECT: "enterprise",
    PartyKind.INSTITUTION: "institution",
    PartyKind.PROVIDER: "provider",
    PartyKind.OPERATOR: "operator",
    PartyKind.DEPARTMENT: "department",
}

_ENTRIES = (
    Entry("enterprise", "我的企业", "My firm", permission.SUBJECT),
    Entry("enterprise_requests", "授权申请", "Requests", permission.SUBJECT),
    Entry("enterprise_consents", "我的授权", "Consents", permission.SUBJECT),
    Entry("enterprise_uses", "谁查过我", "Who looked", permission.SUBJECT),
    Entry("enterprise_held", "我的信息", "My information", permission.SUBJECT),
    Entry("enterprise_rights", "异议与修复", "Objections", permission.SUBJECT),
    Entry("enterprise_agents", "经办人", "Agents", permission.SUBJECT),
    Entry("institution", "工作台", "Worklist", permission.INSTITUTION),
    Entry("institution_public", "查公共信息", "Public report", permission.INSTITUTION),
    Entry("institution_log", "查询记录", "Own log", permission.INSTITUTION),
    Entry("institution_duties", "应尽事项", "Duties", permission.INSTITUTION),
    Entry("provider", "报送", "Batches", permission.PROVIDER),
    Entry("provider_objections", "异议核查", "Objections", permission.PROVIDER),
    Entry("provider_quality", "数据质量", "Quality", permission.PROVIDER),
    Entry("provider_use", "使用反馈", "Use", permission.PROVIDER),
    Entry("department", "履职查询", "Official duty", permission.DEPARTMENT),
    Entry("operator", "今日", "Today", permission.STAFF),
    Entry("operator_watch", "监测处置", "Watch", permission.SECURITY | permission.AUDIT),
    Entry("operator_held", "待复核批次", "Held batches", permission.DESK | permission.AUDIT),
    Entry("operator_matching", "匹配台", "Matching desk", permission.DESK),
    Entry(
        "operator_institutions",
        "机构",
        "Institutions",
        permission.DESK | permission.SECURITY | permission.AUDIT,
    ),
    Entry("operator_quality", "数据质量", "Quality", permission.STAFF),
)


def of(role: Card) -> tuple[Entry, ...]:
    """Return what somebody in a role can go to."""
    return tuple(entry for entry in _ENTRIES if entry.permission.admits(role.party_kind, role.role))
