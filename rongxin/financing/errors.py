"""What can go wrong in financing, in words for the one who can act on it."""

from __future__ import annotations


class FinancingError(Exception):
    """The act can't be done."""

    code = "financing_error"


class UnfitOutcome(FinancingError):
    """What is told of a case can't be so: a value is missing, out of bounds, or against what stands."""

    code = "unfit_outcome"


class UnknownOutcome(FinancingError):
    """There is no such outcome, or it is another institution's."""

    code = "unknown_outcome"


class UnfitFile(FinancingError):
    """The file can't be read as outcomes at all; nothing of it was taken."""

    code = "unfit_outcome_file"
