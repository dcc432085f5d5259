"""标准化信用信息报告: a release laid out by the annex's categories, ready for JSON, page and PDF ((六)).

It never sees raw data: everything in a report comes out of a `Release`, so the three forms say the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from typing import Any, Literal

import orjson

from rongxin.catalogue.loader import Catalogue
from rongxin.catalogue.schema import Item
from rongxin.delivery import wording
from rongxin.disclosure import derived
from rongxin.disclosure.release import Release, ReleasedItem, ReleasedMark, ReleasedRow, WithheldField
from rongxin.vocabulary.availability import Availability
from rongxin.vocabulary.reason import Reason
from rongxin.vocabulary.sharing_mode import SharingMode
from rongxin.vocabulary.verdict import Verdict

# What a firm's consent can open; any other reason to withhold is not the firm's to lift.
_CONSENT_OPENS = frozenset({Reason.CONSENT_MISSING, Reason.FIELD_CONSENT_MISSING, Reason.ITEM_NOT_COVERED})


def build(release: Release, catalogue: Catalogue, *, node: str) -> dict[str, Any]:
    """Return the report as a JSON-ready dict.

    Sections follow the annex's categories (0, what （四） adds, comes last); every fact carries its source
    and its date, everything withheld its reason and article, and `consent_would_add` says what the firm
    could open.
    """
    by_name = {item.item: item for item in release.items}
    sections = []
    for number, label, items in catalogue.sections():
        # What the platform itself makes has a part of its own (`evaluation`).
        asked = [i for i in items if i.item in by_name and i.item != derived.EVALUATION]
        entries = [_item(by_name[i.item], i, catalogue) for i in asked]
        if entries:
            sections.append({"category": number, "label": label, "items": entries})
    return {
        "report": str(release.id),
        "kind": _kind(release),
        "node": node,
        "issued_at": release.released_at.isoformat(),
        "asked": [item.item for item in release.items],
        "subject": _subject(release),
        "recipient": {
            "kind": release.recipient.kind.value,
            "id": release.recipient.id,
            "name": release.recipient.name,
            "person": release.recipient.person,
        },
        "purpose": {"code": release.purpose.value, "label": release.purpose.label},
        "reference": release.reference,
        "case": str(release.case_id) if release.case_id else None,
        "consent": str(release.consent_id) if release.consent_id else None,
        "mandate": str(release.mandate_id) if release.mandate_id else None,
        **({"repeats": str(release.repeats)} if release.repeats else {}),
        "summary": _summary(release),
        **_evaluation(release, catalogue),
        "sections": sections,
        "consent_would_add": _consent_would_add(release, catalogue),
        "proof": {
            "intent_entry": str(release.intent_entry),
            "outcome_entry": str(release.outcome_entry),
            "digest": release.digest,
        },
    }


def _kind(release: Release) -> Literal["public", "consented", "self", "duty", "emergency"]:
    if release.recipient.kind == "subject":
        return "self"
    if release.recipient.kind == "department":
        return "duty"
    if release.recipient.kind == "operator":
        return "emergency"
    return "consented" if release.consent_id else "public"


def _subject(release: Release) -> dict[str, Any]:
    card = release.subject
    return {
        "uscc": card.uscc,
        "name": card.name,
        "kind": {"code": card.kind.value, "label": card.kind.label},
        "region": card.region,
        "status": card.status,
    }


def _summary(release: Release) -> dict[str, int]:
    items = [item for item in release.items if item.item != derived.EVALUATION]

    def count(*states: Availability) -> int:
        return sum(item.availability in states for item in items)

    return {
        "items": len(items),
        "records": sum(len(item.rows) for item in items),
        "with_records": count(Availability.RECORDS, Availability.PARTIAL),
        "partial": count(Availability.PARTIAL),
        "no_record": count(Availability.NO_RECORD),
        "withheld": count(Availability.WITHHELD),
        "not_applicable": count(Availability.NOT_APPLICABLE),
        "provider_unavailable": count(Availability.PROVIDER_UNAVAILABLE),
        "source_not_connected": count(Availability.SOURCE_NOT_CONNECTED),
    }


def _evaluation(release: Release, catalogue: Catalogue) -> dict[str, Any]:
    """The credit evaluation （（七））: for reference, with its reasons; absent where nobody asked for it."""
    found = next((item for item in release.items if item.item == derived.EVALUATION), None)
    if found is None:
        return {}
    item = catalogue.item(derived.EVALUATION)
    return {
        "evaluation": {
            "label": item.label,
            "label_en": item.label_en,
            "availability": {"code": found.availability.value, "label": found.availability.label},
            "reason": _reason(found.reason),
            "withheld": _withheld(found.withheld, item),
            "scores": [_score(row) for row in found.rows],
            # As it was released, so that the report can be checked from itself (`verification.content`).
            "released": _item(found, item, catalogue),
        }
    }


def _score(row: ReleasedRow) -> dict[str, Any]:
    """A score as released; its explanation is read, nothing is added to it."""
    values = {name: field.value for name, field in row.fields.items()}
    return {
        **{name: value for name, value in values.items() if name != "explanation"},
        **orjson.loads(values["explanation"]),
    }


def _item(released: ReleasedItem, item: Item, catalogue: Catalogue) -> dict[str, Any]:
    # As the annex prints them: a stored row comes in whatever order its store keeps keys in.
    order = {field.name: place for place, field in enumerate(item.fields)}
    return {
        "item": item.item,
        "label": item.label,
        "label_en": item.label_en,
        "version": released.item_version,
        "availability": {"code": released.availability.value, "label": released.availability.label},
        "reason": _reason(released.reason),
        "provider": {"id": released.provider, "label": catalogue.provider_label(released.provider)},
        "negative": item.negative,
        "period": _period(released),
        "rows": [_row(row, item, catalogue, order) for row in released.rows],
        "withheld": _withheld(released.withheld, item),
        **_verified(released, item),
        **({"sealed": list(released.sealed)} if released.sealed else {}),
        **({"as_of": released.as_of.isoformat()} if released.as_of else {}),
        # Stands only where the answer is a kept one: when the provider gave it.
        **({"answered_at": released.answered_at.isoformat()} if released.answered_at else {}),
        **_marks(released.marks, item),
    }


def _verified(released: ReleasedItem, item: Item) -> dict[str, Any]:
    """What a provider said of claimed values, where any was claimed; never a value of its own."""
    if not released.results:
        return {}
    return {
        "results": [
            {"name": name, "label": item.field(name).label, "result": match.value, "display": match.label}
            for field in item.fields
            if (match := released.results.get(name := field.name)) is not None
        ]
    }


def _row(row: ReleasedRow, item: Item, catalogue: Catalogue, order: Mapping[str, int]) -> dict[str, Any]:
    fields = []
    for name in sorted(row.fields, key=lambda name: order.get(name, 0)):
        field, given = item.field(name), row.fields[name]
        masked = given.verdict is Verdict.MASK
        display = wording.say(field, given.value, masked=masked)
        fields.append(
            {
                "name": name,
                "label": field.label,
                "value": given.value,
                "display": display,
                "unit": field.unit,
                "masked": masked and wording.visibly_masked(field, display),
                "verdict": given.verdict.value,
                "reason": given.reason.value,
            }
        )
    return {
        "observed_on": str(row.observed_on) if row.observed_on else None,
        "received_at": row.received_at.isoformat(),
        "source": {"id": row.provider, "label": catalogue.provider_label(row.provider)},
        "mode": {"code": row.mode.value, "label": row.mode.label},
        "fields": fields,
        **({"record": row.record_id} if row.record_id else {}),
        **_marks(row.marks, item),
    }


def _marks(marks: Sequence[ReleasedMark], item: Item) -> dict[str, Any]:
    """What is under way about a record, stated beside it; absent where nothing is."""
    if not marks:
        return {}
    return {
        "marks": [
            {
                "kind": {"code": one.kind.value, "label": one.kind.label, "label_en": one.kind.label_en},
                "field": {"name": one.field, "label": item.field(one.field).label} if one.field else None,
                "since": one.since.isoformat(),
            }
            for one in marks
        ]
    }


def _period(released: ReleasedItem) -> dict[str, str] | None:
    if released.period is None:
        return None
    return {"from": released.period.from_.isoformat(), "to": released.period.to.isoformat()}


def _reason(reason: Reason | None) -> dict[str, str] | None:
    if reason is None:
        return None
    return {"code": reason.value, "label": reason.label, "article": reason.article}


def _withheld(withheld: Iterable[WithheldField], item: Item) -> list[dict[str, Any]]:
    """Group what was held back by reason and way of sharing, in the order in which it was decided."""
    return [
        {
            "reason": _reason(reason),
            "mode": mode.value,
            **({"by_provider": True} if by_provider else {}),
            "fields": [{"name": entry.field, "label": item.field(entry.field).label} for entry in entries],
        }
        for (reason, mode, by_provider), entries in groupby(withheld, key=_grouped)
    ]


def _grouped(entry: WithheldField) -> tuple[Reason, SharingMode, bool]:
    return entry.reason, entry.mode, entry.by_provider


def _consent_would_add(release: Release, catalogue: Catalogue) -> list[dict[str, Any]]:
    added = []
    for released in release.items:
        if released.item == derived.EVALUATION:
            continue
        # What a provider finds lacking is not the firm's to mend: it did consent, by what is on file here.
        names = [w.field for w in released.withheld if w.reason in _CONSENT_OPENS and not w.by_provider]
        if names:
            item = catalogue.item(released.item)
            added.append(
                {
                    "item": item.item,
                    "label": item.label,
                    "fields": [item.field(name).label for name in dict.fromkeys(names)],
                }
            )
    return added


def to_json(document: dict[str, Any]) -> bytes:
    """Return a report as UTF-8 JSON."""
    return orjson.dumps(document)
