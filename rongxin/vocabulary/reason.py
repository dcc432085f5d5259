"""Why a decision fell as it did: one stable code, its article, and words for people.

The codes are written to the journal and to reports and never change their meaning.
"""

from __future__ import annotations

from enum import StrEnum

_NOTICE = "国办发〔2021〕52号"


class Reason(StrEnum):
    """A reason with the place in the notice that it rests on."""

    article: str
    label: str
    label_en: str

    def __new__(cls, value: str, article: str = "", label: str = "", label_en: str = "") -> Reason:
        member = str.__new__(cls, value)
        member._value_ = value
        member.article = f"{_NOTICE} {article}"
        member.label = label
        member.label_en = label_en
        return member

    # Why something is shown.
    PUBLIC_INFORMATION = "public_information", "（六）", "依法公开的信息", "public information"
    CONSENTED = "consented", "（六）（九）", "信息主体已授权", "the subject consented"
    OWN_DATA = "own_data", "（九）", "信息主体查询本人信息", "the subject's own data"
    OFFICIAL_DUTY = "official_duty", "（五）", "部门依法履职", "a department's duty by law"
    BREAK_GLASS = (
        "break_glass",
        "（十）",
        "平台运营人员经另一人核准的紧急查阅",
        "break-glass by a person of the operator's, approved by another",
    )
    # Consent that does not carry the request.
    CONSENT_MISSING = "consent_missing", "（六）（九）", "信息主体未授权", "no consent"
    CONSENT_PAUSED = "consent_paused", "（九）附件注3", "授权已暂停", "the consent is paused"
    CONSENT_WITHDRAWN = "consent_withdrawn", "（九）附件注3", "授权已撤回", "the consent was withdrawn"
    CONSENT_EXPIRED = "consent_expired", "（九）附件注3", "授权已到期", "the consent has expired"
    CONSENT_SUPERSEDED = (
        "consent_superseded",
        "（九）附件注3",
        "授权已被新的授权取代",
        "the consent was superseded by another",
    )
    CONSENT_NOT_YET_VALID = (
        "consent_not_yet_valid",
        "（九）附件注3",
        "授权尚未生效",
        "the consent is not yet valid",
    )
    ITEM_NOT_COVERED = (
        "item_not_covered",
        "（九）",
        "授权未包含该信息项",
        "the consent does not cover the item",
    )
    PURPOSE_NOT_COVERED = (
        "purpose_not_covered",
        "（九）（十）",
        "授权未包含该使用目的",
        "the consent does not cover the purpose",
    )
    CASE_MISSING = "case_missing", "（九）（十）", "未关联融资业务", "no financing case is named"
    CASE_CLOSED = "case_closed", "（九）（十）", "融资业务已办结", "the financing case is closed"
    CASE_MISMATCH = (
        "case_mismatch",
        "（九）（十）",
        "授权不属于该笔融资业务",
        "the consent is for another financing case",
    )
    RECIPIENT_MISMATCH = (
        "recipient_mismatch",
        "（九）",
        "授权不属于该接入机构",
        "the consent is for another institution",
    )
    SUBJECT_MISMATCH = (
        "subject_mismatch",
        "（九）",
        "授权不属于该信息主体",
        "the consent is another subject's",
    )
    FREQUENCY_EXHAUSTED = (
        "frequency_exhausted",
        "（九）",
        "已达授权约定的查询次数",
        "the consent's number of queries is used up",
    )
    PERIOD_NOT_COVERED = (
        "period_not_covered",
        "（九）",
        "授权未包含该数据期间",
        "the consent does not cover the period of the data",
    )
    FIELD_CONSENT_MISSING = (
        "field_consent_missing",
        "附件第10类",
        "该字段对外提供需经授权",
        "the field needs consent of its own",
    )
    CONSENT_FORGED = (
        "consent_forged",
        "（六）（九）附件注3",
        "授权书的签名或内容无效",
        "the consent's artefact isn't genuine",
    )
    CONSENT_STATUS_MISSING = (
        "consent_status_missing",
        "（九）附件注3",
        "未附授权的当前状态，或该状态已过时",
        "no fresh status of the consent came with the question",
    )
    ANSWERS_NOT_KEPT = (
        "answers_not_kept",
        "（九）",
        "该次查询的应答未留存、留存期已过，或不属于此次请求，请重新查询",
        "nothing is kept of that query, or no longer, or it is not this request's: ask anew",
    )
    # The provider finds a customer by the number of its contract (户号) alone.
    METER_NUMBER_MISSING = (
        "meter_number_missing",
        "（五）（六）",
        "未填写户号，提供单位只按户号查询",
        "no meter number was given, and the provider finds a customer by it alone",
    )
    # A figure is shared by band alone, and the claim names none of the provider's.
    CLAIM_OUTSIDE_BANDS = (
        "claim_outside_bands",
        "（六）附件注2",
        "核验的分档不是提供单位所用的分档，请按其公布的分档填写",
        "the band claimed is none of the provider's: claim one of those it has published",
    )
    # A department's duty that does not carry the request.
    DUTY_MANDATE_MISSING = (
        "duty_mandate_missing",
        "（五）",
        "该部门没有已生效的履职依据",
        "the department has no duty mandate in force",
    )
    DUTY_MANDATE_NOT_YET_VALID = (
        "duty_mandate_not_yet_valid",
        "（五）",
        "履职依据尚未生效",
        "the duty mandate is not yet valid",
    )
    DUTY_MANDATE_EXPIRED = "duty_mandate_expired", "（五）", "履职依据已到期", "the duty mandate has expired"
    DUTY_MANDATE_REVOKED = "duty_mandate_revoked", "（五）", "履职依据已撤销", "the duty mandate was revoked"
    DUTY_ITEM_NOT_COVERED = (
        "duty_item_not_covered",
        "（五）",
        "履职依据未包含该信息项",
        "the duty mandate does not name the item",
    )
    DUTY_SUBJECT_NOT_COVERED = (
        "duty_subject_not_covered",
        "（五）",
        "该信息主体不在履职依据的范围内",
        "the subject is outside the duty mandate",
    )
    DUTY_BASIS_MISSING = (
        "duty_basis_missing",
        "（五）（九）",
        "须经授权的信息，履职依据未载明该信息项的法律依据",
        "needs consent, and the duty mandate cites no law for this item",
    )
    NOT_COLLECTED = (
        "not_collected",
        "（五）",
        "平台未归集，请经政务数据共享渠道向责任单位取得",
        "not collected here: ask the responsible department by the government's own exchange",
    )
    # A person of the operator's who may not look.
    BREAK_GLASS_MISSING = (
        "break_glass_missing",
        "（十）",
        "没有经另一人核准、由本人申请的紧急查阅",
        "no break-glass of this person's that another one approved",
    )
    BREAK_GLASS_OVER = (
        "break_glass_over",
        "（十）",
        "紧急查阅已到时或已结束，内容重新遮蔽",
        "the break-glass is over: everything is masked again",
    )
    # A paper that a subject handed in, asked for by somebody who has no part in the matter, or none any more.
    PAPER_NOT_ADDRESSED = (
        "paper_not_addressed",
        "（九）",
        "材料不是交给查阅单位的，或事项已办结",
        "the paper was not handed in to whoever asks, or the matter is over",
    )
    # Limits of what may be shown at all.
    THIRD_PERSON = "third_person", "（九）", "涉及其他自然人，已脱敏", "masked: it concerns another person"
    MASKED_TYPE = "masked_type", "（九）", "该类数据须脱敏提供", "data of this type is masked"
    VERIFICATION_ONLY = (
        "verification_only",
        "（五）附件注2",
        "仅提供核验结果",
        "only the result of a check is given",
    )
    NOT_IN_CATALOGUE = "not_in_catalogue", "附件", "不在共享清单内", "not in the catalogue"
    NOT_RELEASED_KIND = (
        "not_released_kind",
        "附件",
        "来源字段，不在共享清单内，不对外提供",
        "a source column that the annex lacks is never released",
    )
    ROW_NOT_IN_CHANNEL = (
        "row_not_in_channel",
        "附件",
        "该条记录不在该共享范围内",
        "the record is outside what the channel shares",
    )
    MODE_NOT_PERMITTED = (
        "mode_not_permitted",
        "（五）",
        "授权或清单不允许该共享方式",
        "this way of sharing is not permitted",
    )
    VERIFICATION_BUDGET = (
        "verification_budget",
        "（五）（十）附件注2",
        "核验次数已达上限，须间隔一段时间后再核验",
        "too many values were tried; checks are paused for a while",
    )
    # Standing of those concerned.
    INSTITUTION_NOT_ASSESSED = (
        "institution_not_assessed",
        "（十）",
        "接入机构未通过信息安全评估",
        "the institution has not passed its security assessment",
    )
    INSTITUTION_CONDITION_OVERDUE = (
        "institution_condition_overdue",
        "（十）",
        "接入机构逾期未落实接入条件",
        "the institution has not met a condition of its approval in time",
    )
    INSTITUTION_SUSPENDED = (
        "institution_suspended",
        "（十）",
        "接入机构已暂停接入",
        "the institution is suspended",
    )
    QUOTA_EXHAUSTED = "quota_exhausted", "（十）", "接入机构已达当日查询上限", "the day's quota is used up"
    BRANCH_QUOTA_EXHAUSTED = (
        "branch_quota_exhausted",
        "（十）",
        "该分支机构已达当日查询上限",
        "the branch's quota of the day is used up",
    )
    PERSON_QUOTA_EXHAUSTED = (
        "person_quota_exhausted",
        "（十）",
        "该查询人已达当日查询上限或已被停止查询",
        "the person's quota of the day is used up, or the person is barred",
    )
    OFF_HOURS_QUOTA_EXHAUSTED = (
        "off_hours_quota_exhausted",
        "（十）",
        "该查询人已达非工作时间每小时查询上限",
        "the person's quota of the hour outside business hours is used up",
    )
    NEW_SUBJECTS_EXHAUSTED = (
        "new_subjects_exhausted",
        "（十）",
        "接入机构当日首次查询的企业数已达上限",
        "the institution has asked about too many subjects for the first time today",
    )
    UNKNOWN_SUBJECTS_EXHAUSTED = (
        "unknown_subjects_exhausted",
        "（十）",
        "接入机构当日查询不存在的代码次数已达上限",
        "the institution has asked for too many codes that nobody has today",
    )
    EXPORTS_EXHAUSTED = (
        "exports_exhausted",
        "（十）",
        "接入机构当日导出次数已达上限",
        "the institution has taken too many answers out as files today",
    )
    PERSON_EXPORTS_EXHAUSTED = (
        "person_exports_exhausted",
        "（十）",
        "该查询人当日导出次数已达上限",
        "the person has taken too many answers out as files today",
    )
    PERSON_EXPORTS_HOUR_EXHAUSTED = (
        "person_exports_hour_exhausted",
        "（十）",
        "该查询人一小时内导出次数已达上限",
        "the person has taken too many answers out as files this hour",
    )
    STEP_UP_REQUIRED = (
        "step_up_required",
        "（十）",
        "该查询人须先以验证码重新确认身份",
        "the person must show a new code of the second factor before asking again",
    )
    MANDATE_MISSING = (
        "mandate_missing",
        "（九）",
        "该账号无权代表该信息主体",
        "the account may not act for this subject",
    )
    PURPOSE_NOT_PERMITTED = (
        "purpose_not_permitted",
        "（十）",
        "不得用于融资支持以外的活动",
        "the purpose is not financing support",
    )
    SUBJECT_DEREGISTERED = "subject_deregistered", "（九）", "信息主体已注销", "the subject is deregistered"
    BULK_NOT_AGREED = (
        "bulk_not_agreed",
        "（五）附件注2",
        "数据提供单位未书面同意批量调用",
        "the provider has not agreed in writing to bulk calls",
    )
    BULK_LIMIT_REACHED = (
        "bulk_limit_reached",
        "（五）附件注2",
        "已达数据提供单位约定的当日批量调用上限",
        "the day's limit of bulk calls agreed with the provider is reached",
    )
    # The platform's own evaluation.
    NOT_EVALUATED = "not_evaluated", "（七）", "尚无已发布的信用评价", "no evaluation has been published yet"
    EVALUATION_UNDER_WAY = (
        "evaluation_under_way",
        "（七）（九）",
        "有记录已被修复、更正或撤下，信用评价正在重新计算",
        "a record was repaired, corrected or removed: the evaluation is being made anew",
    )
    # The source did not answer.
    PROVIDER_UNAVAILABLE = (
        "provider_unavailable",
        "（五）",
        "数据提供单位暂不可用",
        "the provider does not answer at present",
    )
    FETCH_INTERRUPTED = (
        "fetch_interrupted",
        "（五）",
        "取数未能按时进行或中断，未提供任何信息，请重新查询",
        "fetching did not begin in time or broke off, and nothing was given: ask anew",
    )
    ANSWER_UNCOLLECTED = (
        "answer_uncollected",
        "（六）（九）",
        "应答已就绪而逾期未取，已删除",
        "the answer was ready and not collected in time: it is deleted",
    )
    SOURCE_NOT_CONNECTED = "source_not_connected", "（五）", "数据源未接入", "the source is not connected"
