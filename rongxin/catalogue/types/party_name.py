"""Name of a party that is a person or an organisation: organisations in clear, persons masked.

Only what is surely an organisation counts as one; everything else is masked as a person.
"""

from __future__ import annotations

import random
import re
from typing import Any

from rongxin.catalogue.field_type import FieldType
from rongxin.catalogue.types import organisation_name, person_name

_MARKS = re.compile(
    r"(?:公司|合伙企业(?:[（(](?:有限|普通|特殊普通)合伙[）)])?|合作社|联合社|联社|经济组织|村民委员会|居民委员会|村委会|居委会"
    r"|人民政府|管理局|委员会|事务所|研究院|大学|学院|医院|银行|支行|分行|信用社|商行|经营部|门市部|服务部"
    r"|工作室|加工厂|制造厂|家庭农场|个体工商户|交易所|基金会|协会|商会|中心|总厂|集团)"
    r"(?:[（(]虚构[）)])?"
)
_LENGTH_MIN = 5  # shorter ones could be names of persons


class PartyName(FieldType):
    name = "party_name"
    label = "姓名或名称"
    label_en = "Name of a person or an organisation"
    max_length = 200
    sensitive = True

    def _read(self, text: str) -> str:
        return text

    def mask(self, value: Any) -> str:
        return value if is_organisation(value) else person_name.TYPE.mask(value)

    def mask_for_operator(self, value: Any) -> str:
        return value if is_organisation(value) else person_name.TYPE.mask_for_operator(value)

    def example(self, rng: random.Random) -> str:
        one = organisation_name.TYPE if rng.random() < 0.5 else person_name.TYPE
        return str(one.example(rng))


def is_organisation(value: object) -> bool:
    """Say whether a name is surely an organisation's."""
    if not isinstance(value, str) or len(value) < _LENGTH_MIN or "*" in value:
        return False
    *_, end = ("", *(match.end() for match in _MARKS.finditer(value)))
    return end == len(value)


TYPE = PartyName()
