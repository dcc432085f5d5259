"""What a check is: an id, what it asserts and where that is written, and how it is tried.

A check ends as passed, failed or skipped. What it saw on the way is its evidence: without it nobody can say
whose fault a failure is.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Generic, NoReturn, Protocol, TypeVar


class Result(StrEnum):
    """How a check ended."""

    PASSED = "pass"
    FAILED = "fail"
    SKIPPED = "skipped"


class NotAsWritten(Exception):
    """What came isn't what is written; the message says what was expected and what came."""


class Skip(Exception):
    """The check could not be tried; the message says what it needs."""


class Scene(Protocol):
    """What a check acts upon."""

    #: What was sent and came since the check began, a line each.
    seen: list[str]


S = TypeVar("S", bound=Scene)


@dataclass(frozen=True)
class Check(Generic[S]):
    """One assertion about the other side."""

    id: str
    asserts: str
    source: str
    tried: Callable[[S], None]


@dataclass(frozen=True)
class Finding:
    """How one check ended."""

    id: str
    asserts: str
    source: str
    result: Result
    why: str
    evidence: Sequence[str]
    seconds: float


@dataclass
class Suite(Generic[S]):
    """Checks that belong together, in the order in which they are written."""

    checks: list[Check[S]] = field(default_factory=list)

    def check(
        self, id: str, asserts: str, source: str
    ) -> Callable[[Callable[[S], None]], Callable[[S], None]]:
        """Take a function in as a check."""

        def take(tried: Callable[[S], None]) -> Callable[[S], None]:
            if any(one.id == id for one in self.checks):
                raise ValueError(f"two checks are called {id}")
            self.checks.append(Check(id, asserts, source, tried))
            return tried

        return take


def run(checks: Sequence[Check[S]], scene: S) -> Iterator[Finding]:
    """Try the checks one after the other; none of them can stop the others."""
    for check in checks:
        scene.seen.clear()
        began = time.monotonic()
        result, why = Result.PASSED, ""
        try:
            check.tried(scene)
        except Skip as skip:
            result, why = Result.SKIPPED, str(skip)
        except NotAsWritten as error:
            result, why = Result.FAILED, str(error)
        except Exception as error:  # what a stranger's server answers may break anything that reads it
            result, why = Result.FAILED, f"应答不能理解 what came can't be understood: {error!r}"
        seconds = round(time.monotonic() - began, 3)
        yield Finding(check.id, check.asserts, check.source, result, why, tuple(scene.seen), seconds)


def expect(holds: bool, otherwise: str) -> None:
    """Go on only where something holds."""
    if not holds:
        fail(otherwise)


def fail(why: str) -> NoReturn:
    raise NotAsWritten(why)


def same(what: str, expected: object, came: object) -> None:
    """Go on only where what came is what was expected."""
    expect(expected == came, f"{what}：应为 expected {expected!r}，实际 came {came!r}")
