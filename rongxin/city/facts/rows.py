"""What all fact modules share: the shape of a row and of the function that invents rows.

A row maps catalogue field names (and source columns of a known layout) to values: `date`, `Decimal`, `int`
(also for years), `bool`, `str`, or a list of `str`. Who the subject is, is added where rows are gathered.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal
from functools import wraps
from typing import Any, TypeVar

from rongxin.city.city import City
from rongxin.city.streams import Stream
from rongxin.city.subjects import Subject

Row = dict[str, Any]
Invent = Callable[[City, Subject, Stream], Iterator[Row]]
Answer = TypeVar("Answer")


def remembered(find: Callable[[City, Subject], Answer]) -> Callable[[City, Subject], Answer]:
    """Keep the answer about the last subject: the items that share it are invented one after the other."""
    last: list[Any] = [None, None, None]

    @wraps(find)
    def ask(city: City, subject: Subject) -> Answer:
        if last[0] is not subject or last[1] is not city:
            last[:] = subject, city, find(city, subject)
        answer: Answer = last[2]
        return answer

    return ask


def cny(ten_thousands: float) -> Decimal:
    """Money in yuan to the fen, from a figure in 万元."""
    return Decimal(round(ten_thousands * 1_000_000)).scaleb(-2)
