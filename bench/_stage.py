"""Fill a bench's database once and find it again: firms, a bank with a key, facts, a tax office, consents.

    python bench/_stage.py NAME '{"firms": 100000, "consents": 2000, "fillers": 0, "facts": true}'

makes the database NAME on the server of DATABASE_URL, with a directory of its own under RONGXIN_VAR, and says
what a bench needs to know in `stage.json` there; what stands for the same parameters, tables and keys is used
again. Consents are signed and sealed one by one; fillers, which nobody looks up, have a false seal.
"""

from __future__ import annotations

import json
import os
import random
import sqlite3
import sys
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID, uuid4

import psycopg

BANK = "bench_bank"
REGION = "990101"
YEARS = timedelta(days=3650)
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
KINDS = {"91": ("company", 70), "92": ("individual_business", 25), "93": ("farmer_cooperative", 4)}


def ensure(name: str, parameters: Mapping[str, int]) -> dict[str, Any]:
    """Return what `stage.json` says, after filling the database unless it stands already."""
    var = Path(os.environ["RONGXIN_VAR"]) / name
    base = os.environ["DATABASE_URL"]
    parts = urlsplit(base)  # urlunsplit would drop the // of an address without a host
    url = f"{parts.scheme}://{parts.netloc}/{name}" + (f"?{parts.query}" if parts.query else "")
    # The mode of tests does without the pool and with a known secret: not what is to be measured.
    os.environ |= {"RONGXIN_VAR": str(var), "DATABASE_URL": url, "RONGXIN_MODE": "demo"}
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "rongxin.site.settings")
    stage = var / "stage.json"
    with psycopg.connect(base, autocommit=True) as admin:
        exists = admin.execute("SELECT FROM pg_database WHERE datname = %s", [name]).fetchone()
        if exists and stage.exists():
            known: dict[str, Any] = json.loads(stage.read_text())
            if known["tag"] == _tag(var, parameters, url):
                return known
        stage.unlink(missing_ok=True)
        admin.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        admin.execute(f'CREATE DATABASE "{name}"')
    var.mkdir(parents=True, exist_ok=True)
    known = _fill(parameters, var) | {"url": url, "var": str(var)}
    stage.write_text(json.dumps(known | {"tag": _tag(var, parameters, url)}))
    return known


def _tag(var: Path, parameters: Mapping[str, int], url: str) -> str:
    """Name what the contents depend on: parameters, tables, this file, and the node's secrets."""
    root = Path(__file__).parent.parent
    files = [Path(__file__), *sorted(root.glob("rongxin/*/migrations/0*.py")), var / "secret_key"]
    files += sorted((var / "keys").glob("*.pem"))
    parts = [json.dumps(parameters, sort_keys=True), url]
    parts += [sha256(file.read_bytes()).hexdigest() for file in files if file.exists()]
    return sha256("\n".join(parts).encode()).hexdigest()


def _fill(parameters: Mapping[str, int], var: Path) -> dict[str, Any]:
    import django

    django.setup()
    from django.core.management import call_command

    _say("creating tables")
    call_command("migrate", verbosity=0, interactive=False)
    now = datetime.now(UTC)
    token = _bank(now)
    rng = random.Random(52)
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as raw:
        firms = _firms(raw, parameters["firms"], rng, now)
        if parameters.get("facts"):
            _facts(raw, firms, rng, now)
            _tax_office(var / "providers", firms)
        consents = _consents(raw, firms, parameters, now)
        _say("vacuum")
        raw.execute("VACUUM (ANALYZE)")
    return {
        "token": token,
        "questions": consents,
        "publics": [firm[1] for firm in firms[:: max(1, len(firms) // 2000)]],
    }


def _bank(now: datetime) -> str:
    from rongxin.parties import accounts, api_keys, institutions, memberships
    from rongxin.parties.models import Account
    from rongxin.parties.rules.membership import PartyKind, Role
    from rongxin.parties.rules.standing import InstitutionKind
    from rongxin.vocabulary import uscc
    from rongxin.vocabulary.actor import SYSTEM

    institutions.admit(
        BANK,
        name="测试银行（虚构）",
        uscc=uscc.compose("91", "990100", "MA99BK01"),
        kind=InstitutionKind.BANK,
        contact="990-0100",
        daily_quota=2_000_000_000,
        actor=SYSTEM,
        as_of=now,
    )
    institutions.assess(BANK, until=(now + YEARS).date(), actor=SYSTEM, as_of=now)
    kind = Account.Kind.MACHINE
    account = accounts.open_account("bench-bank", "测试银行（虚构）", kind=kind, actor=SYSTEM, as_of=now)
    today = now.date() - timedelta(days=1)
    memberships.appoint(
        account.id, PartyKind.INSTITUTION, BANK, Role.CLERK, valid_from=today, actor=SYSTEM, as_of=now
    )
    return api_keys.issue(account.id, label="bench", expires_at=now + YEARS, actor=SYSTEM, as_of=now).secret


Firm = tuple[int, str, str]  # id, code, name


def _firms(raw: psycopg.Connection[Any], count: int, rng: random.Random, now: datetime) -> list[Firm]:
    from rongxin.vocabulary import uscc

    _say(f"{count:,} subjects")
    columns = (
        "kind, uscc, name, canonical_name, registration_status, region, industry, size_class,"
        " legal_representative, legal_representative_commitment, established_on, opened_at"
    )
    weights = [weight for _, weight in KINDS.values()]
    with raw.cursor() as cursor:
        with cursor.copy(f"COPY parties_subject ({columns}) FROM STDIN") as copy:
            for number in range(count):
                (department,) = rng.choices(list(KINDS), weights)
                code = uscc.compose(department, REGION, f"MA{number:06d}")
                name = f"云州第{number}测试有限公司"
                copy.write_row(
                    [
                        KINDS[department][0],
                        code,
                        name,
                        name,
                        "registered",
                        REGION,
                        "C13",
                        "micro",
                        "张建国",
                        "",
                        date(2000 + number % 25, 1 + number % 12, 1),
                        now,
                    ]
                )
        cursor.execute("SELECT id, uscc, name FROM parties_subject ORDER BY id")
        return cursor.fetchall()


def _facts(raw: psycopg.Connection[Any], firms: list[Firm], rng: random.Random, now: datetime) -> None:
    """Six to ten stored records a subject, with valid payloads of the catalogue's types."""
    _say("facts")
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
    _say(f"{line:,} records")


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
            receipt={},
            journal_entry=uuid4(),
        )
    return made


def _tax_office(directory: Path, firms: list[Firm]) -> None:
    """The one connected provider: 纳税信息 of every firm in a SQLite store beside its mapping file."""
    directory.mkdir(parents=True, exist_ok=True)
    store = directory / "tax_bureau.sqlite"
    store.unlink(missing_ok=True)
    with sqlite3.connect(store) as base:
        base.execute(
            "CREATE TABLE t_nsxx (SHXYDM TEXT PRIMARY KEY, NSRMC TEXT, YNZZS TEXT, SJZZS TEXT, RQ TEXT)"
        )
        rows = ((code, name, "88000.00", tax_paid(firm), "2026-02-15") for firm, code, name in firms)
        base.executemany("INSERT INTO t_nsxx VALUES (?, ?, ?, ?, ?)", rows)
    base.close()
    (directory / "tax_bureau.yaml").write_text(
        "provider: tax_bureau\nconnector: sqlite\npath: tax_bureau.sqlite\nitems:\n  tax_payment:\n"
        "    table: t_nsxx\n    subject: {uscc: SHXYDM}\n"
        "    columns: {uscc: SHXYDM, name: NSRMC, vat_payable_cny_12m: YNZZS, vat_paid_cny_12m: SJZZS,"
        " last_normal_tax_payment_on: RQ}\n"
    )


def tax_paid(firm: int) -> str:
    return f"{firm}.25"


def _consents(
    raw: psycopg.Connection[Any], firms: list[Firm], parameters: Mapping[str, int], now: datetime
) -> list[dict[str, Any]]:
    """Sign the real consents, in portions between the fillers, so that they lie all over the table."""
    real, fillers = parameters["consents"], parameters.get("fillers", 0)
    portions = 20
    chosen = firms[:: max(1, len(firms) // real)][:real]
    questions: list[dict[str, Any]] = []
    for portion in range(portions):
        for firm in chosen[portion::portions]:
            questions.append(_consent(firm, now))
        if fillers:
            _say(f"fillers {fillers * (portion + 1) // portions:,}")
            _filler(raw, UUID(questions[0]["consent"]), fillers // portions, len(firms))
    return questions


def _consent(firm: Firm, now: datetime) -> dict[str, Any]:
    from django.db import transaction

    from rongxin.catalogue import loader
    from rongxin.consent import cases, issuing, notices
    from rongxin.consent.rules import CaseKind, Form, Frequency, FrequencyUnit, Signature, business_day
    from rongxin.consent.templates import Draft
    from rongxin.vocabulary.actor import SYSTEM
    from rongxin.vocabulary.period import Period
    from rongxin.vocabulary.purpose import Purpose
    from rongxin.vocabulary.sharing_mode import SharingMode

    today = business_day(now)
    notice = notices.current(today)
    until = today + YEARS
    draft = Draft(
        template="one_time_underwriting",
        items=frozenset(loader.load().items),
        modes=frozenset(
            {SharingMode.PHYSICAL_AGGREGATION, SharingMode.INTERFACE_CALL, SharingMode.DATA_VERIFICATION}
        ),
        purpose=Purpose.PRE_LOAN_REVIEW,
        data_period=Period(date(2020, 1, 1), until),
        valid_from=today,
        valid_until=until,
        frequency=Frequency(10_000_000, FrequencyUnit.TERM),
        retention_days=30,
    )
    signer = Signature("张建国", sha256(firm[1].encode()).hexdigest(), "bench", 2, now)
    with transaction.atomic():
        case = cases.open_case(
            BANK, firm[0], f"DK-{firm[0]}", CaseKind.LOAN_APPLICATION, actor=SYSTEM, as_of=now
        )
        grant = issuing.issue(
            draft,
            case,
            issuing.check_parties(case),
            signers=(signer,),
            form=Form.ONLINE,
            notice=(notice.version, notice.sha256),
            template="one_time_underwriting@1",
            actor=SYSTEM,
            as_of=now,
        )
    return {
        "subject": firm[0],
        "uscc": firm[1],
        "case": str(case.id),
        "consent": str(grant.id),
        "tax": tax_paid(firm[0]),
    }


_FILL = """
    WITH made AS (
        SELECT gen_random_uuid() AS id, gen_random_uuid() AS case_id, n,
               (SELECT min(id) FROM parties_subject) + n % %(firms)s AS subject_id
        FROM generate_series(1, %(count)s) AS n
    ), opened AS (
        INSERT INTO consent_case (id, subject_id, institution_id, reference, kind, opened_on)
        SELECT case_id, subject_id, %(bank)s, 'F-' || id, 'loan_application', current_date FROM made
    )
    INSERT INTO consent_consent (id, subject_id, institution_id, case_id, form, artefact, valid_from,
        valid_until, granted_at, status, status_at, status_why, seal)
    SELECT made.id, made.subject_id, %(bank)s, made.case_id, like_it.form,
           md5(made.id::text) || substr(like_it.artefact, 33), like_it.valid_from, like_it.valid_until,
           like_it.granted_at, 'active', like_it.status_at, '', encode(sha256(made.id::text::bytea), 'hex')
    FROM made, consent_consent like_it WHERE like_it.id = %(like)s
"""


def _filler(raw: psycopg.Connection[Any], like: UUID, count: int, firms: int) -> None:
    # Foreign keys are right by construction; checking a million of them would only cost minutes.
    raw.execute("SET session_replication_role = replica")
    raw.execute(_FILL, {"firms": firms, "count": count, "bank": BANK, "like": like})
    raw.execute("SET session_replication_role = origin")


def questions(known: Mapping[str, Any], seed: int) -> Iterator[dict[str, Any]]:
    """Go through the questions for ever, in an order of one's own."""
    order = list(known["questions"])
    random.Random(seed).shuffle(order)
    while True:
        yield from order


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)  # noqa: T201


if __name__ == "__main__":
    ensure(sys.argv[1], json.loads(sys.argv[2]))
