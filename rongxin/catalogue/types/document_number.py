"""文号 or 案号: half width and without blanks, since it is a record's natural key. Its mask says nothing."""

from __future__ import annotations

import random

from rongxin.catalogue.field_type import FieldType, without_blanks


class DocumentNumber(FieldType):
    name = "document_number"
    label = "文号或案号"
    label_en = "Document or case number"
    max_length = 100

    def _read(self, text: str) -> str:
        plain = without_blanks(text)
        # Half width may make a formula, an error's name or nothing of what was none before.
        return plain if plain == text else without_blanks(self._prepare(plain))

    def example(self, rng: random.Random) -> str:
        return f"(虚构)云溪〔{rng.randint(2020, 2025)}〕{rng.randint(1, 999)}号"


TYPE = DocumentNumber()
