"""Of a judgment a run lays down side, duty and sum, and no name of any party (（七）, threat T11)."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from rongxin.evaluation import compiling, facts
from rongxin.evaluation.tiers import Tier

from .stage import City, quiet

ITEM = "court_judgment"
DUTY = "被告于本判决生效之日起十日内向原告支付货款126000元；案件受理费2820元由被告负担"


def judgment(name: str, defendant: str | None, result: str) -> dict[str, Any]:
    told = {"name": name, "defendant": defendant, "judgment_result": result, "published_on": "2026-02-01"}
    return {key: value for key, value in told.items() if value is not None}


@pytest.mark.parametrize("everybody", [True, False])
def test_a_run_lays_down_side_duty_and_sum(city: City, tmp_path: Path, everybody: bool) -> None:
    firm, other = city.firm(), city.firm()
    name = firm.name
    city.files(
        ITEM,
        (firm, "一号", judgment(name, f"云州某某运输队、{name}", DUTY)),
        (firm, "二号", judgment(name, f"{name}分公司", DUTY)),
        (firm, "三号", judgment(name, None, "驳回原告的诉讼请求")),
        (other, "四号", judgment(other.name, other.name, "驳回原告的诉讼请求")),
    )
    day = city.now.date()
    program = compiling.program(None, Tier.PUBLIC, as_of=day, narrow=False)
    only = None if everybody else [firm.id]
    facts.prepare(tmp_path / "run", program, as_of=city.now, buckets=1, only=only, progress=quiet)
    with duckdb.connect() as duck:
        file = f"read_parquet('{tmp_path}/run/{ITEM}/*.parquet')"
        rows = duck.execute(
            f"SELECT _subject, _as_defendant, _lost, _awarded_cny FROM {file} ORDER BY ALL NULLS LAST"
        ).fetchall()
        columns = {column for column, *_ in duck.execute(f"DESCRIBE FROM {file}").fetchall()}
    sum_cny = Decimal("126000.00")
    mine = [(firm.id, False, True, sum_cny), (firm.id, True, True, sum_cny), (firm.id, None, False, None)]
    assert rows == [*mine, *([(other.id, True, False, None)] if everybody else [])]
    assert not {"name", "defendant", "plaintiff"} & columns
