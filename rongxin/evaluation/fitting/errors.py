"""What can go wrong when a card is fitted or applied, in words for the one who holds the data."""

from __future__ import annotations


class FittingError(Exception):
    """A card can't be fitted or applied."""

    code = "fitting_error"


class UnreadableData(FittingError):
    """The file isn't there, isn't CSV, Parquet or ARFF, or breaks off; the message says where."""

    code = "unreadable_data"


class TooLittleMemory(FittingError):
    """Memory ran out; nothing half written is left. The message says what bounds it and what to do."""

    code = "too_little_memory"


class UnknownColumn(FittingError):
    """The file has no such column; the message lists what it has."""

    code = "unknown_column"


class TargetNotBinary(FittingError):
    """The target must have exactly two values, and it must be plain which of them is the bad one."""

    code = "target_not_binary"


class TooLittleData(FittingError):
    """There are too few rows, too few bad ones, or no column that says anything."""

    code = "too_little_data"


class TooManyColumns(FittingError):
    """More columns could be used than a card holds; leave some out."""

    code = "too_many_columns"


class BadPlace(FittingError):
    """The card can't be written there, or would take the place of what it is made from."""

    code = "bad_place"


class BadDirections(FittingError):
    """A declared direction names a column that isn't there, or is neither + nor -."""

    code = "bad_directions"


class BadCard(FittingError):
    """The file is no card: not the format, too large, not whole, or its digest doesn't fit."""

    code = "bad_card"


class UnreadableCell(FittingError):
    """A cell can't be read as the card wants it; correct the row or leave the cell empty."""

    code = "unreadable_cell"
