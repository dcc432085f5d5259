"""信息主体: opening, registering, renaming, deregistering; every act leaves an entry in the journal."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db import connection, transaction
from django.db.models import Q

from rongxin.journal import entries, plans
from rongxin.journal.rules import Kind
from rongxin.parties import memberships, naming
from rongxin.parties.errors import AlreadyKnown, InvalidCode, NotAllowed, UnknownParty
from rongxin.parties.models import Subject
from rongxin.parties.rules import identity
from rongxin.parties.rules.registration import AliasKind, RegistrationStatus
from rongxin.vocabulary import uscc as codes
from rongxin.vocabulary.actor import Actor
from rongxin.vocabulary.subject_kind import SubjectKind


@dataclass(frozen=True)
class Card:
    """What others may know of a subject's standing."""

    id: int
    uscc: str | None
    name: str
    kind: SubjectKind
    status: RegistrationStatus
    region: str
    industry: str
    size_class: str
    legal_representative: str
    established_on: date | None

    @property
    def deregistered(self) -> bool:
        return self.status == RegistrationStatus.DEREGISTERED


@dataclass(frozen=True)
class Newcomer:
    """A valid code not yet known, with the name its row gave."""

    uscc: str
    name: str


@dataclass(frozen=True)
class Registration:
    """The registration record of a subject (营业执照 or its like)."""

    uscc: str
    name: str
    region: str
    legal_representative: str
    legal_representative_commitment: str = ""
    industry: str = ""
    size_class: str = "unknown"
    established_on: date | None = None


# Plain SQL: on the way of every disclosure, building the query would cost several times its answer.
_CARD_COLUMNS = (
    "id",
    "uscc",
    "name",
    "kind",
    "registration_status",
    "region",
    "industry",
    "size_class",
    "legal_representative",
    "established_on",
)
_FIND = f"SELECT {', '.join(_CARD_COLUMNS)} FROM parties_subject WHERE uscc = %s"  # noqa: S608


def find(uscc: str) -> Card | None:
    """Return the subject with this code, or None."""
    found = plans.rows(_FIND, [codes.clean(uscc)])
    return _card(Subject(**dict(zip(_CARD_COLUMNS, found[0], strict=True)))) if found else None


def count() -> int:
    """Return how many subjects the node knows."""
    return Subject.objects.count()


def alone_with_its_name(subject_id: int) -> bool:
    """Tell whether no other subject known here has this one's canonical name in its region."""
    own = _row(subject_id)
    others = Subject.objects.filter(canonical_name=own.canonical_name, region=own.region).exclude(pk=own.id)
    return not others.exists()


def get(subject_id: int) -> Card:
    """Return a subject by its number; UnknownParty where there is none."""
    return _card(_row(subject_id))


def many(ids: Collection[int]) -> dict[int, Card]:
    """Return the subjects of these numbers."""
    return {row.pk: _card(row) for row in Subject.objects.filter(pk__in=ids)}


def called(text: str, column: str = "subject") -> Q:
    """Return the condition that a row's subject has this code or this in its name, for lists of other rooms.

    By a join, so that the database looks at the list's own firms where they are few, and at all names at once
    where they are many.
    """
    return Q(**{f"{column}__name__contains": text}) | Q(**{f"{column}__uscc": codes.clean(text)})


def lock(subject_id: int) -> Card:
    """Return a subject and hold it until the transaction ends, so that it is not changed meanwhile."""
    row = Subject.objects.select_for_update(no_key=True).filter(pk=subject_id).first()
    if row is None:
        raise UnknownParty(f"没有编号为{subject_id}的信息主体")
    return _card(row)


def record_of(subject_id: int) -> identity.Record:
    """Return who stands for the subject in its registration record."""
    row = _row(subject_id)
    return identity.Record(row.uscc or "", row.legal_representative, row.legal_representative_commitment)


def represented_by(assertion: identity.Assertion, *, most: int = 50) -> list[Card]:
    """Return the subjects whose registration record names the very person of an assertion, by number or by
    the code that the issuer vouches for; so nobody has to know a firm's code by heart.
    """
    ours = Q(legal_representative_commitment=assertion.id_commitment)
    if assertion.represents:
        ours |= Q(uscc=assertion.represents)
    rows = Subject.objects.filter(ours).exclude(registration_status="deregistered")
    named = identity.plain(assertion.name)
    return [
        _card(row) for row in rows.order_by("id")[:most] if identity.plain(row.legal_representative) == named
    ]


_OPEN = """
    INSERT INTO parties_subject
        (kind, uscc, name, canonical_name, registration_status, region, industry, size_class,
         legal_representative, legal_representative_commitment, opened_at)
    SELECT kind, uscc, name, canonical_name, 'unregistered', region, '', 'unknown', '', '', %s
    FROM unnest(%s::text[], %s::text[], %s::text[], %s::text[], %s::text[])
        AS newcomer (kind, uscc, name, canonical_name, region)
    ON CONFLICT (uscc) DO NOTHING
    RETURNING uscc
"""


def open_unregistered(newcomers: Iterable[Newcomer], *, actor: Actor, as_of: datetime) -> dict[str, int]:
    """Open subjects for valid codes not yet known; return the id of every code given, known before or not.

    InvalidCode refuses the whole lot, naming the first bad one.
    """
    # Sorted, so that two batches with the same firms wait for each other instead of deadlocking.
    ordered = sorted({newcomer.uscc: newcomer for newcomer in newcomers}.values(), key=lambda n: n.uscc)
    if not ordered:
        return {}
    rows = [_newcomer_row(newcomer) for newcomer in ordered]
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_OPEN, [as_of, *(list(column) for column in zip(*rows, strict=True))])
        opened = sorted(uscc for (uscc,) in cursor.fetchall())
        cursor.execute(
            "SELECT uscc, id FROM parties_subject WHERE uscc = ANY(%s)", [[n.uscc for n in ordered]]
        )
        ids: dict[str, int] = dict(cursor.fetchall())
        drafts = [entries.Draft(kind=Kind.SUBJECT_OPENED, refs={"subject": ids[uscc]}) for uscc in opened]
        entries.append_all(drafts, actor=actor, as_of=as_of)
    return ids


def _newcomer_row(newcomer: Newcomer) -> tuple[str, str, str, str, str]:
    kind = _kind(newcomer.uscc)
    key = naming.key(newcomer.name)
    return kind.value, newcomer.uscc, newcomer.name, str(key), codes.region(newcomer.uscc)


def register(registration: Registration, *, actor: Actor, as_of: datetime) -> Card:
    """Take in a registration record: opens the subject or completes one that was only known from rows.

    The name of an unregistered subject came from a row and is replaced, not kept as a former name; a
    registered subject's name changes by `rename` only.
    """
    uscc = codes.clean(registration.uscc)
    kind = _kind(uscc)
    with transaction.atomic():
        row = Subject.objects.select_for_update(no_key=True).filter(uscc=uscc).first()
        if row is not None and row.registration_status != RegistrationStatus.UNREGISTERED:
            raise AlreadyKnown(f"{uscc}: 已登记（{row.name}）；变更请使用变更登记")
        opened = row is None
        row = row or Subject(uscc=uscc, opened_at=as_of)
        row.kind = kind.value
        row.name = registration.name
        row.canonical_name = str(naming.key(registration.name))
        row.registration_status = RegistrationStatus.REGISTERED
        row.region = registration.region
        row.industry = registration.industry
        row.size_class = registration.size_class
        row.legal_representative = registration.legal_representative
        row.legal_representative_commitment = registration.legal_representative_commitment
        row.established_on = registration.established_on
        row.save()
        kind_of_entry = Kind.SUBJECT_OPENED if opened else Kind.SUBJECT_CHANGED
        _journal(row, "registered", kind=kind_of_entry, actor=actor, as_of=as_of)
    return _card(row)


def rename(subject_id: int, name: str, *, changed_on: date, actor: Actor, as_of: datetime) -> Card:
    """Give a subject its new name and keep the old one with the dates between which it held."""
    with transaction.atomic():
        row = _registered(subject_id)
        if name == row.name:
            raise NotAllowed(f"{row.uscc}: 名称没有变化（{name}）")
        last = row.aliases.filter(kind=AliasKind.FORMER_NAME).order_by("valid_to").last()
        held_from = last.valid_to + timedelta(days=1) if last and last.valid_to else row.established_on
        if held_from is not None and changed_on < held_from:
            raise NotAllowed(f"{row.uscc}: 变更日期{changed_on}早于现名称启用日期{held_from}")
        # A name taken and given up on one day held on no day: the later one takes its place, and a firm that
        # goes back to its former name on that day never had another.
        if changed_on == held_from:
            if last and last.value == name:
                last.delete()
        else:
            row.aliases.create(
                kind=AliasKind.FORMER_NAME,
                value=row.name,
                key=row.canonical_name,
                valid_from=held_from,
                valid_to=changed_on - timedelta(days=1),
            )
        row.name, row.canonical_name = name, str(naming.key(name))
        row.save(update_fields=["name", "canonical_name"])
        _journal(row, "renamed", actor=actor, as_of=as_of)
    return _card(row)


def change_legal_representative(
    subject_id: int, name: str, *, commitment: str = "", actor: Actor, as_of: datetime
) -> Card:
    """Record a new legal representative; the mandates that the former one gave or held end at once."""
    with transaction.atomic():
        row = _registered(subject_id)
        row.legal_representative, row.legal_representative_commitment = name, commitment
        row.save(update_fields=["legal_representative", "legal_representative_commitment"])
        memberships.end_all_of_subject(row.id, why="legal_representative_changed", actor=actor, as_of=as_of)
        _journal(row, "legal_representative_changed", actor=actor, as_of=as_of)
    return _card(row)


def deregister(subject_id: int, *, actor: Actor, as_of: datetime) -> Card:
    """Close a subject (注销): nobody acts for it any longer, and its consents end (`consent` follows the
    journal).
    """
    with transaction.atomic():
        row = _registered(subject_id)
        row.registration_status = RegistrationStatus.DEREGISTERED
        row.save(update_fields=["registration_status"])
        memberships.end_all_of_subject(row.id, why="subject_deregistered", actor=actor, as_of=as_of)
        _journal(row, "deregistered", actor=actor, as_of=as_of)
    return _card(row)


def undo_deregistration(subject_id: int, *, actor: Actor, as_of: datetime) -> None:
    """Take back a deregistration that was reported by mistake: the subject is unverified until a registration
    record is seen (again). Who acted for it and what it had consented to ended and does not come back.
    """
    with transaction.atomic():
        row = Subject.objects.select_for_update(no_key=True).filter(pk=subject_id).first()
        if row is None or row.registration_status != RegistrationStatus.DEREGISTERED:
            raise NotAllowed(f"编号为{subject_id}的信息主体未注销，无从恢复")
        row.registration_status = RegistrationStatus.UNREGISTERED
        row.save(update_fields=["registration_status"])
        _journal(row, "deregistration_undone", actor=actor, as_of=as_of)


def add_old_code(subject_id: int, kind: AliasKind, value: str, *, actor: Actor, as_of: datetime) -> None:
    """Note an old code (组织机构代码 or 注册号) under which older records know the subject."""
    if kind is AliasKind.FORMER_NAME:
        raise NotAllowed("former names are kept by rename()")
    key = codes.clean(value).replace("-", "")
    with transaction.atomic():
        row = _row(subject_id)
        _, created = row.aliases.get_or_create(kind=kind, value=value, valid_to=None, defaults={"key": key})
        if not created:
            raise AlreadyKnown(f"{value}: 该主体已有此代码")
        _journal(row, "old_code_added", actor=actor, as_of=as_of)


def set_size_class(subject_id: int, size_class: str, *, actor: Actor, as_of: datetime) -> None:
    """Keep the outcome of 中小企业划型 (`size_classes.size`)."""
    with transaction.atomic():
        row = _row(subject_id)
        row.size_class = size_class
        row.save(update_fields=["size_class"])
        _journal(row, "sized", actor=actor, as_of=as_of)


def _kind(uscc: str) -> SubjectKind:
    examination = codes.examine(uscc)
    if not examination.acceptable:
        raise InvalidCode(f"{uscc}: {examination.message}")
    kind = codes.kind(uscc)
    if kind is None:
        raise InvalidCode(f"{uscc}: 不属于企业、个体工商户、农民专业合作社或农村集体经济组织（附件 注1）")
    return kind


def _row(subject_id: int) -> Subject:
    row = Subject.objects.filter(pk=subject_id).first()
    if row is None:
        raise UnknownParty(f"没有编号为{subject_id}的信息主体")
    return row


def _registered(subject_id: int) -> Subject:
    row = Subject.objects.select_for_update(no_key=True).filter(pk=subject_id).first()
    if row is None:
        raise UnknownParty(f"没有编号为{subject_id}的信息主体")
    if row.registration_status != RegistrationStatus.REGISTERED:
        status = RegistrationStatus(row.registration_status)
        raise NotAllowed(f"{row.uscc}: 状态为“{status.label}”，不能变更")
    return row


def _journal(
    row: Subject, change: str, *, kind: Kind = Kind.SUBJECT_CHANGED, actor: Actor, as_of: datetime
) -> None:
    entries.append(kind, actor=actor, refs={"subject": row.id, "change": change}, as_of=as_of)


def _card(row: Subject) -> Card:
    return Card(
        id=row.id,
        uscc=row.uscc,
        name=row.name,
        kind=SubjectKind(row.kind),
        status=RegistrationStatus(row.registration_status),
        region=row.region,
        industry=row.industry,
        size_class=row.size_class,
        legal_representative=row.legal_representative,
        established_on=row.established_on,
    )
