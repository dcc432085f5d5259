"""What is recorded, and in what words: the kinds of entries and the form of an entry's body ((九)(十))."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from rongxin.proof import canonical
from rongxin.vocabulary.actor import Actor
from rongxin.vocabulary.labelled import Labelled

VERSION = 1
INTEGER_MAX = 2**53 - 1  # what JSON carries exactly
_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/@+-]{0,127}")  # no spaces, no Chinese: an id, never content
_HASH = re.compile(r"[0-9a-f]{64}")


class Kind(Labelled):
    """What happened. The word is written into entries for ever: never rename one, add another."""

    BATCH_RECEIVED = "batch.received", "收到批次", "batch received"
    BATCH_FILED = "batch.filed", "批次入库", "batch filed"
    BATCH_HELD = "batch.held", "批次暂存待核", "batch held for a decision"
    BATCH_RELEASED = "batch.released", "批次放行", "held batch released"
    BATCH_REFUSED = "batch.refused", "批次退回", "batch refused"
    BATCH_WITHDRAWN = "batch.withdrawn", "批次撤回", "batch withdrawn"
    BATCH_PROPOSAL_CHANGED = (
        "batch_proposal.changed",
        "整批终止或撤回的提议变更",
        "proposal to end or withdraw a batch changed",
    )
    BATCH_LATE = "batch.late", "批次逾期", "batch late"
    MAPPING_SAVED = "mapping.saved", "保存列对应", "mapping of columns saved"
    SCHEDULE_SET = "schedule.set", "设定报送周期", "schedule of supply set"
    SOURCE_LEVEL_SET = "source_level.set", "设定来源级次", "level of a source set"
    PROVIDER_REMIT_SET = "provider.remit_set", "登记职责范围", "remit of a provider set"
    BULK_AGREEMENT_CHANGED = "bulk_agreement.changed", "批量归集协议变更", "bulk agreement changed"
    BULK_ASKED = "bulk.asked", "请求批量数据", "bulk data asked for"
    BULK_FILED = "bulk.filed", "批量数据入库", "bulk data filed"
    BULK_SWEPT = "bulk.swept", "批量数据失效", "bulk data that no longer count ended"
    RECORD_ENDED = "record.ended", "记录失效", "record ended"
    RECORD_MARKED = "record.marked", "记录标注", "record marked"
    MATCH_PROPOSED = "match.proposed", "主体匹配待定", "match proposed"
    MATCH_DECIDED = "match.decided", "主体匹配确认", "match decided"
    MATCH_DECLINED = "match.declined", "主体匹配否定", "match declined"
    MATCH_REVERSED = "match.reversed", "主体匹配撤销", "match reversed"
    SUBJECT_OPENED = "subject.opened", "新建信息主体", "subject opened"
    SUBJECT_CHANGED = "subject.changed", "信息主体变更", "subject changed"
    ACCOUNT_CREATED = "account.created", "开立账号", "account opened"
    ACCOUNT_SIGNED_IN = "account.signed_in", "账号登录", "account signed in"
    SIGN_IN_LOCKED = "sign_in.locked", "登录锁定", "sign-in locked"
    INSTITUTION_CHANGED = "institution.changed", "接入机构变更", "institution changed"
    DEPARTMENT_CHANGED = "department.changed", "部门变更", "department changed"
    BUREAU_CHANGED = "bureau.changed", "征信机构变更", "credit bureau changed"
    BUREAU_ACTED = "bureau.acted", "征信机构办理", "credit bureau acted"
    DUTY_MANDATE_CHANGED = "duty_mandate.changed", "履职授权变更", "duty mandate changed"
    CASE_OPENED = "case.opened", "业务立案", "case opened"
    CASE_CLOSED = "case.closed", "业务结案", "case closed"
    OUTCOME_TOLD = "outcome.told", "告知融资结果", "outcome told"
    OUTCOME_CORRECTED = "outcome.corrected", "更正融资结果", "outcome corrected"
    OUTCOME_WITHDRAWN = "outcome.withdrawn", "撤回融资结果", "outcome withdrawn"
    PRODUCT_CHANGED = "product.changed", "融资产品变更", "product changed"
    FINANCING_APPLICATION_CHANGED = (
        "financing_application.changed",
        "融资申请变更",
        "application changed",
    )
    FINANCING_ANSWER_OVERDUE = (
        "financing_answer.overdue",
        "融资申请答复逾期",
        "answer to an application overdue",
    )
    CONSENT_REQUESTED = "consent.requested", "申请授权", "consent requested"
    CONSENT_GRANTED = "consent.granted", "给予授权", "consent granted"
    CONSENT_PAUSED = "consent.paused", "暂停授权", "consent paused"
    CONSENT_RESUMED = "consent.resumed", "恢复授权", "consent resumed"
    CONSENT_WITHDRAWN = "consent.withdrawn", "撤回授权", "consent withdrawn"
    CONSENT_EXPIRED = "consent.expired", "授权到期", "consent expired"
    CONSENT_SUPERSEDED = "consent.superseded", "授权被取代", "consent superseded"
    DELETION_OWED = "deletion.owed", "应交删除回执", "receipt of deletion owed"
    DELETION_STATED = "deletion.stated", "回执已删除", "deletion stated"
    DELETION_LAPSED = "deletion.lapsed", "留存期满应删除", "time of keeping over, deletion owed"
    DELETION_OVERDUE = "deletion.overdue", "删除回执逾期", "deletion receipt overdue"
    DISCLOSURE_INTENDED = "disclosure.intended", "受理查询", "query taken in"
    DISCLOSURE_FETCHED = "disclosure.fetched", "延时应答可取", "late answer ready"
    DISCLOSURE_RELEASED = "disclosure.released", "对外提供信息", "information released"
    DISCLOSURE_REFUSED = "disclosure.refused", "拒绝查询", "query refused"
    DISCLOSURE_DELIVERED = "disclosure.delivered", "查询结果送达", "release delivered"
    PROBING_SUSPECTED = "probing.suspected", "疑似试探查询", "probing suspected"
    ALARM_ACKNOWLEDGED = "alarm.acknowledged", "告警已阅处", "alarm acknowledged"
    PUSH_CHANGED = "push.changed", "推送订阅变更", "push subscription changed"
    PUSH_INTENDED = "push.intended", "准备推送", "push intended"
    PUSH_RELEASED = "push.released", "对外推送", "push released"
    PUSH_REFUSED = "push.refused", "拒绝推送", "push refused"
    PUSH_FETCHED = "push.fetched", "领取推送", "push fetched"
    PUSH_ACKNOWLEDGED = "push.acknowledged", "签收推送", "push acknowledged"
    ANSWERS_DELETED = "answers.deleted", "删除留存答复", "kept answers deleted"
    REPORT_TRACED = "report.traced", "报告溯源", "report traced"
    LIST_EXPORTED = "list.exported", "导出列表", "list exported"
    EVALUATION_PUBLISHED = "evaluation.published", "发布评价", "evaluation published"
    EVALUATION_PRUNED = "evaluation.pruned", "清理历史评价", "old evaluation deleted"
    EVALUATION_EXPLAINED = "evaluation.explained", "解释评价", "evaluation explained"
    INSTITUTION_CARD_CHANGED = (
        "institution_card.changed",
        "机构自有评分卡变更",
        "institution card changed",
    )
    EVALUATION_MODEL_CHANGED = "evaluation_model.changed", "评价模型变更", "evaluation model changed"
    EVALUATION_MODEL_REPORTED = "evaluation_model.reported", "评价模型报告", "evaluation model reported"
    EVIDENCE_EXPORTED = "evidence.exported", "导出证据", "evidence exported"
    KEY_CREATED = "key.created", "生成密钥", "key created"
    CERTIFICATE_TROUBLE = "certificate.trouble", "机构证书不再可信", "certificate no longer believed"
    REVOCATION_LIST_DUE = (
        "revocation_list.due",
        "认证机构或其吊销列表须更新",
        "authority or its revocation list to be renewed",
    )
    REVOCATION_LIST_SETTLED = (
        "revocation_list.settled",
        "认证机构或其吊销列表的告警事由已消除",
        "what was told of an authority or its revocation list is over",
    )
    MOVED_IN = "moved.in", "数据迁入", "data moved in"
    MOVED_OUT = "moved.out", "数据迁出", "data moved out"
    DATA_KEY_ROTATED = "data_key.rotated", "更换数据密钥", "data key rotated"
    DATA_REENCRYPTED = "data.reencrypted", "数据重新加密", "data encrypted anew"
    APPLICATION_CHANGED = "application.changed", "接入申请变更", "application to be connected changed"
    APPLICATIONS_CROWDED = "applications.crowded", "接入申请已满", "applications fill their places"
    CONDITION_CHANGED = "condition.changed", "接入条件变更", "condition of an approval changed"
    CONDITION_OVERDUE = "condition.overdue", "接入条件逾期", "condition of an approval overdue"
    INCIDENT_OPENED = "incident.opened", "处置立案", "incident opened"
    INCIDENT_STATED = "incident.stated", "机构作出说明", "institution's statement on an incident"
    INCIDENT_DECIDED = "incident.decided", "处置决定", "incident decided"
    INCIDENT_OVERDUE = "incident.overdue", "处置逾期", "incident overdue"
    MEASURE_PROPOSED = "measure.proposed", "提出处置措施", "measure proposed"
    MEASURE_DECIDED = "measure.decided", "处置措施决定", "measure decided"
    WEBHOOK_CHANGED = "webhook.changed", "接收地址变更", "webhook changed"
    OBJECTION_LODGED = "objection.lodged", "提出异议", "objection lodged"
    OBJECTION_FORWARDED = "objection.forwarded", "异议转办", "objection forwarded"
    OBJECTION_DUE = "objection.due", "异议即将到期", "objection soon due"
    OBJECTION_OVERDUE = "objection.overdue", "异议逾期", "objection overdue"
    OBJECTION_DECIDED = "objection.decided", "异议处理决定", "objection decided"
    OBJECTION_WITHDRAWN = "objection.withdrawn", "撤回异议", "objection withdrawn"
    REPAIR_REQUESTED = "repair.requested", "申请信用修复", "repair requested"
    REPAIR_FORWARDED = "repair.forwarded", "修复申请转送", "repair request forwarded"
    REPAIR_DECIDED = "repair.decided", "信用修复决定", "repair decided"
    REPAIR_WITHDRAWN = "repair.withdrawn", "撤回修复申请", "repair request withdrawn"
    REPAIR_SILENT = "repair.silent", "修复申请未获答复", "repair request not answered"
    CORRECTION_OWED = "correction.owed", "更正通知发出", "correction notice sent, acknowledgement owed"
    CORRECTION_ACKNOWLEDGED = "correction.acknowledged", "更正通知确认", "correction notice acknowledged"
    CORRECTION_OVERDUE = "correction.overdue", "更正通知逾期未确认", "acknowledgement of a correction overdue"
    USE_HOLD_CHANGED = "use_hold.changed", "暂缓告知变更", "hold on telling a use changed"
    BREAK_GLASS_CHANGED = "break_glass.changed", "紧急查阅变更", "break-glass changed"
    DEMO_NOTE = "demo.note", "演示备注", "demo note"


class Unfit(ValueError):
    """A value that an entry may not hold."""


def body(
    id: UUID,
    kind: Kind,
    *,
    actor: Actor,
    refs: Mapping[str, str | int],
    commitments: Mapping[str, str],
    as_of: datetime,
) -> dict[str, object]:
    """Return the body of an entry: who did what when to which ids, and hashes; never content."""
    for name, reference in refs.items():
        _check_reference(name, reference)
    for name, commitment in commitments.items():
        if not _NAME.fullmatch(name) or not _HASH.fullmatch(commitment):
            raise Unfit(f"commitment {name}: give a SHA-256 in 64 lower-case hexadecimal digits")
    for part in (actor.id, actor.party or "-"):
        _check_actor(part)
    return {
        "actor": {"id": actor.id, "kind": actor.kind.value, "party": actor.party},
        "at": canonical.instant(as_of),
        "commitments": dict(commitments),
        "id": str(id),
        "kind": Kind(kind).value,
        "refs": dict(refs),
        "version": VERSION,
    }


def columns(content: Mapping[str, Any]) -> tuple[str | None, ...]:
    """Return the query columns of a body: kind, actor kind, actor, party, at, and three references."""
    actor, refs = content["actor"], content["refs"]
    about = (refs.get(name) for name in ("subject", "institution", "consent"))
    return (
        content["kind"],
        actor["kind"],
        actor["id"],
        actor["party"],
        content["at"],
        *(None if reference is None else str(reference) for reference in about),
    )


def _check_reference(name: str, reference: str | int) -> None:
    if not _NAME.fullmatch(name):
        raise Unfit(f"reference {name!r}: name it in lower-case letters, digits and underscores")
    if isinstance(reference, bool) or not isinstance(reference, str | int):
        raise Unfit(f"reference {name}: {type(reference).__name__} is no id; give text or a whole number")
    if isinstance(reference, int):
        if abs(reference) > INTEGER_MAX:
            raise Unfit(f"reference {name}: beyond 2^53, give it as text")
    elif not _ID.fullmatch(reference):
        raise Unfit(
            f"reference {name}: {reference[:40]!r} is no id; content stays out, give its hash as a commitment"
        )


def _check_actor(part: str) -> None:
    if part != "-" and not _ID.fullmatch(part):
        raise Unfit(f"actor {part[:40]!r} is no id; give the account's id, not a person's name")
