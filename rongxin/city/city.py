"""One invented city: the subjects by number, planted stories among them, seen on one day."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date

from rongxin.city import stories, subjects
from rongxin.city.stories import Part
from rongxin.city.streams import Stream
from rongxin.city.subjects import Subject


@dataclass(frozen=True)
class City:
    """`subject(number)` is the same whatever the city's size: it draws from a stream of its own."""

    seed: int
    today: date
    parts: dict[int, Part] = field(default_factory=stories.parts)

    def subject(self, number: int) -> Subject:
        part = self.parts.get(number)
        invented = subjects.invent(self.seed, number, self.today)
        return stories.play(part, invented, self.seed, self.today) if part else invented

    def subjects(self, first: int, last: int) -> Iterator[Subject]:
        """The subjects from `first` to before `last`."""
        return map(self.subject, range(first, last))

    def stream(self, subject: Subject, topic: str) -> Stream:
        """The subject's own stream for one topic: another topic's draws don't shift it."""
        return Stream(self.seed, subject.number, topic)

    def other(self, subject: Subject, draw: Stream) -> Subject | None:
        """A subject with a smaller number, so that it exists in a city of any size; the first has none."""
        ordinary = subject.number - stories.RESERVED
        return self.subject(stories.RESERVED + draw.whole(0, ordinary - 1)) if ordinary > 0 else None
