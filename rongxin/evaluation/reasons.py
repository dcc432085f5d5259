"""Why a score is what it is, in words: the same for firm and institution （（七））. Pure.

Vetoes stand first; then what cost most, what is missing and what knowing it would add, what speaks for it.
Each has its source and the day of its newest record, the points, and what would improve it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from rongxin.catalogue import loader
from rongxin.evaluation import tiers, wording
from rongxin.evaluation.cards import ThinFile, Trigger, Veto
from rongxin.evaluation.loading import Specification
from rongxin.evaluation.rules import Pointed, Score, State, Told
from rongxin.evaluation.wording import Source, Wording

#: The lists in which reasons are told, in their order.
KINDS = ("veto", "lost", "lacks", "won")


@dataclass(frozen=True)
class Reason:
    """One reason. Points are hundredths; where the indicator is observed, `lost` + `won` = `possible`."""

    kind: Literal["veto", "lost", "lacks", "won"]
    code: str
    label: Wording
    dimension: Wording | None
    improve: Wording
    sources: tuple[Source, ...]
    state: State | None = None
    value: Wording | None = None
    bin: Wording | None = None
    possible: int = 0
    lost: int = 0
    won: int = 0
    cap: str | None = None
    would_add_permille: int = 0
    consent_items: tuple[str, ...] = ()
    newest_on: str | None = None  # the day of the newest record of its sources (ISO 8601)


def of(
    spec: Specification, score: Score, told: Mapping[str, Told], newest: Mapping[str, str]
) -> tuple[Reason, ...]:
    """Return the reasons of a score in their order: vetoes, lost, lacks, won.

    `told` has indicators and signals, so that a veto names what set it off; `newest` the day of each item.
    """
    by_code = {one.code: one for one in score.indicators}
    every: tuple[Veto | ThinFile, ...] = (*spec.vetoes.vetoes, spec.vetoes.thin_file)
    vetoes = [_veto(spec, veto, told, newest) for veto in every if veto.code in score.vetoes]
    lost = [_seen(spec, "lost", by_code[code], newest) for code in score.reasons.lost]
    lacks = [_lacking(spec, by_code[code], score) for code in score.reasons.lacks]
    won = [_seen(spec, "won", by_code[code], newest) for code in score.reasons.won]
    return (*vetoes, *lost, *lacks, *won)


def document(reasons: tuple[Reason, ...]) -> dict[str, list[dict[str, Any]]]:
    """Return reasons by their kind as whoever may see the score reads them."""
    return {kind: [_shown(one) for one in reasons if one.kind == kind] for kind in KINDS}


def _veto(
    spec: Specification, veto: Veto | ThinFile, told: Mapping[str, Told], newest: Mapping[str, str]
) -> Reason:
    triggers = veto.any if isinstance(veto, Veto) else ()
    fired = [spec.formulas[one.of] for one in triggers if _holds(one, told.get(one.of))]
    sources = tuple(dict.fromkeys(source for one in fired for source in wording.sources(one)))
    return Reason(
        "veto",
        veto.code,
        Wording(veto.label, veto.label_en),
        None,
        Wording(veto.improve, veto.improve_en),
        sources,
        cap=veto.cap,
        newest_on=_newest(sources, newest),
    )


def _holds(trigger: Trigger, one: Told | None) -> bool:
    return one is not None and one.value is not None and trigger.holds(one.value)


def _seen(
    spec: Specification, kind: Literal["lost", "won"], one: Pointed, newest: Mapping[str, str]
) -> Reason:
    indicator = spec.indicators[one.code]
    assert one.told.value is not None
    assert one.bin is not None
    sources = wording.sources(indicator)
    return Reason(
        kind,
        one.code,
        Wording(indicator.label, indicator.label_en),
        Wording(indicator.dimension.label, indicator.dimension.label_en),
        Wording(indicator.improve, indicator.improve_en),
        sources,
        state=one.told.state,
        value=wording.of_value(indicator, one.told.value),
        bin=wording.of_bin(indicator, spec.bins(one.code), one.bin),
        possible=one.weight * 100,
        lost=one.lost,
        won=one.weight * 100 - one.lost,
        newest_on=_newest(sources, newest) if one.told.state is State.OBSERVED else None,
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
        state=one.told.state,
        possible=one.weight * 100,
        would_add_permille=1000 * (seen + one.weight) // total - 1000 * seen // total,
        consent_items=tuple(needed),
    )


def _newest(sources: Iterable[Source], newest: Mapping[str, str]) -> str | None:
    return max((newest[one.item] for one in sources if newest.get(one.item)), default=None)


def _shown(one: Reason) -> dict[str, Any]:
    def said(words: Wording | None) -> dict[str, str] | None:
        return None if words is None else {"zh": words.zh, "en": words.en}

    return {
        "kind": one.kind,
        "code": one.code,
        "label": said(one.label),
        "dimension": said(one.dimension),
        "state": {"code": one.state.value, "label": one.state.label} if one.state else None,
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
        "newest_on": one.newest_on,
        "improve": said(one.improve),
    }
