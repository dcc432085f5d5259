"""Why a score is what it is, in words: the same for firm and institution （（七））. Pure.

Vetoes stand first; then what cost most, what is missing and what knowing it would add, what speaks for it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from rongxin.catalogue import loader
from rongxin.evaluation import measuring, tiers, wording
from rongxin.evaluation.cards import ThinFile, Trigger, Veto
from rongxin.evaluation.loading import Specification
from rongxin.evaluation.measuring import Facts
from rongxin.evaluation.rules import Pointed, Score, State
from rongxin.evaluation.schema import Formula
from rongxin.evaluation.wording import Source, Wording


@dataclass(frozen=True)
class Used:
    """The records that a formula looked at. `records` stay inside the platform: no document has them."""

    newest_on: date | None = None
    records: tuple[str, ...] = ()


@dataclass(frozen=True)
class Reason:
    """One reason. Points are hundredths; where the indicator is observed, `lost` + `won` = `possible`."""

    kind: Literal["veto", "lost", "lacks", "won"]
    code: str
    label: Wording
    dimension: Wording | None
    improve: Wording
    sources: tuple[Source, ...]
    value: Wording | None = None
    bin: Wording | None = None
    possible: int = 0
    lost: int = 0
    won: int = 0
    cap: str | None = None
    would_add_permille: int = 0
    consent_items: tuple[str, ...] = ()
    used: Used = Used()


def of(spec: Specification, score: Score, used: Mapping[str, Used] | None = None) -> tuple[Reason, ...]:
    """Return the reasons of a score in their order: vetoes, lost, lacks, won."""
    looked = used or {}
    by_code = {one.code: one for one in score.indicators}
    every: tuple[Veto | ThinFile, ...] = (*spec.vetoes.vetoes, spec.vetoes.thin_file)
    vetoes = [_veto(spec, veto, by_code, looked) for veto in every if veto.code in score.vetoes]
    lost = [_seen(spec, "lost", by_code[code], looked) for code in score.reasons.lost]
    lacks = [_lacking(spec, by_code[code], score) for code in score.reasons.lacks]
    won = [_seen(spec, "won", by_code[code], looked) for code in score.reasons.won]
    return (*vetoes, *lost, *lacks, *won)


def used_by(spec: Specification, facts: Facts, *, as_of: date) -> dict[str, Used]:
    """Return for each formula the records that it looks at; rows bear `_id` and, or, their item's date."""
    rows = {item: measuring.counting(item, own, spec.relief, as_of=as_of) for item, own in facts.rows.items()}
    return {name: _used(one, rows, as_of) for name, one in spec.formulas.items()}


def document(reasons: tuple[Reason, ...]) -> list[dict[str, Any]]:
    """Return reasons as whoever may see the score reads them; the ids of records are left out."""
    return [_shown(one) for one in reasons]


def _veto(
    spec: Specification, veto: Veto | ThinFile, by_code: Mapping[str, Pointed], used: Mapping[str, Used]
) -> Reason:
    triggers = veto.any if isinstance(veto, Veto) else ()
    fired = [one.of for one in triggers if _holds(one, by_code.get(one.of))]
    # A signal's value is no part of a score: where no indicator sets the veto off, a signal did.
    fired = fired or [one.of for one in triggers if one.of in spec.vetoes.signals]
    looked = [used.get(name, Used()) for name in fired]
    days = [one.newest_on for one in looked if one.newest_on is not None]
    ids = sorted({record for one in looked for record in one.records})
    sources = (source for name in fired for source in wording.sources(spec.formulas[name]))
    return Reason(
        "veto",
        veto.code,
        Wording(veto.label, veto.label_en),
        None,
        Wording(veto.improve, veto.improve_en),
        tuple(dict.fromkeys(sources)),
        cap=veto.cap,
        used=Used(max(days, default=None), tuple(ids)),
    )


def _holds(trigger: Trigger, one: Pointed | None) -> bool:
    return one is not None and one.told.value is not None and trigger.holds(one.told.value)


def _seen(
    spec: Specification, kind: Literal["lost", "won"], one: Pointed, used: Mapping[str, Used]
) -> Reason:
    indicator = spec.indicators[one.code]
    assert one.told.value is not None
    assert one.bin is not None
    return Reason(
        kind,
        one.code,
        Wording(indicator.label, indicator.label_en),
        Wording(indicator.dimension.label, indicator.dimension.label_en),
        Wording(indicator.improve, indicator.improve_en),
        wording.sources(indicator),
        value=wording.of_value(indicator, one.told.value),
        bin=wording.of_bin(indicator, spec.bins(one.code), one.bin),
        possible=one.weight * 100,
        lost=one.lost,
        won=one.weight * 100 - one.lost,
        used=used.get(one.code, Used()),
    )


def _lacking(spec: Specification, one: Pointed, score: Score) -> Reason:
    """What is missing, what of the coverage knowing it would add, and for which items that takes consent."""
    indicator = spec.indicators[one.code]
    applies = [p for p in score.indicators if p.told.state is not State.NOT_APPLICABLE]
    total = sum(p.weight for p in applies)
    seen = sum(p.weight for p in applies if p.points is not None)
    needed = (name for name in indicator.needed if tiers.needs_consent_for(indicator.channel, name))
    return Reason(
        "lacks",
        one.code,
        Wording(indicator.label, indicator.label_en),
        Wording(indicator.dimension.label, indicator.dimension.label_en),
        Wording(indicator.improve, indicator.improve_en),
        wording.sources(indicator),
        possible=one.weight * 100,
        would_add_permille=1000 * (seen + one.weight) // total - 1000 * seen // total,
        consent_items=tuple(needed),
    )


def _used(formula: Formula, rows: Mapping[str, list[measuring.Row]], as_of: date) -> Used:
    days, ids = set(), set()
    for measure in formula.measures.values():
        dated = loader.load().item(measure.item).observed_on
        for row in measuring.read_by(measure, rows.get(measure.item, ()), as_of=as_of):
            day = row.get("_observed_on") or (row.get(dated) if dated else None)
            if isinstance(day, date):
                days.add(day)
            if row.get("_id") is not None:
                ids.add(str(row["_id"]))
    return Used(max(days, default=None), tuple(sorted(ids)))


def _shown(one: Reason) -> dict[str, Any]:
    def said(words: Wording | None) -> dict[str, str] | None:
        return None if words is None else {"zh": words.zh, "en": words.en}

    return {
        "kind": one.kind,
        "code": one.code,
        "label": said(one.label),
        "dimension": said(one.dimension),
        "value": said(one.value),
        "bin": said(one.bin),
        "possible_hundredths": one.possible,
        "lost_hundredths": one.lost,
        "won_hundredths": one.won,
        "cap": one.cap,
        "would_add_permille": one.would_add_permille,
        "consent_items": [
            {"item": name, "label": loader.load().item(name).label} for name in one.consent_items
        ],
        "sources": [
            {"item": s.item, "label": s.label, "provider": s.provider, "responsible": s.responsible}
            for s in one.sources
        ],
        "newest_on": one.used.newest_on.isoformat() if one.used.newest_on else None,
        "improve": said(one.improve),
    }
