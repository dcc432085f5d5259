"""Who may act for whom: parties, the roles within them, and the roles that exclude each other.

The operator's three administrators (系统管理员, 安全管理员, 审计管理员) must be three people (design §1;
threats T32): nobody sets a policy and erases its trace. The database holds the same rule as a constraint.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class PartyKind(StrEnum):
    """The kinds of party an account can act for."""

    SUBJECT = "subject"
    PROVIDER = "provider"
    INSTITUTION = "institution"
    DEPARTMENT = "department"
    OPERATOR = "operator"
    #: 企业征信机构 that takes part in running the platform ((六)): neither operator nor recipient.
    BUREAU = "bureau"

    @property
    def label(self) -> str:
        return _PARTY_LABELS[self]


_PARTY_LABELS = {
    PartyKind.SUBJECT: "信息主体",
    PartyKind.PROVIDER: "数据提供单位",
    PartyKind.INSTITUTION: "接入机构",
    PartyKind.DEPARTMENT: "政府部门",
    PartyKind.OPERATOR: "平台运营单位",
    PartyKind.BUREAU: "参与运营的企业征信机构",
}


class Role(StrEnum):
    """What an account may do in the name of its party."""

    LEGAL_REPRESENTATIVE = "legal_representative"
    AGENT = "agent"
    ADMINISTRATOR = "administrator"
    CLERK = "clerk"
    CHECKER = "checker"
    SYSTEM_ADMINISTRATOR = "system_administrator"
    SECURITY_ADMINISTRATOR = "security_administrator"
    AUDIT_ADMINISTRATOR = "audit_administrator"

    @property
    def label(self) -> str:
        return _ROLE_LABELS[self]


_ROLE_LABELS = {
    Role.LEGAL_REPRESENTATIVE: "法定代表人（负责人、经营者）",
    Role.AGENT: "经办人",
    Role.ADMINISTRATOR: "机构管理员",
    Role.CLERK: "经办",
    Role.CHECKER: "复核",
    Role.SYSTEM_ADMINISTRATOR: "系统管理员",
    Role.SECURITY_ADMINISTRATOR: "安全管理员",
    Role.AUDIT_ADMINISTRATOR: "审计管理员",
}

OPERATOR_ROLES = frozenset({Role.SYSTEM_ADMINISTRATOR, Role.SECURITY_ADMINISTRATOR, Role.AUDIT_ADMINISTRATOR})
SUBJECT_ROLES = frozenset({Role.LEGAL_REPRESENTATIVE, Role.AGENT})
STAFF_ROLES = frozenset({Role.CLERK, Role.CHECKER})

# Which roles exist in which kind of party. The operator's staff of windows (clerk, checker) is told apart
# from its three administrators; all of them exclude each other in one account.
ROLES: dict[PartyKind, frozenset[Role]] = {
    PartyKind.SUBJECT: SUBJECT_ROLES,
    PartyKind.PROVIDER: STAFF_ROLES,
    # Who administers an institution's accounts asks nothing in its name.
    PartyKind.INSTITUTION: STAFF_ROLES | {Role.ADMINISTRATOR},
    PartyKind.DEPARTMENT: STAFF_ROLES,
    PartyKind.OPERATOR: OPERATOR_ROLES | STAFF_ROLES,
    PartyKind.BUREAU: STAFF_ROLES,
}


@dataclass(frozen=True)
class Mandate:
    """For how long somebody may act; `until` is the last day, None is open-ended."""

    valid_from: date
    valid_until: date | None = None

    def holds_on(self, day: date) -> bool:
        return self.valid_from <= day and (self.valid_until is None or day <= self.valid_until)


def fits(party: PartyKind, role: Role) -> bool:
    """Whether `role` exists in a party of this kind."""
    return role in ROLES[party]
