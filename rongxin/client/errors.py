"""What a caller can act on: a node's problem (RFC 9457) with its code, or no answer that could be read."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any


class ClientError(Exception):
    """Anything that a call to a node may raise."""

    code = "client_error"


class Unreachable(ClientError):
    """No whole answer came, after all attempts; the same call can be sent again."""

    code = "unreachable"


class Unreadable(ClientError):
    """What came is no answer of this interface: is the address that of a node, and which version is it?"""

    code = "unreadable"


class Problem(ClientError):
    """A node's no: `code` is stable, `title` is for people (Chinese), `detail` says more, `members` all."""

    def __init__(self, status: int, members: Mapping[str, Any], *, retry_after: float | None = None) -> None:
        self.status, self.members, self.retry_after = status, members, retry_after
        self.code = str(members.get("code") or "http_error")
        self.title = str(members.get("title") or f"HTTP {status}")
        self.detail = str(members.get("detail") or "")
        super().__init__(f"{status} {self.code}: {self.title}" + (f" ({self.detail})" if self.detail else ""))

    @property
    def where(self) -> str:
        """Where in the request the fault is; empty where it isn't in one place."""
        return str(self.members.get("where") or "")

    @property
    def what_to_do(self) -> str:
        return str(self.members.get("what_to_do") or "")


class NotAuthenticated(Problem):
    """401: the key or token isn't accepted; `code` of a token request is that of RFC 6749 or RFC 9449."""


class Refused(Problem):
    """403: not allowed; a no of the gate has a reason, an article and its entry in the journal."""

    @property
    def reason(self) -> str:
        return str(self.members.get("reason") or "")

    @property
    def article(self) -> str:
        return str(self.members.get("article") or "")

    @property
    def entry(self) -> str:
        return str(self.members.get("entry") or "")


class NotFound(Problem):
    """404: there is none, or none that the caller may see."""


class Conflict(Problem):
    """409: not in the present state; a key at work, an answer not kept, a manifest that differs."""


class Invalid(Problem):
    """Another 4xx: the request is to be mended; `errors` names the places."""

    @property
    def errors(self) -> tuple[Mapping[str, str], ...]:
        return tuple(self.members.get("errors") or ())


class TooMany(Refused):
    """429: a quota is used up; `retry_after` says in how many seconds to ask again."""


class NodeFailed(Problem):
    """5xx: not the caller's fault."""


_OF_STATUS: dict[int, type[Problem]] = {
    401: NotAuthenticated,
    403: Refused,
    404: NotFound,
    409: Conflict,
    429: TooMany,
}


def of(status: int, headers: Mapping[str, str], body: bytes, *, now: datetime) -> Problem:
    """Return the problem that an answer tells, whoever wrote it: the node, its token endpoint, a proxy."""
    members = _members(body)
    if "error" in members and "code" not in members:  # RFC 6749 §5.2
        members = {
            "code": members["error"],
            "title": "未取得令牌",
            "detail": members.get("error_description"),
        }
    kind = _OF_STATUS.get(status) or (NodeFailed if status >= 500 else Invalid)
    if members.get("code") in ("invalid_client", "invalid_dpop_proof"):
        kind = NotAuthenticated
    return kind(status, members, retry_after=_seconds(headers.get("retry-after"), now))


def _members(body: bytes) -> Mapping[str, Any]:
    try:
        members = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return members if isinstance(members, dict) else {}


def _seconds(said: str | None, now: datetime) -> float | None:
    """Return `Retry-After` in seconds, said as such or as a date (RFC 9110 §10.2.3)."""
    if said is None:
        return None
    if said.strip().isdecimal():
        return float(said)
    try:
        at = parsedate_to_datetime(said)
    except ValueError:
        return None
    return max(0.0, ((at if at.tzinfo else at.replace(tzinfo=UTC)) - now).total_seconds())
