"""The story that the demo plays, act by act, over HTTP as its people would: nothing here has a private door.

A firm registers, a bank reads what is public, asks for consent, the firm reads the risk notice and consents,
the bank gets the report and tells what it decided, the firm takes its consent back, the bank is refused and
hands in its deletion receipt, departments read what use was made of their information, and the journal proves
all of it. What the bank does it does by the SDK (`demo.bank`).
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
from django.utils import timezone

from rongxin.client import reports
from rongxin.delivery.webhooks.rules import TOLD
from rongxin.entrypoints.demo.bank import Answered, Bank
from rongxin.entrypoints.demo.cast import Player
from rongxin.proof import push_manifest
from rongxin.vocabulary.purpose import Purpose

_COVERED_WITHIN_SECONDS = 30
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
    #: Of its meters, by item, as its bills say them.
    numbers: Mapping[str, str]


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
    usage_feedback_items: int


class Story:
    """Plays against a running node and keeps what it gets in a directory."""

    def __init__(
        self,
        api: str,
        hero: Hero,
        bank: Bank,
        providers: Iterable[Player],
        out: Path,
        say: Callable[[str], None],
    ) -> None:
        self._api = httpx.Client(base_url=api, timeout=60, trust_env=False)
        self._hero, self._bank, self._providers, self._out, self._say = hero, bank, providers, out, say
        self._files: dict[str, Path] = {}

    def play(self) -> Played:
        """Play all acts in order; StoryFailed or the bank's ActFailed names the one that did not go."""
        owner = self._register()
        subscription = self._subscribe()
        self._public_report()
        self._listen()
        case = self._open_case()
        consent = self._consent(owner, self._ask_for_consent(case))
        request = self._consented_report(case, consent)
        self._tell_outcome()
        self._uses(owner)
        self._withdraw(owner, consent)
        refused = self._refused(case, consent)
        self._receipt(owner, consent)
        told = self._told(consent)
        rows = self._push(subscription)
        used = self._feedback()
        return Played(str(case), str(consent), owner, self._files, request, refused, told, rows, used)

    def _register(self) -> str:
        hero = self._hero
        evidence = self._evidence()
        body = {"uscc": hero.uscc, "username": f"owner-{hero.uscc}", "evidence": evidence}
        answer = self._post("企业实名注册", "registrations", body, expect=201)
        self._say(f"企业实名注册：{hero.name}，{answer['role']}{hero.person} a firm registers by real name")
        return str(answer["key"])

    def _public_report(self) -> None:
        answered = self._bank.report(self._hero.uscc)
        self._keep_report("public_report", answered)
        summary = answered.report.summary
        self._say(
            f"公共报告：{summary['with_records']}项有记录，{summary['withheld']}项须授权——银行未经授权只能看到这些"
            " what the bank sees without consent"
        )

    def _listen(self) -> None:
        made = self._bank.listen()
        self._say(f"银行登记接收地址并通过验证：{made.url} where the bank receives events")

    def _told(self, consent: UUID) -> int:
        """The bank was told of the consent and of its end without asking; it checks who says so."""
        told = self._bank.told(consent)
        kept = [
            {"id": one.id, "type": one.type, "timestamp": one.timestamp, "data": one.data} for one in told
        ]
        self._keep("webhooks", "webhooks.json", _pretty(kept))
        labels = {one.type: one.label for one in TOLD}
        named = "、".join(labels[one.type] for one in told)
        self._say(f"事件通知：银行收到{len(told)}条并验签（{named}），内容只有编号 the bank was told")
        return len(told)

    def _open_case(self) -> UUID:
        opened = self._bank.open_case(self._hero.uscc)
        self._say(f"银行登记贷款申请：{opened.reference} the bank opens a case")
        return opened.case

    def _ask_for_consent(self, case: UUID) -> UUID:
        asked = self._bank.ask_for_consent(case)
        until = asked.terms["valid_until"]
        self._say(f"银行申请授权：{len(asked.items)}项，至{until}，只用于贷前审批 the bank asks for consent")
        return asked.request

    def _consent(self, owner: str, request: UUID) -> UUID:
        waiting = self._get("待答复的授权申请", "consent-requests", key=owner)
        if [one["request"] for one in waiting] != [str(request)]:
            raise StoryFailed(f"待答复的授权申请：企业应看到银行的一份申请，实际为 {waiting}")
        notice = self._get("风险告知书", "risk-notices/current")
        self._keep("risk_notice", "risk_notice.md", notice["text"].encode())
        body = {
            "notice_version": notice["version"],
            "notice_sha256": notice["sha256"],
            "evidence": self._evidence(),
            "numbers": dict(self._hero.numbers),
        }
        answer = self._post("授权", f"consent-requests/{request}/accept", body, key=owner, expect=201)
        self._keep("consent", "consent.json", _pretty(answer))
        self._say(f"企业阅读风险告知书（{notice['version']}版）后授权 the firm reads the risks and consents")
        return UUID(answer["consent"])

    def _consented_report(self, case: UUID, consent: UUID) -> str:
        answered = self._bank.report(
            self._hero.uscc,
            purpose=Purpose.PRE_LOAN_REVIEW,
            case=case,
            consent=consent,
            claims=self._hero.claims,
        )
        self._keep_report("report", answered)
        summary = answered.report.summary
        self._say(
            f"授权报告：{summary['with_records']}项有记录，共{summary['records']}条（JSON、网页、PDF）"
            " the report by consent"
        )
        self._metered(answered.report)
        self._verified(answered.report)
        return str(answered.report.report)

    def _metered(self, report: reports.Report) -> None:
        """The provider was asked by the number that the firm gave, and answered about that contract alone."""
        found = {
            item["item"]: [field["value"] for row in item["rows"] for field in row["fields"]]
            for item in report.items()
            if item["item"] in self._hero.numbers
        }
        lacking = [item for item, number in self._hero.numbers.items() if number not in found.get(item, ())]
        if lacking:
            raise StoryFailed(f"户号：{'、'.join(lacking)}应按企业所填户号取得，实际未见该户号")

    def _verified(self, report: reports.Report) -> None:
        """The firm told the bank something; the departments say whether it is so, and no more."""
        results = list(report.verified())
        if len(results) != sum(map(len, self._hero.claims.values())):
            raise StoryFailed(f"数据核验：应逐项有结果，实际为 {results}")
        labels = {item["item"]: item["label"] for item in report.items()}
        for one in results:
            told = f"{labels[one.item]}·{one.label}：{one.display}"
            self._say(f"数据核验：{told}（只答是否一致，数据不出单位） checked at the source")

    def _tell_outcome(self) -> None:
        self._bank.tell_outcome(timezone.localdate())
        self._say("银行反馈结果：已批准贷款——这是银行与企业的秘密，提供单位只见汇总数 what the bank decided")

    def _uses(self, owner: str) -> None:
        uses = self._get("使用记录", "uses", key=owner)
        self._keep("uses", "uses.json", _pretty(uses))
        last = uses[0]["person"]
        self._say(f"企业查看“谁查过我”：{len(uses)}次，最近一次由{last}查询 the firm sees who looked")

    def _withdraw(self, owner: str, consent: UUID) -> None:
        answer = self._post("撤回授权", f"consents/{consent}/withdraw", {}, key=owner, expect=200)
        due = [one["due_on"] for one in answer["owed"]]
        if len(due) != 1:
            raise StoryFailed(f"撤回授权：银行应欠一份删除回执，实际为 {answer['owed']}")
        self._say(
            f"企业撤回授权：{answer['status_label']}；银行应于{due[0]}前交回删除回执 the firm takes it back"
        )

    def _refused(self, case: UUID, consent: UUID) -> bool:
        no = self._bank.refused(self._hero.uscc, case, consent)
        self._keep("refusal", "refusal.json", _pretty(no))
        self._say(f"银行再次查询被拒绝：{no['title']}（{no['article']}） the bank is refused")
        return True

    def _receipt(self, owner: str, consent: UUID) -> None:
        """The bank deletes and says so in its own signature; the firm reads it."""
        self._bank.delete(timezone.localdate())
        (read,) = self._get("查看删除回执", f"consents/{consent}/receipts", key=owner)
        self._keep("deletion_receipt", "deletion_receipt.json", _pretty(read))
        signed = read["receipts"][0]["signed_by_label"]
        self._say(f"银行交回删除回执：{read['state_label']}（{signed}） the bank deletes and signs for it")

    def prove(self, entry: str) -> Path:
        """Fetch the inclusion proof of the report's release; it comes with the next checkpoint."""
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

    def _subscribe(self) -> UUID:
        made = self._bank.subscribe()
        items = len(made.terms["items"])
        self._say(f"银行订阅批量推送：{items}项公开信息，不含个体工商户 the bank subscribes to public items")
        return made.subscription

    def _push(self, subscription: UUID) -> int:
        key = self._bank.push_key()
        self._keep("push_key", "push_key.pem", key.pem.encode())
        fetched = self._bank.fetch(subscription, key, self._out / "push")
        push_manifest.verify(fetched.directory, {key.verifying().id: key.verifying()})
        rows = int(fetched.manifest["counts"]["rows"])
        files = len(fetched.manifest["files"])
        self._say(f"批量推送：{rows}条、{files}个文件，签名核验通过后确认 pushed, checked, acknowledged")
        return rows

    def _feedback(self) -> int:
        """Each department reads what its information was used for; return how many items were."""
        told = [self._get("使用情况反馈", "usage-feedback", key=one.key) for one in self._providers]
        used = {(one["provider"], line["item"]) for one in told for line in one["used"]}
        self._keep("usage_feedback", "usage_feedback.json", _pretty(told))
        requests = sum(one["requests"] for one in told)
        departments = len({provider for provider, _ in used})
        self._say(
            f"使用情况反馈：{departments}个提供单位看到{len(used)}项信息被用{requests}次，不含企业与机构名称"
            " departments see what use was made"
        )
        return len(used)

    def _keep_report(self, name: str, answered: Answered) -> None:
        forms = {
            "json": _pretty(json.loads(answered.json)),
            "html": _standing_alone(answered.html).encode(),
            "pdf": answered.pdf,
        }
        for suffix, content in forms.items():
            self._keep(f"{name}_{suffix}", f"{name}.{suffix}", content)

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
    return json.dumps(document, ensure_ascii=False, indent=1, default=str).encode()
