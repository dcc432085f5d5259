"""Where a run of the evaluation stands, and whom it scores."""

from __future__ import annotations

from rongxin.vocabulary.labelled import Labelled


class RunKind(Labelled):
    FULL = "full", "全覆盖评价", "all subjects"
    TOUCHED = "touched", "增量评价", "subjects that news touched"


class RunState(Labelled):
    PREPARING = "preparing", "准备数据", "facts are being prepared"
    SCORING = "scoring", "评分中", "buckets are being scored"
    PUBLISHED = "published", "已发布", "published"
