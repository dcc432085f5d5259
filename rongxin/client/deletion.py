"""删除回执: what is owed once a consent has ended, and the receipt that discharges it ((九)(十))."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from rongxin.client import calls
from rongxin.client.calls import Call, Document, Page
from rongxin.proof import jws
from rongxin.proof.keys import Signs

RECEIPT_TYPE = "deletion-receipt+jws"


class Duty(Document):
    """What the institution owes for one consent; `due_on` stands while it is open."""

    consent: UUID
    institution: str
    items: list[str]
    state: str
    state_label: str
    since: datetime
    due_on: date | None
    overdue: bool
    until: date | None
    receipts: list[dict[str, Any]]


class Law(Document):
    law: str
    name: str
    concerns: Any


class Laws(Document):
    """The closed list of laws under which data may be kept on."""

    edition: str
    citation: str
    laws: list[Law]


def owed(*, settled: bool = False, overdue: bool = False, page_rows: int | None = None) -> Call[Page[Duty]]:
    """List what is owed; `settled` adds what is done."""
    return calls.pages("deletion-duties", Duty, settled=settled, overdue=overdue, limit=page_rows)


def of_consent(consent: UUID) -> Call[list[Duty]]:
    return calls.get(f"consents/{calls.part(consent)}/receipts", list[Duty])


def laws() -> Call[Laws]:
    return calls.get("deletion-duties/laws", Laws)


def deleted(duty: Duty, on: date, key: Signs | None = None) -> Call[Duty]:
    """Say that what was got is deleted; by the institution's key, where it has registered one."""
    return _handed_in(duty, "deleted", {"deleted_on": on.isoformat()}, key)


def restricted(duty: Duty, until: date, law: str, key: Signs | None = None) -> Call[Duty]:
    """Say that it is kept, and used for nothing else, through a day under a law of the list."""
    return _handed_in(duty, "restricted", {"until": until.isoformat(), "law": law}, key)


def receipt(duty: Duty, statement: str, said: Mapping[str, str], key: Signs) -> str:
    """Return the receipt, signed: `deleted` with `deleted_on`, or `restricted` with `until` and `law`."""
    payload = {
        "consent": str(duty.consent),
        "institution": duty.institution,
        "statement": statement,
        "at": datetime.now(UTC).isoformat(),
        **said,
    }
    return jws.sign(payload, key, type=RECEIPT_TYPE)


def _handed_in(duty: Duty, statement: str, said: dict[str, str], key: Signs | None) -> Call[Duty]:
    path = f"deletion-duties/{calls.part(duty.consent)}/receipt"
    if key is None:
        return calls.write("POST", path, Duty, {"statement": statement, **said})
    return calls.write("POST", path, Duty, {"receipt": receipt(duty, statement, said, key)})
