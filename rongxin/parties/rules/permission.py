"""权限: which roles of which kinds of party may do an act; what nobody is named for, nobody may. Pure.

三权分立 (design §1): the system administrator runs the node, the security administrator decides whom it
serves and what is misuse, the audit administrator sees what both did and changes nothing. The operator's
windows enter (经办) and check (复核) what comes on paper.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from rongxin.parties.rules.membership import ROLES, STAFF_ROLES, PartyKind, Role, fits


@dataclass(frozen=True)
class Permission:
    """Who may do an act; `a | b` admits whoever either admits."""

    roles: Mapping[PartyKind, frozenset[Role]]

    def __post_init__(self) -> None:
        for kind, roles in self.roles.items():
            if not roles or not all(fits(kind, role) for role in roles):
                raise ValueError(f"{kind}: no roles of its own are named")

    def __or__(self, other: Permission) -> Permission:
        kinds = [kind for kind in PartyKind if kind in self.roles or kind in other.roles]
        return Permission(
            MappingProxyType(
                {kind: self.roles.get(kind, _NONE) | other.roles.get(kind, _NONE) for kind in kinds}
            )
        )

    def admits(self, kind: PartyKind, role: Role) -> bool:
        """Whether somebody in this role of a party of this kind may do the act."""
        return role in self.roles.get(kind, _NONE)

    def document(self) -> dict[str, list[str]]:
        """Name kinds and roles, JSON-ready."""
        return {kind.value: [role.value for role in Role if role in self.roles[kind]] for kind in self.roles}

    def label(self) -> str:
        """Say in Chinese who may do the act."""
        return "；".join(
            f"{kind.label}" + ("" if roles == ROLES[kind] else f"（{_labels(roles)}）")
            for kind, roles in self.roles.items()
        )


_NONE: frozenset[Role] = frozenset()


def of(kind: PartyKind, *roles: Role) -> Permission:
    """Admit these roles of a kind of party."""
    return Permission(MappingProxyType({kind: frozenset(roles)}))


def _labels(roles: Iterable[Role]) -> str:
    return "、".join(role.label for role in Role if role in roles)


SUBJECT = of(PartyKind.SUBJECT, *ROLES[PartyKind.SUBJECT])
PROVIDER = of(PartyKind.PROVIDER, *ROLES[PartyKind.PROVIDER])
INSTITUTION = of(PartyKind.INSTITUTION, *STAFF_ROLES)
# Who checks what another of the institution's people has entered.
INSTITUTION_CHECKER = of(PartyKind.INSTITUTION, Role.CHECKER)
# Who brings the institution's own people and machines on board; it asks nothing in its name.
INSTITUTION_ADMINISTRATOR = of(PartyKind.INSTITUTION, Role.ADMINISTRATOR)
DEPARTMENT = of(PartyKind.DEPARTMENT, *ROLES[PartyKind.DEPARTMENT])
SYSTEM = of(PartyKind.OPERATOR, Role.SYSTEM_ADMINISTRATOR)
SECURITY = of(PartyKind.OPERATOR, Role.SECURITY_ADMINISTRATOR)
AUDIT = of(PartyKind.OPERATOR, Role.AUDIT_ADMINISTRATOR)
# The operator's windows: whoever enters, and whoever checks what another entered.
DESK = of(PartyKind.OPERATOR, Role.CLERK, Role.CHECKER)
CHECKER = of(PartyKind.OPERATOR, Role.CHECKER)
# A 企业征信机构 that takes part in running ((六)): figures of the running, no subject's data, by a mandate
# with dates; each of its requests is journalled before it is answered (`bureaus.mandates`).
BUREAU = of(PartyKind.BUREAU, *ROLES[PartyKind.BUREAU])
# Figures that every person of the operator's may read.
STAFF = SYSTEM | SECURITY | AUDIT | DESK
