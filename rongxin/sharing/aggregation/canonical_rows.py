"""Values become records ready for COPY: canonical JSON, digest, key, date and subject, a column at a time."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Final

import polars as pl

from rongxin.catalogue.schema import Item
from rongxin.exchange.subjects import Key, key_of
from rongxin.sharing.aggregation.columns import Member, is_list

_NOTHING: Final = pl.lit(None, dtype=pl.String)


class Records:
    """How an item's values are laid out as records."""

    def __init__(self, item: Item, members: Mapping[str, Member], *, today: date) -> None:
        self._item = item
        self._members = members
        self._today = today.isoformat()
        self._payload = sorted(name for name in members if name in item.field_names)
        self._source = sorted(name for name in members if name not in item.field_names)
        self._lists = frozenset(name for name, member in members.items() if is_list(member.field_type))

    def of(self, values: pl.DataFrame, lines: pl.Series, escaped: frozenset[str]) -> pl.DataFrame:
        """Lay the values out; `escaped` names the columns with texts that JSON escapes."""
        rows = values.select(
            self._of_key(Key.CODE).alias("uscc"),
            self._of_key(Key.NAME).alias("name"),
            self._observed().alias("observed_on"),
            self._key(values).alias("record_key"),
            self._canonical(self._payload, values, escaped).alias("payload"),
            self._canonical(self._source, values, escaped).alias("source"),
        )
        if rows.height != values.height:  # no column but literals
            rows = rows.clear()
        digests = [hashlib.sha256(octets).hexdigest() for octets in rows["payload"].cast(pl.Binary).to_list()]
        return rows.with_columns(lines.alias("line"), pl.Series("digest", digests, dtype=pl.String)).select(
            "line", "uscc", "name", "observed_on", "record_key", "digest", "payload", "source"
        )

    # ------------------------------------------------------------------ JSON

    def _canonical(self, names: Sequence[str], values: pl.DataFrame, escaped: frozenset[str]) -> pl.Expr:
        """Canonical JSON (RFC 8785) of each row's non-null members: equal to `proof.canonical.dumps`."""
        if not names:
            return pl.lit("{}")
        literals = {name: self._literal(name, values, escaped) for name in names}
        keys = {name: json.dumps(name) + ":" for name in names}
        pivot = next((place for place, name in enumerate(names) if not values[name].null_count()), None)
        if pivot is None:
            members = [pl.concat_str(pl.lit("," + keys[name]), *literals[name]) for name in names]
            joined = pl.concat_str(members, ignore_nulls=True).str.slice(1)
            return pl.concat_str(pl.lit("{"), joined, pl.lit("}"))
        # One member is in every row: those before it bring their comma behind them, those after it in front.
        parts: list[pl.Expr] = [pl.lit("{")]
        for place, name in enumerate(names):
            before, behind = ("," if place > pivot else ""), ("," if place < pivot else "")
            member = [pl.lit(before + keys[name]), *literals[name], pl.lit(behind)]
            parts += member if not values[name].null_count() else [pl.concat_str(member)]
        return pl.concat_str([*parts, pl.lit("}")], ignore_nulls=True)

    def _literal(self, name: str, values: pl.DataFrame, escaped: frozenset[str]) -> list[pl.Expr]:
        """The parts of a value as JSON; lists are held as their JSON already."""
        if values.schema[name] != pl.String or name in self._lists:
            return [pl.col(name).cast(pl.String)]
        if name not in escaped:
            return [pl.lit('"'), pl.col(name), pl.lit('"')]
        texts = values[name].to_list()
        literals = [None if text is None else json.dumps(text, ensure_ascii=False) for text in texts]
        return [pl.lit(pl.Series(literals, dtype=pl.String))]

    # ------------------------------------------------------------------ whose, when, which

    def _of_key(self, key: Key) -> pl.Expr:
        for name in self._item.subject_key:
            if name in self._members and key_of(self._members[name]) is key:
                return pl.col(name)
        return _NOTHING

    def _observed(self) -> pl.Expr:
        """The date of the fact; a year or month counts from its last day, but not from the future."""
        name = self._item.observed_on
        if name is None or name not in self._members:
            return _NOTHING
        text = pl.col(name).cast(pl.String)
        month_end = (text + "-01").str.to_date("%Y-%m-%d", strict=False).dt.month_end().cast(pl.String)
        last_day = (
            pl.when(text.str.len_bytes() == 4).then(text + "-12-31")
            .when(text.str.len_bytes() == 7).then(month_end)
            .otherwise(text)
        )  # fmt: skip
        ahead = (text.str.len_bytes() < 10) & (last_day > self._today)
        return pl.when(ahead).then(pl.lit(self._today)).otherwise(last_day)

    def _key(self, values: pl.DataFrame) -> pl.Expr:
        """What tells a subject's records apart. One member: its text. More: a JSON array, so that no two keys
        run together. Where the key is not whole, what the item falls back on. No key: the empty text."""
        if not self._item.record_key:
            return pl.lit("")
        own, back = _NOTHING, _NOTHING
        if all(name in self._members for name in self._item.record_key):
            own = self._array(self._item.record_key, values, complete=True)
            if not any(values[name].null_count() for name in self._item.record_key):
                return own
        present = [name for name in self._item.record_key_falls_back if name in self._members]
        if present:
            back = self._array(present, values, complete=False)
        return pl.coalesce(own, back)

    def _array(self, names: Sequence[str], values: pl.DataFrame, *, complete: bool) -> pl.Expr:
        texts = [pl.col(name).cast(pl.String) for name in names]
        if complete and len(names) == 1:
            return texts[0]
        # What JSON escapes is taken out of keys rather than escaped: a key is compared, never read back.
        literals = [
            pl.concat_str(pl.lit('"'), text.str.replace_all(_ESCAPED, " "), pl.lit('"')) for text in texts
        ]
        joined = pl.concat_str([literal.fill_null("null") for literal in literals], separator=",")
        nulls = [pl.col(name).is_null() for name in names]
        lacking = pl.any_horizontal(nulls) if complete else pl.all_horizontal(nulls)
        return pl.when(lacking).then(None).otherwise(pl.concat_str(pl.lit("["), joined, pl.lit("]")))

    def without_key(self, values: pl.DataFrame) -> list[int]:
        """Rows that have neither the key nor anything to fall back on."""
        key = self._item.record_key
        if all(name in self._members and not values[name].null_count() for name in key):
            return []
        keys = values.select(self._key(values).alias("key"))["key"]
        if len(keys) != values.height:
            return list(range(values.height))
        return keys.is_null().arg_true().to_list() if keys.null_count() else []

    def key_labels(self) -> str:
        """The key's columns, as people read them."""
        names = dict.fromkeys([*self._item.record_key, *self._item.record_key_falls_back])
        return "、".join(self._item.column(name).label for name in names)


_ESCAPED: Final = r'["\\\x00-\x1f]'
