"""共享公开属性: to whom a field is open, as its provider declares it （九）."""

from __future__ import annotations

from rongxin.vocabulary.labelled import Labelled


class Openness(Labelled):
    PUBLIC = "public", "社会公开", "open to the public"
    GOVERNMENT = "government", "政务共享", "shared among departments"
    CONSENT = "consent", "授权查询", "by the subject's consent"
