"""Providers that answer in this process, for tests of what the node makes of an answer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rongxin.exchange.question import Question
from rongxin.sharing.connectors.connector import Asked, Said
from rongxin.vocabulary.availability import Availability


class Provider:
    """Says rows without a receipt; a subclass says which."""

    provider = "tax_bureau"

    def serves(self, item: str) -> bool:
        return True

    def fetch(self, question: Question) -> Sequence[Any]:
        raise NotImplementedError

    def ask(self, asked: Asked) -> Said:
        rows = self.fetch(asked.question)
        return Said(Availability.RECORDS if rows else Availability.NO_RECORD, rows=rows)
