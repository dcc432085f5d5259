"""信息主体: the four kinds of subject that the notice covers (附件 注1)."""

from __future__ import annotations

from rongxin.vocabulary.labelled import Labelled


class SubjectKind(Labelled):
    COMPANY = "company", "企业", "company"
    INDIVIDUAL_BUSINESS = "individual_business", "个体工商户", "individual business"
    FARMER_COOPERATIVE = "farmer_cooperative", "农民专业合作社", "farmers' cooperative"
    VILLAGE_COLLECTIVE = "village_collective", "农村集体经济组织", "village collective"
