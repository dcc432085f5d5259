"""What all tests share: what had to be left out stands in the last lines, and is a failure on demand.

`RONGXIN_STRICT=1` fails the run for any test that was left out; `RONGXIN_STRICT=present` for those only whose
tool is on this machine (or which need none). A test that leaves a setting or a variable changed fails itself,
not the test that happens to come after it.
"""

from __future__ import annotations

import os
import shutil
from collections import Counter
from collections.abc import Generator, Iterable
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as site
from hypothesis import HealthCheck, settings

from tests import emptying, fonts, open_data

TOOLS = {
    "Chromium": ("chromium", "chromium-browser", "google-chrome"),
    "Java": ("java",),
    "MariaDB": ("mariadbd",),
    "OpenSSL": ("openssl",),
}


# The settings and variables as the test that runs now found them.
FOUND: list[dict[str, Any]] = []

# How fast values are made says what else the machine does, and nothing of the code.
settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")


def pytest_configure() -> None:
    emptying.instead_of_truncating()


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol() -> Generator[None, object, object]:
    """Put back what a test leaves changed for those that come after it."""
    FOUND[:] = [_settings(), _environment()]
    try:
        return (yield)
    finally:
        for name, value in _changed(FOUND[0], _settings()).items():
            setattr(site, name, value)
        for name, value in _changed(FOUND[1], _environment()).items():
            os.environ.pop(name) if value is None else os.environ.update({name: value})


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_teardown() -> Generator[None, object, object]:
    """Fail a test that has left a setting or a variable changed."""
    answer = yield
    changed = _changed(FOUND[0], _settings()) | _changed(FOUND[1], _environment())
    if changed:
        pytest.fail(f"left changed for the tests that follow: {', '.join(changed)}", pytrace=False)
    return answer


def _settings() -> dict[str, Any]:
    return {name: getattr(site, name) for name in dir(site) if name.startswith("RONGXIN_")}


def _environment() -> dict[str, Any]:
    return {name: value for name, value in os.environ.items() if name.startswith("RONGXIN_")}


def _changed(before: dict[str, Any], after: dict[str, Any]) -> dict[str, Any]:
    """Return what was before, by name, of all that is not so any more."""
    names = sorted(before.keys() | after.keys())
    return {name: before.get(name) for name in names if before.get(name) != after.get(name)}


def pytest_collection_modifyitems(items: Iterable[pytest.Item]) -> None:
    """Leave out, visibly, what needs a part that this machine doesn't have."""
    for item in items:
        if "browser" in item.keywords and not _has("Chromium"):
            item.add_marker(
                pytest.mark.skip(reason="no Chromium on this machine (Debian: apt install chromium)")
            )


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> Generator[None, None, None]:
    """Say what was left out and why; each reason once. The runs of one `make test` share a file."""
    yield
    lines = [
        f"left out: {reason} ({count} {'test' if count == 1 else 'tests'})"
        for reason, count in sorted(_left_out(terminalreporter).items())
    ]
    shared = os.environ.get("RONGXIN_LEFT_OUT")
    if shared:
        with Path(shared).open("a+") as file:
            file.writelines(f"{line}\n" for line in lines)
            file.seek(0)
            lines = file.read().splitlines()
    for line in lines:
        terminalreporter.write_line(line)


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    strict = os.environ.get("RONGXIN_STRICT", "")
    if reporter is None or strict in ("", "0") or hasattr(session.config, "workerinput"):
        return
    if any(strict != "present" or not _names_an_absent_tool(reason) for reason in _left_out(reporter)):
        reporter.write_line("\nRONGXIN_STRICT: what is left out is a failure", red=True)
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def _left_out(reporter: pytest.TerminalReporter) -> Counter[str]:
    wheres = (report.longrepr for report in reporter.stats.get("skipped", []))
    return Counter(
        str(where[2] if isinstance(where, tuple) else where).removeprefix("Skipped: ") for where in wheres
    )


def _names_an_absent_tool(reason: str) -> bool:
    lacks_data = reason == open_data.REASON and open_data.find("sba_case.csv") is None
    lacks_font = reason == fonts.REASON and not fonts.has_chinese()
    return (
        lacks_data or lacks_font or any(reason.startswith(f"no {tool} ") and not _has(tool) for tool in TOOLS)
    )


def _has(tool: str) -> bool:
    return any(shutil.which(name) for name in TOOLS[tool])
