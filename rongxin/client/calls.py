"""What can be asked of a node, as values: a call says what to send and how its answer is read.

It sends nothing. `Client.send` and `AsyncClient.send` take the same calls: the interface is described once.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field
from mimetypes import guess_type
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar
from urllib.parse import quote, urlencode
from uuid import uuid4

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from rongxin.client.errors import Unreadable

T = TypeVar("T")
D = TypeVar("D")
#: Several calls and waits, one after the other, that end in one result; `Client.run` goes through it.
Plan = Generator["Call[Any] | Wait", Any, T]
_JSON = "application/json"
_LINK = re.compile(r"<([^<>]*)>([^<]*)")
_NEXT = re.compile(r""";\s*rel\s*=\s*"?[^";]*\bnext\b""", re.IGNORECASE)


class Document(BaseModel):
    """What a node says of something. Members that a later node adds are kept and do no harm."""

    model_config = ConfigDict(frozen=True, extra="allow")


@dataclass(frozen=True)
class Reply:
    """An answer of the node; names of headers are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Sink(Protocol):
    """Where an answer's content goes that is too large to be held."""

    def headers(self) -> Mapping[str, str]:
        """Return what to ask for: all, or what is still missing."""

    def begin(self, status: int, headers: Mapping[str, str]) -> None:
        """Take note that content follows."""

    def take(self, block: bytes) -> None:
        """Take the next block."""


@dataclass(frozen=True)
class Call(Generic[T]):
    """One request and how its answer is read. A writing call brings its own key, so it can be repeated."""

    method: str
    path: str
    read: Callable[[Reply], T]
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None
    sink: Sink | None = None
    #: A form in which the client shows by its own key who it is (RFC 7523) instead of by a token; sent once.
    form: Mapping[str, str] | None = None


@dataclass(frozen=True)
class Wait:
    """How long a sender is to wait, in seconds."""

    seconds: float


@dataclass(frozen=True)
class Page(Generic[T]):
    """One page of a list, and the call for the one that follows; None after the last."""

    rows: Sequence[T]
    next: Call[Page[T]] | None


def get(path: str, shape: type[D], **query: object) -> Call[D]:
    """Ask for one document."""
    return Call("GET", path + _query(query), _reader(shape), {"Accept": _JSON})


def write(method: str, path: str, shape: type[D], body: object | None = None) -> Call[D]:
    """Have something done once, however often it is sent."""
    sent = None if body is None else json.dumps(body, ensure_ascii=False, default=str).encode()
    kind = {} if sent is None else {"Content-Type": _JSON}
    return Call(method, path, _reader(shape), {"Accept": _JSON, **kind, **once()}, sent)


def without_answer(method: str, path: str) -> Call[None]:
    """Have something done once that the node answers with its status alone."""
    return Call(method, path, lambda reply: None, {"Accept": _JSON, **once()})


def form(path: str, shape: type[D], fields: Mapping[str, str]) -> Call[D]:
    """Post a form that the client signs."""
    return Call("POST", path, _reader(shape), {"Accept": _JSON}, form=fields)


def upload(path: str, shape: type[D], file: Path, content: bytes, **fields: str) -> Call[D]:
    """Hand a file in, as the form's `file`, with the form's other fields."""
    boundary = uuid4().hex
    given = "".join(
        f'--{boundary}\r\nContent-Disposition: form-data; name="{field}"\r\n\r\n{value}\r\n'
        for field, value in fields.items()
    )
    media_type = guess_type(file.name)[0] or "application/octet-stream"
    name = file.name.replace("\\", "_").replace('"', "_").replace("\r", "_").replace("\n", "_")
    head = given + (
        f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n'
        f"Content-Type: {media_type}\r\n\r\n"
    )
    body = head.encode() + content + f"\r\n--{boundary}--\r\n".encode()
    kind = {"Content-Type": f"multipart/form-data; boundary={boundary}"}
    return Call("POST", path, _reader(shape), {"Accept": _JSON, **kind, **once()}, body)


def pages(path: str, shape: type[D], **query: object) -> Call[Page[D]]:
    """Ask for a list whose pages follow each other by `Link: …; rel="next"` (RFC 8288)."""
    one: TypeAdapter[list[D]] = TypeAdapter(list[shape])  # type: ignore[valid-type]

    def read(reply: Reply) -> Page[D]:
        rows = parse(one, reply)
        return Page(rows, _following(reply, read))

    return Call("GET", path + _query(query), read, {"Accept": _JSON})


def _following(reply: Reply, read: Callable[[Reply], Page[D]]) -> Call[Page[D]] | None:
    for url, parameters in _LINK.findall(reply.headers.get("link", "")):
        if _NEXT.match(parameters):
            # Only path and query count: who answers can't send us and our key to another machine.
            _, found, rest = url.partition("/api/v1/")
            if not found:
                raise Unreadable(f"the next page has no address of this interface: {url}")
            return Call("GET", rest, read, {"Accept": _JSON})
    return None


def filled(question: Any) -> dict[str, Any]:
    """Return what a dataclass says, without what was left out."""
    given = {name: getattr(question, name) for name in question.__dataclass_fields__}
    return {name: value for name, value in given.items() if value not in (None, "", {})}


def once() -> dict[str, str]:
    """Return a key under which a request has one effect."""
    return {"Idempotency-Key": str(uuid4())}


def part(text: object) -> str:
    """Return one part of a path, whatever stands in it."""
    return quote(str(text), safe="")


def parse(shape: TypeAdapter[D], reply: Reply) -> D:
    """Return what an answer says in its shape; raises `Unreadable`."""
    try:
        return shape.validate_json(reply.body)
    except ValidationError as error:
        raise Unreadable(f"the answer isn't as this version knows it: {error}") from error


def _reader(shape: type[D]) -> Callable[[Reply], D]:
    one = TypeAdapter(shape)
    return lambda reply: parse(one, reply)


def _query(query: Mapping[str, object]) -> str:
    said = {
        name: str(value).lower() if isinstance(value, bool) else str(value)
        for name, value in query.items()
        if value is not None
    }
    return f"?{urlencode(said)}" if said else ""
