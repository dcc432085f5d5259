"""Errors as RFC 9457 problem details: mapped once, here, from the stable `code` of each context's errors."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig, SuspiciousOperation
from django.http import HttpRequest, HttpResponse
from django.http.multipartparser import MultiPartParserError
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, ValidationError

from rongxin.entrypoints.api import mistakes
from rongxin.entrypoints.api.statuses import STATUS
from rongxin.proof import dpop
from rongxin.sharing.errors import Refused

_LOG = logging.getLogger(__name__)

CONTENT_TYPE = "application/problem+json"
# With every 401: by what one may authenticate (RFC 9110 §11.6.1, RFC 9449 §7.1).
CHALLENGE = f'Bearer, DPoP algs="{" ".join(dpop.ALGORITHMS)}"'


# What the contexts' errors are called for people where their own text is English; that follows as the detail.
TITLES = {
    "sign_in_refused": "用户名、密码或验证码不正确",
    "sign_in_locked": "尝试次数过多，已暂停登录，请稍后重试",
    "password_too_weak": "密码不符合要求",
    "invalid_sign_in_limits": "登录规则的参数文件不可用，请联系平台运行机构",
    "invalid_break_glass_limits": "紧急查阅规则的参数文件不可用，请联系平台运行机构",
    "invalid_idempotency_limits": "幂等键的参数文件不可用，请联系平台运行机构",
    "invalid_list_limits": "清单导出规则的参数文件不可用，请联系平台运行机构",
    "invalid_kept_file_limits": "保留文件规则的参数文件不可用，请联系平台运行机构",
    "kept_file_gone": "先前选择的文件已过保留时间",
    "list_exports_exhausted": "今日可导出的文件已用完",
    "already_acknowledged": "该告警已处置",
    "already_known": "已存在相同的登记",
    "certificate_refused": "证书不可信",
    "invalid_certificate_rules": "机构证书的参数文件不可用，请联系平台运行机构",
    "bad_month": "月份应写成 2026-10 这样的年和月",
    "batch_already_withdrawn": "该批次已撤回",
    "batch_held": "该批次已暂存，等待另一人核准",
    "lake_damaged": "数据湖文件校验失败；请运行 rongxin lake rebuild",
    "batch_proposal_over": "该提议已办结或失效",
    "batch_not_filed": "批次尚未入库，不能撤回",
    "beyond_fair_use": "超出公平使用范本允许的范围",
    "certificate_unfit": "报告签名证书不可用，请联系平台运行机构；可先取 JSON 或网页形式",
    "consent_tampered": "授权凭证校验失败，已停止使用；请联系平台运行机构",
    "decision_not_open": "该匹配决定的状态不允许此操作",
    "delivery_in_the_way": "交付目录已存在，请另指定一个",
    "disk_full": "本机存放待入库文件的磁盘已满",
    "damaged": "存证日志校验失败；请联系平台运行机构",
    "errand_failed": "后台处理出错，未作任何更改，请稍后重试",
    "identity_disagrees": "身份核验结果与登记信息不一致",
    "identity_refused": "身份核验未通过",
    "identity_provider_silent": "身份认证平台没有应答，请稍后重试",
    "invalid_openid_providers": "身份认证平台的配置无法使用；请联系平台运行机构",
    "institution_not_served": "该机构目前不能使用平台服务",
    "idempotency_key_at_work": "同一幂等键的请求正在办理",
    "idempotency_key_reused": "幂等键已用于另一请求",
    "invalid_cursor": "翻页位置不属于此列表",
    "invalid_idempotency_key": "幂等键的格式有误",
    "invalid_uscc": "统一社会信用代码有误",
    "invalid_remit": "职责范围有误",
    "mandate_missing": "该单位无权报送此信息项",
    "missing_person": "请填写查询人",
    "missing_reference": "请填写业务编号",
    "not_allowed": "无权进行此操作",
    "number_given": "业务编号或查询人中似有个人号码，请换用其他",
    "not_permitted": "该角色无权进行此操作",
    "not_possible": "当前状态下不能进行此操作",
    "not_theirs": "无权处理他人的授权",
    "not_yet_covered": "该存证尚未纳入检查点，请稍后再试",
    "notice_outdated": "风险告知书已更新，请重新阅读后确认",
    "not_intended": "没有已提交的推送意图，未读取任何内容",
    "not_signed": "报告未能签名，请稍后重试；可先取 JSON 或网页形式",
    "receipt_refused": "删除回执未被接受",
    "push_error": "推送未能进行",
    "push_not_possible": "推送当前的状态不允许此操作",
    "push_not_served": "该机构或该订阅目前不能使用推送",
    "record_already_ended": "该记录已终止",
    "record_unknown": "没有此记录",
    "row_not_waiting": "该行已有决定或不在待匹配之列",
    "rendering_failed": "报告生成失败，请稍后重试",
    "row_over": "该行的记录已终止",
    "row_unknown": "该行没有入库记录",
    "roles_exclude": "该角色与账号已有的角色不得兼任",
    "signer_refused": "签署人无权代表该企业",
    "no_firm_found": "没有找到您的企业",
    "too_many_searches": "查找次数过多，请稍后再试",
    "invalid_search_limits": "查找企业的参数文件不可用，请联系平台运行机构",
    "invalid_representation_limits": "法定代表人身份出示时限的参数文件不可用，请联系平台运行机构",
    "batch_not_held": "该批次不在待复核状态",
    "still_at_work": "后台仍在处理，请稍后查看",
    "too_many_subscriptions": "推送订阅已达上限",
    "bureau_mandate_over": "参与授权已到期或已终止",
    "invalid_bureau_parameters": "征信机构参与运营的参数文件有误",
    "unknown_invitation": "没有此邀请或任职",
    "invitation_refused": "不能发出或接受此邀请",
    "invalid_invitation_parameters": "邀请的参数文件有误",
    "unknown_redirect_uri": "没有此回调地址",
    "redirect_uri_refused": "回调地址不符合要求",
    "invalid_authorization_request": "推送的授权申请不完整或有误",
    "authorization_link_unusable": "授权链接无效",
    "invalid_grant": "授权码无效",
    "too_many_deferred": "待取的延时应答已达上限",
    "invalid_deferred_parameters": "延时应答的参数文件有误",
    "too_many_codes": "名单中的代码过多或为空，请分次申请",
    "time_stamp_missing": "时间戳机构未应答，未出具 PDF 报告，请稍后重试；可先取 JSON 或网页形式",
    "unclean": "内容不符合信息项的格式要求",
    "incident_over": "该案卷已说明或已决定",
    "invalid_quota_limits": "查询上限的参数文件有误",
    "invalid_bands": "分档的参数文件有误",
    "invalid_watching_parameters": "监测参数文件有误",
    "measure_over": "该措施已决定",
    "same_person": "提出人不能自己确认",
    "unknown_objection": "没有此异议申诉",
    "unknown_paper": "没有此附件",
    "unknown_use": "没有此使用记录",
    "unknown_hold": "没有此暂缓告知",
    "hold_refused": "暂缓告知不符合要求",
    "hold_not_possible": "该暂缓告知当前的状态不允许此操作",
    "not_registered": "该信息主体尚未登记",
    "unknown_repair": "没有此信用修复申请",
    "repair_refused": "信用修复申请不符合要求",
    "repair_not_possible": "该信用修复申请当前的状态不允许此操作",
    "window_silent": "全国信用修复受理窗口未应答，请稍后重试",
    "unknown_correction": "没有此更正通知",
    "correction_not_possible": "该更正通知已确认",
    "objection_refused": "异议申诉的内容不符合要求",
    "objection_not_possible": "该异议申诉当前的状态不允许此操作",
    "paper_refused": "附件不符合要求",
    "unknown_evaluation_model": "没有登记此版本",
    "unknown_model_report": "还没有该月的模型月报",
    "evaluation_model_refused": "模型登记的内容不符合要求",
    "evaluation_model_not_possible": "该版本的状态不允许此操作",
    "unknown_institution_card": "没有此评分卡",
    "institution_card_refused": "评分卡不符合要求",
    "institution_card_retired": "评分卡已停用",
    "invalid_evaluation_edition": "信用评价的参数文件有误",
    "unknown_measure": "没有此措施",
    "unknown_alarm": "没有此告警",
    "application_not_possible": "接入申请的状态不允许此操作",
    "application_refused": "接入申请不符合要求",
    "unknown_parameter": "没有所写的查询参数",
    "too_many_applications": "待办的接入申请已满",
    "assessment_refused": "安全评估不完整或未通过",
    "invalid_questionnaire": "安全评估的参数文件有误",
    "unknown_application": "没有此接入申请",
    "unknown_condition": "没有此接入条件",
    "unknown_condition_extension": "没有此延期申请",
    "condition_refused": "接入条件的报告或答复不符合要求",
    "condition_not_possible": "接入条件的状态不允许此操作",
    "unknown_incident": "没有此处置案卷",
    "unknown_batch": "没有此批次",
    "unknown_case": "没有此融资业务",
    "unknown_code_list": "没有此代码表",
    "unknown_consent": "没有此授权",
    "unknown_batch_proposal": "没有此提议",
    "unknown_decision": "没有此匹配决定",
    "unknown_entry": "没有此存证",
    "unknown_field": "信息项没有此字段",
    "unknown_item": "清单中没有此信息项",
    "unknown_outcome": "没有此结果反馈",
    "unfit_outcome": "结果反馈有误",
    "unknown_product": "没有此融资产品",
    "unknown_financing_application": "没有此融资申请",
    "financing_application_refused": "融资申请的内容不符合要求",
    "financing_application_not_possible": "融资申请的状态不允许此操作",
    "unknown_application_paper": "没有此申请材料",
    "product_refused": "融资产品的内容不符合要求",
    "product_not_possible": "融资产品的状态不允许此操作",
    "invalid_financing_parameters": "产品与申请的参数文件有误",
    "unfit_outcome_file": "结果反馈文件有误",
    "unknown_party": "没有此机构、单位或账号",
    "unknown_request": "没有此查询",
    "score_not_kept": "评价的输入已不留存",
    "unknown_push": "没有可取的推送",
    "unknown_subscription": "没有此推送订阅",
    "unknown_row": "没有此待匹配的行",
    "unknown_subject": "未找到该统一社会信用代码的登记信息",
    "unfit_terms": "订阅内容有误",
    "wrong_manifest": "确认的摘要与推送清单不符",
    "worker_silent": "后台进程未应答，此次操作没有进行",
    "unknown_type": "没有此数据类型",
    "unknown_webhook": "没有此接收地址或消息",
    "unknown_webhook_event": "没有此种事件",
    "too_many_webhooks": "接收地址已达上限",
    "webhook_not_possible": "接收地址的状态不允许此操作",
    "webhook_url_refused": "接收地址不符合要求",
}
OTHERWISE = "请求未能完成，原因见 detail"

# What a refusal of these is about stands in the address; of all others in the body.
_NAMED_BY_THE_PATH = {"unknown_agreement", "unknown_provider"}

# A refusal speaks of the command's options; here they are fields of the form.
_FORM_FIELDS = {"--item": "item", "--set": "values", "--mode snapshot": "mode", "--provider": "provider"}
_WHAT_TO_DO_HERE = {
    "unknown_item": "全部信息项见 GET /api/v1/catalogue（字段 item），请改正后重新报送。",
    "mapping_invalid": "请改正后重新提交，原有映射未变；字段见 GET /api/v1/catalogue/{item}/schema。",
}


def _title(code: str, text: str) -> str:
    """Return what an error says in Chinese; where it says it in English only, what its code is called."""
    return text if "\u4e00" <= text[:1] <= "\u9fff" else TITLES.get(code, OTHERWISE)


class Problem(Exception):
    """An error that this door itself has to tell."""

    def __init__(
        self, status: int, code: str, title: str, *, headers: Mapping[str, str] | None = None, **more: Any
    ) -> None:
        super().__init__(title)
        self.status, self.code, self.title, self.more = status, code, title, more
        self.headers = headers


def response(
    status: int, code: str, title: str, *, headers: Mapping[str, str] | None = None, **more: Any
) -> HttpResponse:
    """Return a problem document: what happened, where, what to do; never a stack trace."""
    body = {"type": f"urn:rongxin:problem:{code}", "status": status, "code": code, "title": title, **more}
    text = json.dumps(body, ensure_ascii=False)
    headers = {"WWW-Authenticate": CHALLENGE, **(headers or {})} if status == 401 else headers
    return HttpResponse(text, status=status, content_type=CONTENT_TYPE, headers=headers)


def unauthenticated() -> HttpResponse:
    return response(401, "unauthenticated", "未认证：请在 Authorization 头中携带有效的接口密钥 (Bearer)")


def too_large() -> HttpResponse:
    most = settings.DATA_UPLOAD_MAX_MEMORY_SIZE >> 10
    return response(413, "body_too_large", f"请求内容超过 {most} KiB 的上限，请减少内容或分次提交")


def internal_error() -> HttpResponse:
    return response(500, "internal_error", "服务内部错误，已记录；请稍后重试")


def in_words(error: Exception) -> tuple[int, str]:
    """Return the status of an error and what to tell a person of it; 500 for one that isn't ours."""
    if isinstance(error, Problem):
        return error.status, error.title
    if isinstance(error, Refused):
        return 422, f"{error.what}；{error.what_to_do}" if error.what_to_do else error.what
    code = getattr(error, "code", None)
    if isinstance(code, str):
        return STATUS.get(code, 400), _title(code, str(error))
    return 500, "服务内部错误，已记录；请稍后重试"


def install(api: NinjaAPI) -> None:
    """Map every error of the API to a problem document."""

    @api.exception_handler(Problem)
    def _problem(request: HttpRequest, error: Problem) -> HttpResponse:
        return response(error.status, error.code, error.title, headers=error.headers, **error.more)

    @api.exception_handler(Refused)
    def _refused(request: HttpRequest, refusal: Refused) -> HttpResponse:
        more: dict[str, Any] = {
            key: value for key, value in refusal.document().items() if key not in ("code", "what")
        }
        more["where"] = _FORM_FIELDS.get(refusal.where, refusal.where)
        more["what_to_do"] = _WHAT_TO_DO_HERE.get(refusal.code, refusal.what_to_do)
        status = 404 if refusal.code in _NAMED_BY_THE_PATH else 422
        return response(status, refusal.code, refusal.what, **more)

    @api.exception_handler(AuthenticationError)
    def _unauthenticated(request: HttpRequest, error: AuthenticationError) -> HttpResponse:
        return unauthenticated()

    @api.exception_handler(ValidationError)
    def _invalid(request: HttpRequest, error: ValidationError) -> HttpResponse:
        places = [{"where": ".".join(map(str, e["loc"])), "what": mistakes.words(e)} for e in error.errors]
        return response(422, "invalid_request", "请求内容有误", errors=places)

    @api.exception_handler(HttpError)
    def _http(request: HttpRequest, error: HttpError) -> HttpResponse:
        if isinstance(error.__cause__, Problem):  # of the parser, which ninja takes for a broken body
            return _problem(request, error.__cause__)
        return response(error.status_code, "http_error", str(error))

    @api.exception_handler(RequestDataTooBig)
    def _too_big(request: HttpRequest, error: RequestDataTooBig) -> HttpResponse:
        return too_large()

    @api.exception_handler(SuspiciousOperation)
    @api.exception_handler(MultiPartParserError)
    def _broken(request: HttpRequest, error: Exception) -> HttpResponse:
        return response(400, "malformed_form", "表单内容有误，请核对", detail=str(error))

    @api.exception_handler(Exception)
    def _any(request: HttpRequest, error: Exception) -> HttpResponse:
        code = getattr(error, "code", None)
        if isinstance(code, str):
            status, title = in_words(error)
            return response(status, code, title, detail=str(error))
        _LOG.exception("unexpected error at %s", request.path)
        return internal_error()
