"""使用目的: the closed list of what information may be asked for （十）: 融资支持 and nothing else."""

from __future__ import annotations

from rongxin.vocabulary.labelled import Labelled


class Purpose(Labelled):
    FINANCING_SUPPORT = "financing_support", "融资支持", "financing support"
    PRE_LOAN_REVIEW = "pre_loan_review", "贷前审批", "review before a loan"
    POST_LOAN_MONITORING = "post_loan_monitoring", "贷后监测", "monitoring of a loan"
    GUARANTEE_UNDERWRITING = "guarantee_underwriting", "担保审批", "underwriting of a guarantee"
    INSURANCE_UNDERWRITING = "insurance_underwriting", "保险承保", "underwriting of an insurance"
    SELF_ACCESS = "self_access", "本人查询", "access to one's own data"
    OFFICIAL_DUTY = "official_duty", "履行职责", "a department's duty"
    OBJECTION_CHECK = "objection_check", "核查异议", "checking an objection"
    BREAK_GLASS = "break_glass", "紧急查阅", "break-glass by the platform's operator"
    COLLECTION = "collection", "信息归集", "collection by the platform itself"
