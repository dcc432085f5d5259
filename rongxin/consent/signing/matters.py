"""待签事项: what one person of a firm has signed and others have yet to; it holds with the last signature.

Every signature is of the same content, to the letter: it names the digest of what the first person was
shown. Any one of the firm's people may take a matter back; unsigned it lapses.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from rongxin.consent import given_numbers, notifications, signers
from rongxin.consent.errors import NotPossible, NotTheirs, UnknownConsent
from rongxin.consent.models import SigningMatter
from rongxin.consent.rules import Signature, business_day
from rongxin.consent.signers import Signer
from rongxin.consent.signing import demands, policy, rules
from rongxin.consent.signing.demands import Given
from rongxin.consent.signing.rules import TRANSITIONS, Act, State, What
from rongxin.journal import entries
from rongxin.journal.rules import Kind
from rongxin.parties import memberships, subjects
from rongxin.proof import canonical
from rongxin.vocabulary.actor import SYSTEM, Actor


@dataclass(frozen=True)
class Card:
    """A matter as the firm's people see it; `content` is what each signs."""

    id: UUID
    subject_id: int
    what: What
    about: UUID
    content: Mapping[str, Any]
    preview_sha256: str
    needed: int
    opened_at: datetime
    lapses_on: date
    state: State
    signed: tuple[Given, ...]

    def signed_by(self, account: int) -> bool:
        return any(one.account == account for one in self.signed)

    def counted(self, *, on: date) -> tuple[Given, ...]:
        """Return the signatures of those who may still sign on a day, in the order in which they were
        given.
        """
        people = signers.may_sign(self.subject_id, on=on)
        who = rules.counted((one.commitment for one in self.signed), people)
        return tuple(one for one in self.signed if one.commitment in who)

    def signatures(self, *, on: date) -> tuple[Signature, ...]:
        return tuple(one.signature() for one in self.counted(on=on))

    def person(self, *, on: date) -> Signature | None:
        """Return the natural person's own consent, where one of those who signed gave it."""
        return next((one.signature() for one in self.counted(on=on) if one.agrees_as_person), None)


def preview(content: Mapping[str, Any]) -> str:
    """Return the digest that stands for what is shown before signing."""
    return canonical.digest(dict(content))


def sign(
    subject: subjects.Card,
    what: What,
    about: UUID,
    content: Mapping[str, Any],
    signer: Signer,
    *,
    shown: str,
    agrees_as_person: bool = False,
    bound: date | None = None,
    actor: Actor,
    as_of: datetime,
) -> Card:
    """Sign what waits, or begin it; the caller holds the subject and its transaction.

    `shown` is the digest of what the person saw; whoever isn't the first has to name it. `bound` is a day
    past which the matter can't wait. The card is SIGNED with the last signature.
    """
    row = _awaiting(what, about, on=business_day(as_of))
    if row is None:
        row = _begin(subject, what, about, content, shown, bound, as_of)
    elif shown != row.preview_sha256:
        raise NotPossible("这一事项已有人签署，请先查看其所签内容，再就同一内容签署")
    if row.signatures.filter(commitment=signer.signature.commitment).exists():
        raise NotPossible("您已签署，请等待其他人签署")
    demands.keep(
        signer,
        digest=row.preview_sha256,
        matter=row.id,
        agrees_as_person=agrees_as_person,
        as_of=as_of,
    )
    _journal(row, "signature_given", actor=actor, as_of=as_of)
    _settle(row, actor=actor, as_of=as_of)
    return get(row.id)


def take_back(matter: UUID, *, actor: Actor, as_of: datetime) -> Card:
    """Stop a matter before the last signature: any one of the firm's people may, without a reason."""
    with transaction.atomic():
        known = get(matter)
        subjects.lock(known.subject_id)
        role = None
        if actor.id.isdigit():
            role = memberships.role_in_subject(int(actor.id), known.subject_id, on=business_day(as_of))
        if role is None:
            raise NotTheirs("只有能代表本企业签署的人可以撤下")
        _end(SigningMatter.objects.get(pk=matter), Act.TAKE_BACK, actor=actor, as_of=as_of)
    return get(matter)


def stop(what: What, about: UUID, *, actor: Actor, as_of: datetime) -> None:
    """Stop the matter about something that is over by itself, if one waits; the caller has checked whose
    act it is.
    """
    row = SigningMatter.objects.filter(what=what.value, about=about, state=State.AWAITING.value).first()
    if row is not None:
        _end(row, Act.TAKE_BACK, actor=actor, as_of=as_of)


def lapse_due(*, as_of: datetime, matters_max: int = 1000) -> int:
    """Write down which matters are past their day; they could not be signed since it ended."""
    rows = SigningMatter.objects.filter(state=State.AWAITING.value, lapses_on__lt=business_day(as_of))
    ids = list(rows.order_by("lapses_on", "id").values_list("id", "subject_id")[:matters_max])
    for matter, subject in ids:
        with transaction.atomic():
            subjects.lock(subject)
            row = SigningMatter.objects.get(pk=matter)
            if row.state == State.AWAITING.value:
                _end(row, Act.LAPSE, actor=SYSTEM, as_of=as_of)
    return len(ids)


def get(matter: UUID) -> Card:
    """Return a matter; UnknownConsent where there is none."""
    row = SigningMatter.objects.filter(pk=matter).first()
    if row is None:
        raise UnknownConsent(f"没有编号为{matter}的待签事项")
    return _card(row)


def awaiting(what: What, about: UUID, *, on: date) -> Card | None:
    """Return the matter about something that can still be signed on a day."""
    row = _awaiting(what, about, on=on)
    return None if row is None else _card(row)


def awaiting_of_subject(subject_id: int, *, on: date) -> list[Card]:
    """Return what a firm's people can sign on a day, the first to lapse first."""
    rows = SigningMatter.objects.filter(subject=subject_id, state=State.AWAITING.value, lapses_on__gte=on)
    return [_card(row) for row in rows.order_by("lapses_on", "opened_at").prefetch_related("signatures")]


def waiting_until(abouts: Iterable[UUID]) -> dict[UUID, date]:
    """Return which requests wait for more signatures, and until when; nothing of who has signed."""
    rows = SigningMatter.objects.filter(
        what=What.CONSENT.value, about__in=list(abouts), state=State.AWAITING.value
    )
    return dict(rows.values_list("about", "lapses_on"))


def _awaiting(what: What, about: UUID, *, on: date) -> SigningMatter | None:
    rows = SigningMatter.objects.filter(what=what.value, about=about, state=State.AWAITING.value)
    return rows.filter(lapses_on__gte=on).first()


def _begin(
    subject: subjects.Card,
    what: What,
    about: UUID,
    content: Mapping[str, Any],
    shown: str,
    bound: date | None,
    as_of: datetime,
) -> SigningMatter:
    digest, today = preview(content), business_day(as_of)
    check_shown(shown, content)
    late = SigningMatter.objects.filter(what=what.value, about=about, state=State.AWAITING.value).first()
    if late is not None:
        _end(late, Act.LAPSE, actor=SYSTEM, as_of=as_of)
    bounds = () if bound is None else (bound,)
    return SigningMatter.objects.create(
        subject_id=subject.id,
        what=what.value,
        about=about,
        content=dict(content),
        preview_sha256=digest,
        needed=demands.needed(subject.id, as_of=as_of),
        opened_at=as_of,
        lapses_on=rules.lapses_on(today, policy.on(today).matter_days, *bounds),
    )


def check_shown(shown: str, content: Mapping[str, Any]) -> None:
    """Refuse what was changed between showing and signing; who names no digest is shown nothing by a page
    of ours.
    """
    # What the person typed on the page (`entered`) was on no page before.
    before = {name: value for name, value in content.items() if name != "entered"}
    if shown and shown != preview(before):
        raise NotPossible("内容在您阅读之后有变化，请重新阅读后再签署")


def _settle(row: SigningMatter, *, actor: Actor, as_of: datetime) -> None:
    """Complete a matter that enough have signed: by the rule it began under and the one in force, the
    stricter.
    """
    today = business_day(as_of)
    wanted = max(row.needed, demands.needed(row.subject_id, as_of=as_of))
    signed = row.signatures.values_list("commitment", flat=True)
    if rules.complete(signed, signers.may_sign(row.subject_id, on=today), needed=wanted):
        _end(row, Act.COMPLETE, actor=actor, as_of=as_of)
    elif len(signed) == 1:
        text = f"有一项{What(row.what).label}待其他人签署（共须{wanted}人），请在{row.lapses_on}前办理。"
        _tell(row, text, as_of=as_of)


_WORDS = {
    Act.COMPLETE: "各签署人均已签署",
    Act.TAKE_BACK: "已被撤下，机构什么也得不到",
    Act.LAPSE: "到期未签齐，已失效，机构什么也得不到",
}


def _end(row: SigningMatter, act: Act, *, actor: Actor, as_of: datetime) -> None:
    to = TRANSITIONS[State(row.state)].get(act)
    if to is None:
        raise NotPossible(f"该事项{State(row.state).label}，不能再办理")
    row.state, row.ended_at = to.value, as_of
    row.save(update_fields=["state", "ended_at"])
    if act is not Act.COMPLETE:
        given_numbers.forget(matter=row.id)
        _journal(row, f"matter_{to.value}", actor=actor, as_of=as_of)
    _tell(row, f"待签的{What(row.what).label}{_WORDS[act]}。", as_of=as_of)


def _tell(row: SigningMatter, text: str, *, as_of: datetime) -> None:
    notifications.tell(row.subject_id, "signatures", text, refs={"matter": str(row.id)}, as_of=as_of)


def _journal(row: SigningMatter, change: str, *, actor: Actor, as_of: datetime) -> None:
    refs: dict[str, str | int] = {"subject": row.subject_id, "matter": str(row.id), "change": change}
    # Of what the institution knows of, by its number; who has signed is in no entry that it reads.
    if row.content.get("request"):
        refs["request"] = str(row.content["request"])
    commitments = {"preview": row.preview_sha256}
    entries.append(Kind.CONSENT_REQUESTED, actor=actor, refs=refs, commitments=commitments, as_of=as_of)


def _card(row: SigningMatter) -> Card:
    signed = sorted(row.signatures.all(), key=lambda one: one.id)
    return Card(
        id=row.id,
        subject_id=row.subject_id,
        what=What(row.what),
        about=row.about,
        content=row.content,
        preview_sha256=row.preview_sha256,
        needed=row.needed,
        opened_at=row.opened_at,
        lapses_on=row.lapses_on,
        state=State(row.state),
        signed=tuple(demands.given(one) for one in signed),
    )
