"""A machine-readable document that the platform made: canonical JSON, released as it is or not at all."""

from __future__ import annotations

import json
import random
from typing import Any

from rongxin.catalogue.errors import Unclean
from rongxin.catalogue.field_type import FieldType


class Document(FieldType):
    name = "document"
    label = "结构化文档"
    label_en = "Document"
    max_length = 100_000
    multiline = True
    widget = "textarea"

    def _read(self, text: str) -> str:
        try:
            return self.json(json.loads(text))
        except ValueError:
            raise Unclean("not_json", "不是 JSON 文档 (no JSON document)") from None

    def example(self, rng: random.Random) -> str:
        return self.json({"示例": rng.randint(1, 9)})

    def format(self, value: Any) -> str:
        return value if isinstance(value, str) else self.json(value)

    def json(self, value: Any) -> str:
        if isinstance(value, str):
            return value
        return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


TYPE = Document()
