"""An owner reads the evaluation in one language and without codes; the report keeps both ((七)(九))."""

from __future__ import annotations

import re
from typing import Any

from django.utils import translation

from rongxin.entrypoints.portals.enterprise import portrait

_SOURCE = {"provider": "税务部门", "label": "纳税信用等级信息"}


def reason(**more: Any) -> dict[str, Any]:
    return {
        "code": "T02",
        "label": {"zh": "近五年纳税信用A级年数", "en": "Years on the A list, of five"},
        "value": {"zh": "2项", "en": "2"},
        "improve": {"zh": "连续保持纳税信用A级", "en": "Keep the A grade"},
        "sources": [_SOURCE],
        "newest_on": None,
        # Every reason has all of them, as in a real evaluation; which counts, its group says.
        "lost_hundredths": 0,
        "won_hundredths": 0,
        "possible_hundredths": 0,
        "would_add_permille": 0,
        "cap": None,
        "consent_items": [],
        **more,
    }


EVALUATION = {
    "scores": [
        {
            "score": 916,
            "coverage_permille": 571,
            "confidence": "medium",
            "reasons": {
                "won": [reason(won_hundredths=3000)],
                "lost": [reason(lost_hundredths=450)],
                "veto": [],
                "lacks": [reason(would_add_permille=91, possible_hundredths=4000, consent_items=[_SOURCE])],
            },
        }
    ]
}


def test_an_owner_reads_her_score_in_one_language_and_without_codes() -> None:
    with translation.override("zh-hans"):
        [score] = portrait.shown(EVALUATION)["scores"]
    assert (score["coverage"], str(score["confidence"])) == ("57.1%", "中")
    effects = [line["effect"] for group in score["groups"] for line in group["lines"]]
    assert effects == ["得30分", "扣4.5分", "取得后覆盖率增加9.1%"]
    won, lost, lacks = (group["lines"][0] for group in score["groups"])
    assert (won["improve"], lost["improve"]) == ("", "连续保持纳税信用A级")
    assert lacks["consent"] == "纳税信用等级信息"
    with translation.override("en"):
        [score] = portrait.shown(EVALUATION)["scores"]
        texts = " ".join(" ".join(line.values()) for group in score["groups"] for line in group["lines"])
        assert re.findall("[\u4e00-\u9fff]", texts) == []
    assert "T02" not in texts
