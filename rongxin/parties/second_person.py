"""Two persons: one account is one person only where both are known by real name (threats T32)."""

from __future__ import annotations

from rongxin.parties import accounts
from rongxin.parties.errors import NotAllowed
from rongxin.vocabulary.actor import Actor, ActorKind


def of_operator(*, actor: Actor, what: str) -> str:
    """Return the operator's person behind an actor, in whatever role; raises `NotAllowed`.

    A machine is nobody: two of its accounts may be one person's.
    """
    if not actor.is_operator or actor.kind is not ActorKind.ACCOUNT:
        raise NotAllowed(f"{what}须由平台运营机构的工作人员以本人账号办理")
    return known_by_name(actor=actor, what=what)


def known_by_name(*, actor: Actor, what: str) -> str:
    """Return the person behind an actor of whatever party; raises `NotAllowed` where there is none."""
    if actor.kind is not ActorKind.ACCOUNT or not actor.id.isdigit():
        raise NotAllowed(f"{what}须由工作人员以本人账号办理")
    if not accounts.get(int(actor.id)).id_commitment:
        raise NotAllowed(f"{what}须由两个不同的人办理，请先完成实名注册")
    return f"{actor.kind}:{actor.id}"


def check_other(person: str, *others: str, what: str) -> None:
    """Refuse one of `others` as the second person; raises `NotAllowed`."""
    if person in others:
        raise NotAllowed(f"{what}须由另一人核准，经办人不能核准本人办理的事项")
