"""What all tests share: the list of what had to be left out, said at the end and strict on demand."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable

import pytest

LEFT_OUT: dict[str, int] = {}
CHROMIUM = ("chromium", "chromium-browser", "google-chrome")


def pytest_collection_modifyitems(items: Iterable[pytest.Item]) -> None:
    """A test that needs a part of the machine which isn't there is left out, visibly."""
    browser = next((path for path in map(shutil.which, CHROMIUM) if path), None)
    for item in items:
        if "browser" in item.keywords and browser is None:
            item.add_marker(
                pytest.mark.skip(reason="no Chromium on this machine (Debian: apt install chromium)")
            )


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say what was left out and why; each reason once, with the number of tests."""
    LEFT_OUT.update(_left_out(terminalreporter))
    if not LEFT_OUT:
        return
    terminalreporter.section("left out", sep="-")
    for reason, count in sorted(LEFT_OUT.items()):
        terminalreporter.write_line(f"left out: {reason} ({count} {'test' if count == 1 else 'tests'})")
    if os.environ.get("RONGXIN_STRICT") == "1":
        terminalreporter.write_line("RONGXIN_STRICT=1: what is left out is a failure")


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if reporter is not None and os.environ.get("RONGXIN_STRICT") == "1" and _left_out(reporter):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def _left_out(reporter: pytest.TerminalReporter) -> dict[str, int]:
    reasons: dict[str, int] = {}
    for report in reporter.stats.get("skipped", []):
        where = report.longrepr
        reason = str(where[2] if isinstance(where, tuple) else where).removeprefix("Skipped: ")
        reasons[reason] = reasons.get(reason, 0) + 1
    return reasons
