"""Invented borrowers with a known truth, as files that a bank might hand in."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl


def borrowers(rows: int = 600, seed: int = 1) -> pl.DataFrame:
    """More debt and an unlucky trade raise the risk, more years lower it; `noise` says nothing."""
    draw = np.random.default_rng(seed)
    years, debt = draw.integers(0, 30, rows), draw.normal(50, 20, rows).round(2)
    trade = draw.choice(["grain", "pumps", "tea"], rows, p=[0.5, 0.3, 0.2])
    risk = -1.5 - 0.12 * (years - 15) + 0.06 * (debt - 50) + 1.2 * (trade == "tea")
    days = draw.integers(0, 1500, rows)
    return pl.DataFrame(
        {
            "loan": [f"L{n:05d}" for n in range(rows)],
            " years ": years,
            "debt": [f"${value:,.2f}" for value in debt * 1000],
            "trade": trade,
            "noise": draw.normal(0, 1, rows),
            "signed": [f"{np.datetime64('2020-01-01') + int(day)}".replace("-", "/") for day in days],
            "default": (draw.random(rows) < 1 / (1 + np.exp(-risk))).astype(int),
        }
    ).with_columns(pl.when(pl.col("noise") > 1.5).then(None).otherwise("noise").alias("noise"))


def curved(rows: int, seed: int, *, together: bool = False) -> pl.DataFrame:
    """Curves, steps and trades that each say their own; `together`: two columns that say all only jointly."""
    draw = np.random.default_rng(seed)
    age, use = draw.uniform(0, 30, rows).round(1), draw.uniform(0, 1, rows).round(3)
    days, trade = draw.integers(0, 400, rows), draw.integers(0, 4, rows)
    if together:
        risk = 3 * np.where((age > 15) ^ (use > 0.5), 1, -1)
    else:
        steps = 6 * (use > 0.8) - 3 * (use < 0.2)
        risk = 0.03 * (age - 12) ** 2 - 7 + 3 * np.sin(days / 60) + 2 * trade + steps
    bad = draw.random(rows) < 1 / (1 + np.exp(-risk))
    words = np.array(["grain", "pumps", "tea", "steel"])[trade]
    return pl.DataFrame({"age": age, "days": days, "trade": words, "use": use, "default": bad.astype(int)})


def written(frame: pl.DataFrame, path: Path) -> Path:
    if path.suffix == ".csv":
        frame.write_csv(path)
    elif path.suffix == ".parquet":
        frame.write_parquet(path)
    else:
        heads = [f"@attribute '{name}' string" for name in frame.columns]
        rows = [",".join("?" if v is None else f"'{v}'" for v in row) for row in frame.iter_rows()]
        path.write_text("\n".join(["@relation r", *heads, "@data", *rows]) + "\n")
    return path
