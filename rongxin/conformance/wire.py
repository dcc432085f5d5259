"""Requests exactly as a check writes them, and what came back; each leaves a line of evidence.

No credential stands in a line: evidence is shown to others.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

import httpx

_SECONDS = 30.0
_SHOWN = 160


@dataclass(frozen=True)
class Answer:
    """What came: names of headers are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def document(self) -> Any:
        """Return the body as JSON; raises ValueError."""
        return json.loads(self.body)

    def member(self, name: str) -> Any:
        """Return a member of the body, None where it is no JSON object or has none."""
        try:
            document = self.document
        except ValueError:
            return None
        return document.get(name) if isinstance(document, dict) else None

    @property
    def code(self) -> str:
        """Return what tells one refusal from another: our `code`, or the `error` of RFC 6749."""
        return str(self.member("code") or self.member("error") or "")


@dataclass
class Wire:
    """A connection that follows no redirect and no setting of the environment."""

    base: str
    seen: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._http = httpx.Client(timeout=_SECONDS, trust_env=False, follow_redirects=False)

    def send(
        self,
        method: str,
        address: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
    ) -> Answer:
        """Send a request; an address without a scheme is a path below the base."""
        url = address if "://" in address else f"{self.base}{address}"
        try:
            came = self._http.request(method, url, headers=dict(headers or {}), content=body)
        except httpx.HTTPError as error:
            self.seen.append(f"{method} {url} → {error!r}")
            raise
        answer = Answer(came.status_code, dict(came.headers), came.content)
        self.seen.append(f"{method} {url} → {answer.status} {_shown(answer)}".rstrip())
        return answer

    def note(self, method: str, url: str, status: int) -> None:
        """Take note of a request that the SDK has sent."""
        self.seen.append(f"{method} {url} → {status or 'no answer'}")

    def close(self) -> None:
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _shown(answer: Answer) -> str:
    """Of a refusal show what it says; of what was given nothing, it may be somebody's data or a token."""
    return answer.body.decode("utf-8", "replace")[:_SHOWN] if answer.status >= 400 else ""
