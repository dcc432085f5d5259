"""Kind of identity document: a word that identifies nobody, shown in clear."""

from __future__ import annotations

import random
from typing import Any

from rongxin.catalogue import codelists
from rongxin.catalogue.errors import Unclean
from rongxin.catalogue.field_type import FieldType

_LIST = "id_types"


class IdType(FieldType):
    name = "id_type"
    label = "证件类型"
    label_en = "Kind of identity document"
    max_length = 50
    widget = "select"

    def _read(self, text: str) -> str:
        code = codelists.get(_LIST).resolve(text)
        if code is None:
            known = "、".join(entry.label for entry in codelists.get(_LIST).codes)
            raise Unclean("not_in_list", f"证件类型 {text} 不在代码表内，应为：{known}")
        return code

    def mask(self, value: Any) -> str:
        return self.format(value)

    def format(self, value: Any) -> str:
        return codelists.get(_LIST).label(str(value))

    def example(self, rng: random.Random) -> str:
        return codelists.get(_LIST).codes[0].code

    def json_schema(self) -> dict[str, Any]:
        return {"type": "string", "enum": [entry.code for entry in codelists.get(_LIST).codes]}


TYPE = IdType()
