"""签署规则 of a firm: how many of its people must sign; kept with all it ever was.

Its legal representative alone proposes one, by a fresh word of the identity provider. To ask for more
holds at once; to ask for fewer, everybody whom the old rule asks has to agree, each by such a word of
their own.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from django.db import transaction

from rongxin.consent import notifications, signers
from rongxin.consent.errors import NotPossible, NotTheirs, SignerRefused, UnknownConsent
from rongxin.consent.models import GivenSignature, SigningRule
from rongxin.consent.rules import Signature, business_day
from rongxin.consent.signers import Signer
from rongxin.consent.signing import policy, rules
from rongxin.consent.signing.rules import Demand
from rongxin.journal import entries
from rongxin.journal.rules import Kind
from rongxin.parties import memberships, subjects
from rongxin.parties.rules.identity import Assertion
from rongxin.parties.rules.membership import Role
from rongxin.proof import canonical
from rongxin.vocabulary.actor import Actor


@dataclass(frozen=True)
class Given:
    """One person's signature as others of the firm see it."""

    account: int
    name: str
    commitment: str
    issuer: str
    assurance: int
    asserted_at: datetime
    signed_at: datetime
    agrees_as_person: bool

    def signature(self) -> Signature:
        return Signature(self.name, self.commitment, self.issuer, self.assurance, self.asserted_at)


@dataclass(frozen=True)
class Card:
    """A rule of a firm: from when it holds, or who has agreed to it so far."""

    id: UUID
    subject_id: int
    needed: int
    proposed_at: datetime
    effective_at: datetime | None
    dropped_at: datetime | None
    signed: tuple[Given, ...]

    def open(self, *, as_of: datetime) -> bool:
        """Whether it can still be objected to: it doesn't hold, and hasn't lapsed."""
        if self.dropped_at is not None:
            return False
        if self.effective_at is not None:
            return as_of < self.effective_at
        opened = business_day(self.proposed_at)
        return business_day(as_of) <= opened + timedelta(days=policy.on(opened).agreement_days)


def needed(subject_id: int, *, as_of: datetime) -> int:
    """Return how many of a firm's people must sign at a moment."""
    rows = SigningRule.objects.filter(subject=subject_id, effective_at__lte=as_of, dropped_at=None)
    return rules.needed([Demand(row.needed, row.effective_at) for row in rows if row.effective_at], as_of)


def check_enough(subject_id: int, given: tuple[Signature, ...], *, as_of: datetime) -> None:
    """Refuse a consent that fewer people have signed than the firm demands: the last gate of every way in."""
    wanted = needed(subject_id, as_of=as_of)
    if len({one.commitment for one in given}) < wanted:
        raise SignerRefused(f"本企业规定须由{wanted}人签署；请由各签署人分别线上签署")


def propose(subject_id: int, number: int, *, assertion: Assertion, actor: Actor, as_of: datetime) -> Card:
    """Have so many people sign from now on; fewer than now holds once all who are asked now have agreed.

    What was proposed before and doesn't hold yet is dropped.
    """
    today = business_day(as_of)
    with transaction.atomic():
        signer = _signer(subject_id, assertion, actor=actor, as_of=as_of)
        if signer.role is not Role.LEGAL_REPRESENTATIVE:
            raise NotTheirs("只有法定代表人（负责人、经营者）可以改变签署人数")
        old = needed(subject_id, as_of=as_of)
        _check(number, old, len(signers.may_sign(subject_id, on=today)), today)
        for row in _open_rows(subject_id, as_of):
            _drop(row, actor=actor, as_of=as_of)
        row = SigningRule.objects.create(
            subject_id=subject_id, needed=number, proposed_at=as_of, proposed_by_id=signer.account
        )
        _sign(row, signer, old, actor=actor, as_of=as_of)
        if number > old:
            _put_in_force(row, as_of, actor=actor, as_of=as_of)
        else:
            _settle(row, old, actor=actor, as_of=as_of)
    return get(row.id)


def agree(rule: UUID, *, assertion: Assertion, actor: Actor, as_of: datetime) -> Card:
    """Agree to ask for fewer, as one of those whom the rule in force asks."""
    with transaction.atomic():
        row = _held(rule, actor=actor, as_of=as_of)
        signer = _signer(row.subject_id, assertion, actor=actor, as_of=as_of)
        if row.effective_at is not None:
            raise NotPossible("各签署人均已同意，不需要再确认")
        if row.signatures.filter(commitment=signer.signature.commitment).exists():
            raise NotPossible("您已同意，请等待其他人确认")
        old = needed(row.subject_id, as_of=as_of)
        _sign(row, signer, old, actor=actor, as_of=as_of)
        _settle(row, old, actor=actor, as_of=as_of)
    return get(rule)


def drop(rule: UUID, *, actor: Actor, as_of: datetime) -> Card:
    """Object to a rule that doesn't hold yet, as anybody who may sign for the firm; no reason is needed."""
    with transaction.atomic():
        row = _held(rule, actor=actor, as_of=as_of)
        _drop(row, actor=actor, as_of=as_of)
        _tell(row, f"有人不同意将签署人数改为{row.needed}人，原规定继续有效。", as_of=as_of)
    return get(rule)


def get(rule: UUID) -> Card:
    """Return a rule; UnknownConsent where there is none."""
    row = SigningRule.objects.filter(pk=rule).first()
    if row is None:
        raise UnknownConsent(f"没有编号为{rule}的签署规则")
    return _card(row)


def history(subject_id: int) -> list[Card]:
    """Return every rule that a firm ever proposed, the newest first."""
    rows = SigningRule.objects.filter(subject=subject_id).prefetch_related("signatures")
    return [_card(row) for row in rows.order_by("-proposed_at", "id")]


def _check(number: int, old: int, people: int, today: date) -> None:
    most = policy.on(today).people_max
    if not 1 <= number <= most:
        raise NotPossible(f"签署人数应为1至{most}人")
    if number == old:
        raise NotPossible(f"现在已是{old}人签署，不需要改变")
    if number > old and number > people:
        raise NotPossible(f"本企业现在只有{people}人可以签署；请先委托经办人，否则谁也不能授权")


def _signer(subject_id: int, assertion: Assertion, *, actor: Actor, as_of: datetime) -> Signer:
    # The lock orders this against every consent that is being signed for the firm.
    return signers.recognised(subjects.lock(subject_id), assertion, actor=actor, as_of=as_of)


def _held(rule: UUID, *, actor: Actor, as_of: datetime) -> SigningRule:
    """Return a rule that doesn't hold yet, with its firm held; its people alone get it."""
    known = get(rule)
    subjects.lock(known.subject_id)
    role = None
    if actor.id.isdigit():
        role = memberships.role_in_subject(int(actor.id), known.subject_id, on=business_day(as_of))
    if role is None:
        raise NotTheirs("只有能代表本企业签署的人可以办理")
    if not get(rule).open(as_of=as_of):
        raise NotPossible("这项改变已生效、已撤下或已逾期，不能再办理")
    return SigningRule.objects.get(pk=rule)


def _open_rows(subject_id: int, as_of: datetime) -> list[SigningRule]:
    rows = SigningRule.objects.filter(subject=subject_id, dropped_at=None)
    return [row for row in rows if row.effective_at is None or row.effective_at > as_of]


def _settle(row: SigningRule, old: int, *, actor: Actor, as_of: datetime) -> None:
    """Let a loosened rule hold from when it may, once all who are asked have agreed."""
    asked = signers.may_sign(row.subject_id, on=business_day(as_of))
    signed = list(row.signatures.values_list("commitment", flat=True))
    wait = policy.on(business_day(as_of)).loosening_wait_days
    moment = rules.agreed_from(signed, list(asked), old=old, wait_days=wait, as_of=as_of)
    if moment is not None:
        _put_in_force(row, moment, actor=actor, as_of=as_of)
    else:
        _tell(row, f"法定代表人提议将签署人数由{old}人减为{row.needed}人，须各签署人同意。", as_of=as_of)


def _put_in_force(row: SigningRule, moment: datetime, *, actor: Actor, as_of: datetime) -> None:
    row.effective_at = moment
    row.save(update_fields=["effective_at"])
    _journal(row, "signing_rule_set", actor=actor, as_of=as_of)
    day = business_day(moment)
    _tell(row, f"自{day}起，授权和融资申请须由{row.needed}人签署。若非本意，请立即办理。", as_of=as_of)


def _drop(row: SigningRule, *, actor: Actor, as_of: datetime) -> None:
    row.dropped_at = as_of
    row.save(update_fields=["dropped_at"])
    _journal(row, "signing_rule_dropped", actor=actor, as_of=as_of)


def _sign(row: SigningRule, signer: Signer, old: int, *, actor: Actor, as_of: datetime) -> None:
    said = {"signing_rule": str(row.id), "needed": row.needed, "instead_of": old}
    keep(signer, digest=canonical.digest(said), rule=row.id, as_of=as_of)
    _journal(row, "signing_rule_signed", actor=actor, as_of=as_of)


def keep(
    signer: Signer,
    *,
    digest: str,
    matter: UUID | None = None,
    rule: UUID | None = None,
    agrees_as_person: bool = False,
    as_of: datetime,
) -> None:
    """Keep one person's signature of a matter or a rule."""
    GivenSignature.objects.create(
        matter_id=matter,
        rule_id=rule,
        account_id=signer.account,
        name=signer.signature.name,
        commitment=signer.signature.commitment,
        issuer=signer.signature.issuer,
        assurance=signer.signature.assurance,
        asserted_at=signer.signature.signed_at,
        signed_at=as_of,
        preview_sha256=digest,
        agrees_as_person=agrees_as_person,
    )


def given(row: GivenSignature) -> Given:
    """Return a signature as others of the firm see it."""
    return Given(
        row.account_id,
        row.name,
        row.commitment,
        row.issuer,
        row.assurance,
        row.asserted_at,
        row.signed_at,
        row.agrees_as_person,
    )


def _tell(row: SigningRule, text: str, *, as_of: datetime) -> None:
    notifications.tell(row.subject_id, "signing_rule", text, refs={"rule": str(row.id)}, as_of=as_of)


def _journal(row: SigningRule, change: str, *, actor: Actor, as_of: datetime) -> None:
    refs: dict[str, str | int] = {
        "subject": row.subject_id,
        "rule": str(row.id),
        "needed": row.needed,
        "change": change,
    }
    entries.append(Kind.SUBJECT_CHANGED, actor=actor, refs=refs, as_of=as_of)


def _card(row: SigningRule) -> Card:
    return Card(
        id=row.id,
        subject_id=row.subject_id,
        needed=row.needed,
        proposed_at=row.proposed_at,
        effective_at=row.effective_at,
        dropped_at=row.dropped_at,
        signed=tuple(given(one) for one in row.signatures.all()),
    )
