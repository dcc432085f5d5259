"""事件通知: which news is told to whom in what words, and when a message is tried again. Pure.

The form is that of Standard Webhooks (standardwebhooks.com). A message names ids and nothing else: who
receives it fetches by API what it may see (（九）).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from typing import Final
from uuid import UUID, uuid5

from rongxin.journal.rules import Kind
from rongxin.proof import canonical

#: What an endpoint is sent to prove that it wants messages; no news.
VERIFICATION: Final = "webhook.verification"

#: What an institution is told of though it is not served: standing, keys, what it owes and has to answer.
TO_UNSERVED: Final = (
    "institution.standing_changed",
    "institution.key_changed",
    "institution.renewal_due",
    "institution.condition_due",
    "institution.condition_overdue",
    "institution.condition_answered",
    "deletion.owed",
    "deletion.lapsed",
    "deletion.overdue",
    "correction.owed",
    "correction.overdue",
    "outcome.objected",
    "outcome.objection_due",
    "incident.opened",
    "incident.decided",
)

References = Mapping[str, str | int]


class State(StrEnum):
    """Where an endpoint stands."""

    PENDING = "pending"
    ACTIVE = "active"
    DISABLED = "disabled"
    REMOVED = "removed"

    @property
    def label(self) -> str:
        return {"pending": "待验证", "active": "正常", "disabled": "已停用", "removed": "已移除"}[self.value]


# A disabled endpoint goes back by proving itself anew.
TRANSITIONS: Mapping[State, frozenset[State]] = {
    State.PENDING: frozenset({State.ACTIVE, State.DISABLED, State.REMOVED}),
    State.ACTIVE: frozenset({State.PENDING, State.DISABLED, State.REMOVED}),
    State.DISABLED: frozenset({State.PENDING, State.REMOVED}),
    State.REMOVED: frozenset(),
}


class MessageState(StrEnum):
    """Where a message stands; a dead one is tried no more unless it is replayed."""

    WAITING = "waiting"
    DELIVERED = "delivered"
    DEAD = "dead"

    @property
    def label(self) -> str:
        return {"waiting": "待投递", "delivered": "已投递", "dead": "死信"}[self.value]


@dataclass(frozen=True)
class Told:
    """One kind of news as its receiver gets it.

    `party` is the reference that names whom it concerns: that party's endpoints alone are told. `ids` are the
    references that go along; `changes` are those of the kind's changes that are meant (none: all).
    """

    type: str
    label: str
    kind: Kind
    party: str
    ids: tuple[str, ...]
    changes: frozenset[str] = frozenset()


_CONSENT = ("consent", "case", "why")
_GRANT = (*_CONSENT, "request", "proposal")  # what it answers, where it answers something
_DELETION = ("consent", "due_on")
_PUSH = ("push", "subscription")
_BATCH = ("batch", "item")
_PROPOSAL = (*_BATCH, "proposal", "measure", "change")
_CORRECTION = ("correction", "item", "record", "due_on")
_APPLICATION = ("application", "case", "due_on")
_OBJECTION = ("objection", "item", "due_on")
_CONDITION = ("condition", "change", "due_on", "extension")
_INCIDENT = ("incident", "rule", "action", "state")

# A new type of event is one line here.
TOLD: Final[Sequence[Told]] = (
    Told("consent.granted", "授权生效", Kind.CONSENT_GRANTED, "institution", _GRANT),
    Told("consent.paused", "授权暂停", Kind.CONSENT_PAUSED, "institution", _CONSENT),
    Told("consent.resumed", "授权恢复", Kind.CONSENT_RESUMED, "institution", _CONSENT),
    Told("consent.withdrawn", "授权撤回", Kind.CONSENT_WITHDRAWN, "institution", _CONSENT),
    Told("consent.expired", "授权到期", Kind.CONSENT_EXPIRED, "institution", _CONSENT),
    Told("consent.superseded", "授权被取代", Kind.CONSENT_SUPERSEDED, "institution", _CONSENT),
    Told(
        "consent_request.declined",
        "授权申请被拒绝",
        Kind.CONSENT_REQUESTED,
        "institution",
        ("request", "case"),
        frozenset({"declined"}),
    ),
    Told(
        "written_consent.rejected",
        "书面授权未通过复核",
        Kind.CONSENT_REQUESTED,
        "institution",
        ("proposal", "case"),
        frozenset({"written_rejected"}),
    ),
    Told(
        "institution.standing_changed",
        "接入状态变更",
        Kind.INSTITUTION_CHANGED,
        "institution",
        ("institution", "change"),
        frozenset({"assessed", "active", "suspended", "closed"}),
    ),
    Told(
        "institution.key_changed",
        "机构公钥登记、核准、停用、暂停或恢复",
        Kind.KEY_CREATED,
        "institution",
        ("key", "change", "purpose", "why"),
        frozenset({"proposed", "confirmed", "revoked", "suspended", "resumed"}),
    ),
    Told(
        "institution.renewal_due",
        "安全评估即将到期，请申请续评",
        Kind.APPLICATION_CHANGED,
        "institution",
        ("due_on",),
        frozenset({"renewal_due"}),
    ),
    Told(
        "institution.condition_due",
        "接入条件即将到期，请报告落实情况",
        Kind.CONDITION_CHANGED,
        "institution",
        _CONDITION,
        frozenset({"due"}),
    ),
    Told(
        "institution.condition_overdue",
        "接入条件逾期未落实",
        Kind.CONDITION_OVERDUE,
        "institution",
        _CONDITION,
    ),
    Told(
        "institution.condition_answered",
        "接入条件已验收或退回，或延期申请已答复",
        Kind.CONDITION_CHANGED,
        "institution",
        _CONDITION,
        frozenset({"accepted", "sent_back", "extended", "extension_refused"}),
    ),
    Told(
        "financing_application.submitted",
        "收到融资申请",
        Kind.FINANCING_APPLICATION_CHANGED,
        "institution",
        _APPLICATION,
        frozenset({"submitted"}),
    ),
    Told(
        "financing_application.papers_handed_in",
        "企业已补交材料",
        Kind.FINANCING_APPLICATION_CHANGED,
        "institution",
        _APPLICATION,
        frozenset({"papers_handed_in"}),
    ),
    Told(
        "financing_application.withdrawn",
        "企业撤回融资申请",
        Kind.FINANCING_APPLICATION_CHANGED,
        "institution",
        _APPLICATION,
        frozenset({"withdrawn"}),
    ),
    Told(
        "financing_application.due",
        "融资申请首次答复即将到期",
        Kind.FINANCING_APPLICATION_CHANGED,
        "institution",
        _APPLICATION,
        frozenset({"answer_due"}),
    ),
    Told(
        "financing_application.overdue",
        "融资申请首次答复逾期",
        Kind.FINANCING_APPLICATION_CHANGED,
        "institution",
        _APPLICATION,
        frozenset({"answer_late"}),
    ),
    Told("deletion.owed", "应交回删除回执", Kind.DELETION_OWED, "institution", _DELETION),
    Told("deletion.lapsed", "留存期满，应予删除", Kind.DELETION_LAPSED, "institution", _DELETION),
    Told("deletion.overdue", "删除回执逾期", Kind.DELETION_OVERDUE, "institution", _DELETION),
    Told("report.ready", "延时应答可取", Kind.DISCLOSURE_FETCHED, "institution", ("request",)),
    Told(
        "report.refused",
        "延时应答未予提供",
        Kind.DISCLOSURE_REFUSED,
        "institution",
        ("request", "reason"),
        frozenset({"deferred"}),
    ),
    Told("push.released", "批量推送可取", Kind.PUSH_RELEASED, "institution", _PUSH),
    Told("push.refused", "批量推送未予提供", Kind.PUSH_REFUSED, "institution", (*_PUSH, "reason")),
    Told("batch.filed", "批次入库", Kind.BATCH_FILED, "provider", _BATCH),
    Told("batch.held", "批次暂存", Kind.BATCH_HELD, "provider", _BATCH),
    Told("batch.released", "批次放行", Kind.BATCH_RELEASED, "provider", _BATCH),
    Told("batch.refused", "批次退回", Kind.BATCH_REFUSED, "provider", _BATCH),
    Told(
        "batch.ending_proposed",
        "平台提议终止或撤回批次",
        Kind.BATCH_PROPOSAL_CHANGED,
        "provider",
        _PROPOSAL,
        frozenset({"proposed"}),
    ),
    Told(
        "batch.ending_decided",
        "对批次的提议已办结",
        Kind.BATCH_PROPOSAL_CHANGED,
        "provider",
        _PROPOSAL,
        frozenset({"carried_out", "declined", "taken_back", "lapsed"}),
    ),
    Told("correction.owed", "更正通知，应予确认", Kind.CORRECTION_OWED, "institution", _CORRECTION),
    Told("correction.overdue", "更正通知逾期未确认", Kind.CORRECTION_OVERDUE, "institution", _CORRECTION),
    Told("objection.forwarded", "收到异议，请核查", Kind.OBJECTION_FORWARDED, "provider", _OBJECTION),
    Told("objection.due", "异议答复即将到期", Kind.OBJECTION_DUE, "provider", _OBJECTION),
    Told("objection.overdue", "异议答复逾期", Kind.OBJECTION_OVERDUE, "provider", _OBJECTION),
    Told("objection.withdrawn", "异议已撤回", Kind.OBJECTION_WITHDRAWN, "provider", _OBJECTION),
    Told("outcome.objected", "企业对反馈的结果提出异议", Kind.OBJECTION_FORWARDED, "institution", _OBJECTION),
    Told("outcome.objection_due", "结果异议答复即将到期", Kind.OBJECTION_DUE, "institution", _OBJECTION),
    Told("incident.opened", "异常查询立案，请作出说明", Kind.INCIDENT_OPENED, "institution", _INCIDENT),
    Told("incident.decided", "异常查询已处理", Kind.INCIDENT_DECIDED, "institution", _INCIDENT),
    Told("batch.late", "批次逾期", Kind.BATCH_LATE, "provider", ("item", "due_on")),
    Told(
        "webhook.disabled",
        "接收地址停用",
        Kind.WEBHOOK_CHANGED,
        "institution",
        ("webhook", "why"),
        frozenset({"disabled"}),
    ),
    Told(
        "webhook.disabled",
        "接收地址停用",
        Kind.WEBHOOK_CHANGED,
        "provider",
        ("webhook", "why"),
        frozenset({"disabled"}),
    ),
)
KINDS: Final = tuple(dict.fromkeys(each.kind for each in TOLD))


def told(kind: Kind, refs: References) -> Told | None:
    """Return as what news of this kind is told, or None where nobody is told."""
    for each in TOLD:
        meant = not each.changes or refs.get("change") in each.changes
        if meant and each.kind is kind and each.party in refs:
            return each
    return None


def types_for(party_kind: str) -> dict[str, str]:
    """Return type → label of what parties of a kind may ask to be told."""
    return {each.type: each.label for each in TOLD if each.party == party_kind}


def body(type: str, *, at: datetime, data: Mapping[str, str | int]) -> str:
    """Return a message's body: what happened when, and ids; canonical, so the same bytes each time."""
    document = {"type": type, "timestamp": canonical.instant(at), "data": dict(data)}
    return canonical.dumps(document).decode()


def data(what: Told, refs: References) -> dict[str, str | int]:
    """Return what of an entry's references goes along."""
    return {name: refs[name] for name in what.ids if name in refs}


def message_id(endpoint: UUID, entry: UUID) -> UUID:
    """Return the id of the message about an entry: the same for ever, even from yesterday's backup."""
    return uuid5(endpoint, str(entry))


def public_id(message: UUID) -> str:
    """Return a message's id as receivers know it."""
    return f"msg_{message.hex}"


def retry_after(
    waits: Sequence[float], jitter_share: float, message: UUID, failures: int, asked_seconds: float | None
) -> timedelta | None:
    """Return how long to wait after so many failures, or None after the last.

    Spread by the message's id, so that what failed together does not come back together. What the receiver
    asked for (Retry-After) is waited if it is longer.
    """
    if failures > len(waits):
        return None
    dice = int.from_bytes(sha256(message.bytes + failures.to_bytes(2, "big")).digest()[:4], "big") / 2**32
    seconds = waits[failures - 1] * (1 + jitter_share * (2 * dice - 1))
    return timedelta(seconds=max(seconds, asked_seconds or 0))


class Result(StrEnum):
    """How one attempt ended."""

    ACCEPTED = "accepted"  # 2xx
    GONE = "gone"  # 410: the receiver wants no more
    CHALLENGE_UNMET = "challenge_unmet"  # 2xx to a verification, without the word that was asked for
    ANSWERED = "answered"  # any other status
    REDIRECTED = "redirected"
    URL_REFUSED = "url_refused"
    ADDRESS_REFUSED = "address_refused"
    NAME_UNKNOWN = "name_unknown"
    TLS_FAILED = "tls_failed"
    TIMED_OUT = "timed_out"
    UNREACHABLE = "unreachable"
    ENDPOINT_OFF = "endpoint_off"  # no attempt: the endpoint was off
    REPLACED = "replaced"  # no attempt any more: a newer verification took its place

    @property
    def label(self) -> str:
        return _RESULTS[self]


_RESULTS = {
    Result.ACCEPTED: "对方已接收",
    Result.GONE: "对方停止接收（410）",
    Result.CHALLENGE_UNMET: "应答中没有所要求的 challenge",
    Result.ANSWERED: "对方应答非 2xx",
    Result.REDIRECTED: "对方要求跳转，平台不跟随",
    Result.URL_REFUSED: "网址不符合要求",
    Result.ADDRESS_REFUSED: "域名解析到不允许的网络地址",
    Result.NAME_UNKNOWN: "域名无法解析",
    Result.TLS_FAILED: "TLS 证书或握手失败",
    Result.TIMED_OUT: "超时",
    Result.UNREACHABLE: "无法连接",
    Result.ENDPOINT_OFF: "接收地址已停用",
    Result.REPLACED: "已由新的验证取代",
}


@dataclass(frozen=True)
class Outcome:
    """What came of one attempt; `retry_after_seconds` as the receiver asked with 429 or 503."""

    result: Result
    status: int | None = None
    retry_after_seconds: float | None = None

    @property
    def delivered(self) -> bool:
        return self.result is Result.ACCEPTED


def of_status(status: int, *, retry_after_seconds: float | None) -> Outcome:
    """Say what an answer's status means; only 429 and 503 may put the next attempt off."""
    if 200 <= status < 300:
        return Outcome(Result.ACCEPTED, status)
    if status == 410:
        return Outcome(Result.GONE, status)
    if 300 <= status < 400:
        return Outcome(Result.REDIRECTED, status)
    return Outcome(Result.ANSWERED, status, retry_after_seconds if status in (429, 503) else None)


def unknown_types(types: Iterable[str], party_kind: str) -> list[str]:
    """Return which of these types a party of this kind can't be told."""
    return sorted(set(types) - set(types_for(party_kind)))
