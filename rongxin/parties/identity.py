"""Identity providers: who says that a person is who they say (实名认证). The node never sees a password of
theirs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple, Protocol

from django.conf import settings
from django.utils.crypto import salted_hmac
from django.utils.module_loading import import_string

from rongxin.parties.errors import PartiesError
from rongxin.parties.rules.identity import Assertion, Assurance
from rongxin.vocabulary import uscc


class IdentityRefused(PartiesError):
    """The identity provider does not vouch for the person."""

    code = "identity_refused"


class UnsafeInProduction(PartiesError):
    """A stand-in for the laptop was asked for in production; connect a real identity provider."""

    code = "unsafe_in_production"


class Field(NamedTuple):
    """What a page asks a person for, as evidence."""

    name: str
    label: str
    label_en: str
    required: bool = True


class IdentityProvider(Protocol):
    """Turns evidence (a code from a redirect, a signed token) into an assertion or raises IdentityRefused."""

    @property
    def id(self) -> str: ...

    @property
    def fields(self) -> Sequence[Field]:
        """What a page asks the person for, as evidence (a code that the provider sent…)."""

    def attest(self, evidence: Mapping[str, str], *, as_of: datetime) -> Assertion: ...


def provider() -> IdentityProvider | None:
    """Return the provider that takes evidence here; None where people sign in at an OpenID provider alone."""
    if not settings.RONGXIN_IDENTITY_PROVIDER:
        return None
    found: IdentityProvider = import_string(settings.RONGXIN_IDENTITY_PROVIDER)()
    return found


def caution() -> str:
    """Return what whoever starts this node has to know of its provider; nothing of a real one."""
    return str(getattr(provider(), "caution", ""))


def fields() -> Sequence[Field]:
    """Return what a page asks a person for, as evidence; none where there is nobody to show it to."""
    found = provider()
    return () if found is None else found.fields


def attest(evidence: Mapping[str, str], *, as_of: datetime) -> Assertion:
    """Have the provider that takes evidence here say who somebody is; IdentityRefused where it doesn't."""
    found = provider()
    if found is None:
        raise IdentityRefused("本平台的实名认证须在网页上进行：请打开登录页，选择身份认证平台")
    return found.attest(evidence, as_of=as_of)


def commit(id_number: str) -> str:
    """Return the keyed commitment to an identity number, equal for equal numbers.

    There are few identity numbers, so a plain hash could be tried out; the key is the node's secret.
    """
    return salted_hmac("rongxin.parties.identity", uscc.clean(id_number), algorithm="sha256").hexdigest()


def commit_phone(number: str) -> str:
    """Return the keyed commitment to a telephone number, by its last eleven digits: one may come with 86."""
    digits = "".join(one for one in number if one.isdecimal())[-11:]
    return salted_hmac("rongxin.parties.identity.phone", digits, algorithm="sha256").hexdigest()


class DemoIdentityProvider:
    """Believes whatever it is told: for demo and tests. It says so, and refuses to exist in production."""

    id = "demo"
    caution = "演示身份认证：任何姓名都被相信，不可用于生产。 Demo identity provider: anybody is believed."
    fields = (
        Field("name", "姓名", "Name"),
        Field("id_number", "身份证件号码", "Identity number"),
        # Registration records hold no number of the representative: who comes first shows the firm's licence.
        Field(
            "represents",
            "电子营业执照所载的统一社会信用代码（第一次代表企业办理时出示）",
            "Code on the electronic business licence (shown when first acting for the firm)",
            required=False,
        ),
    )

    def __init__(self) -> None:
        if settings.RONGXIN_MODE == "production":
            raise UnsafeInProduction(
                "DemoIdentityProvider: it believes anybody. Configure a real identity provider in production."
            )

    def attest(self, evidence: Mapping[str, str], *, as_of: datetime) -> Assertion:
        """Vouch for `name` and `id_number`; `represents` (a code) and `phone` are believed as well."""
        missing = [field for field in ("name", "id_number") if not evidence.get(field, "").strip()]
        if missing:
            raise IdentityRefused(f"实名认证缺少：{'、'.join(missing)}")
        return Assertion(
            name=evidence["name"].strip(),
            id_commitment=commit(evidence["id_number"]),
            assurance=Assurance.HIGH,
            issuer=self.id,
            at=as_of,
            represents=uscc.clean(evidence.get("represents", "")),
            phone=commit_phone(evidence["phone"]) if evidence.get("phone") else "",
        )
