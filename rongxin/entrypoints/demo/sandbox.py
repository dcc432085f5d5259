"""沙箱: an invented node at which any institution can try its system, and ask for what goes wrong.

An institution helps itself to an account; the firms of the city answer when they are told to; a gateway can
be made slow or unavailable, a quota used up. All of it is invented, and none of it is in a node's own code.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

import httpx
import yaml
from django.utils import timezone

from rongxin.consent import cases, requests, templates
from rongxin.consent.errors import ConsentError
from rongxin.consent.rules import CaseKind
from rongxin.entrypoints.demo import cast
from rongxin.entrypoints.demo.breakers import Breakers
from rongxin.parties import institutions, subjects
from rongxin.parties.errors import PartiesError
from rongxin.parties.rules.membership import PartyKind
from rongxin.vocabulary.actor import SYSTEM, Actor

INSTITUTIONS_MAX = 200
_NAME_MAX = 40
MARK = "（沙箱，虚构）"
_ITEMS = frozenset({"tax_payment", "electricity_fee"})


class NotPossible(Exception):
    """The sandbox can't do that; the message says why and what to do."""


@dataclass(frozen=True)
class Firm:
    """An invented firm, with the key of who stands for it."""

    uscc: str
    name: str
    evidence: Mapping[str, str]
    key: str


@dataclass
class Sandbox:
    """What can be asked of the sandbox beside the node itself."""

    node: str
    breakers: Breakers
    firms: dict[str, Firm] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._api = httpx.Client(base_url=f"{self.node}api/v1/", timeout=60, trust_env=False)
        self._officers = cast.officers(timezone.now())
        self._joined = 0

    def register_firms(self, parts: Iterable[Mapping[str, Any]]) -> None:
        """Register the firms of the city's stories, as their representatives would."""
        for number, part in enumerate(parts):
            evidence = {
                "name": part["legal_representative"],
                "id_number": part["id_number"],
                "represents": part["uscc"],
            }
            body = {"uscc": part["uscc"], "username": f"firm-{number}", "evidence": evidence}
            answer = self._api.post("registrations", json=body)
            if answer.status_code == 201:
                made = Firm(part["uscc"], part["name"], evidence, answer.json()["key"])
                self.firms[made.uscc] = made
        if not self.firms:
            raise NotPossible("城市中没有一户企业能够注册 no firm of the city could be registered")

    def join(self, name: str, pem: str) -> dict[str, Any]:
        """Take an institution in: an account, its key for tokens, and a consent that was withdrawn."""
        label = name.strip()
        if not 0 < len(label) <= _NAME_MAX:
            raise NotPossible(f"name：请给出不超过{_NAME_MAX}字的名称 give a name of at most {_NAME_MAX}")
        if self._joined >= INSTITUTIONS_MAX:
            raise NotPossible("沙箱已满，请重新启动 the sandbox is full: start it anew")
        now, id = timezone.now(), f"sandbox_{uuid4().hex[:8]}"
        self._joined += 1
        try:
            until = cast.admitted(id, f"{label}{MARK}", f"MA9B{self._joined:04d}", now)
            machine = cast.player(f"api-{id}", f"{label}{MARK}", PartyKind.INSTITUTION, id, now)
            cast.register_key(id, pem, machine.account, until=until, officers=self._officers, as_of=now)
        except PartiesError as error:
            raise NotPossible(str(error)) from error
        subject = next(iter(self.firms))
        trial: dict[str, Any] = {"account": machine.username, "key": "your.key.pem", "subject": subject}
        trial["withdrawn"] = self._withdrawn(id, machine.actor, subject)
        return {
            "institution": id,
            "account": machine.username,
            "api_key": machine.key,
            "node": self.node,
            "subject": subject,
            "trial": yaml.safe_dump(trial, allow_unicode=True, sort_keys=False),
            "notice": "全部虚构 all invented",
        }

    def accept(self, request: UUID) -> dict[str, Any]:
        """Have the firm consent to what an institution asks."""
        firm = self._firm_of(request)
        notice = self._answer("GET", "risk-notices/current", firm)
        body = {
            "notice_version": notice["version"],
            "notice_sha256": notice["sha256"],
            "evidence": dict(firm.evidence),
        }
        return self._answer("POST", f"consent-requests/{request}/accept", firm, body)

    def decline(self, request: UUID) -> dict[str, Any]:
        return self._answer("POST", f"consent-requests/{request}/decline", self._firm_of(request), {})

    def act(self, consent: UUID, act: str) -> dict[str, Any]:
        """Have the firm pause, resume or withdraw a consent."""
        for firm in self.firms.values():
            answer = self._api.post(f"consents/{consent}/{act}", json={}, headers=_by(firm))
            if answer.status_code < 300:
                document: dict[str, Any] = answer.json()
                return document
        raise NotPossible(f"沙箱中没有企业能对授权 {consent} 办理 {act} no firm here can do that")

    def limit(self, institution: str, a_day: int) -> dict[str, Any]:
        """Set how many requests an institution has a day; 0: the quota is used up."""
        if not institution.startswith("sandbox_"):
            raise NotPossible(f"{institution}：不是沙箱中的机构 isn't of the sandbox")
        try:
            card = institutions.set_daily_quota(institution, a_day, actor=SYSTEM, as_of=timezone.now())
        except PartiesError as error:
            raise NotPossible(str(error)) from error
        return {"institution": card.id, "a_day": a_day}

    def state(self) -> dict[str, Any]:
        return {
            "node": self.node,
            "firms": [{"uscc": firm.uscc, "name": firm.name} for firm in self.firms.values()],
            "providers": {name: fault.value for name, fault in self.breakers.faults.items()},
            "institutions": self._joined,
            "notice": "全部虚构 all invented",
        }

    def close(self) -> None:
        self._api.close()
        self.breakers.close()

    def _withdrawn(self, institution: str, actor: Actor, uscc: str) -> dict[str, str]:
        """Play a consent through to its end: so a refusal after a withdrawal can be seen at once."""
        subject, now = subjects.find(uscc), timezone.now()
        if subject is None:
            raise NotPossible(f"{uscc}：沙箱中没有这户企业 no such firm")
        case = cases.open_case(
            institution, subject.id, "SANDBOX-0", CaseKind.LOAN_APPLICATION, actor=actor, as_of=now
        )
        draft = templates.draft("one_time_underwriting", _ITEMS, on=timezone.localdate(now))
        asked = requests.request(case.id, draft, actor=actor, as_of=now)
        consent = self.accept(asked.id)["consent"]
        self.act(UUID(consent), "withdraw")
        return {"subject": uscc, "case": str(case.id), "consent": consent}

    def _firm_of(self, request: UUID) -> Firm:
        try:
            subject = subjects.get(cases.get(requests.get(request).case_id).subject_id)
        except (ConsentError, PartiesError) as error:
            raise NotPossible(str(error)) from error
        found = self.firms.get(subject.uscc or "")
        if found is None:
            raise NotPossible(f"{subject.uscc}：不是沙箱代答的企业，见 GET /state choose a firm of /state")
        return found

    def _answer(self, method: str, path: str, firm: Firm, body: object = None) -> dict[str, Any]:
        answer = self._api.request(method, path, json=body, headers=_by(firm))
        document: dict[str, Any] = answer.json()
        if answer.status_code >= 300:
            raise NotPossible(f"{document.get('title')}（{document.get('code')}）")
        return document


def _by(firm: Firm) -> dict[str, str]:
    return {"Authorization": f"Bearer {firm.key}"}
