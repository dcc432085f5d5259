"""数据提供单位: who hands in or answers for which items of the catalogue, and of whose ((五))."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from django.db import IntegrityError, transaction

from rongxin.catalogue import loader, regions
from rongxin.journal import entries
from rongxin.journal.rules import Kind
from rongxin.parties.errors import AlreadyKnown, InvalidRemit, NotPermitted, UnknownParty
from rongxin.parties.models import Provider
from rongxin.parties.rules import remit as remits
from rongxin.parties.rules.remit import Remit
from rongxin.proof import canonical
from rongxin.vocabulary.actor import Actor, ActorKind
from rongxin.vocabulary.region import NATION
from rongxin.vocabulary.subject_kind import SubjectKind

#: More than a province has counties; who needs more means the province.
_REGIONS_MAX = 200


@dataclass(frozen=True)
class Card:
    """What others may know of a provider; `mandate` are the items it may hand in or answer for, `remit` says
    of whom.
    """

    id: str
    name: str
    department: str
    mandate: frozenset[str]
    is_active: bool
    remit: Remit


def admit(
    id: str,
    *,
    name: str,
    department: str,
    items: Collection[str],
    remit: Remit | None = None,
    actor: Actor,
    as_of: datetime,
) -> Card:
    """Take in a provider beside those of the catalogue, for some of its items: a platform of another level, a
    second department ((五)). Raises `AlreadyKnown`, `UnknownItem`; of a remit, what `declare` raises.
    """
    mandate = sorted({loader.load().item(item).item for item in items})
    row = Provider(id=id, name=name, department=department, mandate=mandate)
    with transaction.atomic():
        try:
            with transaction.atomic():
                row.save(force_insert=True)
        except IntegrityError as error:
            raise AlreadyKnown(f"{id}：该数据提供单位已登记") from error
        refs = {"provider": id, "change": "opened"}
        entries.append(Kind.ACCOUNT_CREATED, actor=actor, refs=refs, as_of=as_of)
        if remit is not None and remit.declared:
            return declare(id, remit, actor=actor, as_of=as_of)
    return _card(row)


def remit(region_codes: Collection[str], kinds: Collection[str]) -> Remit:
    """Return a remit as people give it: regions by code, kinds of subject by their words. `InvalidRemit`
    names what no list knows.
    """
    unknown = [code for code in region_codes if code != NATION and not regions.known(code)]
    unknown += [kind for kind in kinds if kind not in set(SubjectKind)]
    if unknown:
        known = "、".join(f"{kind.value}（{kind.label}）" for kind in SubjectKind)
        raise InvalidRemit(
            f"职责范围中有无法识别的内容：{'、'.join(unknown[:5])}；"
            f"区域请用六位行政区划代码（全国为 {NATION}），主体类型为 {known}"
        )
    made = remits.of([*region_codes], [*kinds])
    if len(made.regions) > _REGIONS_MAX:
        raise InvalidRemit(f"区域最多 {_REGIONS_MAX} 个；范围更大的，请填上一级的代码")
    return made


def declare(provider_id: str, remit: Remit, *, actor: Actor, as_of: datetime) -> Card:
    """Say whose information a provider hands in, from now on; an empty remit declares nothing any longer.

    What counts already stays: batches are laid beside it when they come (`sharing.aggregation.gates`). Raises
    `NotPermitted`, `UnknownParty`.
    """
    if not (actor.kind is ActorKind.SYSTEM or actor.is_operator):
        raise NotPermitted("职责范围由平台运营机构登记：请与平台运营机构商定")
    with transaction.atomic():
        row = Provider.objects.select_for_update(no_key=True).filter(pk=provider_id).first()
        if row is None:
            raise UnknownParty(f"没有数据提供单位“{provider_id}”")
        said = remit.document()
        if said != {"regions": row.regions, "subject_kinds": row.subject_kinds}:
            row.regions, row.subject_kinds = said["regions"], said["subject_kinds"]
            row.save(update_fields=["regions", "subject_kinds"])
            entries.append(
                Kind.PROVIDER_REMIT_SET,
                actor=actor,
                refs={"provider": provider_id} | {name: len(of) for name, of in said.items()},
                commitments={"remit": canonical.digest(said)},
                as_of=as_of,
            )
    return _card(row)


def get(provider_id: str) -> Card:
    """Return a provider; UnknownParty where there is none."""
    row = Provider.objects.filter(pk=provider_id).first()
    if row is None:
        raise UnknownParty(f"没有数据提供单位“{provider_id}”")
    return _card(row)


def every() -> list[Card]:
    """Return all providers by id."""
    return [_card(row) for row in Provider.objects.order_by("id")]


def _card(row: Provider) -> Card:
    of_whom = remits.of(row.regions, row.subject_kinds)
    return Card(row.id, row.name, row.department, frozenset(row.mandate), row.is_active, of_whom)
