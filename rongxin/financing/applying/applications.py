"""融资申请: what a firm does: fill in one form for several institutions, submit to each, withdraw.

Nothing is seen by an institution before its application is submitted: its case is opened, the consent given
and the first step of the case told in one transaction, or none of it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID, uuid4

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from rongxin.catalogue import redaction
from rongxin.catalogue.attachments import File
from rongxin.consent import cases, grants
from rongxin.consent.rules import CaseKind
from rongxin.consent.signing.matters import Card as Matter
from rongxin.consent.signing.rules import State as SigningState
from rongxin.financing import policy
from rongxin.financing.applying import cards, papers, rules, signing, statements
from rongxin.financing.applying.cards import Card
from rongxin.financing.applying.rules import Act
from rongxin.financing.errors import ApplicationNotPossible, ApplicationRefused, UnknownFinancingApplication
from rongxin.financing.models import Application, ApplicationForm, Outcome
from rongxin.financing.policy import Limits
from rongxin.financing.products import matching, offers
from rongxin.financing.products.matching import Verdict
from rongxin.financing.products.rules import ProductKind
from rongxin.financing.products.rules import State as ProductState
from rongxin.financing.rules import Stage, Told
from rongxin.journal import keyring, windows
from rongxin.journal.windows import Part, Window
from rongxin.parties import memberships
from rongxin.parties.errors import NotAllowed
from rongxin.parties.rules.identity import Assertion
from rongxin.proof import canonical
from rongxin.sharing.quality import timeliness
from rongxin.vocabulary.actor import Actor

_KINDS = {
    ProductKind.LOAN: CaseKind.LOAN_APPLICATION,
    ProductKind.CREDIT_LINE: CaseKind.LOAN_APPLICATION,
    ProductKind.GUARANTEE: CaseKind.GUARANTEE,
    ProductKind.INSURANCE: CaseKind.INSURANCE,
}
# Letters alone, none that look alike: a number in a reference could pass for somebody's telephone.
_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ"


@dataclass(frozen=True)
class Wish:
    """What a firm applies for, to whom, and what it says; `versions` are of published products."""

    versions: tuple[UUID, ...]
    amount_cny: Decimal
    term_months: int
    purpose: str
    stated: Mapping[str, str]
    #: Version and hash of the promise shown; wanted where anything is stated.
    commitment: tuple[str, str] = ("", "")


@dataclass(frozen=True)
class Signed:
    """The firm's consent to one institution: the identity provider's word and the risk notice shown."""

    assertion: Assertion
    notice_version: str
    notice_sha256: str
    person: bool = False
    #: Of the firm's meters, by item.
    numbers: Mapping[str, str] = field(default_factory=dict)


def fill_in(
    subject_id: int,
    wish: Wish,
    *,
    files: Sequence[File] = (),
    instead_of: UUID | None = None,
    actor: Actor,
    as_of: datetime,
) -> list[Card]:
    """Keep a draft to each institution of one form; nobody but the firm sees it.

    `instead_of` is an earlier draft, whose papers come along. Raises `ApplicationRefused`.
    """
    _speaks_for(subject_id, actor=actor, as_of=as_of)
    today = timezone.localdate(as_of)
    limits = policy.in_force(today)
    stated = _checked(wish, limits, today)
    chosen = _chosen(wish, limits)
    id, words = uuid4(), json.dumps({"purpose": wish.purpose.strip(), "stated": stated}, ensure_ascii=False)
    with transaction.atomic():
        form = ApplicationForm.objects.create(
            id=id,
            subject_id=subject_id,
            amount_cny=wish.amount_cny,
            term_months=wish.term_months,
            words=keyring.data_keys().seal(words.encode(), place=cards.SEALED.place((id,))),
            commitment_version=wish.commitment[0] if stated else "",
            commitment_sha256=wish.commitment[1] if stated else "",
            filled_in_at=as_of,
            filled_in_by=str(actor),
        )
        if instead_of is not None:
            papers.carry(_draft(instead_of, subject_id).pk, id)
        papers.keep(id, files, limits, as_of=as_of)
        rows = [
            Application(id=uuid4(), form=form, version_id=card.id, institution_id=card.institution)
            for card in chosen
        ]
        for row in rows:
            row.save(force_insert=True)
            cards.journal(row, "drafted", actor=actor, as_of=as_of)
    return cards.those(rows)


def submit(
    application: UUID,
    signed: Signed | None,
    *,
    assertion: Assertion | None = None,
    shown: str = "",
    actor: Actor,
    as_of: datetime,
) -> Card:
    """Submit to one institution, with the firm's consent or without (it then sees what is public alone).

    Where the firm demands several signatures this is one of them, by the word in `signed` or `assertion`;
    the card is still a draft until the last. `shown` is the digest of what the person saw
    (`signing.shown_to`).

    Raises `ApplicationNotPossible` where the product is gone or the state is another, `ApplicationRefused`
    where the firm doesn't meet its rules, and what `cases.open_case` and `grants.grant_online` raise.
    """
    today = timezone.localdate(as_of)
    limits = policy.in_force(today)
    with transaction.atomic():
        row = cards.locked(application)
        subject = row.form.subject_id
        _speaks_for(subject, actor=actor, as_of=as_of)
        card = cards.one(row)
        cards.check(card, Act.SUBMIT)
        if card.product.state is not ProductState.PUBLISHED:
            raise ApplicationNotPossible(f"产品“{card.product.terms.name}”已更新或下架，请重新选择产品")
        if _open_count(subject) >= limits.open_max:
            raise ApplicationNotPossible(f"在办的申请已达{limits.open_max}件，请等待答复或撤回不再需要的")
        row.findings = _findings(card, today)
        said = said_of(row.form_id)
        matter = signing.sign(
            card,
            said,
            signed.assertion if signed else assertion,
            consents=signed is not None,
            person=signed is not None and signed.person,
            numbers=signed.numbers if signed else {},
            shown=shown,
            actor=actor,
            as_of=as_of,
        )
        if matter is not None and matter.state is not SigningState.SIGNED:
            return card
        kind, reference = _KINDS[card.product.terms.kind], _reference(row.pk, today)
        case = cases.open_case(card.institution, subject, reference, kind, actor=actor, as_of=as_of)
        if signed is not None:
            _consent(card, case, signed, matter, actor=actor, as_of=as_of)
        row.case_id, row.submitted_at = case.id, as_of
        row.due_on = rules.due_on(today, card.product.terms.first_answer_days, timeliness.calendar())
        row.entry = cards.journal(row, "submitted", actor=actor, commitments={"said": said}, as_of=as_of)
        row.save(update_fields=["case", "submitted_at", "due_on", "findings", "entry"])
        received = Told(Stage.RECEIVED, today, amount_cny=card.amount_cny)
        cards.tell(cards.one(row), received, actor=actor, as_of=as_of)
    return cards.find(application)


def hand_in(application: UUID, files: Sequence[File], *, actor: Actor, as_of: datetime) -> Card:
    """Add papers: to a draft for all its institutions; to one that asked for more, for that one alone."""
    with transaction.atomic():
        row = cards.locked(application)
        _speaks_for(row.form.subject_id, actor=actor, as_of=as_of)
        card = cards.one(row)
        drafted = card.state is rules.State.DRAFT
        if not drafted:
            cards.check(card, Act.HAND_IN)
        if not files:
            raise ApplicationRefused("请选择要交的材料（PDF、JPEG 或 PNG）")
        limits = policy.in_force(timezone.localdate(as_of))
        hashes = papers.keep(row.form_id if drafted else row.pk, files, limits, as_of=as_of)
        if not drafted:
            row.paper_requests.filter(answered_at=None).update(answered_at=as_of)
        digest = canonical.digest({"application": str(row.pk), "papers": hashes})
        change = "draft_changed" if drafted else "papers_handed_in"
        cards.journal(row, change, actor=actor, commitments={"papers": digest}, as_of=as_of)
    return cards.find(application)


def withdraw(application: UUID, *, actor: Actor, as_of: datetime) -> Card:
    """Take an application back before the money is drawn; its case ends, and with it every consent for it."""
    with transaction.atomic():
        row = cards.locked(application)
        _speaks_for(row.form.subject_id, actor=actor, as_of=as_of)
        card = cards.one(row)
        cards.check(card, Act.WITHDRAW)
        today = timezone.localdate(as_of)
        cards.tell(card, Told(Stage.CANCELLED, today), actor=actor, as_of=as_of)
        cards.journal(row, "withdrawn", actor=actor, as_of=as_of)
    return cards.find(application)


def of_form(form: UUID, subject_id: int) -> list[Card]:
    """Return a firm's applications by one form, in the order of products; raises where it has none."""
    rows = Application.objects.filter(form=form, form__subject=subject_id).select_related("form")
    found = cards.those(rows)
    if not found:
        raise UnknownFinancingApplication(form)
    return sorted(found, key=lambda card: (card.product.terms.name, card.institution))


def of_subject(subject_id: int, window: Window, *, find: str = "") -> Part[Card]:
    """Return a part of what a firm has submitted, the newest first: all, or with this in the institution's or
    the product's name.
    """
    rows = Application.objects.filter(form__subject=subject_id, case__isnull=False).select_related("form")
    if find:
        rows = rows.filter(Q(institution__name__contains=find) | Q(version__terms__name__icontains=find))
    part = windows.part(rows, window, "-submitted_at", "-id")
    return Part(cards.many(list(part.rows)), part.last)


def own(application: UUID, *, subject: int | None = None, institution: str | None = None) -> Card:
    """Return an application to the firm whose it is, or once submitted to its institution; to others there
    is none.
    """
    card = cards.find(application)
    mine = card.subject == subject or (card.institution == institution and card.case is not None)
    if not mine:
        raise UnknownFinancingApplication(application)
    return card


def _speaks_for(subject_id: int, *, actor: Actor, as_of: datetime) -> None:
    today = timezone.localdate(as_of)
    if not actor.id.isdigit() or memberships.role_in_subject(int(actor.id), subject_id, on=today) is None:
        raise NotAllowed("只有法定代表人（负责人、经营者）或受托的经办人可以办理本企业的申请")


def _checked(wish: Wish, limits: Limits, today: date) -> dict[str, str]:
    """Return the statements, cleaned; raises `ApplicationRefused`."""
    purpose = wish.purpose.strip()
    if not purpose or len(purpose) > limits.words_max:
        raise ApplicationRefused(f"请写明资金用途，至多{limits.words_max}字")
    if redaction.holds_number(purpose):
        raise ApplicationRefused("资金用途中似有个人证件号码、手机号或银行卡号，请删去")
    stated = statements.checked(wish.stated, on=today)
    if stated:
        statements.confirm(*wish.commitment, on=today)
    return stated


def _chosen(wish: Wish, limits: Limits) -> list[offers.Card]:
    """Return the products applied for; raises `ApplicationRefused` where one can't be applied for so."""
    if not 1 <= len(set(wish.versions)) <= limits.institutions_max:
        raise ApplicationRefused(f"请选择 1 至 {limits.institutions_max} 个产品")
    amount = wish.amount_cny
    if not amount.is_finite() or amount != amount.quantize(Decimal("0.01")):
        raise ApplicationRefused("申请金额应为数字（元），至多两位小数")
    known = offers.many(wish.versions)
    for version in set(wish.versions):
        card = known.get(version)
        if card is None or card.state is not ProductState.PUBLISHED:
            raise ApplicationRefused("所选产品已更新或下架，请重新选择")
        terms = card.terms
        if not terms.amount_min_cny <= amount <= terms.amount_max_cny:
            span = f"{terms.amount_min_cny:,.0f}—{terms.amount_max_cny:,.0f}"
            raise ApplicationRefused(f"产品“{terms.name}”的金额为 {span} 元，请调整金额或改选产品")
        if not terms.term_min_months <= wish.term_months <= terms.term_max_months:
            span = f"{terms.term_min_months}—{terms.term_max_months}"
            raise ApplicationRefused(f"产品“{terms.name}”的期限为 {span} 个月，请调整期限或改选产品")
    return [known[version] for version in dict.fromkeys(wish.versions)]


def _draft(form: UUID, subject_id: int) -> ApplicationForm:
    row = ApplicationForm.objects.filter(pk=form, subject=subject_id).first()
    if row is None:
        raise UnknownFinancingApplication(form)
    if row.applications.filter(case__isnull=False).exists():
        raise ApplicationNotPossible("该申请表已提交，不能再改；可以另填一份")
    return row


def _findings(card: Card, today: date) -> list[dict[str, str]]:
    """Return what comes of the product's rules on the day, as both sides read it; refuse what isn't met."""
    found = matching.findings(card.product.terms.admission, offers.facts_of(card.subject), as_of=today)
    if failed := [one.words for one in found if one.verdict is Verdict.NOT_MET]:
        raise ApplicationRefused(f"不符合“{card.product.terms.name}”的准入条件：{'；'.join(failed)}")
    return [one.document() for one in found]


def _consent(
    card: Card, case: cases.Card, signed: Signed, matter: Matter | None, *, actor: Actor, as_of: datetime
) -> None:
    draft = cards.proposal(card, on=timezone.localdate(as_of))
    if draft is None:
        raise ApplicationRefused(f"产品“{card.product.terms.name}”不需要授权，可以直接提交")
    if matter is not None:
        grants.grant_signed(matter.id, case.id, actor=actor, as_of=as_of)
        return
    given = grants.grant_online(
        case.id,
        draft,
        grants.Signing(
            assertion=signed.assertion,
            notice_version=signed.notice_version,
            notice_sha256=signed.notice_sha256,
            person_assertion=signed.assertion if signed.person else None,
            numbers=signed.numbers,
        ),
        actor=actor,
        as_of=as_of,
    )
    assert isinstance(given, grants.Grant)  # the firm is held since it was asked how many sign


def _open_count(subject_id: int) -> int:
    """How many applications of a firm are still under way: the case is open and nothing is drawn."""
    drawn = Outcome.objects.filter(stage=Stage.DRAWN.value, corrected_by=None).values("case")
    rows = Application.objects.filter(form__subject=subject_id, case__isnull=False, case__closed_on=None)
    return rows.exclude(case__in=drawn).count()


def _reference(application: UUID, today: date) -> str:
    """Return the number under which both sides know the matter."""
    rest, letters = application.int, ""
    for _ in range(10):
        rest, digit = divmod(rest, len(_LETTERS))
        letters += _LETTERS[digit]
    return f"RX{today:%Y}-{letters}"


def said_of(number: UUID) -> str:
    """Return the digest of what a firm says in a form, its papers included."""
    form, words = ApplicationForm.objects.get(pk=number), cards.words_of(number)
    said = {
        "form": str(form.pk),
        "amount_cny": f"{form.amount_cny:.2f}",
        "term_months": form.term_months,
        "purpose": words.purpose,
        "stated": dict(words.stated),
        "commitment": form.commitment_sha256,
        "papers": [card.sha256 for card in papers.of(form.pk)],
    }
    return canonical.digest(said)
