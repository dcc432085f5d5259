"""Who may act for which party, and until when; a mandate ends with the legal representative who stood for
it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone

from rongxin.journal import entries
from rongxin.journal.rules import Kind
from rongxin.parties import representation
from rongxin.parties.bureaus.models import Bureau
from rongxin.parties.errors import NotAllowed, PartiesError, UnknownParty
from rongxin.parties.models import Account, Department, Institution, Membership, Provider, Subject
from rongxin.parties.rules import identity as identity_rules
from rongxin.parties.rules.identity import Agreement, Assertion
from rongxin.parties.rules.membership import Mandate, PartyKind, Role, fits
from rongxin.vocabulary.actor import Actor, ActorKind


class RolesExclude(PartiesError):
    """系统管理员, 安全管理员 and 审计管理员 are three people; end the other role first or appoint somebody
    else.
    """

    code = "roles_exclude"


class IdentityDisagrees(PartiesError):
    """The person is not the one in the registration record."""

    code = "identity_disagrees"

    def __init__(self, agreement: Agreement) -> None:
        super().__init__(agreement.message)
        self.agreement = agreement


@dataclass(frozen=True)
class Card:
    """One role of an account in one party."""

    id: int
    account: int
    party_kind: PartyKind
    party: str
    role: Role
    mandate: Mandate


def appoint(
    account_id: int,
    party_kind: PartyKind,
    party: str | int | None,
    role: Role,
    *,
    valid_from: date,
    valid_until: date | None = None,
    actor: Actor,
    as_of: datetime,
) -> Card:
    """Give an account a role in a party; `party` is its id (None for the operator).

    Legal representatives are not appointed but recognised (`represent`), and they alone give mandates
    (`give_mandate`).
    """
    if party_kind is PartyKind.SUBJECT:
        raise NotAllowed("信息主体的角色经实名认证（represent）或委托（give_mandate）产生，不能指派")
    return _open(
        account_id, party_kind, party, role, Mandate(valid_from, valid_until), actor=actor, as_of=as_of
    )


def represent(
    account_id: int, subject_id: int, assertion: Assertion, *, actor: Actor, as_of: datetime
) -> Card:
    """Recognise an account as the subject's legal representative (operator, head) by an assertion.

    Who is recognised already is so again, by the same proof: the role stays one. Where a licence vouches for
    the person, nobody else of the same name is the representative any longer.
    """
    with transaction.atomic():
        # The lock orders this against a change of the legal representative.
        subject = Subject.objects.select_for_update(no_key=True).filter(pk=subject_id).first()
        if subject is None:
            raise UnknownParty(f"没有编号为{subject_id}的信息主体")
        if subject.registration_status == "deregistered":
            raise NotAllowed(f"{subject.uscc}: 已注销")
        record = identity_rules.Record(
            subject.uscc or "", subject.legal_representative, subject.legal_representative_commitment
        )
        vouched = vouched_for(subject_id, assertion.id_commitment, as_of=as_of)
        agreement = identity_rules.compare(assertion, record, vouched=vouched, as_of=as_of)
        if agreement is not Agreement.AGREES:
            raise IdentityDisagrees(agreement)
        account = _account(account_id)
        known = getattr(account, "real_name", None)
        if known is None or known.id_commitment != assertion.id_commitment:
            raise NotAllowed("请先完成本账号的实名注册；一个账号只属于一个人")
        known_role = Membership.objects.filter(
            account=account_id, subject=subject_id, role=Role.LEGAL_REPRESENTATIVE.value, ended_at=None
        ).first()
        role = (
            _card(known_role)
            if known_role is not None
            else _open(
                account_id,
                PartyKind.SUBJECT,
                subject_id,
                Role.LEGAL_REPRESENTATIVE,
                Mandate(timezone.localdate(as_of)),
                actor=actor,
                as_of=as_of,
            )
        )
        if assertion.represents and assertion.represents == subject.uscc:
            _vouch(role, actor=actor, as_of=as_of)
    return role


def vouched_for(subject_id: int, commitment: str, *, as_of: datetime) -> identity_rules.Vouched | None:
    """Return that a licence has vouched for this person as the subject's representative, and until when."""
    row = Membership.objects.filter(
        _holds(timezone.localdate(as_of)),
        subject=subject_id,
        role=Role.LEGAL_REPRESENTATIVE.value,
        account__is_active=True,
        account__real_name__id_commitment=commitment,
        vouched_at__isnull=False,
    ).first()
    if row is None or row.vouched_at is None:
        return None
    days = representation.in_force(timezone.localdate(as_of)).vouched_days
    return identity_rules.Vouched(commitment, row.vouched_at + timedelta(days=days))


def _vouch(role: Card, *, actor: Actor, as_of: datetime) -> None:
    others = Membership.objects.filter(
        subject=int(role.party), role=Role.LEGAL_REPRESENTATIVE.value, ended_at=None
    ).exclude(pk=role.id)
    for row in others.select_for_update(no_key=True):
        row.ended_at, row.ended_why = as_of, "another_vouched_for"
        row.save(update_fields=["ended_at", "ended_why"])
        _journal(row, "role_ended", actor=actor, as_of=as_of)
    row = Membership.objects.get(pk=role.id)
    row.vouched_at = as_of
    row.save(update_fields=["vouched_at"])
    _journal(row, "vouched_for", actor=actor, as_of=as_of)


def give_mandate(
    account_id: int, subject_id: int, *, valid_from: date, valid_until: date, actor: Actor, as_of: datetime
) -> Card:
    """Let an agent (经办人) act for a subject until a day; only its legal representative gives a mandate."""
    today = timezone.localdate(as_of)
    with transaction.atomic():
        # The lock orders this against a change of the legal representative, which ends mandates.
        Subject.objects.select_for_update(no_key=True).filter(pk=subject_id).first()
        giver = int(actor.id) if actor.kind is ActorKind.ACCOUNT and actor.id.isdigit() else None
        if giver is None or role_in_subject(giver, subject_id, on=today) is not Role.LEGAL_REPRESENTATIVE:
            raise NotAllowed("只有法定代表人（负责人、经营者）可以委托经办人")
        if not hasattr(_account(account_id), "real_name"):
            raise NotAllowed("经办人须先完成实名注册")
        return _open(
            account_id,
            PartyKind.SUBJECT,
            subject_id,
            Role.AGENT,
            Mandate(valid_from, valid_until),
            actor=actor,
            as_of=as_of,
        )


def end(membership_id: int, *, why: str, actor: Actor, as_of: datetime) -> None:
    """End a role at once."""
    with transaction.atomic():
        row = Membership.objects.select_for_update(no_key=True).filter(pk=membership_id).first()
        if row is None or row.ended_at is not None:
            raise UnknownParty(f"没有编号为{membership_id}的有效任职")
        row.ended_at, row.ended_why = as_of, why
        row.save(update_fields=["ended_at", "ended_why"])
        _journal(row, "role_ended", actor=actor, as_of=as_of)


def end_all_of_subject(subject_id: int, *, why: str, actor: Actor, as_of: datetime) -> int:
    """End every role in a subject; the caller journals the act that this belongs to."""
    rows = Membership.objects.filter(subject=subject_id, ended_at=None)
    with transaction.atomic():
        ended = list(rows.select_for_update(no_key=True))
        for row in ended:
            row.ended_at, row.ended_why = as_of, why
            row.save(update_fields=["ended_at", "ended_why"])
            _journal(row, "role_ended", actor=actor, as_of=as_of)
    return len(ended)


def of_institution(institution_id: str) -> list[Card]:
    """Return the roles in an institution that are not ended."""
    rows = Membership.objects.filter(institution=institution_id, ended_at=None).order_by("id")
    return [_card(row) for row in rows]


def of_bureau(bureau_id: str) -> list[Card]:
    """Return the roles in a bureau that are not ended."""
    rows = Membership.objects.filter(bureau=bureau_id, ended_at=None).order_by("id")
    return [_card(row) for row in rows]


def of_account(account_id: int, *, on: date) -> list[Card]:
    """Return the roles that an active account holds on a day."""
    rows = Membership.objects.filter(_holds(on), account=account_id, account__is_active=True)
    return [_card(row) for row in rows.order_by("id")]


# Read with an API key for every request: in plain SQL, since building the query would cost several times its
# answer, and in the key's own statement.
HELD = """
    held.id, held.account_id, held.party_kind,
    COALESCE(held.subject_id::text, held.provider_id, held.institution_id, held.department_id,
             held.bureau_id, ''),
    held.role, held.valid_from, held.valid_until, held.ended_at
"""
HELD_COLUMNS = 8


def held(
    membership: int,
    account: int,
    kind: str,
    party: str,
    role: str,
    valid_from: date,
    valid_until: date | None,
    ended_at: datetime | None,
    *,
    on: date,
) -> Card | None:
    """Return a role as the columns `HELD` give it, if it is held on a day."""
    if ended_at is not None or on < valid_from or (valid_until is not None and on > valid_until):
        return None
    return Card(membership, account, PartyKind(kind), party, Role(role), Mandate(valid_from, valid_until))


def role_in_subject(account_id: int, subject_id: int, *, on: date) -> Role | None:
    """Return the strongest role of an account in a subject on a day, or None."""
    rows = Membership.objects.filter(
        _holds(on), account=account_id, account__is_active=True, subject=subject_id
    )
    roles = {Role(role) for role in rows.values_list("role", flat=True)}
    return next((role for role in (Role.LEGAL_REPRESENTATIVE, Role.AGENT) if role in roles), None)


def of_subject(subject_id: int, *, on: date) -> list[Card]:
    """Return who may act for a subject on a day, its legal representative first."""
    rows = Membership.objects.filter(_holds(on), subject=subject_id, account__is_active=True)
    cards = [_card(row) for row in rows.order_by("valid_from", "id")]
    return sorted(cards, key=lambda card: card.role is not Role.LEGAL_REPRESENTATIVE)


def _holds(on: date) -> Q:
    return Q(ended_at=None, valid_from__lte=on) & (Q(valid_until=None) | Q(valid_until__gte=on))


def _open(
    account_id: int,
    party_kind: PartyKind,
    party: str | int | None,
    role: Role,
    mandate: Mandate,
    *,
    actor: Actor,
    as_of: datetime,
) -> Card:
    if not fits(party_kind, role):
        raise NotAllowed(f"{party_kind.label}中没有“{role.label}”这一角色")
    if mandate.valid_until is not None and mandate.valid_until < mandate.valid_from:
        raise NotAllowed(f"委托期限止日{mandate.valid_until}早于起日{mandate.valid_from}")
    _check_exist(account_id, party_kind, party)
    columns = {} if party_kind is PartyKind.OPERATOR else {f"{party_kind.value}_id": party}
    row = Membership(
        account_id=account_id,
        party_kind=party_kind.value,
        role=role.value,
        valid_from=mandate.valid_from,
        valid_until=mandate.valid_until,
        **columns,
    )
    with transaction.atomic():
        try:
            with transaction.atomic():
                row.save()
        except IntegrityError as error:
            raise _explain(error, account_id) from error
        _journal(row, "role_opened", actor=actor, as_of=as_of)
    return _card(row)


def _explain(error: IntegrityError, account: int) -> PartiesError:
    if "one_operator_role_an_account" in str(error):
        return RolesExclude(f"账号{account}已有平台运营角色；系统、安全、审计管理员须由不同的人担任")
    return NotAllowed(f"账号{account}已担任该角色")


_PARTIES: dict[PartyKind, type[Subject | Provider | Institution | Department | Bureau]] = {
    PartyKind.SUBJECT: Subject,
    PartyKind.PROVIDER: Provider,
    PartyKind.INSTITUTION: Institution,
    PartyKind.DEPARTMENT: Department,
    PartyKind.BUREAU: Bureau,
}


def _check_exist(account_id: int, kind: PartyKind, party: str | int | None) -> None:
    _account(account_id)
    table = _PARTIES.get(kind)
    if table and (party is None or not table._default_manager.filter(pk=party).exists()):
        raise UnknownParty(f"没有这样的{kind.label}：{party}")


def _account(account_id: int) -> Account:
    account = Account.objects.select_related("real_name").filter(pk=account_id).first()
    if account is None:
        raise UnknownParty(f"没有编号为{account_id}的账号")
    return account


def _journal(row: Membership, change: str, *, actor: Actor, as_of: datetime) -> None:
    refs: dict[str, str | int] = {"account": row.account_id, "change": change, "role": row.role}
    if row.party_kind != PartyKind.OPERATOR:
        refs[row.party_kind] = getattr(row, f"{row.party_kind}_id")
    entries.append(
        _KINDS.get(PartyKind(row.party_kind), Kind.ACCOUNT_CREATED), actor=actor, refs=refs, as_of=as_of
    )


# A role is a change of its party; where parties have no kind of entry of their own, it is one of the account.
_KINDS = {
    PartyKind.SUBJECT: Kind.SUBJECT_CHANGED,
    PartyKind.INSTITUTION: Kind.INSTITUTION_CHANGED,
    PartyKind.DEPARTMENT: Kind.DEPARTMENT_CHANGED,
    PartyKind.BUREAU: Kind.BUREAU_CHANGED,
}


def _card(row: Membership) -> Card:
    kind = PartyKind(row.party_kind)
    party = "" if kind is PartyKind.OPERATOR else str(getattr(row, f"{kind.value}_id"))
    return Card(row.id, row.account_id, kind, party, Role(row.role), Mandate(row.valid_from, row.valid_until))
