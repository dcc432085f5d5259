"""The render process: charts and PDF are made beside the server, never inside it.

The chart engine takes some 180 MiB and a hostile page could take long; a process of its own keeps both away
from the threads that answer requests. It speaks length-prefixed JSON on its pipes and ends when its parent
does.
"""

from __future__ import annotations

import base64
import contextlib
import os
import signal
import struct
import subprocess
import sys
import threading
from collections.abc import Mapping
from typing import IO, Any, cast

import orjson

_HEAD = struct.Struct(">I")
JOB_SECONDS_MAX = 30
# What the render process is told of our environment: no database address, no keys.
_ENVIRONMENT = (
    "PATH",
    "HOME",
    "LANG",
    "LC_ALL",
    "TZ",
    "TZDIR",
    "TMPDIR",
    "PYTHONPATH",
    "PYTHONUTF8",
    "VIRTUAL_ENV",
)


class RenderingFailed(Exception):
    """The page could not be rendered; the report itself is released, ask for it as JSON or try again."""

    code = "rendering_failed"


class Press:
    """One render process, started when first needed and again when it has died. Safe to share by threads."""

    def __init__(self, job_seconds_max: float = JOB_SECONDS_MAX) -> None:
        self._job_seconds_max = job_seconds_max
        self._process: subprocess.Popen[bytes] | None = None
        self._lock = threading.Lock()

    def charts(self, report: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Draw the charts of a prepared report, each for a desk and for a telephone."""
        shown = {key: part for key, part in report.items() if key != "electronic"}
        return cast(list[dict[str, Any]], self._ask({"job": "charts", "report": shown}))

    def pdf(self, report: Mapping[str, Any]) -> bytes:
        """Print a prepared report, charts included."""
        return base64.b64decode(cast(str, self._ask({"job": "pdf", "report": report})))

    def quality(self, report: Mapping[str, Any]) -> bytes:
        """Print a provider's quality report (`delivery.quality_report`)."""
        return base64.b64decode(cast(str, self._ask({"job": "quality", "report": report})))

    def model(self, job: Mapping[str, Any]) -> bytes:
        """Print a monthly model report (`delivery.model_report`), as its `form` says."""
        return base64.b64decode(cast(str, self._ask({"job": "model", **job})))

    def close(self) -> None:
        with self._lock:
            self._stop()

    def _ask(self, job: Mapping[str, Any]) -> object:
        with self._lock:
            process = self._running()
            overdue = threading.Timer(self._job_seconds_max, process.kill)
            overdue.daemon = True
            overdue.start()
            try:
                _write(cast(IO[bytes], process.stdin), job)
                reply = _read(cast(IO[bytes], process.stdout))
            except OSError as error:
                reply = {"error": str(error)}
            finally:
                overdue.cancel()
            if reply is None or "error" in reply:
                self._stop()
                raise RenderingFailed((reply or {}).get("error", "the render process ended or took too long"))
            return reply["result"]

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None or self._process.poll() is not None:
            self._stop()
            self._process = subprocess.Popen(
                [sys.executable, "-m", "rongxin.delivery.rendering.press"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                env={name: os.environ[name] for name in _ENVIRONMENT if name in os.environ},
            )
        return self._process

    def _stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            for pipe in (self._process.stdin, self._process.stdout):
                if pipe is not None:
                    with contextlib.suppress(OSError):  # what a dead process never read is lost with it
                        pipe.close()
            self._process = None


def _write(pipe: IO[bytes], message: Mapping[str, Any]) -> None:
    body = orjson.dumps(message)
    pipe.write(_HEAD.pack(len(body)))
    pipe.write(body)
    pipe.flush()


def _read(pipe: IO[bytes]) -> dict[str, Any] | None:
    """Return the next message; None where the other side has ended, be it in the middle of a message."""
    head = pipe.read(_HEAD.size)
    if len(head) < _HEAD.size:
        return None
    length = _HEAD.unpack(head)[0]
    body = pipe.read(length)
    return cast(dict[str, Any], orjson.loads(body)) if len(body) == length else None


def _serve(jobs: IO[bytes], replies: IO[bytes]) -> None:
    # Imported here alone: the parent, which imports this module too, must not load the engines.
    from rongxin.delivery.rendering import charts, model_report, pdf, quality  # noqa: PLC0415

    def done(job: Mapping[str, Any]) -> object:
        if job["job"] == "model":
            return base64.b64encode(model_report.render(job)).decode()
        if job["job"] == "quality":
            return base64.b64encode(quality.render(job["report"])).decode()
        if job["job"] == "charts":
            return charts.draw_for_pages(job["report"])
        return base64.b64encode(pdf.render(job["report"], charts.draw(job["report"]))).decode()

    while (job := _read(jobs)) is not None:
        # A job that outlives its parent's patience ends the process, also where the parent is gone.
        signal.alarm(JOB_SECONDS_MAX + 5)
        try:
            reply: dict[str, Any] = {"result": done(job)}
        except Exception as error:  # whatever a page does, the press answers and the server goes on
            reply = {"error": f"{type(error).__name__}: {error}"}
        signal.alarm(0)
        _write(replies, reply)


def _main() -> None:
    # The pipe is ours alone: what an engine prints goes to standard error and never into a reply.
    replies = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the server, which ends us in its time
    with contextlib.suppress(BrokenPipeError):
        _serve(sys.stdin.buffer, replies)


if __name__ == "__main__":
    _main()
