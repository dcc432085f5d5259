"""融资产品目录: institutions propose, check, publish and retire what they offer; firms see what is published.

A published version never changes: what a firm applied for is what it read. One person (or a machine)
proposes, another one checks and publishes.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID, uuid4

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils import timezone
from pydantic import ValidationError

from rongxin.catalogue import loader
from rongxin.catalogue.errors import UnknownItem
from rongxin.consent import templates
from rongxin.consent.errors import ConsentError
from rongxin.financing import policy
from rongxin.financing.errors import ProductNotPossible, ProductRefused, UnknownProduct
from rongxin.financing.models import ProductVersion
from rongxin.financing.products import matching, rules
from rongxin.financing.products.matching import Facts, Finding, Verdict
from rongxin.financing.products.rules import Act, State, Terms
from rongxin.journal import entries
from rongxin.journal.rules import Kind
from rongxin.parties import institutions, second_person, subjects
from rongxin.parties.errors import NotAllowed
from rongxin.parties.rules.size_class import SizeClass
from rongxin.proof import canonical
from rongxin.vocabulary.actor import Actor


@dataclass(frozen=True)
class Card:
    """One version of a product as its institution sees it; firms see published ones."""

    id: UUID
    product: UUID
    number: int
    institution: str
    terms: Terms
    state: State
    proposed_at: datetime
    proposed_by: str
    decided_at: datetime | None
    ended_at: datetime | None

    def document(self) -> dict[str, Any]:
        """Return the version for an answer: its terms, how they read, and what the example costs."""
        return {
            "product": str(self.product),
            "version": self.number,
            "institution": self.institution,
            "state": self.state.value,
            "state_label": self.state.label,
            "proposed_at": self.proposed_at.isoformat(),
            "published_at": self.decided_at.isoformat() if self.decided_at else None,
            "ended_at": self.ended_at.isoformat() if self.ended_at else None,
            **offered(self.terms),
        }


def offered(terms: Terms) -> dict[str, Any]:
    """Return what terms say, JSON-ready, and what the example costs at either end of the rate."""
    amount, months = terms.example_terms
    dearest, cheapest = terms.example(terms.rate_max_bp), terms.example(terms.rate_min_bp)
    return {
        "terms": terms.model_dump(mode="json"),
        "annual_rate": f"{rules.percent(terms.rate_min_bp)}—{rules.percent(terms.rate_max_bp)}",
        "example": {
            "amount_cny": f"{amount:.2f}",
            "term_months": months,
            "cost_min_cny": f"{cheapest.total_cny:.2f}",
            "cost_max_cny": f"{dearest.total_cny:.2f}",
            "annual_cost_min_bp": cheapest.annual_bp,
            "annual_cost_max_bp": dearest.annual_bp,
        },
    }


@dataclass(frozen=True)
class Offer:
    """A published product laid beside a firm: what comes of each rule, and of all of them."""

    card: Card
    findings: tuple[Finding, ...]

    @property
    def verdict(self) -> Verdict:
        return matching.verdict(self.findings)

    def document(self) -> dict[str, Any]:
        """Return the offer as the firm reads it."""
        return {
            **self.card.document(),
            "institution_name": institutions.get(self.card.institution).name,
            "verdict": self.verdict.value,
            "verdict_label": self.verdict.label,
            "findings": [one.document() for one in self.findings],
        }


def propose(
    institution: str, terms: Terms, *, product: UUID | None = None, actor: Actor, as_of: datetime
) -> Card:
    """Propose a product, or another version of one; it is seen by nobody else until another person publishes
    it. Raises `ProductRefused` and `ProductNotPossible`.
    """
    _of(institution, actor)
    _check(terms, on=timezone.localdate(as_of))
    with transaction.atomic():
        earlier = [] if product is None else _held(product, institution)
        if any(row.state == State.PROPOSED.value for row in earlier):
            raise ProductNotPossible("该产品已有一个待复核的版本，请先复核或退回")
        row = ProductVersion(
            id=uuid4(),
            product=product or uuid4(),
            number=max((row.number for row in earlier), default=0) + 1,
            institution_id=institution,
            terms=terms.model_dump(mode="json"),
            state=State.PROPOSED.value,
            proposed_at=as_of,
            proposed_by=_person(actor),
        )
        try:
            with transaction.atomic():
                row.save(force_insert=True)
        except IntegrityError as error:
            raise ProductNotPossible("该产品刚有人提交了新版本，请刷新后重试") from error
        _journal(row, "proposed", actor=actor, as_of=as_of)
    return _card(row)


def publish(product: UUID, institution: str, *, actor: Actor, as_of: datetime) -> Card:
    """Publish the version that another person proposed; the one before it is superseded.

    Raises `UnknownProduct`, `ProductNotPossible`, and `ProductRefused` where the terms can't stand any more.
    """
    _of(institution, actor)
    person = second_person.known_by_name(actor=actor, what="发布产品")
    with transaction.atomic():
        rows = _held(product, institution)
        new = _in(rows, State.PROPOSED, Act.PUBLISH)
        second_person.check_other(person, new.proposed_by, what="发布产品")
        _check(Terms.model_validate(new.terms), on=timezone.localdate(as_of))
        for row in rows:
            if row.state == State.PUBLISHED.value:
                _end(row, Act.SUPERSEDE, actor=actor, as_of=as_of)
        _move(new, Act.PUBLISH, actor=actor, as_of=as_of)
    return _card(new)


def decline(product: UUID, institution: str, *, actor: Actor, as_of: datetime) -> Card:
    """Send a proposed version back; whoever proposed it may take it back so, too."""
    _of(institution, actor)
    with transaction.atomic():
        row = _in(_held(product, institution), State.PROPOSED, Act.DECLINE)
        _move(row, Act.DECLINE, actor=actor, as_of=as_of)
    return _card(row)


def retire(product: UUID, institution: str, *, actor: Actor, as_of: datetime) -> Card:
    """Take a product off the list; applications that were made go on."""
    _of(institution, actor)
    with transaction.atomic():
        row = _in(_held(product, institution), State.PUBLISHED, Act.RETIRE)
        _end(row, Act.RETIRE, actor=actor, as_of=as_of)
    return _card(row)


def of_institution(institution: str) -> list[Card]:
    """Return every version that an institution ever proposed, the newest first."""
    rows = ProductVersion.objects.filter(institution=institution)
    return [_card(row) for row in rows.order_by("-proposed_at", "id")]


def versions(product: UUID, institution: str) -> list[Card]:
    """Return the versions of an institution's own product, the newest first; raises `UnknownProduct`."""
    return [_card(row) for row in reversed(_versions(product, institution))]


def published(*, as_of: datetime) -> list[Card]:
    """Return what firms can choose among, in the order that `rules.ORDER` says; not of who isn't served."""
    rows = ProductVersion.objects.filter(state=State.PUBLISHED.value)
    unserved = set(institutions.unserved(as_of=as_of))
    cards = [_card(row) for row in rows if row.institution_id not in unserved]
    return sorted(cards, key=lambda card: (*rules.order(card.terms), card.institution, card.product))


def get(version: UUID) -> Card:
    """Return a version by its number, wherever it stands; raises `UnknownProduct`."""
    row = ProductVersion.objects.filter(pk=version).first()
    if row is None:
        raise UnknownProduct(f"没有编号为{version}的产品版本")
    return _card(row)


def many(ids: Iterable[UUID]) -> dict[UUID, Card]:
    """Return the versions of these numbers."""
    return {row.pk: _card(row) for row in ProductVersion.objects.filter(pk__in=list(ids))}


def for_subject(subject_id: int, *, grade: str | None = None, as_of: datetime) -> list[Offer]:
    """Return every published product beside a firm, whether it may apply or not, in the stated order."""
    facts, today = facts_of(subject_id, grade=grade), timezone.localdate(as_of)
    return [
        Offer(card, matching.findings(card.terms.admission, facts, as_of=today))
        for card in published(as_of=as_of)
    ]


def facts_of(subject_id: int, *, grade: str | None = None) -> Facts:
    """Return what the registration record says of a firm; its public grade where somebody looked at it."""
    subject = subjects.get(subject_id)
    size = SizeClass(subject.size_class)
    return Facts(
        kind=subject.kind,
        region=subject.region,
        industry=subject.industry,
        size_class=None if size is SizeClass.UNKNOWN else size,
        established_on=subject.established_on,
        grade=grade,
    )


def read(document: object) -> Terms:
    """Return terms as they came in; `ProductRefused` names each fault with its place."""
    try:
        return Terms.model_validate(document)
    except ValidationError as error:
        raise ProductRefused("；".join(_faults(error))) from error


# What pydantic calls a fault, in words for whoever filled the form in.
_FAULTS = {
    "missing": "没有填写",
    "too_short": "至少选一项",
    "too_long": "项目过多",
    "string_too_short": "没有填写或过短",
    "string_too_long": "过长",
    "enum": "不在可选范围",
    "extra_forbidden": "不是产品的内容",
    "int_parsing": "应为整数",
    "int_from_float": "应为整数",
    "decimal_parsing": "应为数字",
    "decimal_max_places": "至多两位小数",
}


def _faults(error: ValidationError) -> list[str]:
    found = []
    for one in error.errors():
        place = ".".join(map(str, one["loc"]))
        own = one["msg"].removeprefix("Value error, ") if one["type"] == "value_error" else ""
        what = own or _FAULTS.get(one["type"], "超出范围或格式有误")
        found.append(f"产品内容有误：{what}" + (f"（{place}）" if place and not own else ""))
    return found


def _check(terms: Terms, *, on: date) -> None:
    """Refuse what the catalogue, the fair-use templates or the limits of the day don't allow."""
    limits = policy.in_force(on)
    if terms.first_answer_days > limits.first_answer_days_max:
        raise ProductRefused(
            f"首次答复期限 {terms.first_answer_days} 个工作日，最长 {limits.first_answer_days_max} 个"
        )
    try:
        for item in terms.items:
            loader.load().item(item)
        if terms.items:
            templates.draft(terms.consent_template, frozenset(terms.items), on=on)
    except (UnknownItem, ConsentError) as error:
        raise ProductRefused(str(error)) from error


def _person(actor: Actor) -> str:
    """The account behind an actor, as `second_person` names it."""
    return f"{actor.kind}:{actor.id}"


def _of(institution: str, actor: Actor) -> None:
    if actor.party != f"institution:{institution}":
        raise NotAllowed("只有本机构的人员可以办理本机构的产品")


def _versions(product: UUID, institution: str) -> list[ProductVersion]:
    """Return the versions of a product, the oldest first."""
    return _found(product, ProductVersion.objects.filter(product=product, institution=institution))


def _held(product: UUID, institution: str) -> list[ProductVersion]:
    """Return the versions of a product, the oldest first, held until the transaction ends."""
    rows = ProductVersion.objects.select_for_update(no_key=True)
    return _found(product, rows.filter(product=product, institution=institution))


def _found(product: UUID, rows: QuerySet[ProductVersion]) -> list[ProductVersion]:
    found = list(rows.order_by("number"))
    if not found:
        raise UnknownProduct(f"没有编号为{product}的产品")
    return found


def _in(rows: Sequence[ProductVersion], state: State, act: Act) -> ProductVersion:
    """Return the version that an act is about; raises `ProductNotPossible` where there is none."""
    found = next((row for row in rows if row.state == state.value), None)
    if found is None or act not in rules.TRANSITIONS[State(found.state)]:
        raise ProductNotPossible(
            f"该产品没有“{state.label}”的版本，最近一版为“{State(rows[-1].state).label}”"
        )
    return found


def _end(row: ProductVersion, act: Act, *, actor: Actor, as_of: datetime) -> None:
    row.state = rules.TRANSITIONS[State(row.state)][act].value
    row.ended_at, row.ended_by = as_of, _person(actor)
    row.save(update_fields=["state", "ended_at", "ended_by"])
    _journal(row, row.state, actor=actor, as_of=as_of)


def _move(row: ProductVersion, act: Act, *, actor: Actor, as_of: datetime) -> None:
    row.state = rules.TRANSITIONS[State(row.state)][act].value
    row.decided_at, row.decided_by = as_of, _person(actor)
    row.save(update_fields=["state", "decided_at", "decided_by"])
    _journal(row, row.state, actor=actor, as_of=as_of)


def _journal(row: ProductVersion, change: str, *, actor: Actor, as_of: datetime) -> None:
    refs: dict[str, str | int] = {
        "product": str(row.product),
        "version": row.number,
        "institution": row.institution_id,
        "change": change,
    }
    digest = canonical.digest(row.terms)
    entries.append(Kind.PRODUCT_CHANGED, actor=actor, refs=refs, commitments={"terms": digest}, as_of=as_of)


def _card(row: ProductVersion) -> Card:
    return Card(
        id=row.id,
        product=row.product,
        number=row.number,
        institution=row.institution_id,
        terms=Terms.model_validate(row.terms),
        state=State(row.state),
        proposed_at=row.proposed_at,
        proposed_by=row.proposed_by,
        decided_at=row.decided_at,
        ended_at=row.ended_at,
    )
