"""Subjects, institutions, departments and accounts on their way from one node to another ((三)).

What somebody must vouch for does not move: a password, an API key, a real name, who represents a firm, a
role of the operator's, an institution's assessment. Each is given anew on the node where it holds. Whoever
calls holds the transaction of a whole file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.db import connection, transaction
from django.db.models import Q

from rongxin.journal import entries
from rongxin.journal.rules import Kind
from rongxin.parties import accounts, departments, identity, institutions, memberships, naming
from rongxin.parties.errors import PartiesError
from rongxin.parties.models import Account, Department, Institution, Membership, Subject, SubjectAlias
from rongxin.parties.rules.membership import STAFF_ROLES, PartyKind, Role
from rongxin.parties.rules.registration import AccountKind, AliasKind, RegistrationStatus
from rongxin.parties.rules.standing import InstitutionKind
from rongxin.vocabulary import region as regions
from rongxin.vocabulary import uscc as codes
from rongxin.vocabulary.actor import Actor

# Of these a role may come along: they give no power over anybody's data by themselves.
_MOVING_ROLES = (PartyKind.INSTITUTION, PartyKind.PROVIDER, PartyKind.DEPARTMENT)


@dataclass
class Taken:
    """What came of the rows of one file; a refusal says line, code and why. `not_moved`: what stays behind by
    design, said in the same way.
    """

    read: int = 0
    taken: int = 0
    already: int = 0
    refused: list[tuple[int, str, str]] = field(default_factory=list)
    not_moved: list[tuple[int, str, str]] = field(default_factory=list)


class _Refused(Exception):
    def __init__(self, code: str, message: str) -> None:
        super().__init__(code)
        self.code, self.message = code, message


class _NotMoved(_Refused):
    """Nothing is wrong with the row: it is of what is given anew on the node where it is to hold."""


def commitments_under() -> str:
    """Name the secret under which this node commits to identity numbers, without giving it away."""
    return identity.commit("rongxin moving")[:16]


def codes_of_subjects() -> dict[int, str]:
    """Return the code of every subject that has one, by number; others can't be told apart elsewhere."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT id, uscc FROM parties_subject WHERE uscc IS NOT NULL")
        return dict(cursor.fetchall())


def ids_of(uscc: Iterable[str]) -> Mapping[str, int]:
    """Return the numbers of the subjects with these codes; the unknown are left out."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT uscc, id FROM parties_subject WHERE uscc = ANY(%s)", [sorted(uscc)])
        return dict(cursor.fetchall())


_SUBJECT = (
    "uscc", "name", "registration_status", "region", "industry", "size_class", "legal_representative",
    "legal_representative_commitment", "established_on", "opened_at",
)  # fmt: skip


def subjects_out() -> Iterator[dict[str, Any]]:
    """Yield every subject that has a code, with its other codes and former names, by code."""
    rows = Subject.objects.filter(uscc__isnull=False).prefetch_related("aliases").order_by("uscc")
    for row in rows.iterator(chunk_size=2_000):
        aliases = sorted(row.aliases.all(), key=lambda one: (one.kind, one.value, str(one.valid_to)))
        yield {name: _plain(getattr(row, name)) for name in _SUBJECT} | {
            "aliases": [
                {
                    "kind": one.kind,
                    "value": one.value,
                    "valid_from": _plain(one.valid_from),
                    "valid_to": _plain(one.valid_to),
                }
                for one in aliases
            ]
        }


def take_subjects(
    rows: Iterable[dict[str, Any]], *, same_secret: bool, actor: Actor, as_of: datetime
) -> Taken:
    """Take subjects with their standing; one known here under other particulars is refused, not changed."""
    return _each(rows, lambda row: _subject(row, same_secret, actor=actor, as_of=as_of))


def _subject(row: Mapping[str, Any], same_secret: bool, *, actor: Actor, as_of: datetime) -> bool:
    wanted = _wanted_subject(row, same_secret, as_of)
    held = Subject.objects.filter(uscc=wanted.uscc).first()
    if held is not None and held.registration_status != RegistrationStatus.UNREGISTERED:
        differ = [name for name in _COMPARED if getattr(held, name) != getattr(wanted, name)]
        if differ:
            raise _Refused("differs", f"{wanted.uscc}：平台已有该主体，且{'、'.join(differ)}不同，未改动")
        return False
    if held is not None:  # known from rows only: the registration record settles who it is
        if wanted.registration_status == RegistrationStatus.UNREGISTERED:
            return False
        wanted.id, wanted.opened_at = held.id, held.opened_at
    wanted.save()
    for alias in row.get("aliases") or ():
        kind = AliasKind(alias["kind"])
        former = kind is AliasKind.FORMER_NAME
        value = str(alias["value"])
        SubjectAlias.objects.get_or_create(
            subject=wanted,
            kind=kind,
            value=value,
            valid_to=_day(alias.get("valid_to")),
            defaults={
                "key": str(naming.key(value)) if former else codes.clean(value).replace("-", ""),
                "valid_from": _day(alias.get("valid_from")),
            },
        )
    kind_of_entry = Kind.SUBJECT_CHANGED if held else Kind.SUBJECT_OPENED
    entries.append(kind_of_entry, actor=actor, refs={"subject": wanted.id, "change": "moved_in"}, as_of=as_of)
    return True


_COMPARED = ("name", "registration_status", "region")


def _wanted_subject(row: Mapping[str, Any], same_secret: bool, as_of: datetime) -> Subject:
    code = codes.clean(str(row.get("uscc") or ""))
    examination, kind = codes.examine(code), codes.kind(code)
    if not examination.acceptable:
        raise _Refused("invalid_uscc", f"{code}：{examination.message}")
    if kind is None:
        raise _Refused("kind_out_of_scope", f"{code}：不属于附件注1所列的信息主体")
    name = str(row.get("name") or "").strip()
    if not name:
        raise _Refused("name_missing", f"{code}：缺少名称")
    region = str(row.get("region") or codes.region(code))
    if not regions.well_formed(region):
        raise _Refused("invalid_region", f"{code}：“{region}”不是六位行政区划代码")
    number = str(row.get("legal_representative_id_number") or "")
    moved = str(row.get("legal_representative_commitment") or "") if same_secret else ""
    return Subject(
        kind=kind.value,
        uscc=code,
        name=name,
        canonical_name=str(naming.key(name)),
        registration_status=RegistrationStatus(row.get("registration_status") or "registered").value,
        region=region,
        industry=str(row.get("industry") or ""),
        size_class=str(row.get("size_class") or "unknown"),
        legal_representative=str(row.get("legal_representative") or ""),
        legal_representative_commitment=identity.commit(number) if number else moved,
        established_on=_day(row.get("established_on")),
        opened_at=datetime.fromisoformat(row["opened_at"]) if row.get("opened_at") else as_of,
    )


def institutions_out() -> Iterator[dict[str, Any]]:
    """Yield every institution with how it stands here."""
    for id in Institution.objects.order_by("id").values_list("id", flat=True):
        card = institutions.get(id)
        yield {
            "id": card.id,
            "name": card.name,
            "uscc": card.uscc,
            "kind": card.kind.value,
            "contact": card.contact,
            "daily_quota": card.daily_quota,
            "standing": card.standing.value,
            "assessed_until": _plain(card.assessed_until),
        }


def take_institutions(rows: Iterable[dict[str, Any]], *, actor: Actor, as_of: datetime) -> Taken:
    """Take institutions on probation: whoever assessed them elsewhere, here they are assessed anew ((十))."""

    def one(row: Mapping[str, Any]) -> bool:
        code = codes.clean(str(row["uscc"]))
        held = Institution.objects.filter(Q(pk=row["id"]) | Q(uscc=code)).first()
        if held is not None:
            if (held.id, held.name, held.uscc) != (row["id"], row["name"], code):
                raise _Refused("differs", f"{row['id']}：平台已有同一标识或代码的其他机构（{held.name}）")
            return False
        institutions.admit(
            str(row["id"]),
            name=str(row["name"]),
            uscc=str(row["uscc"]),
            kind=InstitutionKind(row["kind"]),
            contact=str(row.get("contact") or ""),
            daily_quota=int(row.get("daily_quota") or 2000),
            actor=actor,
            as_of=as_of,
        )
        return True

    return _each(rows, one)


def departments_out() -> Iterator[dict[str, Any]]:
    """Yield every department; its mandates are given anew where they are to hold."""
    for row in Department.objects.order_by("id"):
        yield {"id": row.id, "name": row.name}


def take_departments(rows: Iterable[dict[str, Any]], *, actor: Actor, as_of: datetime) -> Taken:
    """Take departments, without any mandate."""

    def one(row: Mapping[str, Any]) -> bool:
        held = Department.objects.filter(pk=row["id"]).first()
        if held is None:
            departments.admit(str(row["id"]), name=str(row["name"]), actor=actor, as_of=as_of)
        elif held.name != row["name"]:
            raise _Refused("differs", f"{row['id']}：平台已有同一标识的其他部门（{held.name}）")
        return held is None

    return _each(rows, one)


def accounts_out() -> Iterator[dict[str, Any]]:
    """Yield every account with the roles it holds; no password, no key, no identity number or what stands
    for one.
    """
    subject_codes = codes_of_subjects()
    for row in Account.objects.order_by("username").prefetch_related("memberships"):
        yield {
            "username": row.username,
            "display_name": row.display_name,
            "kind": row.kind,
            "is_active": row.is_active,
            "roles": [
                {
                    "party_kind": role.party_kind,
                    "party": subject_codes.get(role.subject_id or 0)
                    or role.provider_id
                    or role.institution_id
                    or role.department_id
                    or "",
                    "role": role.role,
                    "valid_from": _plain(role.valid_from),
                    "valid_until": _plain(role.valid_until),
                }
                for role in role_order(row.memberships.filter(ended_at=None))
            ],
        }


def role_order(rows: Iterable[Membership]) -> list[Membership]:
    """Roles in an order that does not depend on when they were opened."""
    return sorted(rows, key=lambda one: (one.party_kind, one.role, str(one.valid_from), one.id))


def take_accounts(rows: Iterable[dict[str, Any]], *, actor: Actor, as_of: datetime) -> Taken:
    """Take accounts without a way to log in but an identity provider, and the staff's roles that may move."""
    return _each(rows, lambda row: _account(row, actor=actor, as_of=as_of))


def _account(row: Mapping[str, Any], *, actor: Actor, as_of: datetime) -> bool:
    username = str(row["username"]).strip()
    held = Account.objects.filter(username=username).first()
    if held is not None:
        if held.display_name != row["display_name"]:
            raise _Refused("differs", f"{username}：平台已有同名账号，属于另一人")
        return False
    if str(row.get("is_active", True)).lower() in ("false", "0", "否"):
        raise _NotMoved("inactive", f"{username}：已停用的账号不迁入")
    wanted = [_role(username, role) for role in row.get("roles") or ()]
    card = accounts.open_account(
        username, str(row["display_name"]), kind=AccountKind(row["kind"]), actor=actor, as_of=as_of
    )
    for kind, party, role, first, last in wanted:
        memberships.appoint(
            card.id, kind, party, role, valid_from=first, valid_until=last, actor=actor, as_of=as_of
        )
    return True


def _role(username: str, role: Mapping[str, Any]) -> tuple[PartyKind, str, Role, date, date | None]:
    kind, name = PartyKind(role["party_kind"]), Role(role["role"])
    if kind not in _MOVING_ROLES or name not in STAFF_ROLES:
        raise _NotMoved(
            "role_not_moved",
            f"{username}：“{kind.label}”的“{name.label}”须在本平台重新认定或任命，该账号未迁入",
        )
    return (
        kind,
        str(role["party"]),
        name,
        date.fromisoformat(role["valid_from"]),
        _day(role.get("valid_until")),
    )


def _each(rows: Iterable[dict[str, Any]], one: Callable[[Mapping[str, Any]], bool]) -> Taken:
    """Take each row by itself within the file's transaction: `one` says whether it was new."""
    taken = Taken()
    for number, row in enumerate(rows, 1):
        taken.read += 1
        try:
            with transaction.atomic():
                new = one(row)
        except _Refused as refusal:
            ended = taken.not_moved if isinstance(refusal, _NotMoved) else taken.refused
            ended.append((number, refusal.code, refusal.message))
        except PartiesError as error:
            taken.refused.append((number, error.code, str(error)))
        except (KeyError, TypeError, ValueError) as error:
            taken.refused.append((number, "unreadable", f"缺少或不能识别的内容：{error}"))
        else:
            taken.taken += new
            taken.already += not new
    return taken


def _day(value: Any) -> date | None:
    return date.fromisoformat(str(value)) if value else None


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date | datetime) else value
