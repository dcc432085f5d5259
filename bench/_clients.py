"""Clients of a running node, as a process of their own: `_clients.py STAGE ADDRESS NUMBER THREADS`.

Each line of standard input orders a round (what, when, how long); each answer is a line of latencies.
"""

from __future__ import annotations

import http.client
import json
import sys
import threading
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from rongxin.client.credentials import PrivateKey
from rongxin.proof.keys import SigningKey


def clients(stage: str, address: str, number: str, threads: str) -> None:
    known = json.loads(Path(stage).read_text())
    count = int(threads)
    clients = [Client(known, address, int(number) * count + n) for n in range(count)]
    for line in sys.stdin:
        what, start, seconds = line.split()
        arguments = (what, float(start), float(start) + float(seconds))
        workers = [threading.Thread(target=client.work, args=arguments) for client in clients]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        for client in clients:
            if client.failure:
                raise SystemExit(client.failure)
        print(json.dumps([latency for client in clients for latency in client.latencies]), flush=True)  # noqa: T201


class Client:
    """One connection that is kept alive; asks, waits, checks, asks again."""

    def __init__(self, known: Mapping[str, Any], address: str, number: int) -> None:
        self.connection = http.client.HTTPConnection(urlsplit(address).netloc, timeout=60)
        self.headers = {
            "Authorization": f"Bearer {known['token']}",
            "Content-Type": "application/json",
            "Accept": "application/json",
        }
        self.issuer = address.partition("/api/")[0].rstrip("/")
        self.account = PrivateKey(known["account"], SigningKey.load(Path(known["key"])))
        self.questions = known["questions"][number::16] or known["questions"]
        self.publics = known["publics"][number::16] or known["publics"]
        self.asked = 0
        self.latencies: list[float] = []
        self.failure = ""

    def work(self, what: str, start: float, until: float) -> None:
        self.latencies = []
        ask = {
            "consented": self._consented,
            "public": self._public,
            "call": self._called,
            "verify": self._verified,
            "token": self._token,
            "bare": self._bare,
        }[what]
        time.sleep(max(0.0, start - time.monotonic()))
        try:
            while (began := time.monotonic()) < until:
                ask()
                self.latencies.append(time.monotonic() - began)
                self.asked += 1
        except Exception as error:
            self.failure = f"{what}: {error!r}"

    def _consented(self) -> None:
        question, asked = self._question()
        body = self._post(question["uscc"], asked)
        # The consent is this firm's own, so its number alone tells; now and then the whole answer is read.
        if f'"consent":"{question["consent"]}"'.encode() not in body:
            raise AssertionError(f"no consented report: {body[:2000]!r}")
        if self.asked % 50 == 0:
            self._examine(json.loads(body), question)

    def _examine(self, report: dict[str, Any], question: Mapping[str, Any]) -> None:
        assert report["kind"] == "consented"
        assert report["subject"]["uscc"] == question["uscc"]
        items = {item["item"]: item for section in report["sections"] for item in section["items"]}
        assert items["tax_payment"]["availability"]["code"] == "source_not_connected"
        assert items["business_licence"]["rows"]
        assert report["proof"]["outcome_entry"]

    def _question(self) -> tuple[Mapping[str, Any], dict[str, Any]]:
        question = self.questions[self.asked % len(self.questions)]
        return question, {
            "case": question["case"], "consent": question["consent"], "purpose": "pre_loan_review"
        }  # fmt: skip

    def _called(self) -> None:  # for `bench call`
        question, asked = self._question()
        body = self._post(question["uscc"], asked | {"items": ["tax_payment"]})
        if f'"value":"{question["tax"]}"'.encode() not in body:
            raise AssertionError(f"no tax row: {body[:2000]!r}")

    def _verified(self) -> None:  # for `bench api`
        question, asked = self._question()
        claims = {"real_estate": {"real_estate_certificate_number": question["estate"]}}
        body = self._post(question["uscc"], asked | {"items": ["real_estate"], "claims": claims})
        if b'"result":"match"' not in body:
            raise AssertionError(f"no verification: {body[:2000]!r}")

    def _token(self) -> None:
        asked = self.account.begin(self.issuer).needs(datetime.now(UTC))
        assert asked is not None
        assert asked.body is not None
        body = self._send("POST", f"/api/v1/{asked.path}", asked.body, dict(asked.headers))
        if b'"access_token"' not in body:
            raise AssertionError(f"no token: {body[:2000]!r}")

    def _bare(self) -> None:
        self._send("GET", "/livez", b"", {})

    def _public(self) -> None:
        uscc = self.publics[self.asked % len(self.publics)]
        body = self._post(uscc, {"purpose": "financing_support"})
        if b'"kind":"public"' not in body or uscc.encode() not in body:
            raise AssertionError(f"no public report: {body[:2000]!r}")

    def _post(self, uscc: str, more: Mapping[str, Any]) -> bytes:
        asked = {"uscc": uscc, "reference": "DK-2026-0001", "person": "clerk-7", **more}
        return self._send("POST", "/api/v1/reports", json.dumps(asked).encode(), self.headers)

    def _send(self, method: str, path: str, content: bytes, headers: Mapping[str, str]) -> bytes:
        self.connection.request(method, path, content, dict(headers))
        response = self.connection.getresponse()
        body = response.read()
        if response.status != 200:
            raise AssertionError(f"{response.status}: {body[:2000]!r}")
        return body


if __name__ == "__main__":
    clients(*sys.argv[1:])
