"""融资产品: keep what the institution offers; a person of its own publishes what is proposed here ((七))."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from rongxin.client import calls
from rongxin.client.calls import Call, Document


class Version(Document):
    """One version of a product; `terms` as they were proposed, `example` what they cost."""

    product: UUID
    version: int
    state: str
    terms: Any
    annual_rate: str
    example: Any
    published_at: datetime | None


def own() -> Call[list[Version]]:
    """List every version that the institution ever proposed, the newest first."""
    return calls.get("products", list[Version])


def versions(product: UUID) -> Call[list[Version]]:
    return calls.get(f"products/{calls.part(product)}", list[Version])


def propose(terms: Mapping[str, Any]) -> Call[Version]:
    """Propose a product; money in yuan, rates in hundredths of a percent a year."""
    return calls.write("POST", "products", Version, {"terms": terms})


def propose_version(product: UUID, terms: Mapping[str, Any]) -> Call[Version]:
    """Propose another version; the published one stays until this one is published."""
    path = f"products/{calls.part(product)}/versions"
    return calls.write("POST", path, Version, {"terms": terms})


def decline(product: UUID) -> Call[Version]:
    """Take a proposed version back."""
    return calls.write("POST", f"products/{calls.part(product)}/decline", Version)


def retire(product: UUID) -> Call[Version]:
    """Take a product off the list; applications that were made go on."""
    return calls.write("POST", f"products/{calls.part(product)}/retire", Version)
