"""An invented city's old platform, written out as files by its own people."""

from __future__ import annotations

import csv
import io
from hashlib import sha256
from pathlib import Path
from typing import Any

from tests.unit.consent import stage as consent_stage
from tests.unit.delivery.moving.stage import Platform

FIRMS = 6
PENALTIES = [f"{number}.50" for number in range(1, 9)]
HEAD = ("企业名称", "统一社会信用代码", "行政处罚决定书文号", "罚款金额", "行政处罚决定日期", "说明")


def sheet(head: tuple[str, ...], *rows: tuple[object, ...]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([head, *rows])
    return text.getvalue().encode()


def consent(uscc: str, **changes: Any) -> dict[str, Any]:
    """A consent on paper as the old platform writes it out; `changes` take evidence away."""
    notice = consent_stage.shown()
    return {
        "uscc": uscc,
        "institution": "bank_a",
        "case_reference": "DK-2026-0001",
        "case_kind": "loan_application",
        "draft": consent_stage.draft().as_json(),
        "signed_by": "张建国",
        "signed_on": consent_stage.TODAY.isoformat(),
        **notice,
        "scan": "scans/paper.pdf",
        "scan_sha256": sha256(consent_stage.SCAN).hexdigest(),
        "media_type": "application/pdf",
    } | changes


def codes(count: int = FIRMS) -> list[str]:
    return [consent_stage.code() for _ in range(count)]


def platform(directory: Path, firms: list[str], *consents: dict[str, Any]) -> Platform:
    """A department, a bank, firms, accounts, a provider's file of penalties and consents."""
    old = Platform(directory)
    old.rows("departments.jsonl", "departments", {"id": "emergency_bureau", "name": "云州市应急管理局"})
    bank = {"id": "bank_a", "name": "云州银行", "uscc": consent_stage.code(), "kind": "bank"}
    old.rows("banks.jsonl", "institutions", bank | {"contact": "0990-12345678"})
    rows = [(code, f"云州第{n}商贸有限公司", "990101", "张建国") for n, code in enumerate(firms)]
    content = sheet(("uscc", "name", "region", "legal_representative"), *rows)
    old.holds("subjects.csv", "subjects", content, len(rows))
    clerk = {"party_kind": "institution", "party": "bank_a", "role": "clerk", "valid_from": "2026-01-01"}
    old.rows(
        "accounts.jsonl",
        "accounts",
        {
            "username": "wang",
            "display_name": "王某",
            "kind": "person",
            "roles": [clerk | {"valid_until": None}],
        },
    )
    fines = [
        (f"云州第{n % FIRMS}商贸有限公司", firms[n % len(firms)], f"云罚{n}号", fine, "2026-01-05", "")
        for n, fine in enumerate(PENALTIES)
    ]
    old.holds(
        "penalties.csv",
        "delivery",
        sheet(HEAD, *fines),
        len(fines),
        item="administrative_penalty",
        provider="development_reform_commission",
        sums={"fine_cny": "40.00"},
    )
    if consents:
        old.holds("scans/paper.pdf", "scan", consent_stage.SCAN, 0)
        old.rows("consents.jsonl", "consents", *consents)
    return old
