"""共享方式: the ways in which an item reaches the platform （五）附件注2."""

from __future__ import annotations

from rongxin.vocabulary.labelled import Labelled


class SharingMode(Labelled):
    PHYSICAL_AGGREGATION = "physical_aggregation", "物理归集", "physical aggregation"
    INTERFACE_CALL = "interface_call", "接口调用", "interface call"
    DATA_VERIFICATION = "data_verification", "数据核验", "data verification"
    # Not ways of the annex: what a firm files itself （四）, what the platform computes （七）（八）, and
    # what institutions tell it of a firm's loan cases （七）.
    VOLUNTARY_FILING = "voluntary_filing", "自愿填报", "voluntary filing"
    DERIVED = "derived", "平台加工", "derived by the platform"
    REPORTED = "reported", "机构反馈", "reported by institutions"


#: Of what comes so the platform itself is the source: no provider is asked for it.
OWN = frozenset({SharingMode.DERIVED, SharingMode.REPORTED})
