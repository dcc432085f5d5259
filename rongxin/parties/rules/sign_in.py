"""Signing in: what a password must be, when an account or a place is locked, how long a session lasts. Pure.

The two password profiles contradict each other and are never blended (`parameters/sign_in_*.yaml`).
"""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from enum import StrEnum

from pydantic import BaseModel, ConfigDict

from rongxin.parties.rules.membership import PartyKind
from rongxin.vocabulary.edition import Edition


class Profile(BaseModel):
    """What one body of rules asks of a password; `days_max` None: it is never changed for its age.

    `passkey_alone`: a passkey, which asks for PIN or finger, does without the password.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    length_min: int
    classes_min: int
    days_max: int | None
    remembered: int
    passkey_alone: bool


class Limits(Edition):
    """One edition of the parameters."""

    profiles: dict[str, Profile]
    length_max: int
    failed_account_here: int
    failed_here: int
    failed_account: int
    locked_minutes: int
    idle_minutes: int
    session_hours: int
    idle_minutes_subject: int

    @property
    def locked(self) -> timedelta:
        return timedelta(minutes=self.locked_minutes)

    def idle(self, kind: PartyKind | None) -> timedelta:
        """How long a session lives without a page asked for."""
        minutes = self.idle_minutes_subject if kind is PartyKind.SUBJECT else self.idle_minutes
        return timedelta(minutes=minutes)

    @property
    def longest(self) -> timedelta:
        """How long a session lives at most."""
        return timedelta(hours=self.session_hours)


class Axis(StrEnum):
    """What failures are counted by. One axis alone either lets a spray pass or locks out its victims."""

    ACCOUNT_HERE = "account_here"
    HERE = "here"
    ACCOUNT = "account"

    def most(self, limits: Limits) -> int:
        return {
            Axis.ACCOUNT_HERE: limits.failed_account_here,
            Axis.HERE: limits.failed_here,
            Axis.ACCOUNT: limits.failed_account,
        }[self]


def weaknesses(password: str, profile: Profile, *, length_max: int, names: tuple[str, ...]) -> list[str]:
    """Say in Chinese what a password lacks; empty if it will do. `names` are what it must not contain."""
    found = []
    if len(password) < profile.length_min:
        found.append(f"至少{profile.length_min}个字符")
    if len(password) > length_max:
        found.append(f"至多{length_max}个字符")
    if _classes(password) < profile.classes_min:
        found.append(f"须包含大写字母、小写字母、数字、符号中的至少{profile.classes_min}类")
    if any(len(name) >= 3 and name.casefold() in password.casefold() for name in names):
        found.append("不得包含用户名或单位代号")
    if password and len(set(password)) < 5:
        found.append("不得由少数几个字符重复组成")
    return found


def _classes(password: str) -> int:
    return sum(bool(re.search(kind, password)) for kind in (r"[a-z]", r"[A-Z]", r"\d", r"[^\w\s]|_"))


def outdated(changed_on: date, profile: Profile, *, on: date) -> bool:
    """Whether a password must be changed for its age."""
    return profile.days_max is not None and (on - changed_on).days > profile.days_max


def session_over(
    limits: Limits, *, kind: PartyKind | None, began_at: datetime, seen_at: datetime, as_of: datetime
) -> bool:
    """Whether a session has to begin anew: idle for too long, or too old."""
    return as_of - seen_at > limits.idle(kind) or as_of - began_at > limits.longest
