"""批量推送: subscribe, fetch what is ready, verify it, acknowledge ((六)).

`fetch` takes up where a broken download stopped, in this process or a later one, and gives nothing back whose
manifest isn't signed by the node or whose files aren't those of the manifest.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Literal
from uuid import UUID

from rongxin.client import calls
from rongxin.client.calls import Call, Document, Page, Plan, Reply
from rongxin.proof import push_manifest
from rongxin.proof.errors import Forged
from rongxin.proof.keys import VerifyingKey

_HALF = ".part"


@dataclass(frozen=True)
class Terms:
    """What is subscribed to; empty regions, sizes and industries stand for all. Public information only."""

    items: tuple[str, ...]
    reference: str
    basis: str
    regions: tuple[str, ...] = ()
    sizes: tuple[str, ...] = ()
    industries: tuple[str, ...] = ()
    kinds: tuple[str, ...] | None = None
    individuals_basis: str = ""
    form: Literal["parquet", "csv"] = "parquet"
    interval_hours: int = 24

    def body(self) -> dict[str, Any]:
        given = {name: getattr(self, name) for name in self.__dataclass_fields__}
        return {name: value for name, value in given.items() if value is not None}


class Subscription(Document):
    subscription: UUID
    version: int
    status: str
    status_label: str
    why: str
    terms: dict[str, Any]


class Run(Document):
    """One push; it can be fetched while it is `ready` or `acknowledged`."""

    run: UUID
    subscription: UUID
    kind: Literal["full", "increment"]
    based_on: UUID | None
    state: str
    intended_at: datetime
    rows: int | None
    removed: int | None
    manifest_sha256: str | None


class Key(Document):
    id: str
    pem: str

    def verifying(self) -> VerifyingKey:
        return VerifyingKey.from_pem(self.pem, "node")


@dataclass(frozen=True)
class Fetched:
    """A push as verified: its files lie in `directory`; take it in, then acknowledge the digest."""

    run: UUID
    directory: Path
    manifest: Mapping[str, Any]
    manifest_sha256: str


def subscribe(terms: Terms) -> Call[Subscription]:
    return calls.write("POST", "push/subscriptions", Subscription, terms.body())


def subscriptions(*, page_rows: int | None = None) -> Call[Page[Subscription]]:
    return calls.pages("push/subscriptions", Subscription, limit=page_rows)


def change(subscription: UUID, terms: Terms) -> Call[Subscription]:
    """Set new terms; the next push takes back what no longer belongs to them."""
    return calls.write("PUT", f"push/subscriptions/{calls.part(subscription)}", Subscription, terms.body())


def end(subscription: UUID) -> Call[Subscription]:
    return calls.write("POST", f"push/subscriptions/{calls.part(subscription)}/end", Subscription)


def ask_for_run(subscription: UUID, *, full: bool = False) -> Call[Subscription]:
    """Ask for a push out of turn, with `full` from the beginning; it appears among the runs."""
    path = f"push/subscriptions/{calls.part(subscription)}/run"
    return calls.write("POST", path, Subscription, {"full": full})


def runs(*, subscription: UUID | None = None, page_rows: int | None = None) -> Call[Page[Run]]:
    """List the pushes, the newest first."""
    return calls.pages("push/runs", Run, subscription=subscription, limit=page_rows)


def run(number: UUID) -> Call[Run]:
    return calls.get(f"push/runs/{calls.part(number)}", Run)


def key() -> Call[Key]:
    """Ask for the node's key; better compare it once with what the operator handed over, and keep it."""
    return calls.get("push/key", Key)


def acknowledge(fetched: Fetched) -> Call[Run]:
    """Say that a push is here, whole and verified; the next one builds on it."""
    path = f"push/runs/{calls.part(fetched.run)}/acknowledge"
    return calls.write("POST", path, Run, {"manifest_sha256": fetched.manifest_sha256})


def fetch(number: UUID, directory: Path, *, keys: Mapping[str, VerifyingKey] | None = None) -> Plan[Fetched]:
    """Fetch a run into a directory of its own; raises `Forged` where it isn't what the node signed.

    Without `keys` the key is asked of the node itself, so that TLS alone vouches for it.
    """
    if keys is None:
        given = (yield key()).verifying()
        keys = {given.id: given}
    directory.mkdir(parents=True, exist_ok=True)
    for name in (push_manifest.MANIFEST, push_manifest.SIGNATURE):
        (directory / name).write_bytes((yield _file(number, name)))
    manifest = push_manifest.read(directory, keys)
    if manifest["run"] != str(number):
        raise Forged(f"the manifest is that of run {manifest['run']}, not of {number}")
    for name, said in manifest["files"].items():
        yield from _part(number, directory, name, said)
    push_manifest.verify(directory, keys)
    return Fetched(number, directory, manifest, push_manifest.sha256(directory / push_manifest.MANIFEST))


def _file(number: UUID, name: str) -> Call[bytes]:
    return Call("GET", f"push/runs/{calls.part(number)}/files/{calls.part(name)}", lambda reply: reply.body)


def _part(number: UUID, directory: Path, name: str, said: Mapping[str, Any]) -> Plan[None]:
    """Fetch what is missing of one file; what came wrong is thrown away, and fetched whole once more."""
    if Path(name).name != name or name.startswith(".") or name.endswith(_HALF):
        raise Forged(f"the manifest names a file that is none of a push: {name!r}")
    path, half = directory / name, directory / f"{name}{_HALF}"
    if _is(path, said):
        return
    for _ in range(2):
        if not _is(half, said):
            if half.exists() and half.stat().st_size >= said["bytes"]:
                half.unlink()
            wanted = _file(number, name)
            yield Call(wanted.method, wanted.path, _nothing, sink=_Half(half))
        if _is(half, said):
            half.replace(path)
            return
        half.unlink()
    raise Forged(f"not as signed: {name}")


def _is(path: Path, said: Mapping[str, Any]) -> bool:
    there = path.is_file() and path.stat().st_size == said["bytes"]
    return there and push_manifest.sha256(path) == said["sha256"]


def _nothing(reply: Reply) -> None:
    return None


@dataclass
class _Half:
    """A file on its way: asks for what is still missing (RFC 9110 §14); may have to begin anew."""

    path: Path

    def headers(self) -> Mapping[str, str]:
        there = self.path.stat().st_size if self.path.exists() else 0
        return {"Range": f"bytes={there}-"} if there else {}

    def begin(self, status: int, headers: Mapping[str, str]) -> None:
        self.path.open("ab" if status == 206 else "wb").close()

    def take(self, block: bytes) -> None:
        with self.path.open("ab") as file:
            file.write(block)
