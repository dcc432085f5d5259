"""The receipt of a batch: what came of every row, signed, so that a department can hold the node to it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from rongxin.journal import keyring
from rongxin.proof import canonical, jws
from rongxin.proof.errors import Forged
from rongxin.proof.keys import VerifyingKey
from rongxin.sharing.rules import Counts

TYPE: Final = "receipt+jws"
# A receipt lists this many rejected rows; the rest are in the file of rejects.
LISTED_MAX: Final = 1000
# So many batches of other sources it names; the rows of the others are pointed at one by one.
KNOWN_MAX: Final = 50
_UNSIGNED: Final = ("signature", "rejects", "repeated")


@dataclass(frozen=True)
class Line:
    """A row that was rejected, as the receipt lists it."""

    line: int
    rule: str
    message: str


@dataclass(frozen=True)
class Known:
    """How many rows another source shares already: who, by which batch, received on which day."""

    provider: str
    batch: str
    received_on: str
    rows: int


@dataclass(frozen=True)
class Receipt:
    """What a provider gets for a file. `repeated`: the file had come before; this is that receipt."""

    batch: UUID | None
    sha256: str
    file_name: str
    item: str
    provider: str
    counts: Counts
    superseded: int
    rejects: tuple[Line, ...]
    warnings: tuple[str, ...]
    unknown_columns: tuple[str, ...]
    absent_columns: tuple[str, ...]
    received_at: datetime
    journal_entry: UUID | None = None
    signature: str | None = None
    dry_run: bool = False
    repeated: bool = False
    mode: str = "increment"
    ended: int = 0
    # The version of the provider's own column mapping by which the file was read.
    mapping: int | None = None
    # What needn't have been handed in, by its source, the most rows first.
    known: tuple[Known, ...] = ()

    def document(self) -> dict[str, Any]:
        """The receipt as one JSON-ready object."""
        # Left out where there is none, as in receipts of before sources were told apart: they stay as signed.
        known = {"known": [asdict(one) for one in self.known]} if self.known else {}
        return known | {
            "batch": str(self.batch) if self.batch else None,
            "sha256": self.sha256,
            "file_name": self.file_name,
            "item": self.item,
            "provider": self.provider,
            "read": self.counts.read,
            **asdict(self.counts),
            "mode": self.mode,
            "mapping": self.mapping,
            "superseded": self.superseded,
            "ended": self.ended,
            "rejects": [asdict(line) for line in self.rejects],
            "rejects_listed": len(self.rejects),
            "warnings": list(self.warnings),
            "unknown_columns": list(self.unknown_columns),
            "absent_columns": list(self.absent_columns),
            "journal_entry": str(self.journal_entry) if self.journal_entry else None,
            "received_at": canonical.instant(self.received_at),
            "dry_run": self.dry_run,
            "repeated": self.repeated,
            "signature": self.signature,
        }

    def commitment(self) -> str:
        """The digest that the journal keeps of the receipt: of all but what rests on that very entry."""
        body = _signed_part(replace(self, journal_entry=None).document())
        return canonical.digest(body)

    def signed(self) -> Receipt:
        token = jws.sign(_signed_part(self.document()), keyring.node_key(), type=TYPE)
        return replace(self, signature=token)


def read(document: Mapping[str, Any], *, repeated: bool = False) -> Receipt:
    """Return the receipt that was kept as a document."""
    batch, entry = document["batch"], document["journal_entry"]
    return Receipt(
        batch=UUID(batch) if batch else None,
        sha256=document["sha256"],
        file_name=document["file_name"],
        item=document["item"],
        provider=document["provider"],
        counts=Counts(*(document[name] for name in ("accepted", "rejected", "pending", "duplicate"))),
        superseded=document["superseded"],
        rejects=tuple(Line(**line) for line in document["rejects"]),
        warnings=tuple(document["warnings"]),
        unknown_columns=tuple(document["unknown_columns"]),
        absent_columns=tuple(document["absent_columns"]),
        received_at=datetime.fromisoformat(document["received_at"]),
        journal_entry=UUID(entry) if entry else None,
        signature=document["signature"],
        dry_run=document["dry_run"],
        repeated=repeated,
        mode=document["mode"],
        ended=document["ended"],
        known=tuple(Known(**one) for one in document.get("known", ())),
        mapping=document.get("mapping"),  # receipts of before there were mappings lack it
    )


def verify(document: Mapping[str, Any], keys: Mapping[str, VerifyingKey]) -> dict[str, Any]:
    """Return what the node signed of a receipt; raise `Forged` where the document says something else."""
    payload = jws.verify(str(document.get("signature") or ""), keys, type=TYPE)
    if canonical.dumps(payload) != canonical.dumps(_signed_part(document)):
        raise Forged("the receipt was changed after it was signed")
    return payload


def _signed_part(document: Mapping[str, Any]) -> dict[str, Any]:
    """All of the receipt, with the list of rejects by its digest: a token stays short whatever came in."""
    body = {name: value for name, value in document.items() if name not in _UNSIGNED}
    return {**body, "rejects_sha256": canonical.digest(_lines(document["rejects"]))}


def _lines(rejects: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    return [dict(line) for line in rejects]
