"""接入申请: one person assesses what was handed in, another approves; every year again ((五)(六)(十)).

How applications come in is the door's business; what they name by hash comes in as a file (`documents`).
Approval admits the institution, or renews it, says through which day it is served, and closes what others
have handed in for the same code.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from rongxin.catalogue import redaction
from rongxin.governance.conditions import fulfilment
from rongxin.governance.conditions import rules as condition_rules
from rongxin.governance.conditions.rules import Condition
from rongxin.governance.errors import ApplicationNotPossible, AssessmentRefused, UnknownApplication
from rongxin.governance.models import InstitutionApplication as Row
from rongxin.governance.onboarding import cards, documents, parameters, rules
from rongxin.governance.onboarding.cards import Card, Finding
from rongxin.governance.onboarding.rules import Act, State, Verdict
from rongxin.journal import windows
from rongxin.journal.windows import Part, Window
from rongxin.parties import institutions, memberships, second_person
from rongxin.parties.errors import NotAllowed
from rongxin.parties.rules.membership import PartyKind
from rongxin.parties.rules.standing import InstitutionKind
from rongxin.vocabulary import uscc as codes
from rongxin.vocabulary.actor import SYSTEM, Actor

_WHAT = "接入申请的核准"
_SUPERSEDED = "同一统一社会信用代码的另一份申请已获核准；如您确为该机构，请联系平台运营机构核实"
_AT_ONCE = 500
_WAITING = [state.value for state in rules.WAITING]


def get(application: UUID) -> Card:
    """Return an application to the operator's people."""
    row = Row.objects.filter(pk=application).first()
    if row is None:
        raise UnknownApplication(f"没有编号为{application}的申请")
    return cards.of_row(row)


def part_of(
    window: Window,
    *,
    waiting_only: bool = False,
    find: str = "",
    state: State | None = None,
    kind: InstitutionKind | None = None,
    oldest_first: bool = False,
) -> Part[Card]:
    """Return a part of the applications, the newest first; `find` is in a name, or a code or an id."""
    rows = Row.objects.all()
    if waiting_only:
        rows = rows.filter(state__in=_WAITING)
    if find:
        rows = rows.filter(Q(name__contains=find) | Q(uscc=codes.clean(find)) | Q(institution=find))
    if state is not None:
        rows = rows.filter(state=state.value)
    if kind is not None:
        rows = rows.filter(kind=kind.value)
    order = "submitted_at" if oldest_first else "-submitted_at"
    return windows.part(rows, window, order, "id").of(cards.of_row)


def beside(shown: Iterable[Card]) -> dict[UUID, tuple[Card, ...]]:
    """Return, for each application that is shown, the others that wait for its code, the oldest first."""
    listed = list(shown)
    found: defaultdict[str, list[Card]] = defaultdict(list)
    rows = Row.objects.filter(state__in=_WAITING, uscc__in={one.wish.uscc for one in listed})
    for row in rows.order_by("submitted_at", "id"):
        found[row.uscc].append(cards.of_row(row))
    return {one.id: tuple(c for c in found[one.wish.uscc] if c.id != one.id) for one in listed}


def assess(
    application: UUID,
    findings: Mapping[str, Finding],
    *,
    conditions: tuple[Condition, ...] = (),
    actor: Actor,
    as_of: datetime,
) -> Card:
    """Write down what was found of every question, and on which conditions; another person decides on it."""
    person = second_person.of_operator(actor=actor, what=_WHAT)
    with transaction.atomic():
        row = _open(application, Act.ASSESS)
        _not_theirs(row, actor, as_of)
        asked = parameters.edition(row.edition)
        lacking, unknown = rules.missing([one.id for one in asked.questions], findings)
        if lacking or unknown:
            wanting = "、".join(lacking) or "无"
            raise AssessmentRefused(f"评估须逐题作答；缺 {wanting}，多 {'、'.join(unknown) or '无'}")
        row.findings = {key: {"verdict": one.verdict.value, "evidence_sha256": one.evidence_sha256}
                        for key, one in findings.items()}  # fmt: skip
        scored = rules.score(asked, {key: one.verdict for key, one in findings.items()})
        _check_due(conditions, asked, as_of)
        said = [Condition(redaction.redact(one.text), one.due_on) for one in conditions]
        row.percent, row.conditions = scored.percent, [one.document() for one in said]
        row.state, row.assessed_by = State.ASSESSED.value, person
        row.save(update_fields=["findings", "percent", "conditions", "state", "assessed_by"])
        cards.journal(row, "assessed", actor=actor, as_of=as_of)
    return cards.of_row(row)


def approve(application: UUID, *, actor: Actor, as_of: datetime) -> Card:
    """Admit the institution, or renew it, by another person's passed assessment."""
    person = second_person.of_operator(actor=actor, what=_WHAT)
    with transaction.atomic():
        cards.take_turn()
        row = _open(application, Act.APPROVE)
        if row.renewal and not row.submitted_by:
            raise ApplicationNotPossible("续评须由机构登录提交；此申请来自公开受理，不能核准")
        second_person.check_other(person, row.assessed_by, what=_WHAT)
        _not_theirs(row, actor, as_of)
        asked = parameters.edition(row.edition)
        found = {key: Verdict(one["verdict"]) for key, one in row.findings.items()}
        scored = rules.score(asked, found)
        if not scored.passed:
            why = f"得分{scored.percent}（合格线{asked.pass_percent}）"
            raise AssessmentRefused(
                f"安全评估未通过：{why}，未符合的必备项：{'、'.join(scored.failed) or '无'}"
            )
        conditions = cards.of_row(row).conditions
        _check_due(conditions, asked, as_of)
        until = timezone.localdate(as_of) + timedelta(days=asked.valid_days)
        if not row.renewal:
            institutions.admit(
                row.institution,
                name=row.name,
                uscc=row.uscc,
                kind=InstitutionKind(row.kind),
                contact=row.contact,
                actor=actor,
                as_of=as_of,
            )
        institutions.assess(row.institution, until=until, actor=actor, as_of=as_of)
        row.valid_until = until
        _supersede(row, person, actor=actor, as_of=as_of)
        done = _decide(row, Act.APPROVE, person, actor=actor, as_of=as_of)
        fulfilment.impose(row.id, row.institution, conditions, edition=row.edition, actor=actor, as_of=as_of)
        return done


def decline(application: UUID, *, reason: str, actor: Actor, as_of: datetime) -> Card:
    """Turn an application down, with the reason that the applicant reads."""
    person = second_person.of_operator(actor=actor, what=_WHAT)
    with transaction.atomic():
        row = _open(application, Act.DECLINE)
        row.reason = redaction.redact(reason)[:500]
        return _decide(row, Act.DECLINE, person, actor=actor, as_of=as_of)


def remind(*, as_of: datetime) -> int:
    """Tell each institution once that its assessment ends soon; returns how many were told."""
    today, told = timezone.localdate(as_of), 0
    due = today + timedelta(days=parameters.in_force(today).remind_days)
    with transaction.atomic():
        rows = Row.objects.select_for_update(skip_locked=True, no_key=True)
        for row in rows.filter(reminded_at=None, valid_until__lte=due, valid_until__gte=today):
            row.reminded_at = as_of
            row.save(update_fields=["reminded_at"])
            if institutions.get(row.institution).assessed_until == row.valid_until:
                cards.journal(row, "renewal_due", actor=SYSTEM, as_of=as_of)
                told += 1
    return told


def forget(*, as_of: datetime) -> int:
    """Delete applications that were declined long enough ago, with their files; return how many."""
    term = timedelta(days=parameters.in_force(timezone.localdate(as_of)).declined_kept_days)
    over = Row.objects.filter(state=State.DECLINED.value, decided_at__lt=as_of - term)
    deleted = 0
    for application in list(over.order_by("decided_at", "id").values_list("pk", flat=True)[:_AT_ONCE]):
        with transaction.atomic():
            row = Row.objects.select_for_update(no_key=True, skip_locked=True).filter(pk=application).first()
            if row is None:  # another worker is at it
                continue
            documents.erase(application)
            cards.journal(row, "deleted", actor=SYSTEM, as_of=as_of)
            row.delete()
            deleted += 1
    return deleted


def _check_due(conditions: tuple[Condition, ...], asked: rules.Questionnaire, as_of: datetime) -> None:
    """Refuse a condition without a day that lies ahead, within the year for which it is approved."""
    today = timezone.localdate(as_of)
    until = today + timedelta(days=asked.valid_days)
    for one in conditions:
        if condition_rules.undue(one, today=today, until=until):
            raise AssessmentRefused(
                f"接入条件“{one.text[:20]}”须有期限，晚于今日且不晚于{until}；请重新评估并改正期限"
            )


def _not_theirs(row: Row, actor: Actor, as_of: datetime) -> None:
    """Keep whoever acts for the applicant away from its assessment."""
    roles = memberships.of_account(int(actor.id), on=timezone.localdate(as_of))
    if any((one.party_kind, one.party) == (PartyKind.INSTITUTION, row.institution) for one in roles):
        raise NotAllowed("在申请机构任职的人不得评估或核准该机构的申请")


def _open(application: UUID, act: Act) -> Row:
    row = Row.objects.select_for_update(no_key=True).filter(pk=application).first()
    if row is None:
        raise UnknownApplication(f"没有编号为{application}的申请")
    if act not in rules.TRANSITIONS[State(row.state)]:
        raise ApplicationNotPossible(f"该申请{State(row.state).label}，不能进行此操作")
    return row


def _supersede(approved: Row, person: str, *, actor: Actor, as_of: datetime) -> None:
    """Close what others have handed in for the code of the one that is approved, and say why."""
    rivals = Row.objects.select_for_update(no_key=True).filter(uscc=approved.uscc, state__in=_WAITING)
    for row in rivals.exclude(pk=approved.pk).order_by("id"):
        row.reason = _SUPERSEDED
        _decide(row, Act.SUPERSEDE, person, actor=actor, as_of=as_of)


def _decide(row: Row, act: Act, person: str, *, actor: Actor, as_of: datetime) -> Card:
    row.state = rules.TRANSITIONS[State(row.state)][act].value
    row.decided_by, row.decided_at, row.origin = person, as_of, ""
    row.save(update_fields=["state", "decided_by", "decided_at", "reason", "valid_until", "origin"])
    cards.journal(row, row.state, actor=actor, as_of=as_of)
    return cards.of_row(row)
