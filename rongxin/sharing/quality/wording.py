"""What the rules are called by which a row was handed back, waits or was a duplicate: a few words each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from rongxin.parties.rules.matching import Pending
from rongxin.records.rules import EndedWhy, Fate
from rongxin.sharing.rules import OUT_OF_SCOPE, OUTSIDE_CHANNEL

_LABELS: Final[Mapping[str, str]] = {
    # of a cell
    "above_max": "超过上限",
    "account_format": "账号或户号格式不符",
    "below_min": "低于下限",
    "blank": "内容为空白",
    "boolean_word": "是否类取值无法识别",
    "cell_error": "单元格为错误值",
    "chinese_numerals": "数字写成中文",
    "compound": "合并列无法拆分",
    "control_character": "含控制字符",
    "date_format": "日期格式不符",
    "date_impossible": "日期不存在",
    "date_open_ended": "长期有效未按标准填写",
    "digits_lost": "长数字已被表格软件截断",
    "formula": "单元格为公式",
    "id_number_check_digit": "证件号码校验不符",
    "id_number_shape": "证件号码位数或字符不符",
    "in_future": "日期晚于今日",
    "merged_cell": "合并单元格",
    "month_format": "月份格式不符",
    "not_a_band": "不是分档",
    "not_in_list": "不在代码表或允许取值内",
    "not_json": "不是 JSON 文档",
    "not_whole": "不是整数",
    "number_format": "不是数字",
    "phone_format": "电话格式不符",
    "spreadsheet_error": "单元格为错误值",
    "too_large": "数值过大",
    "too_long": "内容过长",
    "too_many_decimals": "小数位过多",
    "too_many_digits": "整数位过多",
    "unit": "数值带有单位",
    "uscc_check_digit": "统一社会信用代码校验位不符",
    "uscc_shape": "统一社会信用代码位数或字符不符",
    "year_format": "年份格式不符",
    # of a row
    "columns": "列数与表头不符",
    "json": "不是有效的JSON",
    "line_break": "单元格里有单独的回车符",
    "nested": "值是嵌套结构",
    "quotes": "引号位置不对",
    "date_order": "起止日期颠倒",
    "not_aggregated": "不在物理归集范围内",
    "record_key": "缺少可区分记录的内容",
    "required": "必填项为空",
    OUT_OF_SCOPE: "自然人，不在范围内",
    OUTSIDE_CHANNEL: "不在物理归集范围内",
    # of the store
    "already_held": "平台已有相同记录",
    str(Fate.DUPLICATE_IN_FILE): "本文件内重复",
    str(Fate.CONFLICT_IN_FILE): "本文件内同一记录内容不同",
    str(Fate.KNOWN): "其他来源已共享，无需重复提供",
    str(Fate.OTHER_AUTHORITY): "他单位已提供同一文号而机关不同",
    str(Fate.OLDER): "平台已有日期更晚的版本",
    **{f"barred_{why}": f"已终止（{why.label}），不得再入库" for why in EndedWhy},
    # of the subject
    str(Pending.NOTHING_TO_MATCH): "既无代码也无名称",
    str(Pending.INVALID_CODE): "统一社会信用代码有误",
    str(Pending.KIND_OUT_OF_SCOPE): "主体类别不在范围内",
    str(Pending.OLD_CODE_UNKNOWN): "旧代码未对应到主体",
    str(Pending.OLD_CODE_AMBIGUOUS): "旧代码对应多个主体",
    str(Pending.NAME_TOO_BARE): "名称没有字号",
    str(Pending.NAME_UNKNOWN): "名称未对应到主体",
    str(Pending.NAME_AMBIGUOUS): "名称对应多个主体",
    str(Pending.LEGAL_FORM_AMBIGUOUS): "组织形式不明",
    str(Pending.REGION_UNKNOWN): "登记地区不明",
    str(Pending.OTHER_REGION): "登记在其他地区",
    str(Pending.FORMER_NAME_NOT_VALID): "曾用名与日期不符",
    str(Pending.NEGATIVE_BY_NAME_ALONE): "负面信息不得仅凭名称归集",
}


def of_rule(rule: str) -> str:
    """Return what people call a rule; one without words of its own is shown by its code."""
    return _LABELS.get(rule, rule)


def known() -> frozenset[str]:
    """Return the rules that have words."""
    return frozenset(_LABELS)
