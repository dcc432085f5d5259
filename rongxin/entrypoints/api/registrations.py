"""实名注册: a person registers by an identity provider's word and is recognised as the firm's
representative.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone
from ninja import Field, Router, Schema, Status

from rongxin.entrypoints.api import problems
from rongxin.parties import api_keys, identity, registering, subjects
from rongxin.vocabulary import uscc as codes

router = Router(tags=["实名注册 Registration"])

# A key for the firm's own program or phone; it can be renewed at any time with a fresh assertion.
_KEY_LIFE = timedelta(days=90)


class Registration(Schema):
    uscc: str = Field(description="统一社会信用代码")
    # Never a number nor anything else that an entry of the journal could be taken to name.
    username: str = Field(
        pattern=r"^[A-Za-z][A-Za-z0-9._-]{2,63}$", description="新账号的用户名；此人已有账号时沿用原账号"
    )
    evidence: dict[str, str] = Field(description="身份认证平台给出的凭据；节点不接触密码")


class Registered(Schema):
    account: int
    username: str
    subject: str
    name: str
    role: str
    key: str = Field(description="接口密钥，只代表这一企业，只显示这一次")
    key_expires_at: datetime


@router.post("", auth=None, response={201: Registered}, summary="企业实名注册 Register a firm")
def create(request: HttpRequest, registration: Registration) -> Status[Registered]:
    """Recognise a firm's legal representative: identity asserted, then compared with the register.

    The person's account is opened with the first firm; a further firm, or a key to renew, goes the same way.
    """
    now = timezone.now()
    subject = subjects.find(codes.clean(registration.uscc))
    if subject is None:
        raise problems.Problem(
            404, "unknown_subject", f"未找到统一社会信用代码 {registration.uscc} 的登记信息"
        )
    assertion = identity.attest(registration.evidence, as_of=now)
    with transaction.atomic():
        known = registering.recognise(subject, assertion, username=registration.username, as_of=now)
        account, role, actor = known.account, known.role, known.actor
        issued = api_keys.issue(
            account.id,
            label="实名注册",
            expires_at=now + _KEY_LIFE,
            membership=role.id,
            actor=actor,
            as_of=now,
        )
    return Status(
        201,
        Registered(
            account=account.id,
            username=account.username,
            subject=subject.uscc or "",
            name=subject.name,
            role=role.role.label,
            key=issued.secret,
            key_expires_at=issued.expires_at,
        ),
    )
