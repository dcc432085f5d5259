"""Which column of a file is which field: by the annex's label, ours, our identifier, or a known layout.

Spelling is folded (full and half width, blanks, brackets, a star for "required"); nothing is matched by
likeness. What is unknown is named in the receipt and ignored; a column that says whose row it is may not be
absent; the same field twice refuses the file.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from rongxin.catalogue.schema import Channel, Field, Item, SourceColumn
from rongxin.sharing.aggregation.readers.refusals import Refusal

_BRACKETS: Final = str.maketrans(
    {"〔": "(", "〕": ")", "【": "(", "】": ")", "[": "(", "]": ")", "﹙": "(", "﹚": ")"}
)
_BLANKS_AND_STARS: Final = re.compile(r"[\s*\u200b\ufeff]+")
_UNIT: Final = re.compile(r"^(.+)\(([^()]+)\)$")
_MONEY_UNITS: Final = {
    "元": Decimal(1),
    "人民币元": Decimal(1),
    "cny": Decimal(1),
    "万元": Decimal(10_000),
    "人民币万元": Decimal(10_000),
    "10k_cny": Decimal(10_000),
}
_PLAIN_UNITS: Final = {
    "人": "person", "个月": "month", "月": "month", "立方米": "m3", "m3": "m3", "吨": "t", "千瓦时": "kwh",
    "kwh": "kwh", "平方米": "sqm", "㎡": "sqm", "m2": "sqm", "%": "percent", "分": "point", "次": "times",
}  # fmt: skip
# What an item's money type counts in; the others take no factor.
_COUNTED_IN: Final = {"money_cny": Decimal(1), "money_10k_cny": Decimal(10_000)}
# Big5 reads as GB18030 without an error, as names that nobody has written.
_PERHAPS_THE_ENCODING: Final = (
    "没有一个列名可识别；若上列列名是乱码，则文件可能是 Big5 等其他编码，"
    "请另存为 UTF-8（或 GB18030）编码后重新报送。"
)
_DATE_HINT: Final = re.compile(r"^[ymd年月日/.:-]+$")


@dataclass(frozen=True, slots=True)
class Column:
    """One column of the file that is kept: the fields it fills and the factor its unit asks for.

    More than one field only where the annex prints one label for two (行政许可有效期: from and until).
    """

    header: str
    fields: tuple[str, ...]
    factor: Decimal = Decimal(1)


@dataclass(frozen=True, slots=True)
class Mapping:
    """How a file's columns stand to an item's fields; labels and headers as people read them."""

    columns: tuple[Column, ...]
    unknown: tuple[str, ...] = ()
    not_aggregated: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()
    absent_fields: frozenset[str] = frozenset()
    notes: tuple[str, ...] = ()


def folded(header: str) -> str:
    """Bring a header to the form in which headers are compared."""
    text = unicodedata.normalize("NFKC", header.translate(_BRACKETS))
    return _BLANKS_AND_STARS.sub("", text).rstrip(":").casefold()


def match(headers: Sequence[str], item: Item) -> Mapping:
    """Map a file's headers to the item's fields.

    Raises `Refusal` with `field_twice`, `unit_unknown` or `identifying_column_absent`.
    """
    known = _Known(item)
    columns: list[Column] = []
    unknown: list[str] = []
    not_aggregated: list[str] = []
    for header in headers:
        column = known.column(header)
        if column is None:
            unknown.append(header)
        elif not known.is_aggregated(column):
            not_aggregated.append(header)
        else:
            columns.append(column)
    _check_twice(columns, item)
    present = {name for column in columns for name in column.fields}
    _check_identified(item, present, headers, known)
    absent = [field for field in item.fields if known.stores(field.name) and field.name not in present]
    return Mapping(
        columns=tuple(columns),
        unknown=tuple(unknown),
        not_aggregated=tuple(not_aggregated),
        absent=tuple(field.label for field in absent),
        absent_fields=frozenset(known.kept - present),
        notes=tuple(_notes(item, columns, absent, not_aggregated)),
    )


def column_of(header: str, item: Item) -> Column | None:
    """Recognise one header by itself; None where it is unknown or not aggregated. Raises `Refusal`."""
    known = _Known(item)
    column = known.column(header)
    return column if column is not None and known.is_aggregated(column) else None


class _Known:
    """Every way in which an item's columns may be called, folded."""

    def __init__(self, item: Item) -> None:
        self._item = item
        self._members: dict[str, Field | SourceColumn] = {
            **{column.name: column for column in item.source_columns},
            **{field.name: field for field in item.fields},
        }
        channel = item.aggregation
        self._channel: Channel | None = channel
        self._sources = {column.name for column in item.source_columns}
        self.kept = {name for name in self._members if self.stores(name)}
        self._names = self._read_names()

    def _read_names(self) -> dict[str, tuple[tuple[str, ...], str]]:
        """Name → (fields, unit). An own label beats a printed one; a layout's column beats neither."""
        names: dict[str, tuple[tuple[str, ...], str]] = {}
        printed: dict[str, list[str]] = {}
        for field in self._item.fields:
            if field.annex:
                printed.setdefault(folded(field.annex), []).append(field.name)
        for layout in self._item.layouts.values():
            for header, target in layout.items():
                names[folded(header)] = ((target.field,), target.unit or "")
        for header, fields in printed.items():
            names[header] = (tuple(fields), "")
        for member in self._members.values():
            names.setdefault(folded(member.name), ((member.name,), ""))
            names[folded(member.label)] = ((member.name,), "")
        return names

    def stores(self, name: str) -> bool:
        """Whether the aggregation channel carries the field; source columns are kept, never released."""
        if self._channel is None or name in self._sources:
            return True
        return name in self._channel.fields

    def is_aggregated(self, column: Column) -> bool:
        return all(self.stores(name) for name in column.fields)

    def column(self, header: str) -> Column | None:
        """Recognise a header, with or without a unit in brackets behind it."""
        text = folded(header)
        if text in self._names:
            fields, unit = self._names[text]
            return Column(header, fields, self._factor(header, fields, unit))
        with_unit = _UNIT.match(text)
        if with_unit is None or with_unit.group(1) not in self._names:
            return None
        fields, _ = self._names[with_unit.group(1)]
        return Column(header, fields, self._factor(header, fields, with_unit.group(2)))

    def _factor(self, header: str, fields: tuple[str, ...], unit: str) -> Decimal:
        if not unit:
            return Decimal(1)
        member = self._members[fields[0]]
        counted_in = _COUNTED_IN.get(member.type)
        if counted_in is not None and unit in _MONEY_UNITS:
            return _MONEY_UNITS[unit] / counted_in
        if counted_in is None and self._suits(member, unit):
            return Decimal(1)
        raise Refusal("unit_unknown", where=header[:80], column=header[:80], label=member.label)

    def _suits(self, member: Field | SourceColumn, unit: str) -> bool:
        if unit in _PLAIN_UNITS:
            return member.unit is None or member.unit == _PLAIN_UNITS[unit]
        # 决定日期(yyyy-mm-dd), 名称(必填): a hint to whoever fills the form in, no unit.
        return bool(_DATE_HINT.match(unit)) or unit in (
            "必填",
            "选填",
            "可空",
            "如有",
            "required",
            "optional",
        )

    def ways(self, name: str) -> list[str]:
        """How a field's column may be called, for a message."""
        member = self._members[name]
        annex = getattr(member, "annex", None) or member.label
        from_layouts = [
            header
            for layout in self._item.layouts.values()
            for header, target in layout.items()
            if target.field == name
        ]
        return list(dict.fromkeys([member.label, annex, member.name, *from_layouts]))


def _labels(item: Item) -> dict[str, str]:
    labels = {column.name: column.label for column in item.source_columns}
    return labels | {field.name: field.label for field in item.fields}


def _check_twice(columns: Sequence[Column], item: Item) -> None:
    counts = Counter(name for column in columns for name in column.fields)
    for name, count in counts.items():
        if count > 1:
            first, second, *_ = [column.header for column in columns if name in column.fields]
            labels = _labels(item)
            raise Refusal(
                "field_twice",
                where="表头",
                first=first[:80],
                second=second[:80],
                label=labels.get(name, name),
            )


def _check_identified(item: Item, present: set[str], headers: Sequence[str], known: _Known) -> None:
    missing = [name for name in item.subject_key if name not in present]
    if not missing:
        return
    labels = _labels(item)
    raise Refusal(
        "identifying_column_absent",
        where="表头",
        labels="、".join(labels[name] for name in missing),
        names="；".join("/".join(known.ways(name)) for name in missing),
        found="、".join(header[:40] for header in headers[:30]),
        hint="" if any(known.column(header) for header in headers) else _PERHAPS_THE_ENCODING,
    )


def _notes(
    item: Item, columns: Sequence[Column], absent: Sequence[Field], not_aggregated: Sequence[str]
) -> Iterator[str]:
    labels = _labels(item)
    if absent:
        yield f"文件没有这些列，按空值处理：{'、'.join(field.label for field in absent)}"
    if not_aggregated:
        yield f"这些列不在物理归集范围内，未保存：{'、'.join(not_aggregated)}"
    for column in columns:
        if len(column.fields) > 1:
            yield f"“{column.header}”一列拆分为：{'、'.join(labels[name] for name in column.fields)}"
        if column.factor != 1:
            yield f"“{column.header}”按单位换算，乘以 {column.factor:f}"
