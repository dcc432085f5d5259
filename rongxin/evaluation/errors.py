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


class NotFrozen(EvaluationError):
    """A run gives no version: there is none, it has too few files, or the version is there already."""

    code = "evaluation_not_frozen"


class NotReproduced(EvaluationError):
    """The stored inputs give another result than the stored one: version or inputs were changed."""

    code = "not_reproduced"


class InvalidEdition(EvaluationError):
    """A dated parameter file of this room can't be read; the message names it."""

    code = "invalid_evaluation_edition"


class UnknownInstitutionCard(EvaluationError):
    """There is no such card, or it is another institution's."""

    code = "unknown_institution_card"


class InstitutionCardRefused(EvaluationError):
    """What was uploaded is no card that can be applied here; the message says which part, and why."""

    code = "institution_card_refused"


class InstitutionCardRetired(EvaluationError):
    """The card is no longer in use; upload another."""

    code = "institution_card_retired"


class UnknownModel(EvaluationError):
    """No version of that name is registered."""

    code = "unknown_evaluation_model"


class ModelRefused(EvaluationError):
    """What is said of a version is incomplete or wrong, or its files were changed since it was registered."""

    code = "evaluation_model_refused"


class ModelNotPossible(EvaluationError):
    """The state of the version doesn't allow it."""

    code = "evaluation_model_not_possible"


class UnknownModelReport(EvaluationError):
    """There is no report of that month yet."""

    code = "unknown_model_report"


class BadMonth(EvaluationError):
    """A month is written like 2026-10, and has begun."""

    code = "bad_month"
