"""A log's signed tree head: C2SP tlog-checkpoint in a C2SP signed note, readable by any witness of that
network.

Three lines as the standard has them (origin, size, root) and one extension line of ours, `number moment`:
the checkpoint's own running number, so that one taken away from a log leaves a gap, and the moment of
signing, so that it can't be re-dated. Others may ignore the line, as the standard says they do.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from rongxin.proof import canonical, merkle
from rongxin.proof.errors import Forged, ProofError
from rongxin.proof.keys import SigningKey, VerifyingKey

ED25519 = b"\x01"
SIGNATURES_MAX = 16
_ORIGIN = re.compile(r"[!-*,-~]{1,128}")  # visible ASCII without plus and space: a key name of signed notes
_EXTENSION = re.compile(r"([1-9][0-9]{0,18}) (\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z)")
_SIZE = re.compile(r"0|[1-9][0-9]{0,18}")


@dataclass(frozen=True)
class Checkpoint:
    """A promise: this log had `size` entries with this Merkle `root` at this moment."""

    origin: str
    size: int
    root: bytes
    at: datetime
    number: int = 1

    def encode(self) -> str:
        """Return the text that is signed, with its final newline."""
        if not _ORIGIN.fullmatch(self.origin):
            raise ProofError(
                f"origin {self.origin!r}: use a host and path in ASCII without spaces or plus signs"
            )
        if self.size < 0 or self.number < 1 or len(self.root) != 32:
            raise ProofError("a checkpoint has a size, a 32-byte root and a number from 1")
        root = base64.b64encode(self.root).decode()
        return f"{self.origin}\n{self.size}\n{root}\n{self.number} {canonical.instant(self.at)}\n"

    def sign(self, key: SigningKey) -> str:
        """Return the signed note."""
        text = self.encode()
        return f"{text}\n{signature_line(self.origin, text, key)}"


def holds_entry(note: str, body: str, index: int, path: Sequence[bytes]) -> bool:
    """Whether an entry's body stands at `index` in the tree of a note; whose note it is, `verify` tells."""
    head = parse(note)
    return merkle.verify_inclusion(merkle.leaf_hash(body.encode()), index, head.size, path, head.root)


def signature_line(name: str, text: str, key: SigningKey) -> str:
    """Return one signature line; a witness adds its own under the log's by its own name."""
    blob = key_hash(name, key.public) + key.sign(text.encode())
    return f"— {name} {base64.b64encode(blob).decode()}\n"


def key_hash(name: str, key: VerifyingKey) -> bytes:
    """The four bytes by which a signed note names a key (C2SP signed-note)."""
    return sha256(name.encode() + b"\n" + ED25519 + key.raw).digest()[:4]


def parse(note: str) -> Checkpoint:
    """Read a note without believing it: its form is checked, its signature is not."""
    text, _ = _split(note)
    lines = text.split("\n")
    extension = _EXTENSION.fullmatch(lines[3]) if len(lines) == 5 else None
    if extension is None or lines[4] or not _ORIGIN.fullmatch(lines[0]) or not _SIZE.fullmatch(lines[1]):
        raise Forged("a checkpoint is origin, size, root and `number moment`, one line each")
    root = _base64(lines[2])
    if len(root) != 32:
        raise Forged("a checkpoint's root has 32 bytes")
    try:
        at = datetime.fromisoformat(extension[2])
    except ValueError as error:
        raise Forged(f"the checkpoint's moment doesn't exist ({error})") from error
    return Checkpoint(lines[0], int(lines[1]), root, at, int(extension[1]))


def verify(note: str, keys: Iterable[VerifyingKey], *, origin: str) -> Checkpoint:
    """Return the checkpoint that one of `keys` signed for this log; raise `Forged` otherwise."""
    checkpoint = parse(note)
    if checkpoint.origin != origin:
        raise Forged(f"the checkpoint is of {checkpoint.origin!r}, not of {origin!r}")
    if not signed(note, origin, keys):
        raise Forged(f"no key known here has signed this checkpoint of {origin!r}")
    return checkpoint


def signed(note: str, name: str, keys: Iterable[VerifyingKey]) -> bool:
    """Whether one of `keys` signed the note as `name`; beside a wrong signature a right one is none."""
    text, lines = _split(note)
    known = {key_hash(name, key): key for key in keys}
    good = False
    for signer, blob in lines:
        key = known.get(blob[:4]) if signer == name else None
        if key is None:
            continue  # someone else's signature; the standard says to pass over it
        if not key.verify(text.encode(), blob[4:]):
            return False
        good = True
    return good


def _split(note: str) -> tuple[str, list[tuple[str, bytes]]]:
    text, separator, signatures = note.rpartition("\n\n")
    if not separator or not signatures.endswith("\n"):
        raise Forged("a signed note is a text, an empty line and signature lines")
    lines = signatures.removesuffix("\n").split("\n")
    if len(lines) > SIGNATURES_MAX:
        raise Forged(f"a note of ours has at most {SIGNATURES_MAX} signatures")
    return text + "\n", [_signature(line) for line in lines]


def _signature(line: str) -> tuple[str, bytes]:
    parts = line.split(" ")
    if len(parts) != 3 or parts[0] != "—" or not parts[1]:
        raise Forged("a signature line is `— name base64`")
    blob = _base64(parts[2])
    if len(blob) < 5:
        raise Forged("a signature line holds a key hash and a signature")
    return parts[1], blob


def _base64(text: str) -> bytes:
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise Forged("not base64") from error
    if base64.b64encode(data).decode() != text:
        raise Forged("not in its one base64 form")
    return data
