"""An institution's own card on its way through the gate: what leaves is the score and why, never the inputs.

The items are decided, read and called as for any request; what would have left of them is what the card sees.
So a field that the consent doesn't open is missing to the card, and no score differs by what it holds.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from rongxin.catalogue import loader
from rongxin.catalogue.schema import Item
from rongxin.consent.rules import business_day
from rongxin.disclosure.release import ReleasedField, ReleasedItem, ReleasedRow, Request, SubjectCard
from rongxin.evaluation import card_inputs, card_scores, consistency, institution_cards
from rongxin.evaluation.card_inputs import Input, Seen
from rongxin.evaluation.institution_cards import Held
from rongxin.evaluation.measuring import Subject
from rongxin.parties import subjects
from rongxin.vocabulary.availability import Availability
from rongxin.vocabulary.reason import Reason
from rongxin.vocabulary.sharing_mode import SharingMode
from rongxin.vocabulary.verdict import Verdict

ITEM = "institution_evaluation"
PROVIDER = "platform"


def with_items(request: Request) -> Request:
    """Return a request for a card's score with the items that the card needs; any other as it is.

    Raises evaluation.UnknownInstitutionCard for another institution's, and `…Retired` for one out of use.
    """
    if request.card is None:
        return request
    return replace(request, items=_held(request).items, seal_to="", claims={})


def instead(
    request: Request, items: Sequence[ReleasedItem], subject: SubjectCard, *, as_of: datetime
) -> tuple[ReleasedItem, ...]:
    """Return what leaves in the place of the items that a card has seen."""
    return (_score(_held(request), items, subject, as_of=as_of),)


def _held(request: Request) -> Held:
    assert request.card is not None
    return institution_cards.in_use(request.card, institution=request.recipient.id)


def _score(
    held: Held, items: Sequence[ReleasedItem], subject: SubjectCard, *, as_of: datetime
) -> ReleasedItem:
    day, spec = business_day(as_of), institution_cards.specification()
    registered = subjects.get(subject.id)
    about = Subject(registered.kind.value, registered.industry, registered.size_class)
    seen = {item.item: found for item in items if (found := _seen(item)) is not None}
    made = card_scores.score(held.content, seen, about, spec, as_of=day)

    def listed(inputs: Iterable[Input]) -> list[dict[str, str]]:
        return [{"column": one.name, "label": card_inputs.label(one, spec)} for one in inputs]

    values: dict[str, Any] = {
        "card": str(held.id),
        "card_digest": held.content.digest,
        "evaluated_on": day.isoformat(),
        "score": made.score,
        "columns": made.columns,
        "observed": made.observed,
        "lost": listed(made.lost),
        "lacks": listed(made.lacks),
        "won": listed(made.won),
    }
    fields = {name: ReleasedField(Verdict.REVEAL, value, Reason.CONSENTED) for name, value in values.items()}
    row = ReleasedRow(None, day, as_of, PROVIDER, SharingMode.DERIVED, fields)
    return ReleasedItem(ITEM, 1, Availability.RECORDS, None, (row,), (), PROVIDER)


def _seen(item: ReleasedItem) -> Seen | None:
    """Return what a card may see of an item; None where it isn't known whether there is anything."""
    if item.availability not in (Availability.RECORDS, Availability.NO_RECORD):
        return None
    made = loader.load().item(item.item)
    veiled = {one.field for one in item.withheld}
    for row in item.rows:
        veiled |= {name for name, field in row.fields.items() if field.verdict is not Verdict.REVEAL}
    told = frozenset(made.field_names) - veiled
    rows = [_typed(made, {n: f.value for n, f in row.fields.items() if n in told}) for row in item.rows]
    return Seen(rows, told)


def _typed(item: Item, values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _value(consistency.kind_of(item, name), value) for name, value in values.items()}


def _value(kind: str | None, value: Any) -> Any:
    if value is None or kind is None:
        return None
    if kind == "date":
        return date.fromisoformat(str(value))
    return Decimal(str(value)) if kind == "decimal" else value
