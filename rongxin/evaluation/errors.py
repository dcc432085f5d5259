"""What can go wrong with indicators, parameters and scores."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rongxin.catalogue.errors import Problem, did_you_mean


class EvaluationError(Exception):
    """Base of this room's errors; `code` is stable."""

    code = "evaluation"


class InvalidIndicators(EvaluationError):
    """The files of indicators or parameters contradict themselves; every fault is named with its place."""

    code = "invalid_indicators"

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(map(str, self.problems)))


class UnknownVersion(EvaluationError, LookupError):
    """No parameter files of that version are here."""

    code = "unknown_evaluation_version"

    def __init__(self, version: str, known: Iterable[str]) -> None:
        listed = sorted(known)
        super().__init__(
            f"没有评价版本 {version!r}{did_you_mean(version, listed)}；现有：{'、'.join(listed)}"
            f" (no evaluation version {version!r}; choose one of those named)"
        )

    def __str__(self) -> str:
        return str(self.args[0])
