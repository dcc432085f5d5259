"""Every dated parameter file of every room, read as it stands: what is in force, what was, what comes."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import yaml

import rongxin

_NAME = re.compile(r"(?P<family>[a-z_]+?)_(?P<edition>\d{4}[-\d]*)")
_HEAD = ("edition", "citation", "effective_from")
# What a family is called; one that has no name here goes by that of its file.
TITLES = {
    "aggregates": "结果反馈的汇总口径",
    "applications": "融资产品与申请的时限",
    "break_glass": "紧急查阅",
    "bureaus": "企业征信机构参与运营",
    "card": "评分卡权重与分箱",
    "corrections": "更正通知的时限",
    "deferred": "稍后答复",
    "deletion": "删除义务与限制保存的法律",
    "gates": "批次异常的界限",
    "grades": "信用等级",
    "holds": "暂缓告知",
    "idempotency": "幂等键",
    "institution_cards": "机构评分卡的限度",
    "invitations": "机构人员邀请",
    "list_exports": "清单的导出与保存的筛选",
    "keeping": "评价的保存期限",
    "monitoring": "模型监测",
    "objections": "异议的路径与时限",
    "push": "批量推送",
    "quotas": "查询上限",
    "relief": "修复与期满的处理",
    "repairs": "信用修复的期限与材料",
    "schedules": "报送周期",
    "security_assessment": "接入安全评估",
    "segments": "分组的中位数与分位",
    "sign_in": "登录与密码",
    "size_class": "中小企业划型",
    "source_levels": "来源的先后",
    "timeliness": "报送时效",
    "vetoes": "否决与封顶",
    "watching": "异常查询监测",
    "webhooks": "事件通知",
    "working_days": "工作日",
}


@dataclass(frozen=True)
class Edition:
    """One dated file: since when it holds, what it rests on, its values and its text."""

    family: str
    edition: str
    room: str
    since: date
    citation: str
    values: tuple[tuple[str, str], ...]
    text: str

    @property
    def title(self) -> str:
        return TITLES.get(self.family, self.family)

    @property
    def own(self) -> bool:
        """Whether the figures are the operator's; otherwise the body that the citation names decides."""
        return any(word in self.citation for word in ("自定", "本项目", "own"))

    @property
    def unchecked(self) -> bool:
        """Whether it still has to be compared with the original."""
        return any(word in self.text for word in ("待核", "(check)", "待与原文核对"))


@cache
def families() -> dict[str, tuple[Edition, ...]]:
    """Return the editions of each family, the oldest first."""
    found: dict[str, list[Edition]] = defaultdict(list)
    root = Path(rongxin.__file__).parent
    for path in sorted(root.glob("**/parameters/*.yaml")):
        name = _NAME.fullmatch(path.stem)
        if name is not None:
            found[name["family"]].append(_read(path, root, **name.groupdict()))
    return {family: tuple(sorted(all_, key=lambda one: one.since)) for family, all_ in sorted(found.items())}


def in_force(editions: tuple[Edition, ...], today: date) -> Edition:
    """Return the edition of a day; before the first one, the first (`vocabulary.edition`)."""
    return ([one for one in editions if one.since <= today] or list(editions[:1]))[-1]


def _read(path: Path, root: Path, *, family: str, edition: str) -> Edition:
    text = path.read_text("utf-8")
    content = yaml.safe_load(text)
    return Edition(
        family=family,
        edition=str(content.get("edition", edition)),
        room=path.relative_to(root).parts[0],
        since=content.get("effective_from") or date(int(edition[:4]), 1, 1),
        citation=" ".join(str(content.get("citation", "")).split()),
        values=tuple(_flat({key: value for key, value in content.items() if key not in _HEAD})),
        text=text,
    )


def _flat(value: Any, name: str = "") -> list[tuple[str, str]]:
    """Return nested values as lines of name and text, as they stand in the file."""
    if isinstance(value, dict):
        parts = [(f"{name}.{key}" if name else str(key), one) for key, one in value.items()]
        return [line for key, one in parts for line in _flat(one, key)]
    if isinstance(value, list) and any(isinstance(one, dict | list) for one in value):
        return [line for number, one in enumerate(value, 1) for line in _flat(one, f"{name}.{number}")]
    if isinstance(value, list):
        return [(name, "、".join(map(str, value)))]
    return [(name, "—" if value is None else str(value))]
