"""共享层面: whether an item is shared nationally or locally （五）."""

from __future__ import annotations

from rongxin.vocabulary.labelled import Labelled


class Level(Labelled):
    NATIONAL = "national", "国家层面", "national level"
    LOCAL = "local", "地方层面", "local level"
