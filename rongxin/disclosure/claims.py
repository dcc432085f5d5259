"""数据核验: what an institution may claim of a firm's items, and what came of it (附件注2).

What may be claimed follows from the same table by which the gate decides; nothing of the firm is read for it.
A provider answers a claim by match, mismatch or no record, never by a value.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from rongxin.catalogue import loader
from rongxin.catalogue.errors import Unclean
from rongxin.catalogue.schema import Field, Item
from rongxin.consent.register import Grant
from rongxin.disclosure import bands, plan, rules
from rongxin.disclosure.release import ReleasedItem
from rongxin.exchange.question import Match
from rongxin.vocabulary.reason import Reason
from rongxin.vocabulary.subject_kind import SubjectKind
from rongxin.vocabulary.verdict import Verdict


@dataclass(frozen=True)
class Askable:
    """An item by consent, with the fields of which something may be claimed."""

    item: Item
    fields: tuple[Field, ...]


@dataclass(frozen=True)
class Answered:
    """What became of one claim: the provider's word, or why there is none. Both are None where the provider
    as a whole gave no answer; the item says why.
    """

    field: Field
    match: Match | None
    reason: Reason | None


def askable(grant: Grant, kind: SubjectKind) -> tuple[Askable, ...]:
    """Return what may be claimed by a consent that covers it, in the order of the catalogue."""
    catalogue = loader.load()
    items = [catalogue.item(name) for name in catalogue.all_names if name in grant.terms.items]
    found = [Askable(item, _fields(item, grant, kind)) for item in items]
    return tuple(one for one in found if one.fields)


@dataclass(frozen=True)
class Misread:
    """A claim that is no value of its field, with what to put right."""

    item: Item
    field: Field
    message: str


def misread(given: Mapping[str, Mapping[str, str]], *, today: date) -> tuple[Misread, ...]:
    """Return the claims that can't be read, or name a band in which the provider doesn't answer. Nobody is
    asked by such a claim: to the provider it would be a mismatch, and one of the few tries. What the
    catalogue doesn't have is the gate's to refuse.
    """
    known = loader.load().items
    wrong = []
    for item in (known[name] for name in given if name in known):
        for field in (field for field in item.fields if field.name in given[item.item]):
            if message := _fault(item, field, given[item.item][field.name], today):
                wrong.append(Misread(item, field, message))
    return tuple(wrong)


def _fault(item: Item, field: Field, text: str, today: date) -> str:
    try:
        value = field.clean(text, today=today)
    except Unclean as error:
        return error.message
    published = bands.of(item.item, field.name, on=today)
    if not published or value in published:
        return ""
    return f"没有“{value}”这一分档；提供单位的分档为：{'、'.join(published)}"


def answered(item: ReleasedItem, claimed: Iterable[str]) -> tuple[Answered, ...]:
    """Return what became of each claim about an item, in the item's own order of fields."""
    names = set(claimed)
    why = {one.field: one.reason for one in item.withheld if one.by_provider}
    fields = loader.load().item(item.item).fields
    return tuple(
        Answered(field, item.results.get(field.name), why.get(field.name))
        for field in fields
        if field.name in names
    )


def _fields(item: Item, grant: Grant, kind: SubjectKind) -> tuple[Field, ...]:
    if kind in item.not_applicable_to:
        return ()
    terms = grant.terms
    covered = rules.Consented(Reason.CONSENTED, period=terms.data_period, modes=terms.modes)
    checks = plan.outline(item, rules.Context(rules.RecipientKind.INSTITUTION, kind, covered)).checks
    names = {
        name
        for check in checks
        for name, decision in check.fields.items()
        if decision.verdict is Verdict.VERIFY_ONLY
    }
    return tuple(field for field in item.fields if field.name in names)
