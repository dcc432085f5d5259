"""Providers' stores: all that is called or checked stands in one, readable by its mapping file alone."""

from __future__ import annotations

import csv
import sqlite3
from pathlib import Path
from typing import Any

import pytest
import yaml

from rongxin.catalogue import loader
from rongxin.city import channels, generation
from rongxin.city.manifest import Manifest

ITEMS = loader.load().items


def _answer(out: Path, provider: str, item: str, subject: dict[str, str]) -> list[dict[str, Any]]:
    """What a connector would find, knowing the mapping file and nothing else."""
    mapping = yaml.safe_load((out / "providers" / f"{provider}.yaml").read_text("utf-8"))
    entry = mapping["items"][item]
    wanted = {entry["subject"][field]: value for field, value in subject.items()}
    if mapping["connector"] == "csv":
        path = out / "providers" / mapping["path"] / entry["file"]
        with path.open(encoding=mapping["encoding"], newline="") as text:
            rows = [row for row in csv.DictReader(text) if wanted.items() <= row.items()]
    else:
        base = sqlite3.connect(out / "providers" / mapping["path"])
        base.row_factory = sqlite3.Row
        where = " AND ".join(f'"{column}" = ?' for column in wanted)
        query = f'SELECT * FROM "{entry["table"]}" WHERE {where}'
        rows = [dict(row) for row in base.execute(query, tuple(wanted.values()))]
        base.close()
    return [{field: row[column] for field, column in entry["columns"].items()} for row in rows]


def _hero(manifest: Manifest) -> dict[str, Any]:
    (story,) = (story for story in manifest.stories if story["id"] == "small_manufacturer")
    return dict(story["parts"]["firm"])


def test_every_called_channel_has_its_columns_at_its_provider(out: Path, manifest: Manifest) -> None:
    for name, item in ITEMS.items():
        for channel in channels.called(item):
            mapping = yaml.safe_load((out / "providers" / f"{channel.provider}.yaml").read_text("utf-8"))
            assert mapping["provider"] == channel.provider
            columns = mapping["items"][name]["columns"]
            assert set(columns) >= set(channels.of_channel(item, channel)), name
            assert set(mapping["items"][name]["subject"]) <= set(columns), name
            if channel.where:
                assert channel.where.field in columns, name


def test_a_connector_finds_the_heros_taxes_by_code(out: Path, manifest: Manifest) -> None:
    (row,) = _answer(out, "tax_bureau", "tax_payment", {"uscc": _hero(manifest)["uscc"]})

    assert row["name"] == _hero(manifest)["name"]
    assert row["vat_paid_cny_12m"] == 712400
    assert row["last_normal_tax_payment_on"] == "20260621"


def test_a_connector_finds_a_cooperative_by_name_and_place(out: Path, manifest: Manifest) -> None:
    subject = {"name": "云州市砚山县听泉茶叶种植农民专业合作社（虚构）", "location": "云州市砚山县"}

    (row,) = _answer(out, "agriculture_bureau", "agricultural_operator", subject)

    assert row["agricultural_operator_type"] == "市级示范农民合作社"


def test_a_connector_finds_gas_bills_in_a_file_of_the_providers_own_encoding(
    out: Path, manifest: Manifest
) -> None:
    shop = next(story for story in manifest.stories if story["id"] == "noodle_shop")["parts"]["shop"]

    (row,) = _answer(out, "gas_utility", "gas_fee", {"uscc": shop["uscc"]})

    assert row["account_number"] == "G990100000000"


def test_the_bureau_keeps_back_what_it_has_handed_over(out: Path, manifest: Manifest) -> None:
    subject = {"uscc": _hero(manifest)["uscc"]}

    (row,) = _answer(out, "market_regulation_bureau", "business_licence", subject)

    assert row["registered_capital_cny"] == 8_000_000
    assert "registered_address" not in row


def test_the_court_also_holds_judgments_that_are_not_online(out: Path, manifest: Manifest) -> None:
    base = sqlite3.connect(out / "providers" / "peoples_court.sqlite")
    found = {word for (word,) in base.execute("SELECT DISTINCT SFGK FROM t_cpws")}
    base.close()

    assert found == {"是", "否"}


def test_stored_values_are_clean_under_the_catalogue(out: Path, manifest: Manifest) -> None:
    for store in manifest.stores:
        mapping = yaml.safe_load((out / store.mapping).read_text("utf-8"))
        if mapping["connector"] == "csv":
            continue
        base = sqlite3.connect(out / store.path)
        for name, entry in mapping["items"].items():
            rows = base.execute(
                f"SELECT {', '.join(entry['columns'].values())} FROM {entry['table']}"
            ).fetchall()
            assert len(rows) == store.rows[name]
            for row in rows:
                for field, value in zip(entry["columns"], row, strict=True):
                    if value is not None:
                        ITEMS[name].column(field).clean(str(value), today=generation.AS_OF)
        base.close()


@pytest.mark.parametrize("item", [name for name, item in ITEMS.items() if channels.called(item)])
def test_every_item_has_a_home(item: str, manifest: Manifest) -> None:
    assert sum(item in store.rows for store in manifest.stores) == 1
