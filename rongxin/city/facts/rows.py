"""What all fact modules share: the shape of a row and of the function that invents rows.

A row maps catalogue field names (and source columns of a known layout) to values: `date`, `Decimal`, `int`
(also for years), `bool`, `str`, or a list of `str`. Who the subject is, is added where rows are gathered.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

from rongxin.city.city import City
from rongxin.city.streams import Stream
from rongxin.city.subjects import Subject

Row = dict[str, Any]
Invent = Callable[[City, Subject, Stream], Iterator[Row]]


def cny(ten_thousands: float) -> Decimal:
    """Money in yuan to the fen, from a figure in 万元."""
    return Decimal(round(ten_thousands * 1_000_000)).scaleb(-2)
