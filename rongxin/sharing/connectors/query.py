"""What a provider is asked, and on whose authority: the question every connector and gateway understands.

The asked side decides for itself. `permitted` recomputes from artefact, catalogue and stapled status what may
be answered (`consent.rules.covers`, pure); what the asker believes doesn't count. Nothing here knows Django,
so that a gateway beside a provider's own database can use it as it stands.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from rongxin.catalogue.schema import Channel, Item
from rongxin.consent import rules as consent_rules
from rongxin.proof import jws
from rongxin.proof.errors import Forged
from rongxin.proof.keys import VerifyingKey


class Unavailable(Exception):
    """The provider gave no answer, or none that can be believed; this is never "no record"."""


class Match(StrEnum):
    """The answer to one claimed value (数据核验, annex note 2)."""

    MATCH = "match"
    MISMATCH = "mismatch"
    NO_RECORD = "no_record"

    @property
    def label(self) -> str:
        return {"match": "一致", "mismatch": "不一致", "no_record": "无记录"}[self.value]


@dataclass(frozen=True, slots=True)
class SubjectKeys:
    """By what a provider may find a subject: code, name and, where it knows no code, the place.

    `unique_name` says that no other subject known here has this name, by its canonical form, in this region.
    Whoever asks must have looked; without it nothing that is found by name is believed.
    """

    uscc: str
    name: str
    place: str = ""
    unique_name: bool = False


@dataclass(frozen=True, slots=True)
class Authority:
    """On what a question rests.

    `artefact` is the signed consent, `status` where it stands now (stapled by the node), `ask` what it is
    used for. `own` marks a subject's question about itself, which needs no consent ((九)). All empty: the
    question rests on the law alone, for what the annex shares without consent.
    """

    artefact: str | None = None
    status: consent_rules.Status | None = None
    ask: consent_rules.Ask | None = None
    own: bool = False


NO_AUTHORITY = Authority()


@dataclass(frozen=True, slots=True)
class Query:
    """One question to one provider about one subject."""

    item: Item
    channel: Channel
    subject: SubjectKeys
    fields: tuple[str, ...]
    authority: Authority
    as_of: datetime


def permitted(query: Query, keys: Mapping[str, VerifyingKey]) -> tuple[str, ...]:
    """Return the fields of the question that may be answered, in the order asked."""
    covered = query.authority.own or _covered(query, keys)
    return tuple(
        name
        for name in query.fields
        if name in query.channel.fields
        and (covered or not (query.channel.consent or query.item.field(name).consent))
    )


def _covered(query: Query, keys: Mapping[str, VerifyingKey]) -> bool:
    """Whether a genuine consent, as it stands now, covers this item, subject and moment."""
    authority = query.authority
    if authority.artefact is None or authority.ask is None or authority.status is None:
        return False
    try:
        payload = jws.verify(authority.artefact, keys, type=consent_rules.ARTEFACT_TYPE)
        terms = consent_rules.decode(payload)
    except (Forged, ValueError):
        return False
    ask = authority.ask
    about_this = (
        ask.item == query.item.item and ask.subject == query.subject.uscc and ask.as_of == query.as_of
    )
    mode_agreed = query.channel.mode in terms.modes
    return about_this and mode_agreed and consent_rules.covers(terms, authority.status, ask).covered
