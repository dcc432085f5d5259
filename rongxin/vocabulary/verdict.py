"""What may happen to one field of one record: the four answers of the gate （六）（九）."""

from __future__ import annotations

from rongxin.vocabulary.labelled import Labelled


class Verdict(Labelled):
    REVEAL = "reveal", "提供", "reveal"
    MASK = "mask", "脱敏提供", "mask"
    VERIFY_ONLY = "verify_only", "仅核验", "verify only"
    WITHHOLD = "withhold", "不提供", "withhold"

    def stricter_than(self, other: Verdict) -> bool:
        """Whether less leaves by this verdict than by the other; a result of a check is less than a mask."""
        order = tuple(Verdict)
        return order.index(self) > order.index(other)
