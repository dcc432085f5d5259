"""What may happen to one field of one record: the four answers of the gate （六）（九）."""

from __future__ import annotations

from rongxin.vocabulary.labelled import Labelled


class Verdict(Labelled):
    REVEAL = "reveal", "提供", "reveal"
    MASK = "mask", "脱敏提供", "mask"
    VERIFY_ONLY = "verify_only", "仅核验", "verify only"
    WITHHOLD = "withhold", "不提供", "withhold"
