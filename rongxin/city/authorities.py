"""The invented authorities of 云州市: who issues, punishes, judges and registers."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from rongxin.city.streams import Stream
from rongxin.city.words import CITY, CITY_CODE, DISTRICTS
from rongxin.vocabulary import uscc

_NAMES = {
    "market": "市场监督管理局",
    "approval": "行政审批局",
    "ecology": "生态环境局",
    "emergency": "应急管理局",
    "housing": "住房和城乡建设局",
    "transport": "交通运输局",
    "police": "公安局",
    "health": "卫生健康局",
    "labour": "人力资源和社会保障局",
    "agriculture": "农业农村局",
    "tax": "税务局",
    "science": "科学技术局",
    "industry": "经济和信息化局",
    "urban": "城市管理局",
    "land": "自然资源和规划局",
    "court": "人民法院",
    "government": "人民政府",
    "reform": "发展和改革局",
    "customs": "海关",
    "intellectual_property": "知识产权局",
    "copyright": "版权局",
}
#: Short forms that stand in document numbers: 云溪市监罚〔2025〕18号.
_SHORT = {
    "market": "市监",
    "approval": "审批",
    "ecology": "环",
    "emergency": "应急",
    "housing": "建",
    "transport": "交",
    "police": "公",
    "health": "卫",
    "labour": "人社",
    "agriculture": "农",
    "tax": "税",
    "science": "科",
    "industry": "经信",
    "urban": "城管",
    "land": "资规",
    "court": "法",
    "government": "政",
    "reform": "发改",
    "customs": "关",
    "intellectual_property": "知",
    "copyright": "版",
}


@dataclass(frozen=True, slots=True)
class Authority:
    name: str
    uscc: str
    short: str


@cache
def find(office: str, district: str = CITY_CODE) -> Authority:
    """The office of a district, or of the city where no district is named."""
    place = DISTRICTS.get(district, "")
    body = Stream("authority", office, district).digits(8)
    return Authority(
        f"{CITY}{place}{_NAMES[office]}",
        uscc.compose("11", district, body),
        (place[:-1] or CITY[:-1]) + _SHORT[office],
    )


def document_number(authority: Authority, word: str, year: int, subject: int, serial: int) -> str:
    """A number that no second document bears: the subject's number stands in it."""
    return f"{authority.short}{word}〔{year}〕{subject * 10 + serial + 1}号"


def case_number(district: str, year: int, kind: str, subject: int, serial: int) -> str:
    """A court's case number, e.g. （2025）云9901执1231号."""
    return f"（{year}）云{district[2:]}{kind}{subject * 10 + serial + 1}号"
