"""What the keys of parameter files are called on their pages, part by part, and how their values read.

A file keeps the keys that its rules read; people read words. A part that names an item, a field or a number
of a list needs no word here; a test holds that every other one has its own.
"""

from __future__ import annotations

import re
from functools import cache

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from rongxin.catalogue import loader
from rongxin.entrypoints.portals import wording

_WORDS: dict[str, Promise] = {
    "cases_min": _lazy("至少多少笔业务"),
    "institutions_min": _lazy("至少多少家机构"),
    "round_to": _lazy("取整到"),
    "first_answer_days_max": _lazy("首次答复期限"),
    "warn_days_before": _lazy("提前提醒"),
    "institutions_max": _lazy("最多申请几家机构"),
    "open_max": _lazy("同时在办上限"),
    "words_max": _lazy("字数上限"),
    "papers_asked_max": _lazy("一次补件上限"),
    "files_max": _lazy("文件数上限"),
    "file_bytes_max": _lazy("单个文件大小上限"),
    "draft_days": _lazy("草稿保留"),
    "keep_minutes": _lazy("保留"),
    "items": _lazy("信息项"),
    "open_minutes": _lazy("查阅时间"),
    "waiting_hours": _lazy("等待核准时间"),
    "reason_length_min": _lazy("理由最少字数"),
    "reason_length_max": _lazy("理由最多字数"),
    "term_days_max": _lazy("最长期限"),
    "version": _lazy("版本"),
    "indicators": _lazy("指标"),
    "weight": _lazy("权重"),
    "steps": _lazy("分档"),
    "rest": _lazy("其余"),
    "acknowledgement_days": _lazy("确认期限"),
    "note_characters_max": _lazy("说明字数上限"),
    "patience_seconds": _lazy("等待答复"),
    "take_up_seconds": _lazy("多久无人受理即再办"),
    "at_work_seconds": _lazy("办理中最长时间"),
    "collect_hours": _lazy("结果保留"),
    "look_again_seconds": _lazy("再次查询间隔"),
    "receipt_days": _lazy("交回删除回执期限"),
    "statement_hours_max": _lazy("限制处理说明期限"),
    "restricted_years_max": _lazy("限制处理最长"),
    "laws": _lazy("法律依据"),
    "anti_money_laundering": _lazy("反洗钱"),
    "label": _lazy("名称"),
    "article": _lazy("条款"),
    "concerns": _lazy("适用于"),
    "accounting": _lazy("会计档案"),
    "civil_code_limitation": _lazy("诉讼时效"),
    "history_batches": _lazy("参照的以往批次"),
    "history_batches_min": _lazy("至少有几个以往批次"),
    "rows_min": _lazy("至少多少行"),
    "volume_change": _lazy("行数变化"),
    "null_share_change": _lazy("空值占比变化"),
    "duplicate_in_file_share": _lazy("文件内重复占比"),
    "duplicate_share_change": _lazy("重复占比变化"),
    "unusual_region_share": _lazy("异常地区占比"),
    "usual_region_share": _lazy("通常地区占比"),
    "snapshot_ended_share": _lazy("全量名单结束的占比"),
    "snapshot_ended_min": _lazy("全量名单结束的最少条数"),
    "reject_share_change": _lazy("退回占比变化"),
    "reject_share_first": _lazy("首批退回占比"),
    "shares": _lazy("占比"),
    "public_from": _lazy("公开等级起点"),
    "coverage_min": _lazy("最低覆盖"),
    "segment_min": _lazy("分群最少户数"),
    "grades": _lazy("等级"),
    "public_grades": _lazy("公开等级"),
    "shrinkage_hundredths": _lazy("向中位数收缩（百分之）"),
    "confidence": _lazy("置信度"),
    "high": _lazy("高"),
    "medium": _lazy("中等"),
    "days_max": _lazy("最长天数"),
    "keep_days": _lazy("保存"),
    "key_length_max": _lazy("键长上限"),
    "bytes_max": _lazy("大小上限"),
    "columns_max": _lazy("列数上限"),
    "live_max": _lazy("同时有效上限"),
    "valid_days": _lazy("有效期"),
    "key_days": _lazy("密钥有效期"),
    "loan_months": _lazy("贷款期"),
    "rows_max": _lazy("行数上限"),
    "person_day": _lazy("每人每日"),
    "party_day": _lazy("每单位每日"),
    "kept_searches": _lazy("保存的筛选上限"),
    "psi_watch": _lazy("群体稳定性（关注）"),
    "psi_act": _lazy("群体稳定性（处置）"),
    "missing_watch_permille": _lazy("缺失率（关注）"),
    "missing_act_permille": _lazy("缺失率（处置）"),
    "bad_overdue_days": _lazy("逾期多久算不良"),
    "window_months": _lazy("观察期"),
    "bads_min": _lazy("至少多少不良"),
    "goods_min": _lazy("至少多少正常"),
    "grade_loans_min": _lazy("每级至少多少贷款"),
    "bootstrap_rounds": _lazy("重抽样次数"),
    "interval_z": _lazy("区间系数"),
    "group_min": _lazy("分组最少户数"),
    "cut_grade": _lazy("分界等级"),
    "share_ratio_watch": _lazy("通过率之比（关注）"),
    "shadow_runs_min": _lazy("试运行最少次数"),
    "age_bands": _lazy("成立年限分段"),
    "clock_days": _lazy("答复期限"),
    "statement_characters_max": _lazy("陈述字数上限"),
    "reason_characters_max": _lazy("理由字数上限"),
    "route": _lazy("办理途径"),
    "law": _lazy("依据"),
    "financing_outcome": _lazy("融资结果"),
    "financing_institution": _lazy("反馈机构"),
    "credit_evaluation": _lazy("信用评价"),
    "misses_max": _lazy("错误次数上限"),
    "window_minutes": _lazy("统计时间"),
    "subscriptions_max": _lazy("订阅上限"),
    "industries_basis": _lazy("行业分类依据"),
    "branch_day": _lazy("每网点每日"),
    "person_off_hours": _lazy("每人非工作时间"),
    "opens": _lazy("工作时间开始"),
    "closes": _lazy("工作时间结束"),
    "new_subjects_base": _lazy("新企业基数"),
    "new_subjects_percent": _lazy("新企业增幅"),
    "new_subjects_days": _lazy("新企业统计天数"),
    "unknown_subjects_day": _lazy("每日查无此企业上限"),
    "exports_day": _lazy("每日导出上限"),
    "person_exports_day": _lazy("每人每日导出上限"),
    "person_exports_hour": _lazy("每人每小时导出上限"),
    "counts_while": _lazy("何时计入"),
    "field": _lazy("列"),
    "not_before_day": _lazy("不早于该日"),
    "not_reached": _lazy("未到该日"),
    "severities": _lazy("失信程度"),
    "minor": _lazy("轻微失信"),
    "months_min": _lazy("最短公示期"),
    "months_max": _lazy("最长公示期"),
    "general": _lazy("一般失信"),
    "serious": _lazy("严重失信"),
    "materials": _lazy("须交的材料"),
    "silent_days": _lazy("多久无回音即告警"),
    "elsewhere": _lazy("另行办理的"),
    "grace_working_days": _lazy("宽限工作日"),
    "plans": _lazy("报送计划"),
    "every": _lazy("多久一次"),
    "day": _lazy("哪一天"),
    "pass_percent": _lazy("合格线"),
    "remind_days": _lazy("提前提醒"),
    "vouched_days": _lazy("执照核验后可凭实名签署的天数"),
    "documents_kept_days": _lazy("材料保存天数"),
    "declined_kept_days": _lazy("未获核准的申请保存天数"),
    "waiting_of_one_code": _lazy("同一代码在办上限"),
    "waiting_of_one_place": _lazy("同一来源在办上限"),
    "waiting_in_all": _lazy("全部在办上限"),
    "documents": _lazy("须交的文件"),
    "financial_permit": _lazy("金融许可"),
    "security_policy": _lazy("安全制度"),
    "access_agreement": _lazy("接入协议"),
    "questions": _lazy("问题"),
    "id": _lazy("编号"),
    "text": _lazy("内容"),
    "text_en": _lazy("英文内容"),
    "citation": _lazy("出处"),
    "must": _lazy("必须满足"),
    "medians": _lazy("中位数"),
    "public": _lazy("公开"),
    "age": _lazy("成立年限"),
    "median": _lazy("中位数"),
    "size_class": _lazy("规模"),
    "authorised": _lazy("授权"),
    "quantiles": _lazy("分位数"),
    "registered_capital_cny": _lazy("注册资本（元）"),
    "edges": _lazy("分界"),
    "real_estate_area_sqm": _lazy("不动产面积（平方米）"),
    "ended_loan_months": _lazy("结清后保留"),
    "declined_months": _lazy("未获贷款后保留"),
    "profiles": _lazy("口令要求"),
    "length_min": _lazy("最短长度"),
    "classes_min": _lazy("字符种类"),
    "remembered": _lazy("不得重复的旧口令"),
    "passkey_alone": _lazy("可只用通行密钥"),
    "asvs": _lazy("国际通行要求"),
    "length_max": _lazy("最长长度"),
    "failed_account_here": _lazy("本处账号失败次数"),
    "failed_here": _lazy("本处失败次数"),
    "failed_account": _lazy("账号失败次数"),
    "locked_minutes": _lazy("锁定"),
    "idle_minutes": _lazy("无操作退出"),
    "session_hours": _lazy("会话最长"),
    "idle_minutes_subject": _lazy("企业人员无操作退出"),
    "people_max": _lazy("签署人数上限"),
    "matter_days": _lazy("事项有效期"),
    "agreement_days": _lazy("同意有效期"),
    "loosening_wait_days": _lazy("放宽规则的等待期"),
    "mapping": _lazy("对应关系"),
    "rows": _lazy("各行业"),
    "number": _lazy("序号"),
    "codes": _lazy("行业代码"),
    "bounds": _lazy("划型标准"),
    "employees": _lazy("从业人员"),
    "order": _lazy("次序"),
    "national": _lazy("国家级"),
    "local": _lazy("地方级"),
    "rules": _lazy("规则"),
    "working_days": _lazy("工作日期限"),
    "signals": _lazy("信号"),
    "dishonesty_list": _lazy("严重失信名单"),
    "channel": _lazy("来源"),
    "freshness_days": _lazy("信息须新于"),
    "applies_to": _lazy("适用于"),
    "measures": _lazy("计算"),
    "listings": _lazy("列入次数"),
    "item": _lazy("信息项"),
    "aggregate": _lazy("汇总方式"),
    "value": _lazy("取值"),
    "take": _lazy("取数"),
    "none": _lazy("没有记录时"),
    "arrears": _lazy("欠缴"),
    "owed": _lazy("欠缴金额"),
    "where": _lazy("条件"),
    "equals": _lazy("等于"),
    "vetoes": _lazy("否决与封顶"),
    "code": _lazy("代号"),
    "label_en": _lazy("英文名称"),
    "any": _lazy("任一"),
    "of": _lazy("对象"),
    "above": _lazy("高于"),
    "cap": _lazy("等级上限"),
    "improve": _lazy("如何改善"),
    "improve_en": _lazy("如何改善（英文）"),
    "below": _lazy("低于"),
    "thin_file": _lazy("信息不足"),
    "coverage_below": _lazy("覆盖低于"),
    "name": _lazy("标识"),
    "kind": _lazy("种类"),
    "unit": _lazy("单位"),
    "unit_en": _lazy("英文单位"),
    "person_refusals": _lazy("个人被拒次数"),
    "new_subject_refusals": _lazy("新企业被拒次数"),
    "consent_failures_percent": _lazy("无有效授权占比"),
    "consent_failures_of": _lazy("无有效授权起算次数"),
    "unknown_subjects": _lazy("查无此企业次数"),
    "off_hours_percent": _lazy("非工作时间占比"),
    "off_hours_of": _lazy("非工作时间起算次数"),
    "case_within_days": _lazy("业务须在几天内"),
    "no_case_percent": _lazy("无业务占比"),
    "no_case_of": _lazy("无业务起算次数"),
    "no_case_persons": _lazy("无业务人数"),
    "no_case_person_percent": _lazy("个人无业务占比"),
    "no_case_person_of": _lazy("个人无业务起算次数"),
    "after_the_end": _lazy("业务结束后查询"),
    "beyond_tenure": _lazy("任职结束后查询"),
    "tenure_grace_days": _lazy("任职结束宽限"),
    "person_at_night": _lazy("个人夜间查询"),
    "window_days": _lazy("统计天数"),
    "statement_days": _lazy("说明期限"),
    "decision_days": _lazy("决定期限"),
    "retry_seconds": _lazy("重试间隔"),
    "jitter_share": _lazy("随机错开"),
    "retry_after_seconds_max": _lazy("最长等待"),
    "timeout_seconds": _lazy("超时"),
    "response_bytes_max": _lazy("应答大小上限"),
    "lease_seconds": _lazy("占用时间"),
    "disable_after_hours": _lazy("持续失败多久停用"),
    "former_secret_hours": _lazy("旧密钥仍有效"),
    "endpoints_max": _lazy("地址上限"),
    "at_once_per_endpoint": _lazy("同一地址同时投递"),
    "ports": _lazy("端口"),
    "delivered_days": _lazy("已投递保留"),
    "dead_days": _lazy("死信保留"),
    "fulfilment_proof": _lazy("义务履行完毕的证明"),
    "credit_commitment": _lazy("信用承诺书"),
    "mean_shift_log10": _lazy("均值变化（数量级）"),
    "outside_remit_share": _lazy("职责地区以外占比"),
    "outside_remit_min": _lazy("职责地区以外的最少条数"),
    "mlps3": _lazy("等级保护三级要求"),
    "revenue_10k_cny": _lazy("营业收入（万元）"),
    "assets_10k_cny": _lazy("资产总额（万元）"),
    "from": _lazy("自"),
    "until": _lazy("至"),
    "complete": _lazy("是否完整"),
    "holidays": _lazy("放假"),
    "made_up": _lazy("调休上班"),
}
# In what a figure is, by how its key ends.
_UNITS: dict[str, Promise] = {
    "days": _lazy("%(value)s天"),
    "hours": _lazy("%(value)s小时"),
    "minutes": _lazy("%(value)s分钟"),
    "seconds": _lazy("%(value)s秒"),
    "months": _lazy("%(value)s个月"),
    "years": _lazy("%(value)s年"),
    "percent": _lazy("%(value)s%%"),
    "permille": _lazy("%(value)s‰"),
    "bytes": _lazy("%(value)s字节"),
}
_SAID = {
    "True": _lazy("是"),
    "False": _lazy("否"),
    "day": _lazy("每天"),
    "month": _lazy("每月"),
    "week": _lazy("每周"),
}
_FIGURE = re.compile(r"\d+(\.\d+)?")
_PLAIN = re.compile(r"\d+|[A-Z][A-Z0-9_]*|[^a-z_]*")


def name(key: str) -> str:
    """Return what a key is called, its parts one behind the other."""
    return " › ".join(_part(part) for part in key.split("."))


def value(key: str, text: str) -> str:
    """Return how a value reads: with its unit, yes or no, an item by its name."""
    if _FIGURE.fullmatch(text):
        last = key.rpartition(".")[2]
        unit = next((one for one in _UNITS if one in last.split("_")), "")
        return str(_UNITS[unit]) % {"value": text} if unit else text
    if text in _SAID:
        return str(_SAID[text])
    return wording.listed(_said(one) for one in text.split("、"))


def _said(word: str) -> str:
    """Return one word of a value: an item's name, a part that has a word of its own, or what stands there."""
    if word in loader.load().items:
        return loader.load().items[word].label
    return str(_WORDS[word]) if "_" in word and word in _WORDS else word


def known(part: str) -> bool:
    """Whether a part of a key has a word, or needs none."""
    return part in _WORDS or part in _fields() or part in loader.load().items or bool(_PLAIN.fullmatch(part))


def _part(part: str) -> str:
    if part in _WORDS:
        return str(_WORDS[part])
    if part in loader.load().items:
        return wording.named(loader.load().items[part].label)
    if part in _fields():
        return wording.named(_fields()[part])
    return _("第%(number)s项") % {"number": part} if part.isdigit() else wording.named(part)


@cache
def _fields() -> dict[str, str]:
    return {field.name: field.label for item in loader.load().items.values() for field in item.fields}
