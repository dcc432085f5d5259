"""An institution for the length of a trial, at a platform's API: what is sent is the check's own choice."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

from rongxin.client.credentials import PrivateKey
from rongxin.client.senders import Client, Way
from rongxin.conformance.checks import Skip, expect
from rongxin.conformance.fixtures import Ended, Institution, Listening
from rongxin.conformance.wire import Answer, Wire
from rongxin.proof import client_assertion, dpop
from rongxin.proof.keys import Signs

API = "/api/v1/"
TOKEN = "oauth/token"  # noqa: S105 - an address
PROBLEM = "application/problem+json"


@dataclass
class Platform:
    """A platform as a connected institution sees it."""

    wire: Wire
    brought: Institution
    key: Signs | None
    seen: list[str] = field(init=False)
    _token: str = ""
    _session: dpop.Key = field(default_factory=dpop.Key)

    def __post_init__(self) -> None:
        self.seen = self.wire.seen

    @property
    def issuer(self) -> str:
        return self.brought.issuer.rstrip("/") or self.wire.base

    @property
    def account(self) -> PrivateKey:
        """Return what the institution shows for itself."""
        if not self.brought.account or self.key is None:
            raise Skip("试验文件中没有 account 与 key the file names no account with its key")
        return PrivateKey(self.brought.account, self.key)

    @property
    def subject(self) -> str:
        if not self.brought.subject:
            raise Skip("试验文件中没有 subject：一户平台已知的企业 the file names no firm")
        return self.brought.subject

    @property
    def withdrawn(self) -> Ended:
        if self.brought.withdrawn is None:
            raise Skip(
                "试验文件中没有 withdrawn：一份已撤回的授权 the file names no consent that was withdrawn"
            )
        return self.brought.withdrawn

    @property
    def listening(self) -> Listening:
        if self.brought.listen is None:
            raise Skip(
                "试验文件中没有 listen：平台能访问的地址 the file names no address that the node can reach"
            )
        return self.brought.listen

    def assertion(self, *, key: Signs | None = None, audience: str = "") -> str:
        """Return an assertion of the account for one token."""
        own = self.account
        return client_assertion.make(
            own.client, key or own.key, audience=audience or self.issuer, now=datetime.now(UTC)
        )

    def ask_for_token(self, assertion: str, proof: str | None) -> Answer:
        form = {
            "grant_type": "client_credentials",
            "client_assertion_type": client_assertion.FORM,
            "client_assertion": assertion,
        }
        headers = {"content-type": "application/x-www-form-urlencoded"}
        if proof is not None:
            headers["dpop"] = proof
        return self.wire.send("POST", API + TOKEN, headers=headers, body=urlencode(form).encode())

    def proof(self, method: str, path: str, *, token: str = "", session: dpop.Key | None = None) -> str:
        """Return a proof of possession for one request."""
        url = f"{self.issuer}{API}{path.partition('?')[0]}"
        return (session or self._session).prove(method, url, now=datetime.now(UTC), token=token)

    def token(self) -> str:
        """Return a token of the trial's session, asked for once."""
        if not self._token:
            answer = self.ask_for_token(self.assertion(), self.proof("POST", TOKEN))
            expect(answer.status == 200, f"未取得令牌 no token was given: {answer.status} {answer.code}")
            self._token = str(answer.member("access_token"))
        return self._token

    def send(
        self, method: str, path: str, body: object = None, *, raw: bytes | None = None, key: str = ""
    ) -> Answer:
        """Send a request rightly signed, under an idempotency key if there is one."""
        token = self.token()
        headers = {
            "authorization": f"DPoP {token}",
            "dpop": self.proof(method, path, token=token),
            "accept": "application/json",
        }
        content = raw if raw is not None or body is None else json.dumps(body).encode()
        if content is not None:
            headers["content-type"] = "application/json"
        if key:
            headers["idempotency-key"] = key
        return self.wire.send(method, API + path, headers=headers, body=content)

    def open_case(self, reference: str = "", *, key: str = "") -> Answer:
        body = {"uscc": self.subject, "reference": reference or own_reference()}
        return self.send("POST", "cases", body, key=key)

    def report(self, **more: Any) -> Answer:
        """Ask for a report; public information only unless more is said."""
        question = {"uscc": self.subject, "reference": own_reference(), "person": "conformance"} | more
        return self.send("POST", "reports", question)

    def sdk(self) -> Client:
        """Return the SDK's connection, whose requests are evidence too."""
        return Client(self.wire.base, self.account, Way(issuer=self.issuer, told=self.wire.note))


def own_reference() -> str:
    return f"CONFORMANCE-{uuid4().hex[:12]}"


def refused(answer: Answer, *statuses: int) -> None:
    """Go on only where an answer is a problem document of one of these statuses (RFC 9457)."""
    expect(answer.status in statuses, f"应为 expected {statuses}，实际 came {answer.status}")
    expect(
        answer.headers.get("content-type", "").partition(";")[0] == PROBLEM,
        f"Content-Type 应为 {PROBLEM}，实际 came {answer.headers.get('content-type')}",
    )
    expect(
        answer.member("status") == answer.status
        and bool(answer.member("type"))
        and bool(answer.member("title")),
        f"问题文档应有 type、title 与相同的 status a problem has type, title and the same status: "
        f"{answer.body[:200]!r}",
    )
