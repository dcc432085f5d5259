"""A provider's written agreement to bulk calls: entered by one person of the operator's, checked by another.

The paper itself stays in the file; here stand its number, its hash and what it says. Versions are kept and
never changed: whoever agrees to something else enters another, which takes the place of the one before.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from rongxin.catalogue import loader, redaction
from rongxin.journal import entries
from rongxin.journal.rules import Kind
from rongxin.parties import accounts
from rongxin.proof import canonical
from rongxin.records.filing import CHINA
from rongxin.sharing.aggregation import identifiers, mandates
from rongxin.sharing.bulk import rules
from rongxin.sharing.bulk.models import BulkAgreement
from rongxin.sharing.bulk.rules import Act, State, Terms
from rongxin.sharing.errors import Refused
from rongxin.sharing.rules import Mode
from rongxin.vocabulary.actor import Actor, ActorKind


@dataclass(frozen=True)
class Card:
    """An agreement as it stands, and who had which hand in it."""

    id: UUID
    provider: str
    item: str
    version: int
    terms: Terms
    state: State
    proposed_at: datetime
    proposed_by: str
    decided_by: str
    ended_on: date | None
    closed_why: str

    def in_force(self, on: date) -> bool:
        """Whether the provider may be asked in bulk on a day."""
        return rules.in_force(self.terms, self.state, on)

    def may_be_kept(self, on: date) -> bool:
        """Whether rows called by it may be kept and used on a day."""
        return rules.may_be_kept(self.terms, self.state, self.ended_on, on)

    def document(self) -> dict[str, Any]:
        """What a person sees of an agreement, JSON-ready."""
        item = loader.load().items.get(self.item)
        return {
            "agreement": str(self.id),
            "provider": self.provider,
            "item": self.item,
            "item_label": item.label if item else self.item,
            "version": self.version,
            **self.terms.as_json(),
            "state": self.state.value,
            "state_label": self.state.label,
            "proposed_at": self.proposed_at.isoformat(),
            "proposed_by": self.proposed_by,
            "decided_by": self.decided_by or None,
            "ended_on": self.ended_on.isoformat() if self.ended_on else None,
            "closed_why": self.closed_why or None,
        }


def propose(terms: Terms, *, provider: str, item: str, actor: Actor, as_of: datetime) -> Card:
    """Enter what a paper says; nobody is asked before another person has checked it. Raises `Refused`."""
    _operator(actor)
    _, channel = mandates.admitted(item, provider, mode=Mode.ANSWERS)
    if channel.provider != provider:
        raise _refused("no_mandate", f"该信息项由 {channel.provider} 提供接口", "请由该单位书面同意。")
    found = list(rules.faults(terms))
    if redaction.holds_number(terms.document_number):
        found.append("文号中似有个人证件号码、手机号或银行卡号，请删去")
    if terms.until_on < day_of(as_of):
        found.append("约定已过截止日期")
    if found:
        raise _refused(
            "bulk_terms_invalid", "批量调用约定有误：" + "；".join(found), "请核对书面同意后重新录入。"
        )
    with transaction.atomic():
        _lock(item)
        last = BulkAgreement.objects.filter(provider_id=provider, item=item).order_by("-version").first()
        row = BulkAgreement(
            id=identifiers.time_ordered(),
            provider_id=provider,
            item=item,
            version=last.version + 1 if last else 1,
            terms=terms.as_json(),
            proposed_by=_person(actor),
            proposed_at=as_of,
        )
        row.journal_entry = _journal(row, "proposed", actor=actor, as_of=as_of)
        row.save(force_insert=True)
    return _card(row)


def confirm(agreement: UUID, *, actor: Actor, as_of: datetime) -> Card:
    """Put what another person entered in force, after laying it beside the paper; raises `Refused`."""
    with transaction.atomic():
        row = _open(agreement, Act.CONFIRM, actor)
        if _person(actor) == row.proposed_by:
            raise _refused(
                "second_person_needed", "录入人不能核对自己录入的约定", "请由平台运营机构的另一人核对。"
            )
        mandates.admitted(row.item, row.provider_id, mode=Mode.ANSWERS)
        for before in BulkAgreement.objects.filter(item=row.item, state=State.IN_FORCE):
            _close(before, Act.SUPERSEDE, f"version {row.version}", actor=actor, as_of=as_of)
        row.decided_by, row.decided_at = _person(actor), as_of
        row.state = State.IN_FORCE
        row.save(update_fields=["state", "decided_by", "decided_at"])
        _journal(row, "in_force", actor=actor, as_of=as_of)
    return _card(row)


def decline(agreement: UUID, *, reason: str, actor: Actor, as_of: datetime) -> Card:
    """Turn an entry down, or take one's own back; raises `Refused`."""
    with transaction.atomic():
        row = _open(agreement, Act.DECLINE, actor)
        _close(row, Act.DECLINE, reason, actor=actor, as_of=as_of)
    return _card(row)


def end(agreement: UUID, *, reason: str, actor: Actor, as_of: datetime) -> Card:
    """End an agreement at once: nobody is asked any more, and answers under way are thrown away.

    What becomes of the rows the agreement itself says (`keep_days`). Raises `Refused`.
    """
    with transaction.atomic():
        row = _open(agreement, Act.END, actor)
        _close(row, Act.END, reason, actor=actor, as_of=as_of)
    return _card(row)


def get(agreement: UUID) -> Card:
    """Return an agreement; raises `Refused` where there is none."""
    row = BulkAgreement.objects.filter(pk=agreement).first()
    if row is None:
        raise _unknown(agreement)
    return _card(row)


def held(agreement: UUID) -> Card:
    """Return an agreement and hold it as it stands until the transaction ends; its end waits."""
    row = BulkAgreement.objects.select_for_update().filter(pk=agreement).first()
    if row is None:
        raise _unknown(agreement)
    return _card(row)


def every(*, provider: str | None = None) -> list[Card]:
    """Return all agreements, the newest first."""
    rows = BulkAgreement.objects.order_by("-proposed_at", "-id")
    if provider is not None:
        rows = rows.filter(provider_id=provider)
    return [_card(row) for row in rows]


def in_force(*, as_of: datetime) -> list[Card]:
    """Return the agreements by which providers may be asked now, by item."""
    rows = BulkAgreement.objects.filter(state=State.IN_FORCE).order_by("item")
    return [card for row in rows if (card := _card(row)).in_force(day_of(as_of))]


def keeping(items: list[str], *, as_of: datetime) -> dict[str, Card]:
    """Return, of each of these items that is kept by agreement at present, the agreement."""
    rows = BulkAgreement.objects.filter(item__in=items, state__in=[State.IN_FORCE, State.ENDED])
    found: dict[str, Card] = {}
    for row in rows.order_by("version"):
        if (card := _card(row)).may_be_kept(day_of(as_of)):
            found[card.item] = card
    return found


def day_of(moment: datetime) -> date:
    """Return the business day of a moment."""
    return moment.astimezone(CHINA).date()


def _open(agreement: UUID, act: Act, actor: Actor) -> BulkAgreement:
    """Return an agreement for an act that its state allows, held till the transaction ends."""
    _operator(actor)
    item = BulkAgreement.objects.filter(pk=agreement).values_list("item", flat=True).first()
    if item is None:
        raise _unknown(agreement)
    _lock(item)
    row = BulkAgreement.objects.select_for_update().get(pk=agreement)
    state = State(row.state)
    if act not in rules.TRANSITIONS[state]:
        raise _refused(
            "bulk_not_possible", f"该约定{state.label}，不能进行此操作", "rongxin bulk list 列出全部。"
        )
    return row


def _close(row: BulkAgreement, act: Act, why: str, *, actor: Actor, as_of: datetime) -> None:
    row.state = rules.TRANSITIONS[State(row.state)][act]
    row.closed_by, row.closed_at, row.closed_why = _person(actor), as_of, redaction.redact(why)[:500]
    row.save(update_fields=["state", "closed_by", "closed_at", "closed_why"])
    _journal(row, str(row.state), actor=actor, as_of=as_of)


def _operator(actor: Actor) -> None:
    if not actor.is_operator:
        raise _refused(
            "operator_needed", "批量调用约定由平台运营机构录入、核对和终止", "请与平台运营机构联系。"
        )
    # One person has one account, so two accounts are two persons only where both are known by real name.
    if actor.kind is ActorKind.ACCOUNT and not accounts.get(int(actor.id)).id_commitment:
        raise _refused("second_person_needed", "约定须由两个不同的人办理", "请先完成实名注册。")


def _person(actor: Actor) -> str:
    """An account, in whatever role: the second person is another one."""
    return str(actor).split("@")[0]


def _lock(item: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"sharing.bulk:{item}"])


def _journal(row: BulkAgreement, change: str, *, actor: Actor, as_of: datetime) -> UUID:
    refs = {"agreement": str(row.id), "provider": row.provider_id, "item": row.item, "change": change}
    return entries.append(
        Kind.BULK_AGREEMENT_CHANGED,
        actor=actor,
        refs={**refs, "version": row.version},
        commitments={"terms": canonical.digest(row.terms), "document": row.terms["document_sha256"]},
        as_of=as_of,
    ).id


def _card(row: BulkAgreement) -> Card:
    state = State(row.state)
    ended = row.closed_at if state is State.ENDED else None
    return Card(
        row.id,
        row.provider_id,
        row.item,
        row.version,
        rules.read(row.terms),
        state,
        row.proposed_at,
        row.proposed_by,
        row.decided_by,
        day_of(ended) if ended else None,
        row.closed_why,
    )


def _refused(code: str, what: str, what_to_do: str) -> Refused:
    return Refused(code, what=what, where="", what_to_do=what_to_do)


def _unknown(agreement: UUID) -> Refused:
    return _refused("unknown_agreement", f"没有编号为 {agreement} 的约定", "rongxin bulk list 列出全部。")
