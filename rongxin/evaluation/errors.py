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


class NotScored(EvaluationError):
    """No published run scores this subject as of that day."""

    code = "not_scored"


class NothingToScore(EvaluationError):
    """There is no registered subject yet."""

    code = "nothing_to_score"


class RunUnderWay(EvaluationError):
    """Another process is at this run; wait for it or stop it."""

    code = "run_under_way"


class NotReproduced(EvaluationError):
    """The stored inputs give another result than the stored one: version or inputs were changed."""

    code = "not_reproduced"
