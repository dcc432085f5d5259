"""公平性: how a version treats regions, sizes, ages and kinds of subject: groups alone, and no small ones.

Of ownership only the kind of subject may be held of everybody; 企业类型 needs the firm's consent (附件第2行).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rongxin.catalogue import regions
from rongxin.evaluation.monitoring import rules, vintages
from rongxin.evaluation.monitoring.parameters import Limits
from rongxin.evaluation.monitoring.rules import Cell
from rongxin.evaluation.monitoring.vintages import Scored
from rongxin.financing.aggregates import Limits as Tellable
from rongxin.vocabulary.subject_kind import SubjectKind

LABELS = {
    "region": ("地区", "region"),
    "size": ("规模", "size"),
    "age": ("成立年限", "age"),
    "ownership": ("主体类型", "kind of subject"),
}
_SIZES = {"micro": "微型", "small": "小型", "medium": "中型", "large": "大型", "unknown": "规模未知"}
_UNKNOWN = "unknown"


def expressions(limits: Limits, day: date) -> dict[str, str]:
    """Return each breakdown's word over the subject `b`, on a day, in SQL."""
    bands = limits.age_bands
    ages = " ".join(
        f"WHEN b.established_on <= date '{day}' - interval '{low} years' THEN '{low}'"
        for low in reversed(bands)
    )
    return {
        "region": f"coalesce(nullif(b.region, ''), '{_UNKNOWN}')",
        "size": "b.size_class",
        "age": f"CASE WHEN b.established_on IS NULL THEN '{_UNKNOWN}' {ages} ELSE '{bands[0]}' END",
        "ownership": "b.kind",
    }


def of(
    groups: Mapping[str, Mapping[str, NDArray[np.int64]]],
    loans: Sequence[Scored],
    limits: Limits,
    tellable: Tellable,
) -> list[dict[str, Any]]:
    """Return each breakdown: how many, the mean score, who is below the cut, and what outcomes say."""
    return [
        _breakdown(name, cells, _loans_by(loans, place), limits, tellable)
        for place, (name, cells) in enumerate(groups.items())
    ]


def _loans_by(loans: Sequence[Scored], place: int) -> Mapping[str, list[Scored]]:
    found: dict[str, list[Scored]] = defaultdict(list)
    for one in loans:
        found[one.groups[place]].append(one)
    return found


def _breakdown(
    name: str,
    cells: Mapping[str, NDArray[np.int64]],
    loans: Mapping[str, Sequence[Scored]],
    limits: Limits,
    tellable: Tellable,
) -> dict[str, Any]:
    counted = [
        Cell(word, int(sums[1])) for word, sums in sorted(cells.items(), key=lambda pair: _order(pair[0]))
    ]
    hidden = rules.withheld(counted, least=limits.group_min)
    shown = [cell for cell in counted if cell.subjects and cell.word not in hidden]
    above = [1000 - _below(cells[cell.word]) for cell in shown]
    best = max(above, default=0)
    lines = []
    for cell, share in zip(shown, above, strict=True):
        ratio = share / best if best else 1.0
        lines.append(
            {
                "group": cell.word,
                "label": _label(name, cell.word, limits),
                "rated": rules.rounded(cell.subjects, limits.round_to),
                "mean_score": round(int(cells[cell.word][2]) / cell.subjects),
                "below_cut_permille": 1000 - share,
                "ratio_hundredths": round(100 * ratio),
                "watch": ratio < limits.share_ratio_watch,
                "outcomes": vintages.discrimination(loans.get(cell.word, ()), limits, tellable),
            }
        )
    return {
        "breakdown": name,
        "label": LABELS[name][0],
        "label_en": LABELS[name][1],
        "groups": lines,
        "withheld_groups": len([word for word in hidden if word]),
    }


def _below(sums: NDArray[np.int64]) -> int:
    return round(1000 * int(sums[3]) / int(sums[1]))


def _order(word: str) -> tuple[int, int, str]:
    return (word == _UNKNOWN, int(word) if word.isdigit() else 0, word)


def _label(name: str, word: str, limits: Limits) -> str:
    if name == "region":
        return "地区未知" if word == _UNKNOWN else f"{regions.label(word)} {word}".strip()
    if name == "size":
        return _SIZES.get(word, word)
    if name == "ownership":
        return SubjectKind(word).label
    if word == _UNKNOWN:
        return "成立日期未知"
    bands = limits.age_bands
    low = int(word)
    upper = next((band for band in bands if band > low), None)
    return f"{low} 年及以上" if upper is None else f"{low} 至不满 {upper} 年"
