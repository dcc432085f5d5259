"""The menu of each portal: what the people of a kind of party can go to, in the order of their day."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _lazy

from rongxin.parties.memberships import Card
from rongxin.parties.rules import permission
from rongxin.parties.rules.membership import PartyKind
from rongxin.parties.rules.permission import Permission


@dataclass(frozen=True)
class Entry:
    """One entry; `name` is the address by which Django knows it, and what a page says of itself as `here`."""

    name: str
    label: Promise | str
    permission: Permission
    #: Under which heading it stands; "" stands by itself.
    group: Promise | str = ""


@dataclass(frozen=True)
class Group:
    """Entries that stand together; one that stands by itself is a group of one."""

    label: Promise | str
    entries: tuple[Entry, ...]

    @property
    def first(self) -> Entry:
        return self.entries[0]

    def holds(self, here: str) -> bool:
        return any(entry.name == here for entry in self.entries)


HOME = {
    PartyKind.SUBJECT: "enterprise",
    PartyKind.INSTITUTION: "institution",
    PartyKind.PROVIDER: "provider",
    PartyKind.OPERATOR: "operator",
    PartyKind.DEPARTMENT: "department",
}

_INSTITUTION = permission.INSTITUTION | permission.INSTITUTION_ADMINISTRATOR
_DESK = permission.DESK | permission.AUDIT
_ADMINISTRATORS = permission.SYSTEM | permission.SECURITY | permission.AUDIT
_WATCH, _CASES, _DATA = _lazy("监督"), _lazy("案件"), _lazy("数据")
_ACCESS, _RULES, _RIGHTS = _lazy("接入"), _lazy("规则"), _lazy("异议与修复")
_LOOKS, _CONNECTION, _OWED = _lazy("核验与查询"), _lazy("系统对接"), _lazy("待办事项")
_ENTRIES = (
    Entry("enterprise", _lazy("我的企业"), permission.SUBJECT),
    Entry("enterprise_products", _lazy("找贷款"), permission.SUBJECT),
    Entry("enterprise_applications", _lazy("我的申请"), permission.SUBJECT),
    Entry("enterprise_requests", _lazy("授权申请"), permission.SUBJECT),
    Entry("enterprise_consents", _lazy("我的授权"), permission.SUBJECT),
    Entry("enterprise_uses", _lazy("谁查过我"), permission.SUBJECT),
    Entry("enterprise_held", _lazy("我的信息"), permission.SUBJECT),
    Entry("enterprise_rights", _lazy("异议与修复"), permission.SUBJECT),
    Entry("enterprise_agents", _lazy("经办人"), permission.SUBJECT),
    Entry("institution_applications", _lazy("融资申请"), permission.INSTITUTION),
    Entry("institution_products", _lazy("产品"), permission.INSTITUTION),
    Entry("institution_team", _lazy("人员"), permission.INSTITUTION_ADMINISTRATOR),
    Entry("institution", _lazy("工作台"), permission.INSTITUTION),
    Entry("institution_checks", _lazy("数据核验"), permission.INSTITUTION, _LOOKS),
    Entry("institution_public", _lazy("查公共信息"), permission.INSTITUTION, _LOOKS),
    Entry("institution_cards", _lazy("评分卡"), permission.INSTITUTION, _LOOKS),
    Entry("institution_log", _lazy("查询记录"), _INSTITUTION, _LOOKS),
    Entry("institution_quota", _lazy("今日用量"), _INSTITUTION, _LOOKS),
    Entry("institution_pushes", _lazy("批量推送"), permission.INSTITUTION, _CONNECTION),
    Entry("institution_webhooks", _lazy("事件通知"), permission.INSTITUTION, _CONNECTION),
    Entry("institution_standing", _lazy("接入与续评"), _INSTITUTION, _CONNECTION),
    Entry("institution_access", _lazy("公钥与回调地址"), _INSTITUTION, _CONNECTION),
    Entry("institution_objections", _lazy("结果异议"), permission.INSTITUTION, _OWED),
    Entry("institution_outcomes", _lazy("结果反馈"), permission.INSTITUTION, _OWED),
    Entry("institution_duties", _lazy("删除回执"), permission.INSTITUTION, _OWED),
    Entry("institution_corrections", _lazy("更正通知"), permission.INSTITUTION, _OWED),
    Entry("institution_incidents", _lazy("处置案卷"), permission.INSTITUTION, _OWED),
    Entry("provider", _lazy("报送"), permission.PROVIDER),
    Entry("provider_columns", _lazy("列映射"), permission.PROVIDER),
    Entry("provider_gateway", _lazy("网关与约定"), permission.PROVIDER, _CONNECTION),
    Entry("provider_webhooks", _lazy("事件通知"), permission.PROVIDER, _CONNECTION),
    Entry("provider_objections", _lazy("异议核查"), permission.PROVIDER, _RIGHTS),
    Entry("provider_repairs", _lazy("信用修复"), permission.PROVIDER, _RIGHTS),
    Entry("provider_quality", _lazy("数据质量"), permission.PROVIDER),
    Entry("provider_use", _lazy("使用反馈"), permission.PROVIDER),
    Entry("department", _lazy("履职查询"), permission.DEPARTMENT),
    Entry("operator", _lazy("今日"), permission.STAFF),
    Entry("operator_watch", _lazy("监测处置"), permission.SECURITY | permission.AUDIT, _WATCH),
    Entry("operator_record", _lazy("存证日志"), permission.AUDIT, _WATCH),
    Entry("operator_glass", _lazy("紧急查阅"), permission.STAFF, _WATCH),
    Entry("operator_holds", _lazy("暂缓告知"), permission.SECURITY | permission.AUDIT, _WATCH),
    Entry("operator_receipts", _lazy("删除回执"), permission.SECURITY | permission.AUDIT, _WATCH),
    Entry("operator_corrections", _lazy("更正通知"), permission.SECURITY | permission.AUDIT, _WATCH),
    Entry("operator_objections", _lazy("异议"), _DESK, _CASES),
    Entry("operator_repairs", _lazy("信用修复"), _DESK, _CASES),
    Entry("operator_papers", _lazy("书面授权复核"), _DESK, _CASES),
    Entry("operator_imports", _lazy("迁入的授权"), _DESK, _CASES),
    Entry("operator_batches", _lazy("批次"), _DESK, _DATA),
    Entry("operator_batch_proposals", _lazy("整批终止与撤回"), _DESK, _DATA),
    Entry("operator_held", _lazy("待复核批次"), _DESK, _DATA),
    Entry("operator_matching", _lazy("匹配台"), permission.DESK, _DATA),
    Entry("operator_decisions", _lazy("匹配决定"), permission.DESK, _DATA),
    Entry("operator_schedules", _lazy("报送计划"), permission.STAFF, _DATA),
    Entry("operator_quality", _lazy("数据质量"), permission.STAFF, _DATA),
    Entry("operator_providers", _lazy("数据提供单位"), permission.STAFF, _DATA),
    Entry("operator_agreements", _lazy("批量调用约定"), permission.STAFF, _DATA),
    Entry("operator_applications", _lazy("接入申请"), _DESK | permission.SECURITY, _ACCESS),
    Entry("operator_conditions", _lazy("接入条件"), _DESK | permission.SECURITY, _ACCESS),
    Entry("operator_institutions", _lazy("机构"), _DESK | permission.SECURITY, _ACCESS),
    Entry("operator_mandates", _lazy("部门履职依据"), permission.STAFF, _ACCESS),
    Entry("operator_bureaus", _lazy("征信机构"), _DESK | permission.SECURITY, _ACCESS),
    Entry("operator_subscriptions", _lazy("推送订阅"), _ADMINISTRATORS, _ACCESS),
    Entry("operator_models", _lazy("评价模型"), permission.STAFF, _RULES),
    Entry("operator_parameters", _lazy("参数与目录"), permission.STAFF, _RULES),
)


def home(role: Card) -> str:
    """Return where somebody in a role begins: their party's first page, or the first that they may see."""
    entries = [entry.name for entry in of(role)]
    begin = HOME[role.party_kind]
    return begin if begin in entries or not entries else entries[0]


def of(role: Card) -> tuple[Entry, ...]:
    """Return what somebody in a role can go to."""
    return tuple(entry for entry in _ENTRIES if entry.permission.admits(role.party_kind, role.role))


def groups(role: Card) -> tuple[Group, ...]:
    """Return the same in groups; a group of which somebody sees one entry goes by the entry's name."""
    found: list[Group] = []
    for entry in of(role):
        if entry.group and found and found[-1].label == entry.group:
            found[-1] = Group(entry.group, (*found[-1].entries, entry))
        else:
            found.append(Group(entry.group or entry.label, (entry,)))
    return tuple(one if len(one.entries) > 1 else Group(one.first.label, one.entries) for one in found)
