"""What leaves an engine: CSV, one line a subject, in the order of subjects.

A line has the subject's number, the columns of `RESULT`, the inputs and their SHA-256.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from rongxin.evaluation.compiling import Program

#: The columns of a program's result that are the score itself; all others are its inputs.
RESULT = ("score", "grade", "public_grade", "coverage", "confidence", "vetoes")
#: What of a subject itself a score is computed from.
ABOUT = ("kind", "industry", "size_class", "known")


@dataclass(frozen=True)
class Scored:
    """The scores of one bucket, in a file that is deleted once they are committed."""

    path: Path


def of(program: Program) -> str:
    """Return the SELECT of what is kept of each subject, inputs as a JSON list in the program's order."""
    result = ", ".join(f'scored."{name}"' for name in RESULT)
    inputs = ", ".join(told(program))
    return (
        f"SELECT _subject, {', '.join(RESULT)}, inputs, sha256(inputs) FROM"  # noqa: S608
        f" (SELECT scored._subject, {result}, CAST(json_array({inputs}) AS VARCHAR) AS inputs"
        f" FROM {beside(program)}) AS told"
    )


def beside(program: Program) -> str:
    """Write the scores beside their subjects."""
    return f"({program.sql}) AS scored JOIN subject ON subject._subject = scored._subject"


def told(program: Program, quote: str = '"') -> list[str]:
    """Write the columns of `inputs_of`, in that order."""
    return [f"{'subject' if name in ABOUT else 'scored'}.{quote}{name}{quote}" for name in inputs_of(program)]


def inputs_of(program: Program) -> tuple[str, ...]:
    """Name what a score is computed from and told with, in the order in which it is kept: of the subject, of
    the facts, of each source its newest day.
    """
    return (*ABOUT, *(name for name in program.columns if name not in ("_subject", *RESULT)))
