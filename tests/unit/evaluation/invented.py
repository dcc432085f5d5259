"""Invented facts of subjects, and the same facts laid out as a run lays them for a program."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import polars as pl

from rongxin.catalogue import loader
from rongxin.evaluation import compiling, consistency, loading, tiers
from rongxin.evaluation.compiling import Program
from rongxin.evaluation.measuring import Facts, Subject

AS_OF = date(2026, 11, 29)
KINDS = ("company", "individual_business", "farmer_cooperative", "village_collective")
SIZES = ("micro", "small", "medium", "large", "unknown")
WORDS: Mapping[str, tuple[str, ...]] = {
    "registration_status": (
        "存续",
        "开业",
        "存续（在营、开业、在册）",
        "迁出",
        "吊销未注销",
        "已注销",
        "不明",
    ),
    "change_item": ("法定代表人（负责人）变更", "住所（经营场所）变更", "注册资本变更", "经营范围变更"),
    "pledge_status": ("有效", "无效"),
    "taxpayer_credit_grade": ("A", "B", "M", "C", "D"),
    "performance_status": ("全部未履行", "部分未履行", "全部已履行"),
    "cause_of_action": ("民间借贷纠纷", "买卖合同纠纷", "劳动争议", "侵权责任纠纷"),
    "suspended_or_revoked_certificate": ("食品经营许可证JY9901",),
    "penalty_content": ("吊销许可证", "暂扣许可证", "罚款"),
    "permit_status": ("有效", "无效", "注销"),
    "environmental_credit_grade": ("绿色", "蓝色", "黄色", "红色", "黑色", "未知"),
    "patent_type": ("发明专利", "实用新型"),
    "legal_status": ("授权", "实质审查", "专利权终止"),
    "customs_credit_grade": ("高级认证企业", "其他注册登记和备案企业", "失信企业"),
    "customs_registration_flag": ("正常", "注销"),
    "agricultural_operator_type": ("市级示范农民合作社", "家庭农场"),
}
SQL = {
    "decimal": pl.Decimal(18, 2),
    "integer": pl.Int64,
    "year": pl.Int16,
    "date": pl.Date,
    "boolean": pl.Boolean,
    "text_list": pl.List(pl.Utf8),
    "text": pl.Utf8,
    "month": pl.Utf8,
}


@cache
def all_columns() -> Mapping[str, tuple[str, ...]]:
    """Every item that any program reads, with the columns that it reads."""
    return compiling.program(None, "authorised", as_of=AS_OF, narrow=False).reads


def kind_of(item: str, column: str) -> str:
    if column == "_subject":
        return "integer"
    return str(consistency.kind_of(loader.load().item(item), column))


def cell(item: str, column: str, draw: random.Random) -> Any:
    """A value that a source might have sent, now and then none."""
    if draw.random() < 0.08:
        return None
    kind = kind_of(item, column)
    if column in WORDS:
        return draw.choice(WORDS[column])
    made = {
        "decimal": lambda: (
            Decimal(draw.choice((0, 1, 99, 12345, 10**6, 10**8, -(10**5), 333333)))
            / 100
            * draw.choice((1, 1, 100, 10**6))
        ),
        "integer": lambda: draw.choice((0, 1, 2, 3, 5, 12, 24, 36, 100)) - (1 if column[0] == "_" else 0),
        "year": lambda: AS_OF.year - draw.randrange(8),
        "date": lambda: AS_OF + timedelta(days=draw.randrange(-1500, 200)),
        "boolean": lambda: draw.random() < 0.6,
        "text_list": lambda: ["参与标准制定"] * draw.randrange(3),
        "month": lambda: f"{AS_OF.year - draw.randrange(2)}-{draw.randrange(1, 13):02d}",
    }
    return _let_in(item, column, made[kind]() if kind in made else "文")


def _let_in(item: str, column: str, value: Any) -> Any:
    """No value that the catalogue would hand back at the door; a prepared sum is never below nought."""
    known = loader.load().item(item)
    least = known.field(column).min if column in known.field_names else None
    if column.endswith("_cny") and column.startswith("_"):
        least = Decimal(0)
    return abs(value) if least is not None and value < least else value


def row(item: str, draw: random.Random) -> dict[str, Any]:
    columns = all_columns()[item]
    made = {name: cell(item, name, draw) for name in columns if name != "_subject"}
    if "_verified" in made and draw.random() < 0.8:
        made["_verified"] = True
    return made


def facts(seed: int) -> Facts:
    """One subject: what it is, what is known of it, and its rows."""
    draw = random.Random(seed)
    subject = Subject(draw.choice(KINDS), draw.choice(("C33", "F5212", "", "A01")), draw.choice(SIZES))
    ways = compiling.sources(loading.load())
    likely = draw.choice((0.2, 0.7, 1.0))
    known = frozenset((s.item, s.channel.value) for s in ways if draw.random() < likely)
    often = draw.choice((0.2, 0.6))
    rows = {
        item: [row(item, draw) for _ in range(draw.randrange(1, 5))]
        for item in all_columns()
        if draw.random() < often
    }
    return Facts(subject, known, rows)


def lay(duck: duckdb.DuckDBPyConnection, folder: Path, subjects: Mapping[int, Facts]) -> dict[str, Path]:
    """Write the views that a program reads as Parquet files; name them for DuckDB; return the files."""
    paths = {}
    for item, columns in all_columns().items():
        rows = [
            {**one, "_subject": number} for number, own in subjects.items() for one in own.rows.get(item, ())
        ]
        schema = {name: SQL[kind_of(item, name)] for name in columns}
        frame = pl.DataFrame(rows, schema=schema, orient="row")
        paths[item] = _written(duck, folder, item, frame)
    bits = {(s.item, s.channel.value): s.bit for s in compiling.sources(loading.load())}
    listed = [
        {
            "_subject": number,
            "kind": own.subject.kind,
            "region": "990101",
            "industry": own.subject.industry,
            "size_class": own.subject.size_class,
            "known": sum(1 << bits[key] for key in own.known),
        }
        for number, own in subjects.items()
    ]
    paths["subject"] = _written(duck, folder, "subject", pl.DataFrame(listed, schema=SUBJECT))
    return paths


SUBJECT = {
    "_subject": pl.Int64,
    "kind": pl.Utf8,
    "region": pl.Utf8,
    "industry": pl.Utf8,
    "size_class": pl.Utf8,
    "known": pl.Int64,
}


def _written(duck: duckdb.DuckDBPyConnection, folder: Path, name: str, frame: pl.DataFrame) -> Path:
    path = folder / f"{name}.parquet"
    frame.write_parquet(path)
    duck.execute(f"CREATE OR REPLACE TEMP VIEW \"{name}\" AS SELECT * FROM read_parquet('{path}')")
    return path


def run(duck: duckdb.DuckDBPyConnection, program: Program) -> list[dict[str, Any]]:
    """The program's result, by subject."""
    found: Sequence[tuple[Any, ...]] = duck.execute(f"SELECT * FROM ({program.sql}) ORDER BY 1").fetchall()
    return [dict(zip(program.columns, one, strict=True)) for one in found]


def public_codes() -> list[str]:
    return [code for code, one in loading.load().indicators.items() if tiers.is_public(one)]
