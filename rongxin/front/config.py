"""`front.yaml` and one short file per inner system: all that a bank writes to have its systems served.

front.yaml:
    node: https://node.example          # the platform
    account: api-yunzhou-bank           # the account for which the key is registered
    inner: {listen: 127.0.0.1:8600}     # for the bank's own systems
    outer: {listen: 0.0.0.0:8601}       # for the node's events

callers/core.yaml, by `rongxin front key core`:
    sha256: [9f86d0…]
    allow: [POST reports, GET reports/*, GET /front/events]
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Literal

from pydantic import Field

from rongxin.outpost import settings
from rongxin.outpost.settings import Settings
from rongxin.outpost.tls import Tls

Side = Literal["inner", "outer"]
SIDES: tuple[Side, ...] = ("inner", "outer")
#: What is remembered of events; longer than a node goes on trying, and than a bank looks back.
_EVENT_DAYS = 400


class Listener(Settings):
    """One address at which is listened."""

    listen: str
    tls: Tls | None = None


class Outer(Listener):
    """Where the node's events come; nothing else is answered there."""

    listen: str = "127.0.0.1:8601"
    path: str = Field(default="/events", pattern=r"^/[\w./-]*$")


class Inner(Listener):
    listen: str = "127.0.0.1:8600"


class Node(Settings):
    """How the node is reached, where that isn't plain."""

    #: The node's own address, where `node` is that of a machine in between.
    issuer: str = ""
    proxy: str = ""
    #: Who signs the node's certificate (PEM); left out, the machine's own list.
    authority: Path | None = None
    #: What the front shows for mTLS.
    certificate: Path | None = None
    private_key: Path | None = None


class Keys(Settings):
    """The institution's private keys, Ed25519 or SM2; here alone they lie."""

    #: Asks for tokens as the account; registered for it at the node.
    tokens: Path = Path("keys/tokens.key.pem")
    #: Signs what the institution says (删除回执); left out, its account says it.
    signatures: Path | None = None
    #: Opens what providers seal to the institution (X25519 or SM2); left out, nothing is opened here.
    sealing: Path | None = None


class Forward(Settings):
    """Where events are posted on to, inside; with a secret (`whsec_…`) signed by it (Standard Webhooks)."""

    url: str = Field(pattern=r"^https?://")
    secret: str = ""
    authority: Path | None = None


class Limits(Settings):
    """What one front lends of itself; the defaults suit a small machine."""

    #: Of one request's body, in MiB; a file of outcomes or a scanned consent is the largest.
    body_mib: int = Field(default=32, ge=1, le=512)
    #: Until a body has come, and for the node's answer to begin or to go on.
    body_seconds: float = Field(default=30.0, gt=0)
    node_seconds: float = Field(default=90.0, gt=0)
    #: Requests worked at, at a time; more are told to come again.
    at_once: int = Field(default=32, ge=1, le=256)
    #: Of them, waits for events (`wait=…`).
    waits: int = Field(default=16, ge=1, le=256)
    event_days: int = Field(default=_EVENT_DAYS, ge=7)


class Config(Settings):
    """One bank's front. Paths are taken from the directory of the file."""

    node: str = Field(pattern=r"^https?://")
    account: str = Field(min_length=1)
    keys: Keys = Keys()
    reach: Node = Node()
    inner: Inner = Inner()
    outer: Outer = Outer()
    callers: Path = Path("callers")
    #: Secrets of webhooks (`whsec_…`), one a line, and the node's key of events (`whpk_…`).
    webhook_secrets: Path = Path("keys/webhook.secrets")
    webhook_key: str = Field(default="", pattern=r"^(whpk_.+)?$")
    events: Path = Path("events.sqlite")
    log: Path = Path("log.sqlite")
    forward: Forward | None = None
    limits: Limits = Limits()
    directory: Path = Path()

    def side(self, side: Side) -> Listener:
        return self.inner if side == "inner" else self.outer

    def address(self, side: Side) -> tuple[str, int]:
        return settings.address(f"{side}.listen", self.side(side).listen)

    def place(self, name: str) -> Path:
        """Return where one of the configured paths lies."""
        path: Path = getattr(self, name)
        return self.at(path)

    @property
    def at(self) -> Callable[[Path], Path]:
        """Say where a path of the configuration lies: it counts from the directory of the file."""
        return lambda path: path if path.is_absolute() else self.directory / path


def read(path: Path) -> Config:
    """Read a configuration; raises `Misconfigured`."""
    return settings.read(path, Config).model_copy(update={"directory": path.parent})
