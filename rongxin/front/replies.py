"""What is asked of a front and what it answers, as values; a no is a problem (RFC 9457), as the node's."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

_PROBLEM = "application/problem+json"
_JSON = "application/json; charset=utf-8"


@dataclass(frozen=True)
class Asked:
    """One request, whole; names of headers are in lower case, the path is decoded."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes


def _nothing() -> None:
    return None


@dataclass
class Reply:
    """One answer: its `body`, or `blocks` of known length that come one after the other; `close` it then."""

    status: int
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: bytes = b""
    blocks: Iterator[bytes] | None = None
    close: Callable[[], None] = _nothing


class Denied(Exception):
    """The front's own no."""

    def __init__(self, status: int, code: str, title: str, **more: Any) -> None:
        super().__init__(title)
        self.status, self.code, self.title = status, code, title
        self.headers: Mapping[str, str] = more.pop("headers", {})
        self.more = more

    def reply(self) -> Reply:
        """Return it as the problem that is answered."""
        return problem(self.status, self.code, self.title, headers=self.headers, **self.more)


def problem(
    status: int, code: str, title: str, *, headers: Mapping[str, str] | None = None, **more: Any
) -> Reply:
    """Return a problem: a stable code, a title for people; `by` says that the front speaks."""
    document = {
        "type": f"urn:rongxin:problem:{code}",
        "status": status,
        "code": code,
        "title": title,
        "by": "front",
        **more,
    }
    body = json.dumps(document, ensure_ascii=False).encode()
    return Reply(status, [("content-type", _PROBLEM), *(headers or {}).items()], body)


def as_json(document: object, *, status: int = 200) -> Reply:
    body = json.dumps(document, ensure_ascii=False, default=str).encode()
    return Reply(status, [("content-type", _JSON), ("cache-control", "no-store")], body)


def read_json(body: bytes) -> Any:
    """Return what a body says; raises `Denied`."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as error:
        raise Denied(400, "malformed_json", "内容不是 JSON the body is no JSON", detail=str(error)) from error
