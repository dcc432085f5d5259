"""数据提供单位: how well each one's gateway answers, told before a consent is asked for; whose firms each one
speaks of ((五)).
"""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from ninja import Router, Schema
from pydantic import Field

from rongxin.catalogue import loader
from rongxin.entrypoints.api import authentication
from rongxin.entrypoints.api.authentication import Caller
from rongxin.parties import providers
from rongxin.parties.errors import UnknownParty
from rongxin.parties.providers import Card
from rongxin.parties.rules.membership import PartyKind
from rongxin.sharing import call_register, gateways
from rongxin.vocabulary.subject_kind import SubjectKind

router = Router(tags=["数据提供单位 Providers"])


class Remit(Schema):
    """Whose information a provider hands in; an empty part declares nothing."""

    regions: list[str] = Field(default=[], max_length=200, description="行政区划代码 codes of GB/T 2260")
    subject_kinds: list[SubjectKind] = Field(default=[], description="主体类型 kinds of subject")


@router.get("/health", auth=authentication.INSTITUTION, summary="应答情况 How providers answer")
def health(request: HttpRequest) -> list[dict[str, Any]]:
    """Return for each provider with a gateway how many questions of the last day it answered, how fast."""
    caller = authentication.caller(request)
    catalogue = loader.load()
    return [
        {
            "provider": one.provider,
            "label": catalogue.provider_label(one.provider),
            "asked": one.asked,
            "answered": one.answered,
            "rate": one.rate,
            "mean_ms": one.mean_ms,
            "last_answered_at": one.last_answered_at,
        }
        for one in call_register.health(gateways.known(), as_of=caller.at)
    ]


@router.get(
    "/{provider}/remit",
    auth=authentication.PROVIDER | authentication.STAFF,
    summary="职责范围 A provider's remit",
)
def remit(request: HttpRequest, provider: str) -> dict[str, Any]:
    """Return whose information a provider hands in, as it is declared: a provider sees its own."""
    caller = authentication.caller(request)
    if caller.party_kind is PartyKind.PROVIDER and caller.party != provider:
        raise UnknownParty(f"没有数据提供单位“{provider}”")
    return _told(providers.get(provider))


@router.put(
    "/{provider}/remit",
    auth=authentication.SYSTEM | authentication.DESK,
    summary="登记职责范围 Declare a provider's remit",
)
def declare(request: HttpRequest, provider: str, body: Remit) -> dict[str, Any]:
    """Declare whose information a provider hands in, from now on. A batch that is not about them waits for a
    second person; what counts already stays.
    """
    caller: Caller = authentication.caller(request)
    wanted = providers.remit(body.regions, body.subject_kinds)
    return _told(providers.declare(provider, wanted, actor=caller.actor, as_of=caller.at))


def _told(card: Card) -> dict[str, Any]:
    return {"provider": card.id, "label": card.name, "declared": card.remit.declared, **card.remit.document()}
