"""What no single file can know of itself: that formulas fit the catalogue, and parameters the formulas."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Literal

from rongxin.catalogue import codelists, loader
from rongxin.catalogue.errors import UnknownCodeList, did_you_mean
from rongxin.catalogue.field_type import Column
from rongxin.catalogue.schema import Item
from rongxin.catalogue.yaml_source import parse
from rongxin.evaluation.cards import NOT_RATED, Grades, Relief, Vetoes, Weights
from rongxin.evaluation.schema import Condition, Formula, Indicator, Measure, Test, Unit, Value
from rongxin.vocabulary.sharing_mode import SharingMode

Fault = tuple[tuple[str | int, ...], str]
Kind = Literal["text", "date", "month", "year", "decimal", "integer", "boolean", "text_list"]
_PREPARED: Mapping[str, Kind] = {"money_cny": "decimal", "quantity": "decimal"}
_NUMBERS = ("decimal", "integer", "year")


@cache
def prepared() -> Mapping[str, Mapping[str, Any]]:
    """Return the columns that an item's facts are given beside its fields (`prepared.yaml`)."""
    found: Mapping[str, Mapping[str, Any]] = parse(
        (Path(__file__).parent / "prepared.yaml").read_text("utf-8")
    )
    return found


def kind_of(item: Item, column: str) -> Kind | None:
    """Return what a column of an item's facts is, or None where it has none of that name."""
    if column.startswith("_"):
        entry = prepared().get(column)
        if entry is None or item.item not in entry["items"]:
            return None
        kind: Kind = _PREPARED.get(entry["type"], entry["type"])
        return kind
    if column not in item.field_names or item.field(column).field_type.sensitive:
        return None
    found: Column = item.field(column).field_type.column
    return found.value


def dated_by(item: Item) -> str | None:
    """Return the field that dates an item's rows, where it is a day."""
    day = item.observed_on
    return day if day is not None and kind_of(item, day) == "date" else None


def of_indicator(indicator: Indicator, tables: Mapping[str, object]) -> Iterator[Fault]:
    """Yield what is wrong with an indicator, with its place in the file."""
    yield from of_formula(indicator, tables)
    rows = {row for name in indicator.items for row in _rows(name)}
    if indicator.direction == "+" and any(loader.load().items[n].negative for n in _known(indicator)):
        yield ("direction",), "负面信息项的指标方向应为 - (negative records speak against)"
    unnamed = sorted(_classes(indicator) - set(indicator.words))
    if indicator.unit is Unit.CLASS and (unnamed or not indicator.words):
        yield ("words",), f"缺少分类 {unnamed or '全部'} 的中英文名称 (classes without words)"
    if rows and not set(indicator.annex_row) <= rows:
        yield ("annex_row",), f"附件行 {list(indicator.annex_row)} 与所取信息项的行 {sorted(rows)} 不符"


def _known(indicator: Indicator) -> list[str]:
    return [name for name in indicator.items if name in loader.load().items]


def _classes(indicator: Indicator) -> set[int]:
    """The classes that an indicator is bound to come to, where it names them."""
    if indicator.value.choose:
        return {choice.value for choice in indicator.value.choose}
    named = {one.value for measure in indicator.measures.values() for one in measure.classes}
    return named | ({0} if indicator.none == "value" and indicator.value.total else set())


def of_formula(formula: Formula, tables: Mapping[str, object]) -> Iterator[Fault]:
    """Yield what is wrong with a formula, with its place in the file."""
    catalogue = loader.load()
    sound = True
    for name, measure in formula.measures.items():
        if measure.item not in catalogue.items:
            said = f"清单中没有信息项 {measure.item!r}{did_you_mean(measure.item, catalogue.items)}"
            yield ("measures", name, "item"), said
            sound = False
            continue
        item = catalogue.item(measure.item)
        for path, said in _of_measure(measure, item):
            yield ("measures", name, *path), said
    if sound:
        yield from _of_channel(formula)
        yield from _of_negative(formula)
        yield from _of_held(formula)
    yield from _of_value(formula, tables)


def _of_negative(formula: Formula) -> Iterator[Fault]:
    """A record that speaks against a subject may never help it by being there, nor hide a worse one.

    So what is made of negative records has a number whatever they leave blank, and grows with every one.
    """
    catalogue = loader.load()
    against = {n: m for n, m in formula.measures.items() if catalogue.item(m.item).negative}
    if not against:
        return
    if formula.none != "value":
        yield ("none",), "负面信息项应以 value 表示无记录 (of negative records, none is a number)"
    for name, measure in against.items():
        if measure.aggregate not in ("count", "sum", "max"):
            yield ("measures", name, "aggregate"), f"{measure.aggregate} 会使一条负面记录掩盖另一条"
        for column in measure.fields:
            if not _at_least_nought(catalogue.item(measure.item), column):
                yield ("measures", name, "fields"), f"{column} 可为负数，会抵消其他负面记录 (needs min: 0)"
    made = formula.value
    told = made.take in formula.measures and formula.measures[str(made.take)].aggregate == "count"
    offset = made.ratio is not None and made.zero_when_first_is_zero and made.at_least is not None
    if not (told or made.total or offset):
        yield ("value",), "负面信息项的取值应为计数、合计，或带 at_least 的比率 (or it may be missing)"


def _of_held(formula: Formula) -> Iterator[Fault]:
    """What rests on a column that nobody may hold says so: nothing is missing for ever in silence."""
    known = prepared()
    wants = sorted(
        {c for m in formula.measures.values() for c in m.columns if "not_held" in known.get(c, {})}
    )
    if wants and formula.not_held is None:
        yield ("measures",), f"{'、'.join(wants)} 依法不留存，应以 not_held 说明 (say why in not_held)"
    if formula.not_held is not None and not wants:
        yield ("not_held",), "所取的字段都可取得，不应有 not_held (all of it can be had)"


def _at_least_nought(item: Item, column: str) -> bool:
    """A prepared column has no sign: it is a sum read out of words."""
    if column.startswith("_") or column not in item.field_names:
        return True
    least = item.field(column).min
    return least is not None and least >= 0


def _rows(name: str) -> tuple[int, ...]:
    found = loader.load().items.get(name)
    return found.annex_row if found else ()


def _of_channel(formula: Formula) -> Iterator[Fault]:
    """The main item's fields have to come by the channel that is named; the others' by some channel."""
    item = loader.load().item(formula.main)
    used = {
        name
        for measure in formula.measures.values()
        if measure.item == formula.main
        for name in measure.columns
        if not name.startswith("_")
    }
    ways = [channel for channel in item.channels if channel.mode is formula.channel]
    if not any(used <= set(channel.fields) for channel in ways):
        yield (
            ("channel",),
            f"信息项 {item.item} 不以 {formula.channel.value} 共享字段 {'、'.join(sorted(used))}",
        )


def _of_measure(measure: Measure, item: Item) -> Iterator[Fault]:
    for column in measure.columns:
        if kind_of(item, column) is None:
            known = [*(f.name for f in item.fields if not f.field_type.sensitive), *prepared()]
            said = f"信息项 {item.item} 没有可用于评价的字段 {column!r}{did_you_mean(column, known)}"
            yield ("fields" if column in measure.fields else "where",), said
            return
    kinds = [kind_of(item, name) for name in measure.fields]
    allowed = (*_NUMBERS, "text_list") if measure.aggregate == "sum" else (*_NUMBERS, "date", "month")
    for name, kind in zip(measure.fields, kinds, strict=True):
        if kind not in allowed or (len(kinds) > 1 and kind not in _NUMBERS):
            yield ("fields",), f"{measure.aggregate} 不适用于 {name}（类型 {kind}）"
    if measure.by is not None and kind_of(item, measure.by) not in ("date", "year"):
        yield ("by",), f"by 应为日期或年度，{measure.by} 是 {kind_of(item, measure.by)}"
    if measure.decay is not None and kind_of(item, measure.decay.field) != "date":
        yield ("decay",), f"decay 应按日期，{measure.decay.field} 是 {kind_of(item, measure.decay.field)}"
    for place, condition in enumerate(measure.where):
        yield from _of_condition(condition, item, ("where", place))
    for place, one in enumerate(measure.classes):
        for inner, condition in enumerate(one.when):
            yield from _of_condition(condition, item, ("classes", place, "when", inner))


def _of_condition(condition: Condition, item: Item, path: tuple[str | int, ...]) -> Iterator[Fault]:
    kind = kind_of(item, condition.field)
    wanted: dict[str, Sequence[str]] = {
        "contains": ("text",),
        "means": ("text",),
        "within_months": ("date",),
        "after_days": ("date",),
        "years_back": ("year",),
        "within_years": ("year",),
    }
    for operator, kinds in wanted.items():
        if getattr(condition, operator) not in (None, ()) and kind not in kinds:
            yield path, f"{operator} 不适用于 {condition.field}（类型 {kind}）(wrong type for the operator)"
    if condition.equals is not None:
        fits = {"boolean": bool, "integer": int, "year": int}.get(str(kind), str)
        if type(condition.equals) is not fits:
            yield path, f"equals {condition.equals!r} 与 {condition.field} 的类型 {kind} 不符"
    if any(sign in word for word in condition.contains for sign in "%_'"):
        yield path, "contains 的词不能含 % _ ' (no wildcards)"
    if condition.codes is not None:
        yield from _of_codes(condition, path)


def _of_codes(condition: Condition, path: tuple[str | int, ...]) -> Iterator[Fault]:
    try:
        known = {code.code for code in codelists.get(str(condition.codes)).codes}
    except UnknownCodeList as fault:
        yield path, str(fault)
        return
    if unknown := sorted(set(condition.means) - known):
        yield path, f"代码表 {condition.codes} 没有 {'、'.join(unknown)}"


def _of_value(formula: Formula, tables: Mapping[str, object]) -> Iterator[Fault]:
    value = formula.value
    for name in sorted(_measures_of(value) - set(formula.measures)):
        yield ("value",), f"没有名为 {name!r} 的度量{did_you_mean(name, formula.measures)}"
    named = {value.table} if value.table else set()
    named |= {t.above_edge[0] for c in value.choose for t in c.when if t.above_edge}
    for table in sorted(named - set(tables)):
        yield ("value",), f"分位数表中没有 {table!r}{did_you_mean(table, tables)}"


def _measures_of(value: Value) -> set[str]:
    names = {value.take, value.months_since, value.days_since, value.quantile}
    names |= set(value.total) | set(value.ratio or ()) | set(value.growth or ())
    names |= set(value.at_least.any) if value.at_least else set()
    for choice in value.choose:
        for test in choice.when:
            names |= _tested(test)
    return {name for name in names if name is not None}


def _tested(test: Test) -> set[str]:
    names = {test.measure}
    if test.above_measure is not None:
        names.add(test.above_measure)
    if test.above_share is not None:
        names.add(test.above_share[0])
    return names


def of_weights(weights: Weights, indicators: Mapping[str, Indicator]) -> Iterator[Fault]:
    """Yield where a card doesn't fit the indicators: unknown ones, or points against the direction."""
    for code in sorted(set(weights.indicators) - set(indicators)):
        yield ("indicators", code), f"没有指标 {code}{did_you_mean(code, indicators)}"
    for code in sorted(set(indicators) - set(weights.indicators)):
        yield ("indicators",), f"指标 {code} 没有权重与分档 (no weight)"
    total = sum(bins.weight for bins in weights.indicators.values())
    if total != 1000:
        yield ("indicators",), f"权重之和应为 1000，现为 {total} (weights have to sum to 1000)"
    for code, bins in weights.indicators.items():
        if code not in indicators:
            continue
        points = list(bins.points)
        rising = indicators[code].direction == "+"
        if points != sorted(points, reverse=not rising):
            yield (
                ("indicators", code),
                f"分值 {points} 与方向 {indicators[code].direction} 不符 (not monotone)",
            )


def of_grades(grades: Grades) -> Iterator[Fault]:
    for name in ("grades", "public_grades"):
        cuts = list(getattr(grades, name).values())
        if cuts != sorted(set(cuts), reverse=True) or not cuts or cuts[-1] != 0:
            yield (name,), "界值应从高到低，最后为 0 (from the highest down to 0)"
    if not 0 < grades.confidence["medium"] < grades.confidence["high"] <= 1000:
        yield ("confidence",), "应有 0 < medium < high ≤ 1000"


def of_vetoes(vetoes: Vetoes, formulas: Mapping[str, Formula], grades: Grades) -> Iterator[Fault]:
    """Find triggers and caps that name what there is not."""
    caps = {**grades.grades, NOT_RATED: 0}
    for place, veto in enumerate(vetoes.vetoes):
        for trigger in veto.any:
            if trigger.of not in formulas:
                said = f"没有指标或信号 {trigger.of!r}{did_you_mean(trigger.of, formulas)}"
                yield ("vetoes", place, "any"), said
        if veto.cap not in caps:
            yield ("vetoes", place, "cap"), f"没有等级 {veto.cap!r}"
    if vetoes.thin_file.cap not in grades.grades:
        yield ("thin_file", "cap"), f"没有等级 {vetoes.thin_file.cap!r}"
    if len(set(vetoes.codes)) != len(vetoes.codes):
        yield ("vetoes",), "否决代码重复 (a code stands twice)"


def of_relief(relief: Relief) -> Iterator[Fault]:
    catalogue = loader.load()
    for name, rules in relief.counts_while.items():
        if name not in catalogue.items:
            yield ("counts_while", name), f"清单中没有信息项 {name!r}{did_you_mean(name, catalogue.items)}"
            continue
        for place, rule in enumerate(rules):
            if kind_of(catalogue.item(name), rule.field) != "date":
                yield ("counts_while", name, place), f"{rule.field} 不是信息项 {name} 的日期字段"


def is_verified_only(item: Item) -> bool:
    """Return whether an item is only ever verified: its rows are a firm's own words (附件第21、29、30行)."""
    return all(channel.mode is SharingMode.DATA_VERIFICATION for channel in item.channels)
