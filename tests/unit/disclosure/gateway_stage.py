"""Two departments with gateways of their own, and a bank that asks through the gate."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pypdf

from rongxin.delivery import report, verification
from rongxin.delivery.rendering import charts, html, pdf, presentation
from rongxin.disclosure import gate
from rongxin.disclosure.release import Recipient, Refusal, Release, Request
from rongxin.disclosure.rules import RecipientKind
from rongxin.journal import keyring
from rongxin.sharing import gateways
from rongxin.sharing.connectors.gateway import Address, Gateway
from rongxin.vocabulary.actor import Actor, ActorKind
from rongxin.vocabulary.purpose import Purpose
from tests.unit.consent import stage
from tests.unit.gateway.stage import CATALOGUE, Office

LATER = stage.NOW + timedelta(hours=1)
BANK = Actor(ActorKind.ACCOUNT, "1", "institution:bank_a")


class Direct(Gateway):
    """A gateway without a network between: the same bytes in, the same bytes out."""

    def __init__(self, office: Office) -> None:
        office.door  # noqa: B018 - makes the key
        (office.directory / "key.pub.pem").write_text(office.key.public.pem())
        address = Address(provider=office.provider, url="http://gateway.test:1", key="key.pub.pem")
        super().__init__(address, office.directory, key=keyring.node_key, connections=1)
        self._office = office

    def _post(self, request: Any) -> tuple[int, bytes]:
        request.headers = {name.lower(): value for name, value in request.headers.items()}
        self._office.asked += 1
        reply = self._office.door.answer(request)
        return reply.status, reply.body


@dataclass
class Scene:
    firm: stage.Firm
    case: UUID
    tax: Office
    estate: Office

    def request(self, *items: str) -> Request:
        return Request(
            recipient=Recipient(RecipientKind.INSTITUTION, "bank_a", "云州银行", "clerk-7"),
            uscc=self.firm.uscc,
            items=items or ("tax_payment",),
            purpose=Purpose.PRE_LOAN_REVIEW,
            reference="DK-1",
            case_id=self.case,
        )

    def asks(self, *items: str, as_of: Any = LATER, **changes: Any) -> Release | Refusal:
        return gate.release(replace(self.request(*items), **changes), actor=BANK, as_of=as_of)


_OFFICES = {
    "tax_bureau": (
        "t(n, c, x, v)",
        "tax_payment",
        "SELECT n AS name, c AS uscc, v AS vat_paid_cny_12m FROM t WHERE c = :uscc",
    ),
    "natural_resources_bureau": (
        "e(n, c, cert, m)",
        "real_estate",
        "SELECT c AS right_holder_identifier, cert AS real_estate_certificate_number, m AS area_sqm FROM e"
        " WHERE c = :uscc",
    ),
}


@contextmanager
def opened(directory: Path) -> Iterator[Scene]:
    """Open both departments and connect them to the node."""
    firm = stage.firm()
    offices = [Office(directory / name, name, {}, LATER, keyring.node_key()) for name in _OFFICES]
    for office, (holds, item, sql) in zip(offices, _OFFICES.values(), strict=True):
        office.directory.mkdir()
        office.holds(holds, ("云州蓝鲸物流有限公司", firm.uscc, "云（2026）不动产权第7号", 100))
        office.writes(item, {"sql": sql})
        gateways.connect(office.provider, Direct(office))
    yield Scene(firm, stage.case(firm, stage.bank()), *offices)
    for office in offices:
        gateways.disconnect(office.provider)
        office.close()


def forms(answer: Release) -> tuple[dict[str, Any], str, str]:
    """The report as JSON, as the text of its page and as the text of its PDF, without blanks."""
    document = report.build(answer, CATALOGUE, node="n")
    assert verification.holds(document)
    prepared = presentation.prepare(document, region_label="云州市", notice=None)
    drawn = charts.draw(prepared)
    page = re.sub(r"<[^>]+>", "", html.render(prepared, drawn))
    paper = pypdf.PdfReader(io.BytesIO(pdf.render(prepared, drawn)))
    text = "".join(page.extract_text() for page in paper.pages)
    return json.loads(report.to_json(document)), re.sub(r"\s+", "", page), re.sub(r"\s+", "", text)
