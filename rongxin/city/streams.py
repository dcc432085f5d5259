"""Random streams: one per subject and topic, so that a subject is the same in a city of any size.

Two sources, each the same in every Python version. Subjects below `HASHED_FROM` draw from
`random.Random.random` (the sequences of `choice` and `gauss` are not promised): the demo's city stays what it
was. To set that up costs more than most subjects ever draw from it, so those above, of whom only large cities
have any, draw from the digests of the path itself.
"""

from __future__ import annotations

import hashlib
import math
import random
import struct
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from itertools import count
from typing import TypeVar

T = TypeVar("T")

HASHED_FROM = 20_000
_EIGHT = struct.Struct("<8Q")


def _hashed(key: bytes) -> Iterator[float]:
    """Numbers in [0, 1) of 53 bits, eight of each digest of the key with a counter behind it."""
    for block in count():
        for word in _EIGHT.unpack(hashlib.blake2b(b"%b#%d" % (key, block)).digest()):
            yield (word >> 11) * 2**-53


class Stream:
    """A seeded source of draws; everything invented comes out of one of these.

    Set up at the first draw: many topics are over before it (no staff, no company).
    """

    __slots__ = ("_draw", "_path")
    _draw: Callable[[], float]

    def __init__(self, *path: object) -> None:
        self._path = path

    def __getattr__(self, name: str) -> Callable[[], float]:
        if name != "_draw":  # the only slot that may still be empty
            raise AttributeError(name)
        key = "/".join(map(str, self._path)).encode()
        number = self._path[1] if len(self._path) > 1 else ""
        if isinstance(number, int) and number >= HASHED_FROM:
            self._draw = draw = _hashed(key).__next__
        else:
            seed = int.from_bytes(hashlib.blake2b(key, digest_size=8).digest(), "big")
            self._draw = draw = random.Random(seed).random
        return draw

    def unit(self) -> float:
        """A number in [0, 1)."""
        return self._draw()

    def chance(self, probability: float) -> bool:
        return self._draw() < probability

    def whole(self, low: int, high: int) -> int:
        """A whole number from `low` to `high`, both included."""
        return low + int(self._draw() * (high - low + 1))

    def pick(self, choices: Sequence[T]) -> T:
        return choices[int(self._draw() * len(choices))]

    def weighted(self, choices: Mapping[T, float]) -> T:
        """One of the keys, as often as its weight says."""
        left = self._draw() * sum(choices.values())
        for choice, weight in choices.items():
            left -= weight
            if left < 0:
                return choice
        return choice

    def normal(self) -> float:
        """A draw from the standard normal distribution (Box–Muller)."""
        return math.sqrt(-2 * math.log(1 - self._draw())) * math.cos(2 * math.pi * self._draw())

    def between(self, low: float, high: float) -> float:
        """A number between two positive bounds, even on the logarithmic scale: small ones are the many."""
        return math.exp(math.log(low) + self._draw() * (math.log(high) - math.log(low)))

    def count(self, mean: float, *, most: int = 12) -> int:
        """A Poisson draw, cut at `most`."""
        limit, product, number = math.exp(-mean), self._draw(), 0
        while product > limit and number < most:
            product *= self._draw()
            number += 1
        return number

    def day(self, first: date, last: date) -> date:
        """A day from `first` to `last`, both included; `last` where the two have changed places."""
        days = (last - first).days
        return last if days <= 0 else first + timedelta(days=int(self._draw() * (days + 1)))

    def digits(self, length: int) -> str:
        return "".join(str(int(self._draw() * 10)) for _ in range(length))

    def yuan(self, low: float, high: float) -> Decimal:
        """An amount of money to the fen, mostly nearer to `low`."""
        return Decimal(int(self.between(low, high) * 100)).scaleb(-2)


def odds(mean: float, health: float, slope: float = 0.9) -> float:
    """The chance of what `mean` of all subjects have and the unhealthy (health < 0) have more often.

    A negative slope makes it a thing of the healthy. `exp(slope² / 2)` keeps the mean over all subjects.
    """
    return min(0.97, mean * math.exp(-slope * health - slope * slope / 2))
