"""Put one turn's questions to a provider, side by side, and stop where it is silent or unwilling.

The same question, signature, evidence and receipt as for a case (`sharing.calls`); the recipient is the node
itself, and the provider's own machine answers it only where its own file agrees.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from rongxin.catalogue.schema import Item
from rongxin.exchange import collection
from rongxin.exchange.question import Question
from rongxin.journal import keyring
from rongxin.sharing import calls
from rongxin.sharing.bulk import queue
from rongxin.sharing.calls import Answer
from rongxin.sharing.connectors import connector
from rongxin.vocabulary.availability import Availability
from rongxin.vocabulary.purpose import Purpose

RECIPIENT = "node"
#: A case's question finds the provider free: of its `IN_FLIGHT_MAX` turns these are the most that bulk takes.
_SIDE_BY_SIDE = 4
#: No more questions after this, so that a turn is filed long before it counts as dead.
_SECONDS_MAX = 60.0


@dataclass(frozen=True)
class Told:
    """A subject and what its provider answered about it."""

    subject: queue.Asked
    answer: Answer


def ask(turn: UUID, item: Item, subjects: Sequence[queue.Asked], *, as_of: datetime) -> list[Told]:
    """Ask about each subject in its order; return what was asked, which may be fewer than were to be.

    Where a whole row of questions finds no answer, or the provider does not agree, the rest isn't asked.
    """
    told: list[Told] = []
    begun = time.monotonic()
    with ThreadPoolExecutor(_SIDE_BY_SIDE, thread_name_prefix="bulk") as pool:
        for some in _rows_of(subjects):
            passed = time.monotonic() - begun
            if passed > _SECONDS_MAX:
                break
            at = as_of + timedelta(seconds=passed)
            asked = [_about(turn, item, subject, at) for subject in some]
            answers = list(pool.map(calls.ask, asked))
            told += [Told(subject, answer) for subject, answer in zip(some, answers, strict=True)]
            if not any(goes_on(answer) for answer in answers):
                break
    return told


def goes_on(answer: Answer) -> bool:
    """Whether the provider answered, so that another question is worth asking."""
    return answer.availability in (Availability.RECORDS, Availability.NO_RECORD, Availability.PARTIAL)


def _rows_of(subjects: Sequence[queue.Asked]) -> Iterator[tuple[queue.Asked, ...]]:
    for start in range(0, len(subjects), _SIDE_BY_SIDE):
        yield tuple(subjects[start : start + _SIDE_BY_SIDE])


def _about(turn: UUID, item: Item, subject: queue.Asked, at: datetime) -> connector.Asked:
    channel = collection.channel_of(item)
    assert channel is not None
    question = Question(
        request=turn,
        provider=channel.provider,
        item=item.item,
        version=item.version,
        channel=item.channels.index(channel),
        mode=channel.mode,
        subject=subject.keys,
        subject_kind=subject.kind,
        recipient_kind=RECIPIENT,
        recipient=keyring.node_key().id,
        purpose=Purpose.COLLECTION,
        case=None,
        verdicts=collection.verdicts(item, channel, subject.kind),
        asked_at=at,
    )
    return connector.Asked(item, question)
