"""Every row and every printed field of the annex is carried (附件《信用信息共享清单》, 国办发〔2021〕52号).

The print, transcribed row by row in docs/notice/annex-2021-52.tsv, is read here on its own: nothing of the
catalogue decides what the catalogue must say.
"""

import csv
from collections import Counter
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from rongxin.catalogue import loader
from rongxin.catalogue.schema import Channel, Item
from rongxin.vocabulary.level import Level
from rongxin.vocabulary.sharing_mode import SharingMode

ROOT = Path(__file__).parents[2]
PRINT = ROOT / "docs" / "notice" / "annex-2021-52.tsv"
ITEMS = ROOT / "rongxin" / "catalogue" / "items"
# 序号 as printed, and how many rows stand beside each.
ROWS_OF_CATEGORY = {1: 11, 2: 4, 3: 4, 4: 1, 5: 2, 6: 1, 7: 2, 8: 3, 9: 2, 10: 3, 11: 3, 12: 1, 13: 1}
FIELD_CONSENT = "法定代表人证件号码和类型在对外提供时需经企业授权"
MODE_WORDS = {
    "物理归集": SharingMode.PHYSICAL_AGGREGATION,
    "接口调用": SharingMode.INTERFACE_CALL,
    "数据核验": SharingMode.DATA_VERIFICATION,
}
LEVEL_WORDS = {
    "国家或地方层面": {Level.NATIONAL, Level.LOCAL},
    "国家层面": {Level.NATIONAL},
    "地方层面": {Level.LOCAL},
}


@dataclass(frozen=True)
class Way:
    """One way of sharing: what a row's 共享方式 says."""

    mode: SharingMode
    levels: frozenset[Level]
    consent: bool


@dataclass(frozen=True)
class Row:
    """One printed row."""

    number: int
    category: int
    category_label: str
    item_label: str
    fields: tuple[str, ...]
    mode: str
    responsible: str
    due: str

    @property
    def ways(self) -> frozenset[Way]:
        """The ways the row prints; a bracket about single fields is not the row's consent."""
        return frozenset(_way(part) for part in self.mode.replace(FIELD_CONSENT, "").split("其中"))


def _way(text: str) -> Way:
    [mode] = [mode for word, mode in MODE_WORDS.items() if word in text]
    level = next(levels for word, levels in LEVEL_WORDS.items() if word in text.replace("在国家", "国家"))
    return Way(mode, frozenset(level), "经企业授权" in text)


@cache
def printed() -> tuple[Row, ...]:
    with PRINT.open(encoding="utf-8", newline="") as file:
        return tuple(
            Row(
                number=int(line["row"]),
                category=int(line["category"]),
                category_label=line["category_label"],
                item_label=line["item_label"],
                fields=tuple(line["fields"].split(" | ")),
                mode=line["mode"],
                responsible=line["responsible"],
                due=line["due"],
            )
            for line in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
        )


def item_of(row: Row) -> Item:
    [item] = [item for item in loader.load().items.values() if row.number in item.annex_row]
    return item


def channels_of(row: Row) -> list[Channel]:
    """The channels that stand for one row: the item's own, told apart by mode where an item has two rows."""
    modes = {way.mode for way in row.ways}
    return [channel for channel in item_of(row).channels if channel.mode in modes]


def carried_labels(row: Row) -> list[str]:
    """The printed labels that the row's channels carry, in the order of the file, each once."""
    item = item_of(row)
    names = {name for channel in channels_of(row) for name in item.fields_of(channel)}
    return list(dict.fromkeys(field.annex for field in item.fields if field.name in names and field.annex))


each_row = pytest.mark.parametrize("row", printed(), ids=lambda row: f"{row.number}-{row.item_label}")


def test_it_transcribes_38_rows_in_13_categories():
    assert [row.number for row in printed()] == list(range(1, 39))
    assert Counter(row.category for row in printed()) == ROWS_OF_CATEGORY


def test_it_carries_38_rows_in_37_files_of_13_folders():
    files = [path for path in ITEMS.glob("*/*.yaml") if path.parent.name != "article_4"]
    assert len(files) == 37
    assert len({path.parent for path in files}) == 13
    assert {path.stem for path in ITEMS.glob("*/*.yaml")} <= set(loader.load().items)
    rows = sorted(number for item in loader.load().items.values() for number in item.annex_row)
    assert rows == list(range(1, 39))


def test_it_files_each_item_in_the_folder_of_its_category():
    for path in ITEMS.glob("*/*.yaml"):
        folder = path.parent.name
        category = 0 if folder == "article_4" else int(folder[:2])
        assert loader.load().item(path.stem).category == category, path


@each_row
def test_it_names_category_and_item_as_printed(row: Row):
    item = item_of(row)
    assert (item.category, item.category_label, item.label) == (
        row.category,
        row.category_label,
        row.item_label,
    )


@each_row
def test_it_carries_every_printed_field_in_the_printed_order_and_no_other(row: Row):
    assert carried_labels(row) == list(row.fields)


@each_row
def test_it_types_every_field(row: Row):
    item = item_of(row)
    for field in item.fields:
        assert field.type, f"{item.item}.{field.name}"
        assert field.annex, f"{item.item}.{field.name} carries no printed label"


@each_row
def test_it_shares_as_printed_by_mode_level_and_consent(row: Row):
    ways = {Way(channel.mode, frozenset(channel.levels), channel.consent) for channel in channels_of(row)}
    assert ways == row.ways


@each_row
def test_it_names_who_is_responsible_and_when_it_is_due_as_printed(row: Row):
    for channel in channels_of(row):
        assert (channel.responsible, channel.due, channel.edition) == (row.responsible, row.due, "2021-52")


@each_row
def test_it_asks_consent_for_single_fields_only_where_printed(row: Row):
    asked = {field.annex for field in item_of(row).fields if field.consent}
    expected = {"法定代表人证件类型", "法定代表人证件号码"} if FIELD_CONSENT in row.mode else set()
    assert asked == expected


@each_row
def test_it_has_no_channel_beyond_the_printed_ways(row: Row):
    item = item_of(row)
    rows = [other for other in printed() if other.number in item.annex_row]
    assert len(item.channels) == sum(len(other.ways) for other in rows)


@each_row
def test_it_lets_the_provider_say_only_where_printed(row: Row):
    marked = {field.annex for field in item_of(row).fields if field.provider_defined}
    assert marked == {label for label in row.fields if "由数据提供单位确定" in label}


@each_row
def test_it_keeps_bands_where_the_annex_says_bands(row: Row):
    bands = {field.annex for field in item_of(row).fields if field.type == "band"}
    assert bands == {label for label in row.fields if "分档" in label}


@each_row
def test_it_makes_a_question_of_whether_a_boolean(row: Row):
    item = item_of(row)
    asked = {field.annex for field in item.fields if field.type == "boolean"}
    assert asked == {label for label in row.fields if "是否" in label}


@each_row
def test_it_requires_name_and_code_where_both_are_printed(row: Row):
    item = item_of(row)
    if {"企业名称", "统一社会信用代码"} <= set(row.fields):
        assert item.field("name").required
        assert item.field("uscc").required
        assert list(item.subject_key) == ["uscc", "name"]


@each_row
def test_it_keeps_the_window_of_a_figure_in_its_name(row: Row):
    windows = {"近一年": "12m", "近3个月": "3m", "近6个月": "6m", "近三年": "36m"}
    item = item_of(row)
    for field in item.fields:
        for word, suffix in windows.items():
            if word in (field.annex or ""):
                assert field.name.endswith(f"_{suffix}"), f"{field.annex} → {field.name}"


def stored(row: Row) -> bool:
    return any(way.mode is SharingMode.PHYSICAL_AGGREGATION for way in row.ways)


def test_it_never_moves_27_rows_and_one_more_only_in_part():
    unmoved = [
        row
        for row in printed()
        if not any(c.mode is SharingMode.PHYSICAL_AGGREGATION for c in channels_of(row))
    ]
    partly = [
        row
        for row in printed()
        if any(c.mode is SharingMode.PHYSICAL_AGGREGATION and c.where for c in channels_of(row))
    ]
    assert (len(unmoved), [row.item_label for row in partly]) == (27, ["纳税信用等级信息"])
    assert unmoved == [row for row in printed() if not stored(row)]
    assert len([row for row in printed() if stored(row)]) == 10 + 1


def test_it_calls_25_rows_on_demand_17_of_them_only_with_consent():
    called = [c for row in printed() for c in channels_of(row) if c.mode is SharingMode.INTERFACE_CALL]
    assert len(called) == 25
    assert len([channel for channel in called if channel.consent]) == 17


def test_it_only_verifies_3_rows():
    verified = [
        row for row in printed() if {c.mode for c in channels_of(row)} == {SharingMode.DATA_VERIFICATION}
    ]
    assert [row.item_label for row in verified] == [
        "社会保险费缴纳情况",
        "企业名下不动产登记情况",
        "企业名下房产抵押信息",
    ]


def test_it_uses_one_identifier_for_one_chinese_term():
    names: dict[str, set[str]] = {}
    for item in loader.load().items.values():
        for field in item.fields:
            names.setdefault(field.label, set()).add(field.name)
    assert {label: found for label, found in names.items() if len(found) > 1} == {}


def test_it_gives_one_identifier_one_type():
    types: dict[str, set[str]] = {}
    for item in loader.load().items.values():
        for field in item.fields:
            types.setdefault(field.name, set()).add(field.type)
    assert {name: found for name, found in types.items() if len(found) > 1} == {}
