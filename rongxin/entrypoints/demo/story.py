"""The story that the demo plays, act by act, over HTTP as its people would: nothing here has a private door.

A firm registers, a bank reads what is public, asks for consent, the firm reads the risk notice and consents,
the bank gets the report, the firm takes its consent back, the bank is refused and hands in its deletion
receipt, and the journal proves all of it.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
from django.utils import timezone

from rongxin.consent.deletion.rules import RECEIPT_TYPE, Act, Statement, encode
from rongxin.entrypoints.demo.cast import CLERK, Player
from rongxin.entrypoints.demo.receiver import Receiver
from rongxin.proof import jws, push_manifest
from rongxin.proof.errors import ProofError
from rongxin.proof.keys import VerifyingKey

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
_COVERED_WITHIN_SECONDS = 30
_TOLD_WITHIN_SECONDS = 60
# What the bank has pushed to it: public information of the city's firms.
PUSHED = (
    "business_licence",
    "taxpayer_credit_rating",
    "administrative_permit",
    "administrative_penalty",
    "honours",
)
_PUSHED_WITHIN_SECONDS = 120
_LINK = '<link rel="stylesheet" href="/static/rongxin/rongxin.css">'
_STYLESHEET = Path(__file__).parents[1] / "static" / "rongxin" / "rongxin.css"


class StoryFailed(Exception):
    """An act did not go as it must; the message says which and what came instead."""


@dataclass(frozen=True)
class Hero:
    """The firm of the story and the person who stands for it (invented)."""

    uscc: str
    name: str
    person: str
    id_number: str
    claims: Mapping[str, Mapping[str, str]]


@dataclass(frozen=True)
class Played:
    """What the story left behind."""

    case: str
    consent: str
    owner_key: str
    files: Mapping[str, Path]
    request: str
    refused_after_withdrawal: bool
    webhooks_delivered: int
    push_rows: int


class Story:
    """Plays against a running node and keeps what it gets in a directory."""

    def __init__(
        self,
        api: str,
        hero: Hero,
        bank: Player,
        receiver: Receiver,
        out: Path,
        say: Callable[[str], None],
    ) -> None:
        self._api = httpx.Client(base_url=api, timeout=60, trust_env=False)
        self._hero, self._bank, self._receiver, self._out, self._say = hero, bank, receiver, out, say
        self._files: dict[str, Path] = {}

    def play(self) -> Played:
        """Play all acts in order; StoryFailed names the act that did not go as it must."""
        owner = self._register()
        subscription = self._subscribe()
        self._public_report()
        secret = self._listen()
        case = self._open_case()
        request = self._ask_for_consent(case)
        consent = self._consent(owner, request)
        request = self._consented_report(case, consent)
        self._uses(owner)
        self._withdraw(owner, consent)
        refused = self._refused(case, consent)
        self._receipt(owner, consent)
        told = self._told(secret, consent)
        rows = self._push(subscription)
        return Played(case, consent, owner, self._files, request, refused, told, rows)

    def _register(self) -> str:
        hero = self._hero
        evidence = self._evidence()
        body = {"uscc": hero.uscc, "username": f"owner-{hero.uscc}", "evidence": evidence}
        answer = self._post("企业实名注册", "registrations", body, expect=201)
        self._say(f"企业实名注册：{hero.name}，{answer['role']}{hero.person}")
        return str(answer["key"])

    def _public_report(self) -> None:
        body = self._question("financing_support")
        report = self._report("public_report", body)
        summary = report["summary"]
        self._say(
            f"公共报告：{summary['with_records']}项有记录，{summary['withheld']}项须授权——银行未经授权只能看到这些"
        )

    def _listen(self) -> str:
        """Register the bank's receiver; it is told of events once it has answered the challenge."""
        body = {"url": self._receiver.url, "events": list(EVENTS)}
        made = self._post("登记接收地址", "webhooks", body, key=self._bank.key, expect=201)
        path = f"webhooks/{made['webhook']}"
        self._await(
            "验证接收地址",
            lambda: self._get("接收地址", path, key=self._bank.key)["state"] == "active",
        )
        self._say(f"银行登记接收地址并通过验证：{made['url']}")
        return str(made["secret"])

    def _told(self, secret: str, consent: str) -> int:
        """The bank was told of the consent and of its end without asking; it checks who says so."""

        def mine() -> list[str]:
            events = self._receiver.verified(secret)
            return [one["type"] for one in events if one["data"].get("consent") == consent]

        self._await("事件通知", lambda: set(mine()) >= set(EVENTS))
        told = self._receiver.verified(secret)
        self._keep("webhooks", "webhooks.json", _pretty(told))
        self._say(f"事件通知：银行收到{len(told)}条并验签（{'、'.join(mine())}），内容只有编号")
        return len(told)

    def _await(self, act: str, done: Callable[[], bool]) -> None:
        deadline = time.monotonic() + _TOLD_WITHIN_SECONDS
        while not done():
            if time.monotonic() > deadline:
                raise StoryFailed(f"{act}: {_TOLD_WITHIN_SECONDS}秒内没有完成")
            time.sleep(0.2)

    def _open_case(self) -> str:
        body = {"uscc": self._hero.uscc, "reference": "YZ-2026-0001", "kind": "loan_application"}
        answer = self._post("登记融资业务", "cases", body, key=self._bank.key, expect=201)
        self._say(f"银行登记贷款申请 {answer['reference']}")
        return str(answer["case"])

    def _ask_for_consent(self, case: str) -> str:
        body = {"case": case, "items": list(ITEMS), "template": "one_time_underwriting"}
        answer = self._post("申请授权", "consent-requests", body, key=self._bank.key, expect=201)
        terms = answer["terms"]
        self._say(f"银行申请授权：{len(answer['items'])}项，至{terms['valid_until']}，只用于贷前审批")
        return str(answer["request"])

    def _consent(self, owner: str, request: str) -> str:
        waiting = self._get("待答复的授权申请", "consent-requests", key=owner)
        if [one["request"] for one in waiting] != [request]:
            raise StoryFailed(f"待答复的授权申请：企业应看到银行的一份申请，实际为 {waiting}")
        notice = self._get("风险告知书", "risk-notices/current")
        self._keep("risk_notice", "risk_notice.md", notice["text"].encode())
        body = {
            "notice_version": notice["version"],
            "notice_sha256": notice["sha256"],
            "evidence": self._evidence(),
        }
        answer = self._post("授权", f"consent-requests/{request}/accept", body, key=owner, expect=201)
        self._keep("consent", "consent.json", _pretty(answer))
        self._say(f"企业阅读风险告知书（{notice['version']}版）后授权：{answer['consent']}")
        return str(answer["consent"])

    def _consented_report(self, case: str, consent: str) -> str:
        body = self._question("pre_loan_review") | {"case": case, "consent": consent}
        report = self._report("report", body | {"claims": self._hero.claims})
        summary = report["summary"]
        self._say(f"授权报告：{summary['with_records']}项有记录，共{summary['records']}条（JSON、网页、PDF）")
        self._verified(report)
        return str(report["report"])

    def _verified(self, report: Mapping[str, Any]) -> None:
        """The firm told the bank something; the departments say whether it is so, and no more."""
        found = [item for section in report["sections"] for item in section["items"]]
        results = [(item["label"], one) for item in found for one in item.get("results", ())]
        if len(results) != sum(map(len, self._hero.claims.values())):
            raise StoryFailed(f"数据核验：应逐项有结果，实际为 {results}")
        for label, one in results:
            self._say(f"数据核验：{label}·{one['label']}：{one['display']}（只答是否一致，数据不出单位）")

    def _uses(self, owner: str) -> None:
        uses = self._get("使用记录", "uses", key=owner)
        self._keep("uses", "uses.json", _pretty(uses))
        self._say(f"企业查看“谁查过我”：{len(uses)}次，最近一次由{uses[0]['person']}查询")

    def _withdraw(self, owner: str, consent: str) -> None:
        answer = self._post("撤回授权", f"consents/{consent}/withdraw", {}, key=owner, expect=200)
        due = [one["due_on"] for one in answer["owed"]]
        if len(due) != 1:
            raise StoryFailed(f"撤回授权：银行应欠一份删除回执，实际为 {answer['owed']}")
        self._say(f"企业撤回授权：{answer['status_label']}；银行应于{due[0]}前交回删除回执")

    def _refused(self, case: str, consent: str) -> bool:
        body = self._question("pre_loan_review") | {"case": case, "consent": consent}
        answer = self._api.post("reports", json=body, headers=_bearer(self._bank.key))
        self._keep("refusal", "refusal.json", _pretty(answer.json()))
        refused = answer.status_code == 403 and answer.json().get("reason") == "consent_withdrawn"
        if not refused:
            raise StoryFailed(f"撤回后银行应被拒绝，实际为 {answer.status_code} {answer.text[:300]}")
        self._say(f"银行再次查询被拒绝：{answer.json()['title']}（{answer.json()['article']}）")
        return True

    def _receipt(self, owner: str, consent: str) -> None:
        """The bank deletes and says so in its own signature; the firm reads it."""
        assert self._bank.signing is not None
        (owed,) = self._get("应交的删除回执", "deletion-duties", key=self._bank.key)
        now = timezone.now()
        said = Statement(
            UUID(consent), owed["institution"], Act.DELETE, now, deleted_on=timezone.localdate(now)
        )
        token = jws.sign(encode(said), self._bank.signing, type=RECEIPT_TYPE)
        path = f"deletion-duties/{consent}/receipt"
        self._post("删除回执", path, {"receipt": token}, key=self._bank.key, expect=200)
        (read,) = self._get("查看删除回执", f"consents/{consent}/receipts", key=owner)
        self._keep("deletion_receipt", "deletion_receipt.json", _pretty(read))
        self._say(f"银行交回删除回执：{read['state_label']}（{read['receipts'][0]['signed_by_label']}）")

    def prove(self, report: Mapping[str, Any]) -> Path:
        """Fetch the inclusion proof of the report's release; it comes with the next checkpoint."""
        entry = report["proof"]["outcome_entry"]
        deadline = time.monotonic() + _COVERED_WITHIN_SECONDS
        while True:
            answer = self._api.get(f"journal/entries/{entry}/proof")
            if answer.status_code == 200:
                key = self._get("检查点公钥", "journal/key")
                self._keep("journal_key", "journal_key.pem", key["pem"].encode())
                return self._keep("proof", "report_proof.json", _pretty(answer.json()))
            if time.monotonic() > deadline:
                raise StoryFailed(
                    f"存证：{_COVERED_WITHIN_SECONDS}秒内没有检查点覆盖 {entry}: {answer.text[:300]}"
                )
            time.sleep(0.5)

    def _report(self, name: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """Ask once for each form: three requests, each through the gate and each in the journal."""
        forms = {"json": "application/json", "html": "text/html", "pdf": "application/pdf"}
        answers = {}
        for suffix, accept in forms.items():
            headers = _bearer(self._bank.key) | {"Accept": accept}
            answer = self._api.post("reports", json=body, headers=headers)
            if answer.status_code != 200:
                raise StoryFailed(f"{name}.{suffix}: {answer.status_code} {answer.text[:500]}")
            answers[suffix] = answer
            content = _pretty(answer.json()) if suffix == "json" else answer.content
            if suffix == "html":
                content = _standing_alone(answer.text).encode()
            self._keep(f"{name}_{suffix}", f"{name}.{suffix}", content)
        report: dict[str, Any] = answers["json"].json()
        return report

    def _question(self, purpose: str) -> dict[str, Any]:
        return {"uscc": self._hero.uscc, "purpose": purpose, "reference": "YZ-2026-0001", "person": CLERK}

    def _subscribe(self) -> str:
        body = {"items": list(PUSHED), "reference": "YZ-TS-2026", "basis": "接入协议（虚构）第3条"}
        answer = self._post("订阅批量推送", "push/subscriptions", body, key=self._bank.key, expect=200)
        self._say(f"银行订阅批量推送：{len(PUSHED)}项公开信息，不含个体工商户")
        return str(answer["subscription"])

    def _push(self, subscription: str) -> int:
        """Fetch the push that the worker has made meanwhile, check its signature, acknowledge it."""
        run = self._ready(subscription)
        folder = self._out / "push"
        folder.mkdir()
        names = [push_manifest.MANIFEST, push_manifest.SIGNATURE]
        for name in names:
            answer = self._api.get(f"push/runs/{run}/files/{name}", headers=_bearer(self._bank.key))
            (folder / name).write_bytes(answer.content)
            if name == push_manifest.MANIFEST and answer.status_code == 200:
                names += answer.json()["files"]
        pem = self._get("推送公钥", "push/key", key=self._bank.key)["pem"]
        (self._out / "push_key.pem").write_text(pem)
        given = VerifyingKey.from_pem(pem)
        try:
            manifest = push_manifest.verify(folder, {given.id: given})
        except (ProofError, OSError) as error:
            raise StoryFailed(f"批量推送核验未通过：{error}") from error
        digest = {"manifest_sha256": push_manifest.sha256(folder / push_manifest.MANIFEST)}
        self._post("确认推送", f"push/runs/{run}/acknowledge", digest, key=self._bank.key, expect=200)
        rows = int(manifest["counts"]["rows"])
        self._say(f"批量推送：{rows}条、{len(manifest['files'])}个文件，签名核验通过后确认")
        return rows

    def _ready(self, subscription: str) -> str:
        deadline = time.monotonic() + _PUSHED_WITHIN_SECONDS
        while time.monotonic() < deadline:
            found = self._get("推送列表", f"push/runs?subscription={subscription}", key=self._bank.key)
            ready = [one["run"] for one in found if one["state"] == "ready"]
            if ready:
                return str(ready[0])
            time.sleep(0.5)
        raise StoryFailed(f"批量推送：{_PUSHED_WITHIN_SECONDS}秒内没有生成")

    def _evidence(self) -> dict[str, str]:
        hero = self._hero
        return {"name": hero.person, "id_number": hero.id_number, "represents": hero.uscc}

    def _post(
        self, act: str, path: str, body: object, *, expect: int, key: str | None = None
    ) -> dict[str, Any]:
        answer = self._api.post(path, json=body, headers=_bearer(key))
        if answer.status_code != expect:
            raise StoryFailed(f"{act}: {answer.status_code} {answer.text[:500]}")
        document: dict[str, Any] = answer.json()
        return document

    def _get(self, act: str, path: str, *, key: str | None = None) -> Any:
        answer = self._api.get(path, headers=_bearer(key))
        if answer.status_code != 200:
            raise StoryFailed(f"{act}: {answer.status_code} {answer.text[:500]}")
        return answer.json()

    def _keep(self, name: str, file: str, content: bytes) -> Path:
        path = self._out / file
        path.write_bytes(content)
        self._files[name] = path
        return path


def _standing_alone(page: str) -> str:
    """Put the stylesheet inside, so that the kept page looks the same when it is opened from the disk."""
    style = _STYLESHEET.read_text(encoding="utf-8")
    return page.replace(_LINK, f"<style>{style}</style>")


def _bearer(key: str | None) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"} if key else {}


def _pretty(document: object) -> bytes:
    return json.dumps(document, ensure_ascii=False, indent=1).encode()
