"""What a bench's firms have on file, and the tax office that can be asked about them."""

from __future__ import annotations

import json
import random
from datetime import date, datetime
from hashlib import sha256
from typing import Any
from uuid import UUID, uuid4

import psycopg

SHAPES = 300  # different payloads an item
# How often an item turns up in a subject's file, beside the licence that everybody has.
ITEMS = {
    "administrative_permit": 30,
    "administrative_penalty": 8,
    "taxpayer_credit_rating": 12,
    "trademark": 15,
    "software_copyright": 8,
    "honours": 8,
    "policy_support": 8,
    "environmental_credit_rating": 6,
    "customs_registration": 4,
    "dishonest_judgment_debtor": 1,
}
Firm = tuple[int, str, str]  # id, code, name


def file(raw: psycopg.Connection[Any], firms: list[Firm], rng: random.Random, now: datetime) -> int:
    """File six to ten records a subject, with valid payloads of the catalogue's types; return how many."""
    batches = _batches(now)
    columns = (
        "subject_id, received_at, filed_at, batch_id, line, observed_on, item_version, item, record_key,"
        " provider, digest, payload, source"
    )
    shapes = _shapes(rng)
    names, weights = list(ITEMS), list(ITEMS.values())
    line = 0
    with raw.cursor() as cursor, cursor.copy(f"COPY records_record ({columns}) FROM STDIN") as copy:
        for firm_id, code, name in firms:
            for item in ["business_licence", *rng.choices(names, weights, k=rng.randint(5, 9))]:
                line += 1
                payload, observed_on, version, provider = rng.choice(shapes[item])
                text = payload.replace("\0code", code).replace("\0name", name)
                copy.write_row(
                    [
                        firm_id,
                        now,
                        now,
                        batches[item],
                        line,
                        observed_on,
                        version,
                        item,
                        f"测许〔2026〕{line}号",
                        provider,
                        sha256(text.encode()).digest(),
                        text,
                        "{}",
                    ]
                )
    return line


Shape = tuple[str, date | None, int, str]


def _shapes(rng: random.Random) -> dict[str, list[Shape]]:
    from rongxin.catalogue import example, loader
    from rongxin.disclosure.rules import span_of

    catalogue = loader.load()
    made: dict[str, list[Shape]] = {}
    for name in ["business_licence", *ITEMS]:
        item = catalogue.item(name)
        channel = item.aggregation
        assert channel is not None
        made[name] = []
        for _ in range(SHAPES):
            row = example.row(item, rng) | {"name": "\0name", "uscc": "\0code"}
            if channel.where is not None:
                row[channel.where.field] = channel.where.equals
            row = {key: value for key, value in row.items() if key in item.field_names and value is not None}
            dated = row.get(item.observed_on) if item.observed_on else None
            day = span_of(str(dated)).from_ if dated else None
            text = json.dumps(row, ensure_ascii=False).replace("\\u0000", "\0")
            made[name].append((text, day, item.version, channel.provider))
    return made


def _batches(now: datetime) -> dict[str, UUID]:
    """One filed batch an item, so that "no record" may be said of every stored item."""
    from rongxin.catalogue import loader
    from rongxin.parties import seed
    from rongxin.sharing.models import Batch
    from rongxin.vocabulary.actor import SYSTEM

    catalogue = loader.load()
    seed.seed(catalogue, actor=SYSTEM, as_of=now)
    made: dict[str, UUID] = {}
    for item in catalogue.items.values():
        if item.aggregation is None:
            continue
        made[item.item] = uuid4()
        Batch.objects.create(
            id=made[item.item],
            item=item.item,
            provider_id=item.aggregation.provider,
            sha256=sha256(item.item.encode()).hexdigest(),
            file_name=f"{item.item}.csv",
            size_bytes=1,
            status="filed",
            received_at=now,
            finished_at=now,
            actor_kind="system",
            actor_id="bench",
            receipt=dict.fromkeys(("read", "accepted", "rejected", "pending", "duplicate"), 0),
            journal_entry=uuid4(),
        )
    return made


def tax_paid(firm: int) -> str:
    return f"{firm}.25"
