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
import sys
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import _facts
import psycopg

from rongxin.proof.keys import SigningKey

BANK, ACCOUNT = "bench_bank", "bench-bank"
REGION = "990101"
YEARS = timedelta(days=3650)
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
        if exists is not None and stage.exists():  # the row has no column, so it is empty
            known: dict[str, Any] = json.loads(stage.read_text())
            if known["tag"] == _tag(var, parameters, known["keys"]):
                # The embedded server listens at another place each time it starts.
                stage.write_text(json.dumps(known | {"url": url}))
                return known | {"url": url}
        stage.unlink(missing_ok=True)
        admin.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        admin.execute(f'CREATE DATABASE "{name}"')
    var.mkdir(parents=True, exist_ok=True)
    known = _fill(parameters, var) | {"url": url, "var": str(var)}
    keys = sorted(key.name for key in (var / "keys").glob("*.pem"))
    stage.write_text(json.dumps(known | {"keys": keys, "tag": _tag(var, parameters, keys)}))
    return known


def _tag(var: Path, parameters: Mapping[str, int], keys: list[str]) -> str:
    """Name what the contents depend on: parameters, tables, this file, and the secrets of that time."""
    root = Path(__file__).parent.parent
    files = [
        *sorted(Path(__file__).parent.glob("_*.py")),
        *sorted(root.glob("rongxin/*/migrations/0*.py")),
        var / "secret_key",
    ]
    files += [var / "keys" / key for key in keys]
    parts = [json.dumps(parameters, sort_keys=True)]
    parts += [sha256(file.read_bytes()).hexdigest() for file in files if file.exists()]
    return sha256("\n".join(parts).encode()).hexdigest()


def _fill(parameters: Mapping[str, int], var: Path) -> dict[str, Any]:
    import django

    django.setup()
    from django.core.management import call_command

    _say("creating tables")
    call_command("migrate", verbosity=0, interactive=False)
    now = datetime.now(UTC)
    token = _bank(now, var)
    rng = random.Random(52)
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as raw:
        firms = _firms(raw, parameters["firms"], rng, now)
        if parameters.get("facts"):
            _say(f"{_facts.file(raw, firms, rng, now):,} records")
        consents = _consents(raw, firms, parameters, now)
        _say("vacuum")
        raw.execute("VACUUM (ANALYZE)")
    return {
        "token": token,
        "account": ACCOUNT,
        "key": str(var / "bank.key.pem"),
        "questions": consents,
        "publics": [firm[1] for firm in firms[:: max(1, len(firms) // 2000)]],
    }


def _bank(now: datetime, var: Path) -> str:
    from rongxin.entrypoints.demo import cast
    from rongxin.parties import accounts, api_keys, institutions, memberships, quotas
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
    for scope in quotas.SETTABLE:
        quotas.set_limit(BANK, scope, 2_000_000_000, actor=SYSTEM, as_of=now)
    institutions.assess(BANK, until=(now + YEARS).date(), actor=SYSTEM, as_of=now)
    kind = Account.Kind.MACHINE
    account = accounts.open_account(ACCOUNT, "测试银行（虚构）", kind=kind, actor=SYSTEM, as_of=now)
    today = now.date() - timedelta(days=1)
    memberships.appoint(
        account.id, PartyKind.INSTITUTION, BANK, Role.CLERK, valid_from=today, actor=SYSTEM, as_of=now
    )
    (var / "bank.key.pem").unlink(missing_ok=True)
    key = SigningKey.generate(BANK)
    key.save(var / "bank.key.pem")
    until, officers = (now + YEARS).date(), cast.officers(now)
    cast.register_key(BANK, key.public.pem(), account.id, until=until, officers=officers, as_of=now)
    return api_keys.issue(account.id, label="bench", expires_at=now + YEARS, actor=SYSTEM, as_of=now).secret


def _firms(raw: psycopg.Connection[Any], count: int, rng: random.Random, now: datetime) -> list[_facts.Firm]:
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


def _consents(
    raw: psycopg.Connection[Any], firms: list[_facts.Firm], parameters: Mapping[str, int], now: datetime
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


def _consent(firm: _facts.Firm, now: datetime) -> dict[str, Any]:
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
        "tax": _facts.tax_paid(firm[0]),
        "estate": f"云(2026)不动产权第{firm[0]}号",
    }


_FILL = """
    WITH made AS (
        SELECT gen_random_uuid() AS id, gen_random_uuid() AS case_id, n,
               (SELECT min(id) FROM parties_subject) + n %% %(firms)s AS subject_id
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


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)  # noqa: T201


if __name__ == "__main__":
    ensure(sys.argv[1], json.loads(sys.argv[2]))
