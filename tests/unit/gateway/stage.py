"""A department's gateway in a directory, asked as a node asks it; the clock stands still."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import orjson
import yaml

from rongxin.catalogue import loader
from rongxin.catalogue.loader import Catalogue
from rongxin.catalogue.schema import Item
from rongxin.consent import rules as consent
from rongxin.exchange import consent_status, receipt
from rongxin.exchange import question as questions
from rongxin.exchange.consent_status import ConsentStatus
from rongxin.exchange.question import Question, SubjectKeys
from rongxin.exchange.receipt import Answer
from rongxin.gateway import config as configs
from rongxin.gateway.door import Door
from rongxin.gateway.evidence import Evidence, secret_of
from rongxin.gateway.sources import opening
from rongxin.proof import http_messages, jws
from rongxin.proof.http_messages import Request
from rongxin.proof.keys import SigningKey
from rongxin.vocabulary.period import Period
from rongxin.vocabulary.purpose import Purpose
from rongxin.vocabulary.sharing_mode import SharingMode
from rongxin.vocabulary.subject_kind import SubjectKind
from rongxin.vocabulary.verdict import Verdict

NOW = datetime(2026, 4, 1, 9, tzinfo=ZoneInfo("Asia/Shanghai"))
CATALOGUE = loader.load()
FIRM = SubjectKeys("91990100MA0000012L", "云州第一公司", "云州市")
CASE = UUID(int=7)
URL = "http://gateway.test:8443"
NODE = SigningKey.generate("node")


def terms(**changes: Any) -> consent.Terms:
    signer = consent.Signature(FIRM.name, "c", "demo", 3, NOW)
    base = consent.Terms(
        id=uuid4(), subject=FIRM.uscc, signers=(signer,), institution="bank_a", reach="x",
        items=frozenset({"tax_payment", "real_estate", "social_insurance"}), modes=frozenset(SharingMode),
        purpose=Purpose.PRE_LOAN_REVIEW, case=CASE, data_period=Period(date(2020, 1, 1), date(2027, 1, 1)),
        valid_from=date(2026, 1, 1), valid_until=date(2026, 12, 31), retention_days=30, template="t",
        frequency=consent.Frequency(3, consent.FrequencyUnit.TERM), form=consent.Form.ONLINE,
        notice_version="1", notice_sha256="0" * 64, granted_at=NOW - timedelta(days=1),
    )  # fmt: skip
    return replace(base, **changes)


def artefact(given: consent.Terms, key: SigningKey = NODE) -> str:
    return jws.sign(consent.encode(given), key, type=consent.ARTEFACT_TYPE)


def question(item: str, *fields: str, given: consent.Terms | None = None, **changes: Any) -> Question:
    """Ask for fields of an item, all of the channel's where none is named."""
    asked = CATALOGUE.item(item)
    channel = next(c for c in asked.channels if c.mode is not SharingMode.PHYSICAL_AGGREGATION)
    checks = channel.mode is SharingMode.DATA_VERIFICATION
    verdict = Verdict.VERIFY_ONLY if checks else Verdict.REVEAL
    base = Question(
        request=uuid4(), provider=channel.provider, item=item, version=asked.version,
        channel=asked.channels.index(channel), mode=channel.mode, subject=FIRM,
        subject_kind=SubjectKind.COMPANY, recipient_kind="institution", recipient="bank_a",
        purpose=Purpose.PRE_LOAN_REVIEW, case=CASE,
        verdicts=dict.fromkeys(fields or asked.fields_of(channel), verdict), asked_at=NOW,
        artefact=artefact(given) if given else None,
    )  # fmt: skip
    return replace(base, **changes)


def status(
    asked: Question, given: consent.Terms | None, *, key: SigningKey = NODE, **changes: Any
) -> str | None:
    if given is None:
        return None
    base = ConsentStatus(given.id, consent.Status.ACTIVE, 0, False, asked.digest(), NOW)
    return consent_status.mint(replace(base, **changes), key)


def signed(
    body: bytes, *, key: SigningKey = NODE, nonce: str = "", created: datetime = NOW, url: str = URL
) -> Request:
    request = Request("POST", url + questions.PATH, {"content-type": "application/json"}, body)
    http_messages.sign(request, key, tag=questions.TAG, nonce=nonce or uuid4().hex, created=created)
    request.headers = {name.lower(): value for name, value in request.headers.items()}
    return request


@dataclass
class Office:
    """A department: a directory with a store in SQLite and what its engineer wrote."""

    directory: Path
    provider: str
    config: dict[str, Any] = field(default_factory=dict)
    clock: datetime = NOW
    node: SigningKey = NODE
    #: The department's own copy of the catalogue.
    catalogue: Catalogue = CATALOGUE
    #: How many questions came in.
    asked: int = 0

    def writes(self, item: str, mapped: Mapping[str, Any]) -> None:
        (self.directory / "items").mkdir(exist_ok=True)
        (self.directory / "items" / f"{item}.yaml").write_text(
            yaml.safe_dump(dict(mapped), allow_unicode=True)
        )

    def holds(self, table: str, *rows: Sequence[Any]) -> None:
        base = sqlite3.connect(self.directory / "store.sqlite")
        with base:
            base.execute(f"CREATE TABLE {table}")
            for row in rows:
                base.execute(f"INSERT INTO {table.split('(')[0]} VALUES ({', '.join('?' * len(row))})", row)
        base.close()

    @cached_property
    def door(self) -> Door:
        source = {"provider": self.provider, "source": "sqlite:///store.sqlite", **self.config}
        (self.directory / "gateway.yaml").write_text(yaml.safe_dump(source))
        read = configs.read(self.directory / "gateway.yaml")
        self.key = SigningKey.generate("gateway")
        self.evidence = Evidence(read.place("evidence"), secret=secret_of(self.key))
        self.source = opening.open_source(read)
        return Door(
            read,
            catalogue=self.catalogue,
            source=self.source,
            evidence=self.evidence,
            key=self.key,
            nodes=lambda: {self.node.id: self.node.public},
            institutions=lambda: {
                path.name.removesuffix(".pub.pem"): path.read_bytes()
                for path in (self.directory / "institutions").glob("*.pub.pem")
            },
            clock=lambda: self.clock,
        )

    def withholds(self, item: str, *withheld: str, masked: str = "") -> None:
        """Have it decide by a copy of the catalogue that shares less: fields that the channel of calls or
        checks doesn't carry, and one that is another person's.
        """
        known = CATALOGUE.item(item).model_dump()
        for channel in known["channels"]:
            channel["fields"] = tuple(name for name in channel["fields"] if name not in withheld)
        for field_ in known["fields"]:
            if field_["name"] == masked:
                field_.update(type="person_name", whose="third_person", openness="consent")
        items = {**CATALOGUE.items, item: Item.model_validate(known)}
        self.catalogue = self.door._catalogue = replace(CATALOGUE, items=items)

    def ask(self, asked: Question, given: consent.Terms | None = None, **stapled: Any) -> Answer:
        """Put a question with its consent's status, and believe the answer only by its receipt."""
        body = questions.encode(asked, status(asked, given, **stapled))
        reply = self.door.answer(signed(body, created=self.clock))
        assert reply.status == 200, reply.body
        keys = {self.key.id: self.key.public}
        return receipt.decode(
            reply.body, keys, question=asked.digest(), provider=self.provider, item=asked.item
        )

    def refuses(self, request: Request) -> tuple[int, str]:
        reply = self.door.answer(request)
        return reply.status, orjson.loads(reply.body).get("code", "")

    def close(self) -> None:
        if "door" in self.__dict__:
            self.evidence.close()
            self.source.close()
