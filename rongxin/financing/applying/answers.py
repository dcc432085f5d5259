"""答复申请: what an institution does: take up, ask for papers, decide; and what both say afterwards.

The decision is an outcome told of the case: whoever tells it by another way has decided just the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from django.db import IntegrityError, transaction
from django.utils import timezone

from rongxin.catalogue import redaction
from rongxin.consent import notifications
from rongxin.financing import policy
from rongxin.financing.applying import cards
from rongxin.financing.applying.cards import Card
from rongxin.financing.applying.rules import OPEN, Act, Side, State
from rongxin.financing.errors import ApplicationNotPossible, ApplicationRefused
from rongxin.financing.models import Application, ApplicationFeedback, PaperRequest
from rongxin.financing.products.rules import percent
from rongxin.financing.rules import Stage, Told
from rongxin.parties import institutions
from rongxin.parties.errors import NotAllowed
from rongxin.vocabulary.actor import Actor

_DECISIONS = {Stage.APPROVED: Act.APPROVE, Stage.REJECTED: Act.REJECT}


@dataclass(frozen=True)
class Feedback:
    """What one side says of how an application went: 1 (bad) to 5 (good)."""

    side: Side
    rating: int
    words: str
    given_at: datetime

    def document(self) -> dict[str, object]:
        return {
            "side": self.side.value,
            "side_label": self.side.label,
            "rating": self.rating,
            "words": self.words or None,
            "given_at": self.given_at.isoformat(),
        }


def take_up(application: UUID, *, actor: Actor, as_of: datetime) -> Card:
    """Say that the institution has begun to look at it; this is a first answer."""
    with transaction.atomic():
        row, card = _held(application, Act.TAKE_UP, actor)
        row.taken_up_at, row.taken_up_by = as_of, str(actor)
        row.save(update_fields=["taken_up_at", "taken_up_by"])
        cards.journal(row, "taken_up", actor=actor, as_of=as_of)
        _notify(card, "已开始审查您的申请", as_of=as_of)
    return cards.find(application)


def ask_papers(
    application: UUID, wanted: Sequence[str], words: str = "", *, actor: Actor, as_of: datetime
) -> Card:
    """Ask the firm for more papers; this is a first answer, too. Raises `ApplicationRefused`."""
    limits = policy.in_force(timezone.localdate(as_of))
    names = [name.strip() for name in wanted if name.strip()]
    if not 1 <= len(names) <= limits.papers_asked_max or any(len(name) > 100 for name in names):
        raise ApplicationRefused(f"请写明 1 至 {limits.papers_asked_max} 项材料，每项至多100字")
    said = _said(words, limits.words_max)
    if any(redaction.holds_number(name) for name in names):
        raise ApplicationRefused("材料名称中似有个人证件号码、手机号或银行卡号，请删去")
    with transaction.atomic():
        row, card = _held(application, Act.ASK_PAPERS, actor)
        PaperRequest.objects.create(
            id=uuid4(), application=row, papers=names, words=said, asked_at=as_of, asked_by=str(actor)
        )
        cards.journal(row, "papers_asked", actor=actor, as_of=as_of)
        _notify(card, f"请您补充材料：{'、'.join(names)}", as_of=as_of)
    return cards.find(application)


def decide(application: UUID, told: Told, words: str, *, actor: Actor, as_of: datetime) -> Card:
    """Approve or reject: `told` is the step of the case, `words` what the firm reads with it.

    Raises `ApplicationRefused` where the terms are worse than what the product had published.
    """
    act = _DECISIONS.get(told.stage)
    if act is None:
        raise ApplicationRefused("决定为“已批准”或“未批准”；放款、还款、结清请作结果反馈")
    said = _said(words, policy.in_force(timezone.localdate(as_of)).words_max)
    if act is Act.REJECT and not said:
        raise ApplicationRefused("请向企业说明不批准的理由")
    with transaction.atomic():
        row, card = _held(application, act, actor)
        _within(card, told)
        row.answer = said
        row.save(update_fields=["answer"])
        cards.tell(card, told, actor=actor, as_of=as_of)
        cards.journal(row, told.stage.value, actor=actor, as_of=as_of)
        _notify(card, f"对您的申请作出决定：{told.stage.label}", as_of=as_of)
    return cards.find(application)


def comment(
    application: UUID, side: Side, rating: int, words: str = "", *, actor: Actor, as_of: datetime
) -> Feedback:
    """Say how an application went, once a side, when it is decided or over."""
    if not 1 <= rating <= 5:
        raise ApplicationRefused("评价为 1（差）至 5（好）")
    said = _said(words, policy.in_force(timezone.localdate(as_of)).words_max)
    with transaction.atomic():
        row = cards.locked(application)
        card = cards.one(row)
        if card.state in OPEN or card.state is State.DRAFT:
            raise ApplicationNotPossible("申请有了结果以后再评价")
        try:
            with transaction.atomic():
                made = ApplicationFeedback.objects.create(
                    id=uuid4(), application=row, side=side.value, rating=rating, words=said, given_at=as_of
                )
        except IntegrityError as error:
            raise ApplicationNotPossible("已评价过，每件申请评价一次") from error
        cards.journal(row, f"feedback_of_{side.value}", actor=actor, as_of=as_of)
    return _feedback(made)


def feedback_of(application: UUID) -> list[Feedback]:
    """Return what both sides said, in order."""
    rows = ApplicationFeedback.objects.filter(application=application)
    return [_feedback(row) for row in rows.order_by("given_at", "id")]


def _held(application: UUID, act: Act, actor: Actor) -> tuple[Application, Card]:
    """Return an application that this actor's institution may do an act on, held."""
    row = cards.locked(application)
    if actor.party != f"institution:{row.institution_id}":
        raise NotAllowed("只有受理申请的机构可以答复")
    card = cards.one(row)
    cards.check(card, act)
    return row, card


def _within(card: Card, told: Told) -> None:
    """What is granted is no dearer and no more than what was offered when the firm applied."""
    if told.stage is not Stage.APPROVED:
        return
    terms = card.product.terms
    if (told.rate_bp or 0) > terms.rate_max_bp:
        raise ApplicationRefused(
            f"年利率 {percent(told.rate_bp or 0)} 高于产品公布的上限 {percent(terms.rate_max_bp)}"
        )
    if (told.amount_cny or 0) > terms.amount_max_cny:
        raise ApplicationRefused(f"金额超过产品公布的上限 {terms.amount_max_cny:,.0f} 元")
    if told.security is not None and told.security not in terms.security:
        offered = "、".join(one.label for one in terms.security)
        raise ApplicationRefused(f"担保方式“{told.security.label}”不在产品公布的范围（{offered}）内")


def _said(words: str, most: int) -> str:
    said = words.strip()
    if len(said) > most:
        raise ApplicationRefused(f"说明至多{most}字，现为{len(said)}字")
    if redaction.holds_number(said):
        raise ApplicationRefused("说明中似有个人证件号码、手机号或银行卡号，请删去")
    return said


def _notify(card: Card, what: str, *, as_of: datetime) -> None:
    name = institutions.get(card.institution).name
    notifications.tell(
        card.subject,
        "financing_application",
        f"“{name}”{what}（{card.product.terms.name}）。",
        refs={"application": str(card.id)},
        as_of=as_of,
    )


def _feedback(row: ApplicationFeedback) -> Feedback:
    return Feedback(Side(row.side), row.rating, row.words, row.given_at)
