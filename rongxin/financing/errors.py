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


class UnknownProduct(FinancingError):
    """There is no such product, or it is another institution's."""

    code = "unknown_product"


class ProductRefused(FinancingError):
    """The terms of a product can't be offered so; the message names each place and what is wrong there."""

    code = "product_refused"


class ProductNotPossible(FinancingError):
    """Where the product stands, this can't be done."""

    code = "product_not_possible"


class UnknownFinancingApplication(FinancingError):
    """There is no such application of a firm, or it is another's; the two look alike to a stranger."""

    code = "unknown_financing_application"

    def __init__(self, application: object) -> None:
        super().__init__(f"没有编号为{application}的融资申请")


class ApplicationRefused(FinancingError):
    """What was filled in or answered can't be taken so; the message says what to mend."""

    code = "financing_application_refused"


class ApplicationNotPossible(FinancingError):
    """Where the application stands, this can't be done."""

    code = "financing_application_not_possible"


class UnknownPaper(FinancingError):
    """There is no such paper with this application."""

    code = "unknown_application_paper"
