"""共享层面: whether an item is shared nationally or locally （五）."""

from __future__ import annotations

from rongxin.vocabulary.labelled import Labelled


class Level(Labelled):
    NATIONAL = "national", "国家层面", "national level"
    LOCAL = "local", "地方层面", "local level"


class SourceLevel(Labelled):
    """From which level's platform or department a provider hands in what it hands in."""

    NATIONAL = "national", "国家", "national"
    PROVINCIAL = "provincial", "省", "provincial"
    CITY = "city", "市县", "city or county"

    @property
    def level(self) -> Level:
        return Level.NATIONAL if self is SourceLevel.NATIONAL else Level.LOCAL
