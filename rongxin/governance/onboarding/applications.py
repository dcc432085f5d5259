"""接入申请: an institution applies, one person assesses, another approves; every year again ((五)(六)(十)).

Whoever applies has no account yet: it follows its application by a secret that is shown once. Documents stay
in the file; here stand their hashes. Approval admits the institution and says through which day it is served.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID, uuid4

from django.db import connection, transaction
from django.db.models import Q
from django.utils import timezone

from rongxin.catalogue import redaction
from rongxin.governance.errors import (
    ApplicationNotPossible,
    ApplicationRefused,
    AssessmentRefused,
    UnknownApplication,
)
from rongxin.governance.models import InstitutionApplication as Row
from rongxin.governance.onboarding import parameters, rules
from rongxin.governance.onboarding.rules import Act, State, Verdict
from rongxin.journal import entries, windows
from rongxin.journal.rules import Kind
from rongxin.journal.windows import Part, Window
from rongxin.parties import institutions, memberships, second_person
from rongxin.parties.errors import NotAllowed
from rongxin.parties.rules.membership import PartyKind
from rongxin.parties.rules.standing import InstitutionKind, Standing
from rongxin.proof import canonical
from rongxin.vocabulary import uscc as codes
from rongxin.vocabulary.actor import SYSTEM, Actor

_WHAT = "接入申请的核准"


@dataclass(frozen=True)
class Wish:
    """Who applies; `documents` gives each document of the questionnaire its SHA-256."""

    institution: str
    name: str
    uscc: str
    kind: InstitutionKind
    contact: str
    documents: Mapping[str, str]


@dataclass(frozen=True)
class Finding:
    """What the assessor found of one question, and the hash of what shows it."""

    verdict: Verdict
    evidence_sha256: str


@dataclass(frozen=True)
class Card:
    """An application as it stands."""

    id: UUID
    wish: Wish
    state: State
    edition: str
    renewal: bool
    findings: Mapping[str, Mapping[str, str]]
    percent: int | None
    conditions: tuple[str, ...]
    submitted_at: datetime
    assessed_by: str
    decided_by: str
    reason: str
    valid_until: date | None

    def document(self) -> dict[str, Any]:
        """What the operator sees of it, JSON-ready."""
        return self.told() | {"assessed_by": self.assessed_by or None, "decided_by": self.decided_by or None}

    def told(self) -> dict[str, Any]:
        """What the applicant sees of it: no names of the operator's people."""
        return {
            "application": str(self.id),
            "institution": self.wish.institution,
            "name": self.wish.name,
            "uscc": self.wish.uscc,
            "kind": self.wish.kind.value,
            "documents": dict(self.wish.documents),
            "renewal": self.renewal,
            "state": self.state.value,
            "state_label": self.state.label,
            "questionnaire": self.edition,
            "findings": {key: dict(value) for key, value in self.findings.items()},
            "percent": self.percent,
            "conditions": list(self.conditions),
            "submitted_at": self.submitted_at.isoformat(),
            "reason": self.reason or None,
            "valid_until": self.valid_until.isoformat() if self.valid_until else None,
        }


def apply(wish: Wish, *, as_of: datetime) -> tuple[Card, str]:
    """Take in an application; return it with the secret by which it is followed, shown this once.

    One of an institution that is connected already, by its id and code, is a renewal.
    """
    asked = parameters.in_force(timezone.localdate(as_of))
    code = _check(wish, asked)
    secret = secrets.token_urlsafe(32)
    with transaction.atomic():
        _take_turn()
        waiting = Row.objects.filter(state__in=[state.value for state in rules.WAITING])
        if waiting.filter(uscc=code).count() >= asked.waiting_of_one:
            raise ApplicationNotPossible("该机构已有申请待办，请等待处理结果")
        if waiting.count() >= asked.waiting_in_all:
            raise ApplicationNotPossible("待办申请过多，暂不受理，请稍后再试")
        row = Row.objects.create(
            id=uuid4(),
            institution=wish.institution,
            name=wish.name,
            uscc=code,
            kind=wish.kind.value,
            contact=wish.contact,
            documents=dict(wish.documents),
            renewal=_renews(wish.institution, code),
            edition=asked.edition,
            secret=sha256(secret.encode()).hexdigest(),
            submitted_at=as_of,
        )
        _journal(row, "submitted", actor=SYSTEM, as_of=as_of)
    return _card(row), secret


def track(application: UUID, secret: str) -> Card:
    """Return an application to whoever has its secret; otherwise there is none."""
    row = Row.objects.filter(pk=application).first()
    same = hmac.compare_digest(row.secret if row else "0" * 64, sha256(secret.encode()).hexdigest())
    if row is None or not same:
        raise UnknownApplication(f"没有编号为{application}的申请，或查询码不符")
    return _card(row)


def get(application: UUID) -> Card:
    """Return an application to the operator's people."""
    row = Row.objects.filter(pk=application).first()
    if row is None:
        raise UnknownApplication(f"没有编号为{application}的申请")
    return _card(row)


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
        rows = rows.filter(state__in=[state.value for state in rules.WAITING])
    if find:
        rows = rows.filter(Q(name__contains=find) | Q(uscc=codes.clean(find)) | Q(institution=find))
    if state is not None:
        rows = rows.filter(state=state.value)
    if kind is not None:
        rows = rows.filter(kind=kind.value)
    order = "submitted_at" if oldest_first else "-submitted_at"
    return windows.part(rows, window, order, "id").of(_card)


def assess(
    application: UUID,
    findings: Mapping[str, Finding],
    *,
    conditions: tuple[str, ...] = (),
    actor: Actor,
    as_of: datetime,
) -> Card:
    """Write down what was found of every question; another person decides on it."""
    person = second_person.of_operator(actor=actor, what=_WHAT)
    with transaction.atomic():
        row = _open(application, Act.ASSESS)
        _not_theirs(row, actor, as_of)
        asked = parameters.edition(row.edition)
        lacking, unknown = rules.missing([one.id for one in asked.questions], findings)
        if lacking or unknown:
            said = "、".join(lacking) or "无"
            raise AssessmentRefused(f"评估须逐题作答；缺 {said}，多 {'、'.join(unknown) or '无'}")
        row.findings = {key: {"verdict": one.verdict.value, "evidence_sha256": one.evidence_sha256}
                        for key, one in findings.items()}  # fmt: skip
        scored = rules.score(asked, {key: one.verdict for key, one in findings.items()})
        row.percent, row.conditions = scored.percent, [redaction.redact(one) for one in conditions]
        row.state, row.assessed_by = State.ASSESSED.value, person
        row.save(update_fields=["findings", "percent", "conditions", "state", "assessed_by"])
        _journal(row, "assessed", actor=actor, as_of=as_of)
    return _card(row)


def approve(application: UUID, *, actor: Actor, as_of: datetime) -> Card:
    """Admit the institution, or renew it, by another person's passed assessment."""
    person = second_person.of_operator(actor=actor, what=_WHAT)
    with transaction.atomic():
        row = _open(application, Act.APPROVE)
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
        return _decide(row, Act.APPROVE, person, actor=actor, as_of=as_of)


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
                _journal(row, "renewal_due", actor=SYSTEM, as_of=as_of)
                told += 1
    return told


def _check(wish: Wish, asked: rules.Questionnaire) -> str:
    code = codes.clean(wish.uscc)
    examined = codes.examine(code)
    if not examined.acceptable:
        raise ApplicationRefused(f"{code}: {examined.message}")
    if any(map(redaction.holds_number, (wish.name, wish.contact))):
        raise ApplicationRefused("名称和联系方式中不得有个人手机号、证件号码或银行卡号")
    lacking, unknown = rules.missing(asked.documents, wish.documents)
    if lacking or unknown:
        said = "、".join(asked.documents[one] for one in lacking) or "无"
        raise ApplicationRefused(f"申请材料不符；缺：{said}；多：{'、'.join(unknown) or '无'}")
    return code


def _renews(institution: str, code: str) -> bool:
    """Whether it is the same institution's; another's id or code is refused."""
    found = institutions.of(institution, code)
    if found is None:
        return False
    if (found.id, found.uscc) != (institution, code):
        raise ApplicationRefused("机构标识或统一社会信用代码已由其他接入机构使用")
    if found.standing is Standing.CLOSED:
        raise ApplicationRefused("该机构已终止接入；请以新的机构标识联系平台运营机构")
    return True


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


def _decide(row: Row, act: Act, person: str, *, actor: Actor, as_of: datetime) -> Card:
    row.state = rules.TRANSITIONS[State(row.state)][act].value
    row.decided_by, row.decided_at = person, as_of
    row.save(update_fields=["state", "decided_by", "decided_at", "reason", "valid_until"])
    _journal(row, row.state, actor=actor, as_of=as_of)
    return _card(row)


def _take_turn() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended('governance.onboarding', 0))")


def _journal(row: Row, change: str, *, actor: Actor, as_of: datetime) -> None:
    refs: dict[str, str | int] = {"application": str(row.id), "change": change}
    if change == "renewal_due":
        refs |= {"institution": row.institution, "due_on": str(row.valid_until)}
    entries.append(
        Kind.APPLICATION_CHANGED,
        actor=actor,
        refs=refs,
        commitments={
            "documents": canonical.digest(row.documents),
            "findings": canonical.digest(row.findings),
            "conditions": canonical.digest(row.conditions),
        },
        as_of=as_of,
    )


def _card(row: Row) -> Card:
    wish = Wish(row.institution, row.name, row.uscc, InstitutionKind(row.kind), row.contact, row.documents)
    return Card(
        id=row.id,
        wish=wish,
        state=State(row.state),
        edition=row.edition,
        renewal=row.renewal,
        findings=row.findings,
        percent=row.percent,
        conditions=tuple(row.conditions),
        submitted_at=row.submitted_at,
        assessed_by=row.assessed_by,
        decided_by=row.decided_by,
        reason=row.reason,
        valid_until=row.valid_until,
    )
