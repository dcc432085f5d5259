"""Which firms a person represents, found without knowing a code: by licence, its QR text, or one's telephone.

Only firms of the very person whom the identity provider speaks of are ever named. Whoever looks for
another's gets the answer that finding nothing gets, and a few such answers in an hour.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from functools import cache
from hashlib import sha256
from pathlib import Path

from django.db import transaction
from pydantic import Field

from rongxin.parties import identity, subjects
from rongxin.parties.errors import PartiesError
from rongxin.parties.models import SubjectAlias
from rongxin.parties.rules import licence_code
from rongxin.parties.rules.identity import Assertion
from rongxin.parties.rules.licence_code import Reading, What
from rongxin.parties.rules.registration import AliasKind
from rongxin.parties.sign_in_models import FailedSignIn
from rongxin.parties.subjects import Card
from rongxin.vocabulary import edition

_PARAMETERS = Path(__file__).parent / "parameters"


class NoFirmFound(PartiesError):
    """No firm of this person was found by what was given; which of the two is missing is not told."""

    code = "no_firm_found"


class TooManySearches(PartiesError):
    """This person has looked in vain too often; try again later."""

    code = "too_many_searches"


class InvalidSearchLimits(PartiesError):
    """The file of limits is faulty; correct the key that is named."""

    code = "invalid_search_limits"


class Limits(edition.Edition):
    """One edition of the parameters."""

    misses_max: int = Field(ge=1)
    window_minutes: int = Field(ge=1)

    @property
    def window(self) -> timedelta:
        return timedelta(minutes=self.window_minutes)


@cache
def _editions() -> tuple[Limits, ...]:
    return edition.read(_PARAMETERS, "own_firms_*.yaml", Limits, broken=InvalidSearchLimits)


def limits(on: date) -> Limits:
    """Return the limits in force on a day."""
    return edition.in_force(_editions(), on)


def find(account: int, assertion: Assertion, text: str, *, as_of: datetime) -> list[Card]:
    """Return the person's own firms that a licence's code or QR text or the person's telephone tells.

    Raises `NoFirmFound` alike for what isn't there and for what is another's, and `TooManySearches`.
    """
    found = licence_code.read(text)
    if found is None:
        raise NoFirmFound(
            "没有读出代码：请填写营业执照上的统一社会信用代码（18位）或注册号（15位），扫描执照二维码得到的文字，"
            "或您在身份认证平台登记的手机号"
        )
    _check_budget(account, as_of=as_of)
    firms = [card for card in subjects.represented_by(assertion) if _fits(card, found, assertion)]
    if not firms:
        _miss(account, as_of=as_of)
        raise NoFirmFound(
            "没有找到与所填内容相符、且以您为法定代表人（负责人、经营者）的企业。请核对后再试；刚变更过的，"
            "请先到登记机关办理变更登记；仍找不到的，请用电子营业执照登录"
        )
    return firms


def _fits(card: Card, found: Reading, assertion: Assertion) -> bool:
    match found.what:
        case What.USCC:
            return card.uscc == found.value
        case What.PHONE:
            return bool(assertion.phone) and identity.commit_phone(found.value) == assertion.phone
        case What.REGISTRATION_NUMBER:
            return SubjectAlias.objects.filter(
                subject=card.id, kind=AliasKind.REGISTRATION_NUMBER.value, key=found.value
            ).exists()


def _check_budget(account: int, *, as_of: datetime) -> None:
    row = FailedSignIn.objects.filter(key=_key(account), locked_until__gt=as_of).first()
    if row is not None and row.locked_until is not None:
        minutes = max(1, round((row.locked_until - as_of).total_seconds() / 60))
        raise TooManySearches(f"查找次数过多，请{minutes}分钟后再试；如有疑问，请与平台联系")


def _miss(account: int, *, as_of: datetime) -> None:
    """Count a search in vain: by the person, whatever session it came in."""
    allowed = limits(as_of.date())
    with transaction.atomic():
        row, made = FailedSignIn.objects.select_for_update().get_or_create(
            key=_key(account), defaults={"failed": 1, "first_at": as_of}
        )
        if not made:
            fresh = as_of - row.first_at > allowed.window
            row.failed, row.first_at = (1, as_of) if fresh else (row.failed + 1, row.first_at)
        if row.failed >= allowed.misses_max:
            row.locked_until, row.failed, row.first_at = as_of + allowed.window, 0, as_of
        row.save()


def _key(account: int) -> bytes:
    return sha256(f"own_firms\0{account}".encode()).digest()
