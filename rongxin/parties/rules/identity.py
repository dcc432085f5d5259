"""Whether the person an identity provider speaks of is the one in the registration record (附件 注3
实名注册).
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum, StrEnum


class Assurance(IntEnum):
    """How sure the identity provider is: a password, a document seen, or person and chip together."""

    LOW = 1
    SUBSTANTIAL = 2
    HIGH = 3


@dataclass(frozen=True)
class Assertion:
    """What an identity provider says about a person at a moment.

    `id_commitment` is a keyed commitment to the identity number; the number never gets here. `represents`
    is the code of the organisation whose legal representative or operator (经营者) the issuer says the
    person is, as issuers of electronic business licences can; "" where it does not say. `phone` is a keyed
    commitment to the telephone that the issuer has verified as the person's, or "".
    """

    name: str
    id_commitment: str
    assurance: Assurance
    issuer: str
    at: datetime
    represents: str = ""
    phone: str = ""


@dataclass(frozen=True)
class Record:
    """Who stands for the subject in its registration record."""

    uscc: str
    representative: str
    commitment: str


@dataclass(frozen=True)
class Vouched:
    """The person whom an issuer of business licences has vouched for, and until when that holds."""

    commitment: str
    until: datetime


class Agreement(StrEnum):
    """How assertion and record compare; only AGREES lets a person act for the subject."""

    AGREES = "agrees"
    NO_RECORD = "no_record"
    NAME_DIFFERS = "name_differs"
    NUMBER_DIFFERS = "number_differs"
    NAME_ALONE = "name_alone"
    ASSURANCE_TOO_LOW = "assurance_too_low"
    STALE = "stale"

    @property
    def message(self) -> str:
        return _MESSAGES[self]


_MESSAGES = {
    Agreement.AGREES: "与登记信息一致",
    Agreement.NO_RECORD: "登记信息中没有法定代表人（经营者），请先到登记机关核实登记信息。",
    Agreement.NAME_DIFFERS: "姓名与登记的法定代表人（经营者）不一致；如已变更，请先办理变更登记。",
    Agreement.NUMBER_DIFFERS: "证件号码与登记的法定代表人（经营者）不一致。",
    Agreement.NAME_ALONE: "登记信息中没有您的证件号码，仅姓名一致不足以确认身份："
    "请用电子营业执照登录一次，之后实名登录即可签署。",
    Agreement.ASSURANCE_TOO_LOW: "实名认证等级不足，请完成人脸或证件认证。",
    Agreement.STALE: "实名认证已过期，请重新认证。",
}

# How fresh an assertion must be for an act in the firm's name (own setting).
FRESH = timedelta(minutes=30)


def compare(
    assertion: Assertion, record: Record, *, vouched: Vouched | None = None, as_of: datetime
) -> Agreement:
    """Compare an assertion with the registration record; the first obstacle is the answer.

    A like name alone proves nothing (many are called 张伟): the number's commitment must agree with the
    record, or the issuer must vouch that the person represents this very code, now or `vouched` before.
    """
    if assertion.assurance < Assurance.SUBSTANTIAL:
        return Agreement.ASSURANCE_TOO_LOW
    if not timedelta(0) <= as_of - assertion.at <= FRESH:
        return Agreement.STALE
    if not record.representative:
        return Agreement.NO_RECORD
    if plain(assertion.name) != plain(record.representative):
        return Agreement.NAME_DIFFERS
    if record.commitment:
        same = assertion.id_commitment == record.commitment
        return Agreement.AGREES if same else Agreement.NUMBER_DIFFERS
    if assertion.represents == record.uscc:
        return Agreement.AGREES
    known = vouched is not None and vouched.commitment == assertion.id_commitment and as_of < vouched.until
    return Agreement.AGREES if known else Agreement.NAME_ALONE


def plain(name: str) -> str:
    """Return a name without what differs by keyboard only: width, blanks, the dot within, case."""
    return "".join(unicodedata.normalize("NFKC", name).split()).replace("•", "·").casefold()
