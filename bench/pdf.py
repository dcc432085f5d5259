"""What printing a report costs in CPU time (reach: three pages <= 60 ms warm, with three charts <= 200 ms).

`rongxin bench pdf [rounds=20 warmup=3]`. The floor, in the same run and turn by turn, is typst itself: an
empty document of as many pages in the same font. Every round prints another report, since the compiler keeps
what it has set before. What signing adds (PAdES B-B, ECDSA P-256, without a time-stamp) stands
beside it and is no part of the reach. CPU time of this process is counted, so other work doesn't fall on it.
"""

from __future__ import annotations

import io
import itertools
import json
import os
import statistics
import sys
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import django

DATABASE = False
DEFAULTS = {"rounds": 20, "warmup": 3}
PAGES = 3
REACH_PLAIN_MS = 60
REACH_CHARTS_MS = 200
# Items of a report of three pages: what most firms have, several records each.
ITEMS = (
    "business_licence",
    "tax_payment",
    "honours",
    "trademark",
)


def run(arguments: Mapping[str, str]) -> dict[str, object]:
    """Measure, and return the figures with their floor; progress goes to standard error."""
    unknown = set(arguments) - set(DEFAULTS)
    if unknown:
        raise ValueError(f"{', '.join(sorted(unknown))}: this bench knows {', '.join(DEFAULTS)}")
    given = {key: int(arguments.get(key, default)) for key, default in DEFAULTS.items()}
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "rongxin.site.settings")
    django.setup()  # what a report is made of knows tables, though none is asked
    costs: dict[str, list[float]] = {"floor": [], "plain": [], "charts": [], "signature": []}
    pages: list[int] = []
    rounds = given["warmup"] + given["rounds"]
    for number in range(rounds):
        measured, printed = _round(number)
        if number >= given["warmup"]:
            for name, cost in measured.items():
                costs[name].append(cost)
            pages.append(printed)
        sys.stderr.write(f"round {number + 1}/{rounds}: {measured}, {printed} pages\n")
    medians = {name: round(statistics.median(found), 2) for name, found in costs.items()}
    return {
        "bench": "pdf",
        "ratio": round(medians["floor"] / medians["plain"], 4),
        "floor": {"what": f"empty typst document of {PAGES} pages", "cpu_ms": medians["floor"]},
        "cpu_ms": medians["plain"],
        "cpu_ms_with_charts": medians["charts"],
        "cpu_ms_signature": medians["signature"],
        "cpu_ms_signed": round(medians["plain"] + medians["signature"], 2),
        "cpu_ms_with_charts_signed": round(medians["charts"] + medians["signature"], 2),
        "cpu_ms_worst": round(max(costs["plain"]), 2),
        "cpu_ms_with_charts_worst": round(max(costs["charts"]), 2),
        "pages": sorted(set(pages)),
        "reach": {"cpu_ms": REACH_PLAIN_MS, "cpu_ms_with_charts": REACH_CHARTS_MS},
        "reached": medians["plain"] <= REACH_PLAIN_MS and medians["charts"] <= REACH_CHARTS_MS,
    }


def _round(number: int) -> tuple[dict[str, float], int]:
    import pypdf

    from rongxin.delivery.rendering import charts, pdf

    report = _report(number)
    drawn = charts.draw(report)
    assert len(drawn) == 3, [chart["title"] for chart in drawn]
    documents: list[bytes] = []
    # A report of its own for each, or the second would find the first's pages in the compiler's memory.
    with_charts, plain = _report(number + 100_000), report

    def printed_with_charts() -> bytes:
        return pdf.render(with_charts, charts.draw(with_charts))

    measured = {
        "floor": _cost(lambda: _empty(number), []),
        "plain": _cost(lambda: pdf.render(plain, []), documents),
        "charts": _cost(printed_with_charts, documents),
        "signature": _cost(lambda: _signed(documents[1]), documents),
    }
    return measured, len(pypdf.PdfReader(io.BytesIO(documents[0])).pages)


def _signed(printed: bytes) -> bytes:
    from rongxin.delivery.signature import credential, signing

    global _SIGNER
    if _SIGNER is None:
        _SIGNER = credential.self_signed("bench", datetime.now(UTC))
        signing.sign(printed, _SIGNER, as_of=datetime.now(UTC))  # loads what is loaded once
    return signing.sign(printed, _SIGNER, as_of=datetime.now(UTC)).pdf


def _cost(work: Callable[[], bytes], kept: list[bytes]) -> float:
    start = time.process_time()
    document = work()
    cost = (time.process_time() - start) * 1000
    kept.append(document)
    return round(cost, 2)


def _report(number: int) -> dict[str, Any]:
    from tests.unit.delivery import factory

    every = factory.loader.load().items
    given = factory.release(seed=number, consent=factory.FULL, items=tuple(every), rows=2, change=_spread)
    keep = [item if item.item in ITEMS else factory.without_rows(item) for item in given.items]
    return factory.prepared(factory.replace(given, items=tuple(keep)))


def _spread(item: str, row: dict[str, Any]) -> dict[str, Any]:
    """Honours of one year each, so that every report has a chart by year."""
    if item == "honours":
        row["awarded_on"] = f"{2020 + next(_YEARS) % 6}-05-01"
    return row


_YEARS = itertools.count()


def _empty(number: int) -> bytes:
    import typst

    from rongxin.delivery.rendering import fonts

    global _FLOOR
    if _FLOOR is None:
        _FLOOR = typst.Compiler(font_paths=[str(fonts.directory())], ignore_system_fonts=True)
    breaks = "#pagebreak() ".join(f"第{number}-{page}页 " for page in range(PAGES))
    source = f'#set text(font: "{fonts.FAMILY}")\n{breaks}'
    document = _FLOOR.compile(source.encode(), format="pdf", pdf_standards="a-3b", timestamp=number)
    assert isinstance(document, bytes)
    return document


_FLOOR: Any = None
_SIGNER: Any = None

if __name__ == "__main__":
    sys.stdout.write(json.dumps(run(dict(argument.split("=", 1) for argument in sys.argv[1:]))) + "\n")
