"""接入申请的受理: the open door for whoever is not connected yet, and the institution's own for its renewal.

A stranger may name any bank's public code. So at the open door several may apply for one code, nobody more
than once from one place, and who is the true one is found by the assessor, who sees them side by side. What
is connected already renews signed in: it is counted apart, and no stranger can speak for it or stand in its
way.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Mapping
from datetime import datetime
from hashlib import sha256
from uuid import UUID, uuid4

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from rongxin.catalogue import redaction
from rongxin.governance.errors import (
    ApplicationNotPossible,
    ApplicationRefused,
    NotTheirInstitution,
    TooManyApplications,
    UnknownApplication,
)
from rongxin.governance.models import InstitutionApplication as Row
from rongxin.governance.onboarding import cards, parameters, rules
from rongxin.governance.onboarding.cards import Card, Wish
from rongxin.governance.onboarding.rules import Full, Waiting
from rongxin.journal import entries
from rongxin.journal.rules import Kind
from rongxin.parties import institutions
from rongxin.parties.rules.standing import Standing
from rongxin.vocabulary import uscc as codes
from rongxin.vocabulary.actor import SYSTEM, Actor, ActorKind

_FULL = {
    Full.ONCE: "从此网络地址已为该机构提交过申请，请凭查询码跟进，或等待处理结果",
    Full.PLACE: "从此网络地址提交的待办申请过多，请等待处理结果",
    Full.CODE: "同一统一社会信用代码的待办申请已满，平台已收到提示；请致电平台运营机构核实身份后办理",
    Full.ALL: "待办申请过多，暂不受理，平台已收到提示；请稍后再试",
}
_WAITING = [state.value for state in rules.WAITING]


def apply(wish: Wish, *, origin: str, as_of: datetime) -> tuple[Card, str]:
    """Take in a first application; return it with the secret by which it is followed, shown this once.

    `origin` is the network address from which it came, "" where none is known.
    """
    asked = parameters.in_force(timezone.localdate(as_of))
    code = _check(wish, asked)
    place = rules.place(origin)
    mark = sha256(f"onboarding\0{place}".encode()).hexdigest() if place else ""
    secret = secrets.token_urlsafe(32)
    with transaction.atomic():
        cards.take_turn()
        _check_first(wish.institution, code)
        waiting = _waiting(code, mark)
        if full := rules.full(asked, waiting):
            error = ApplicationNotPossible if full is Full.ONCE else TooManyApplications
            raise error(_FULL[full])
        row = _row(wish, code, asked.edition, as_of)
        row.secret, row.origin = sha256(secret.encode()).hexdigest(), mark
        row.save(force_insert=True)
        cards.journal(row, "submitted", actor=SYSTEM, as_of=as_of)
        if crowd := rules.crowded(asked, waiting):
            refs = {"application": str(row.id), "what": crowd.value}
            entries.append(Kind.APPLICATIONS_CROWDED, actor=SYSTEM, refs=refs, as_of=as_of)
    return cards.of_row(row), secret


def renew(institution: str, documents: Mapping[str, str], *, actor: Actor, as_of: datetime) -> Card:
    """Take in an institution's own application for another year; `documents` as of a first one."""
    if actor.party != f"institution:{institution}" or actor.kind is not ActorKind.ACCOUNT:
        raise NotTheirInstitution("续评只能由该机构的管理员登录办理")
    asked = parameters.in_force(timezone.localdate(as_of))
    with transaction.atomic():
        cards.take_turn()
        card = institutions.get(institution)
        if card.standing is Standing.CLOSED:
            raise ApplicationNotPossible("该机构已终止接入，不能续评；请联系平台运营机构")
        if _renewals(institution).filter(state__in=_WAITING).exists():
            raise ApplicationNotPossible("本机构已有续评申请待办，请等待处理结果")
        wish = Wish(card.id, card.name, card.uscc, card.kind, card.contact, documents)
        _check_documents(wish, asked)
        row = _row(wish, card.uscc, asked.edition, as_of)
        row.renewal, row.submitted_by = True, str(actor)
        row.save(force_insert=True)
        cards.journal(row, "submitted", actor=actor, as_of=as_of)
    return cards.of_row(row)


def renewals(institution: str) -> list[Card]:
    """Return an institution's own renewals, the newest first."""
    return [cards.of_row(row) for row in _renewals(institution).order_by("-submitted_at", "id")]


def renewal(institution: str, application: UUID) -> Card:
    """Return one of an institution's own renewals; raises `UnknownApplication`."""
    row = _renewals(institution).filter(pk=application).first()
    if row is None:
        raise UnknownApplication(f"没有编号为{application}的续评申请")
    return cards.of_row(row)


def track(application: UUID, secret: str) -> Card:
    """Return an application to whoever has its secret; otherwise there is none."""
    row = Row.objects.filter(pk=application).first()
    known = row.secret if row is not None and row.secret else "0" * 64
    if row is None or not hmac.compare_digest(known, sha256(secret.encode()).hexdigest()):
        raise UnknownApplication(f"没有编号为{application}的申请，或查询码不符")
    return cards.of_row(row)


def _waiting(code: str, mark: str) -> Waiting:
    """Count what waits at the open door; renewals are not there."""
    rows = Row.objects.filter(state__in=_WAITING, submitted_by="")
    here = rows.filter(origin=mark) if mark else rows.none()
    return Waiting(
        of_code=rows.filter(uscc=code).count(),
        of_code_from_here=here.filter(uscc=code).count(),
        from_here=here.count(),
        in_all=rows.count(),
    )


def _renewals(institution: str) -> QuerySet[Row]:
    return Row.objects.filter(institution=institution, renewal=True).exclude(submitted_by="")


def _row(wish: Wish, code: str, edition: str, as_of: datetime) -> Row:
    return Row(
        id=uuid4(),
        institution=wish.institution,
        name=wish.name,
        uscc=code,
        kind=wish.kind.value,
        contact=wish.contact,
        documents=dict(wish.documents),
        renewal=False,
        edition=edition,
        submitted_at=as_of,
    )


def _check(wish: Wish, asked: rules.Questionnaire) -> str:
    code = codes.clean(wish.uscc)
    examined = codes.examine(code)
    if not examined.acceptable:
        raise ApplicationRefused(f"{code}: {examined.message}")
    if any(map(redaction.holds_number, (wish.name, wish.contact))):
        raise ApplicationRefused("名称和联系方式中不得有个人手机号、证件号码或银行卡号")
    _check_documents(wish, asked)
    return code


def _check_documents(wish: Wish, asked: rules.Questionnaire) -> None:
    lacking, unknown = rules.missing(asked.documents, wish.documents)
    if lacking or unknown:
        said = "、".join(asked.documents[one] for one in lacking) or "无"
        raise ApplicationRefused(f"申请材料不符；缺：{said}；多：{'、'.join(unknown) or '无'}")


def _check_first(institution: str, code: str) -> None:
    """Refuse at the open door what is connected, or was: whoever stands there may be anybody."""
    found = institutions.of(institution, code)
    if found is None:
        return
    if (found.id, found.uscc) != (institution, code):
        raise ApplicationRefused("机构标识或统一社会信用代码已由其他接入机构使用")
    if found.standing is Standing.CLOSED:
        raise ApplicationRefused("该机构已终止接入；请以新的机构标识联系平台运营机构")
    raise ApplicationRefused(
        "该机构已接入；年度续评请由机构管理员登录后在“接入与续评”提交，或凭其接口密钥提交"
    )
