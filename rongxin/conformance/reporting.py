"""What a run found: for people a table, for machines JSON, for a build server JUnit."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Sequence
from typing import Any
from xml.etree import ElementTree

from rongxin.conformance.checks import Finding, Result

_MARKS = {Result.PASSED: "✓", Result.FAILED: "✗", Result.SKIPPED: "－"}
_WIDTH = 8


def line(found: Finding) -> str:
    """Return a finding as a line; of what didn't pass also why, its source and what was seen."""
    lines = [f"{_MARKS[found.result]} {_padded(found.id)}{found.asserts}"]
    if found.result is Result.SKIPPED:
        lines.append(f"    未试 skipped: {found.why}")
    if found.result is Result.FAILED:
        lines += [f"    {found.why}", f"    依据 source: {found.source}"]
        lines += [f"    | {one}" for one in found.evidence]
    return "\n".join(lines)


def total(found: Sequence[Finding]) -> str:
    counts = Counter(one.result for one in found)
    return (
        f"通过 passed {counts[Result.PASSED]}，未通过 failed {counts[Result.FAILED]}，"
        f"未试 skipped {counts[Result.SKIPPED]}"
    )


def document(found: Sequence[Finding], *, side: str, base_url: str, at: str, version: str) -> dict[str, Any]:
    """Return all findings as one JSON-ready document."""
    counts = Counter(one.result for one in found)
    return {
        "format": "rongxin-conformance-1",
        "side": side,
        "base_url": base_url,
        "at": at,
        "suite": version,
        "counts": {result.value: counts[result] for result in Result},
        "conforms": not counts[Result.FAILED],
        "checks": [
            {
                "id": one.id,
                "asserts": one.asserts,
                "source": one.source,
                "result": one.result.value,
                "why": one.why,
                "evidence": list(one.evidence),
                "seconds": one.seconds,
            }
            for one in found
        ],
    }


def junit(found: Sequence[Finding], *, side: str) -> bytes:
    """Return the findings as JUnit XML, as build servers read it."""
    counts = Counter(one.result for one in found)
    suite = ElementTree.Element(
        "testsuite",
        name=f"rongxin.conformance.{side}",
        tests=str(len(found)),
        failures=str(counts[Result.FAILED]),
        skipped=str(counts[Result.SKIPPED]),
        errors="0",
        time=f"{sum(one.seconds for one in found):.3f}",
    )
    for one in found:
        case = ElementTree.SubElement(
            suite,
            "testcase",
            classname=f"rongxin.{side}",
            name=f"{one.id} {one.asserts}",
            time=f"{one.seconds}",
        )
        if one.result is Result.SKIPPED:
            ElementTree.SubElement(case, "skipped", message=_plain(one.why))
        if one.result is Result.FAILED:
            failure = ElementTree.SubElement(
                case, "failure", message=_plain(one.why), type=_plain(one.source)
            )
            failure.text = _plain("\n".join(one.evidence))
    ElementTree.indent(suite)
    text = ElementTree.tostring(suite, encoding="unicode")
    return f'<?xml version="1.0" encoding="utf-8"?>\n{text}\n'.encode()


def _plain(text: str) -> str:
    """Leave out what XML 1.0 can't hold: a stranger's answer may contain anything."""
    return "".join(
        one for one in text if one in "\t\n\r" or unicodedata.category(one) not in ("Cc", "Cs", "Cn")
    )


def _padded(text: str) -> str:
    return text.ljust(_WIDTH)
