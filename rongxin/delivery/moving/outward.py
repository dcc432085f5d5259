"""Moving out: everything of the node in open formats, sealed values in boxes for one recipient (design §4).

One snapshot of the database, written beside its place; the directory appears when the journal has committed
to its manifest. It holds the whole node, so it is the operator's alone (0700) and no disclosure to anybody:
who is to read it in another node needs the private key for what is sealed.
"""

from __future__ import annotations

import base64
import json
import os
import shutil
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import uuid4

from django.db import transaction

from rongxin.consent import moving as consents
from rongxin.delivery.moving import archive
from rongxin.delivery.moving.errors import KeyNeeded, Unreadable
from rongxin.delivery.moving.layout import MANIFEST, SIGNATURE, Entry, FileKind, Manifest, Sealing
from rongxin.disclosure import moving as disclosures
from rongxin.journal import entries, keyring
from rongxin.journal import moving as journal
from rongxin.journal.rules import Kind
from rongxin.parties import moving as parties
from rongxin.proof import boxes, jws
from rongxin.proof.profile import INTL
from rongxin.records import moving as records
from rongxin.records.lake_keeping import snapshot
from rongxin.sharing import arrangements
from rongxin.sharing import moving as sharing
from rongxin.vocabulary.actor import Actor

TYPE = "move+jws"
Progress = Callable[[str, int], None]
# Named in the manifest, so that nobody takes what isn't there for nothing.
LEFT_OUT = {
    "passwords_and_api_keys": "口令与接口密钥：在新节点重新设置",
    "real_names": "实名信息：由身份认证服务重新认证",
    "keys": "节点密钥：另行备份（RONGXIN_KEYS）",
    "kept_answers": "提供单位应答、接口调用所得：授权只对原节点作出，由新节点重新调用",
    "bulk_records": "批量调用约定留存的记录：在新节点登记约定后重新调用",
    "evaluations": "评分：由新节点按同一参数重新计算",
    "passing": "登录会话、限流计数、发送队列等过程性数据",
}
# What lies under archive/ is for looking up: it holds on the new node only where it is made anew there.


@dataclass
class Sealer:
    """Closes what is sealed here for the recipient; without one nothing sealed can leave."""

    move: str
    recipient: boxes.PublicKey | None
    secret: bytes = field(default_factory=lambda: os.urandom(32), repr=False)

    def close(self, plain: bytes, place: tuple[str, ...]) -> str:
        """Return the box of a text as base64, bound to its place."""
        return base64.b64encode(self.octets(plain, place)).decode()

    def octets(self, plain: bytes, place: tuple[str, ...]) -> bytes:
        if self.recipient is None:
            raise KeyNeeded(
                "库中有密封内容（证件号码、扫描件等）：请以 --to 指定接收方的公钥，"
                "由接收方用 rongxin move key 生成"
            )
        return INTL.seal(self.secret, plain, place=json.dumps(place).encode())

    def sealing(self) -> Sealing | None:
        """Return what the manifest says of it: the key in a box, and for whom."""
        if self.recipient is None:
            return None
        box = boxes.close(self.secret, self.recipient, info=f"rongxin move {self.move}")
        return Sealing(recipient=boxes.fingerprint(self.recipient), key=base64.b64encode(box).decode())


@dataclass(frozen=True)
class MovedOut:
    """What was written."""

    directory: Path
    move: str
    files: tuple[Entry, ...]
    entry: str


def out(
    directory: Path,
    *,
    node: str,
    recipient: boxes.PublicKey | None,
    archived: Iterable[archive.Table],
    actor: Actor,
    as_of: datetime,
    progress: Progress = lambda name, rows: None,
) -> MovedOut:
    """Write the node into the new `directory`, the tables `archived` too; raises `KeyNeeded`, `Unreadable`
    where it exists already or can't be written.
    """
    if directory.exists():
        raise Unreadable(f"{directory}：目录已存在，请另指定一个")
    sealer = Sealer(str(uuid4()), recipient)
    part = directory.with_name(f".{directory.name}.{sealer.move}.part")
    try:
        part.mkdir(mode=0o700)
    except OSError as error:
        raise Unreadable(f"{directory}：不能写入（{error.strerror}）") from error
    try:
        with snapshot():
            files = _Files(part, progress).everything(sealer, archived, as_of=as_of)
            under = parties.commitments_under()
        manifest = Manifest(
            move=sealer.move,
            node=node,
            made_at=as_of,
            files=tuple(files),
            commitments_under=under,
            sealing=sealer.sealing(),
            left_out=LEFT_OUT,
        )
        text = manifest.model_dump_json(indent=1).encode()
        _write(part / MANIFEST, text)
        digest = sha256(text).hexdigest()
        signed = {"move": sealer.move, "manifest_sha256": digest}
        _write(part / SIGNATURE, jws.sign(signed, keyring.node_key(), type=TYPE).encode())
        with transaction.atomic(durable=True):
            entry = entries.append(
                Kind.MOVED_OUT,
                actor=actor,
                refs={"move": sealer.move, "files": len(files)},
                commitments={"manifest": digest},
                as_of=as_of,
            )
        part.rename(directory)
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return MovedOut(directory, sealer.move, tuple(files), str(entry.id))


class _Files:
    """Writes files of rows and keeps what the manifest says of each."""

    def __init__(self, part: Path, progress: Progress) -> None:
        self._part, self._progress = part, progress
        self._made: list[Entry] = []

    def everything(
        self, sealer: Sealer, archived: Iterable[archive.Table], *, as_of: datetime
    ) -> list[Entry]:
        codes = parties.codes_of_subjects()
        self._rows("departments.jsonl", FileKind.DEPARTMENTS, parties.departments_out())
        self._rows("institutions.jsonl", FileKind.INSTITUTIONS, parties.institutions_out())
        self._rows("subjects.jsonl", FileKind.SUBJECTS, parties.subjects_out())
        self._rows("accounts.jsonl", FileKind.ACCOUNTS, parties.accounts_out())
        levels = arrangements.levels_out(as_of=as_of)
        self._rows("source_levels.jsonl", FileKind.SOURCE_LEVELS, levels)
        self._rows("remits.jsonl", FileKind.REMITS, arrangements.remits_out())
        self._rows("mappings.jsonl", FileKind.MAPPINGS, arrangements.mappings_out(as_of=as_of))
        self._rows("schedules.jsonl", FileKind.SCHEDULES, arrangements.schedules_out())
        for item in sharing.items_that_move(records.items()):
            rows = records.out_of(item, codes, sealer.close)
            self._rows(f"records/{item}.jsonl", FileKind.RECORDS, rows, item=item)
        self._rows("consents.jsonl", FileKind.CONSENTS, consents.out_of(self._scan_by(sealer)))
        self._rows("archive/batches.jsonl", FileKind.ARCHIVE, sharing.out_of())
        self._rows("archive/disclosures.jsonl", FileKind.ARCHIVE, disclosures.out_of(codes))
        self._rows("archive/journal.jsonl", FileKind.ARCHIVE, journal.out_of())
        for table in archived:
            self._rows(
                f"archive/{table.name}.jsonl", FileKind.ARCHIVE, archive.rows(table, codes, sealer.close)
            )
        return self._made

    def _rows(self, name: str, kind: FileKind, rows: Iterable[dict[str, Any]], *, item: str = "") -> None:
        path, hash, count = self._part / name, sha256(), 0
        amounts = records.amounts_of(item) if item else ()
        sums = dict.fromkeys(amounts, Decimal(0))
        path.parent.mkdir(exist_ok=True, mode=0o700)
        with path.open("xb") as file:
            for row in rows:
                line = json.dumps(row, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
                file.write(line)
                hash.update(line)
                count += 1
                for amount in amounts:
                    sums[amount] += Decimal(str(row["payload"].get(amount) or 0))
                if count % 1_000 == 0:
                    self._progress(name, count)
            file.flush()
            os.fsync(file.fileno())
        self._progress(name, count)
        said = {field: str(total) for field, total in sums.items()}
        self._made.append(
            Entry(name=name, kind=kind, rows=count, sha256=hash.hexdigest(), item=item, sums=said)
        )

    def _scan_by(self, sealer: Sealer) -> Callable[[str, bytes], str]:
        def box_of(digest: str, content: bytes) -> str:
            name = f"scans/{digest}.box"
            box = sealer.octets(content, ("scan", digest))
            (self._part / "scans").mkdir(exist_ok=True, mode=0o700)
            with suppress(FileExistsError):  # one paper of two consents
                _write(self._part / name, box)
                self._made.append(
                    Entry(name=name, kind=FileKind.SCAN, rows=0, sha256=sha256(box).hexdigest())
                )
            return name

        return box_of


def _write(path: Path, content: bytes) -> None:
    with path.open("xb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
