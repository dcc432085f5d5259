"""The demo's bank: all that it does it does by the SDK, as another bank's machine would.

It gets bound tokens by its own key, and each method is one act of the story.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID

from rongxin.client import cases, consents, deletion, errors, outcomes, push, reports, webhooks
from rongxin.client.calls import Call
from rongxin.client.conversation import Patience
from rongxin.client.credentials import ApiKey, Credentials, PrivateKey
from rongxin.client.errors import ClientError
from rongxin.client.senders import Client, Way
from rongxin.entrypoints.demo.cast import CLERK, Player
from rongxin.entrypoints.demo.receiver import Receiver
from rongxin.proof.errors import ProofError
from rongxin.vocabulary.purpose import Purpose

T = TypeVar("T")
REFERENCE = "YZ-2026-0001"
# What a bank reads before a loan: the consented items that the story's bank asks for.
ITEMS = (
    "business_licence",
    "change_record",
    "shareholder_contribution",
    "annual_report",
    "taxpayer_credit_rating",
    "tax_payment",
    "tax_arrears",
    "housing_fund",
    "electricity_fee",
    "social_insurance",
    "real_estate",
    "research_and_development",
    "administrative_permit",
    "administrative_penalty",
)
# Of what the bank has itself told.
EVENTS = ("consent.granted", "consent.withdrawn")
# What the bank has pushed to it: public information of the city's firms.
PUSHED = (
    "business_licence",
    "taxpayer_credit_rating",
    "administrative_permit",
    "administrative_penalty",
    "honours",
)
_TOLD_WITHIN_SECONDS = 60
_PUSHED_WITHIN_SECONDS = 120


class ActFailed(Exception):
    """An act of the bank did not go as it must; the message says which and what came instead."""


@dataclass(frozen=True)
class Answered:
    """A report in its three forms: each is a request of its own, through the gate and in the journal."""

    report: reports.Report
    json: bytes
    html: str
    pdf: bytes


@dataclass
class Requests:
    """How many requests the banks have sent, tokens' included, by the status of the answer."""

    by_status: Counter[int] = field(default_factory=Counter)

    def note(self, method: str, url: str, status: int) -> None:
        self.by_status[status] += 1

    @property
    def total(self) -> int:
        return self.by_status.total()


def connected(node: str, player: Player, sent: Requests, patience: Patience | None = None) -> Client:
    """Connect as a bank: by its own key where it has one, else by its API key."""
    credentials: Credentials = (
        PrivateKey(player.username, player.tokens) if player.tokens else ApiKey(player.key)
    )
    return Client(node, credentials, Way(patience=patience, told=sent.note))


class Bank:
    """The story's bank at its desk."""

    def __init__(self, node: str, player: Player, receiver: Receiver, sent: Requests) -> None:
        self._sdk, self._player, self._receiver = connected(node, player, sent), player, receiver

    def close(self) -> None:
        self._sdk.close()

    def report(self, uscc: str, **more: Any) -> Answered:
        """Ask for a report as data, page and paper."""
        question = reports.Question(uscc, reference=REFERENCE, person=CLERK, **more)
        given = self._send("报告", reports.ask(question))
        page = self._send("报告（网页）", reports.ask_page(question))
        paper = self._send("报告（PDF）", reports.ask_pdf(question))
        return Answered(given.report, given.content, page, paper)

    def refused(self, uscc: str, case: UUID, consent: UUID) -> Mapping[str, Any]:
        """Ask by a consent that is no more, and return the no."""
        question = reports.Question(
            uscc, REFERENCE, CLERK, purpose=Purpose.PRE_LOAN_REVIEW, case=case, consent=consent
        )
        try:
            self._sdk.send(reports.ask(question))
        except errors.Refused as no:
            if no.reason == "consent_withdrawn":
                return no.members
            raise ActFailed(f"撤回后银行应因撤回被拒绝，实际为 {no}") from no
        raise ActFailed("撤回后银行应被拒绝，实际得到了报告")

    def open_case(self, uscc: str) -> cases.Case:
        return self._send("登记融资业务", cases.open_case(uscc, REFERENCE))

    def ask_for_consent(self, case: UUID) -> consents.Asked:
        return self._send("申请授权", consents.ask(case, ITEMS))

    def tell_outcome(self, on: date) -> None:
        """Tell that the loan was approved: providers learn what their information was good for."""
        told = outcomes.Told(
            "approved", on, amount_cny=Decimal(500_000), rate_bp=385, term_months=12, security="credit"
        )
        receipt = self._send("结果反馈", outcomes.tell([(REFERENCE, told)]))
        if len(receipt.accepted) != 1:
            raise ActFailed(f"结果反馈：应接收一条，实际为 {receipt}")

    def delete(self, on: date) -> deletion.Duty:
        """Say in its own signature that what it got is deleted."""
        owed = self._send("应交的删除回执", deletion.owed()).rows
        if len(owed) != 1:
            raise ActFailed(f"应交的删除回执：应为一份，实际为 {owed}")
        said = deletion.deleted(owed[0], on, key=self._player.signing)
        return self._send("删除回执", said)

    def listen(self) -> webhooks.Registered:
        """Register the receiver; it is told of events once it has answered the challenge."""
        node = self._send("通知公钥", webhooks.key()).verifying()
        made = self._send("登记接收地址", webhooks.register(self._receiver.url, EVENTS))
        self._receiver.trust(made.secret, node)
        shown = webhooks.show(made.webhook)
        _await("验证接收地址", _TOLD_WITHIN_SECONDS, lambda: self._sdk.send(shown).state == "active")
        return made

    def told(self, consent: UUID) -> list[webhooks.Event]:
        """Return what it was told without asking, once it knows of a consent's beginning and end."""

        def mine() -> set[str]:
            events = self._receiver.events
            return {one.type for one in events if one.data.get("consent") == str(consent)}

        _await("事件通知", _TOLD_WITHIN_SECONDS, lambda: mine() >= set(EVENTS))
        return self._receiver.events

    def subscribe(self) -> push.Subscription:
        terms = push.Terms(PUSHED, "YZ-TS-2026", "接入协议（虚构）第3条")
        return self._send("订阅批量推送", push.subscribe(terms))

    def push_key(self) -> push.Key:
        return self._send("推送公钥", push.key())

    def fetch(self, subscription: UUID, key: push.Key, folder: Path) -> push.Fetched:
        """Fetch the push that the worker has made meanwhile, check its signature, acknowledge it."""
        runs = push.runs(subscription=subscription)
        ready: list[UUID] = []

        def made() -> bool:
            ready.extend(one.run for one in self._sdk.each(runs) if one.state == "ready")
            return bool(ready)

        _await("批量推送", _PUSHED_WITHIN_SECONDS, made)
        verifying = key.verifying()
        try:
            fetched = self._sdk.run(push.fetch(ready[0], folder, keys={verifying.id: verifying}))
        except ProofError as error:
            raise ActFailed(f"批量推送核验未通过：{error}") from error
        self._send("确认推送", push.acknowledge(fetched))
        return fetched

    def _send(self, act: str, call: Call[T]) -> T:
        try:
            return self._sdk.send(call)
        except ClientError as error:
            raise ActFailed(f"{act}：{error}") from error


def _await(act: str, seconds: float, done: Callable[[], bool]) -> None:
    deadline = time.monotonic() + seconds
    try:
        while not done():
            if time.monotonic() > deadline:
                raise ActFailed(f"{act}：{seconds:.0f}秒内没有完成")
            time.sleep(0.3)
    except ClientError as error:
        raise ActFailed(f"{act}：{error}") from error
