from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from .stage import City


@pytest.fixture
def city(transactional_db: None, tmp_path: Path, settings: Any) -> City:
    settings.RONGXIN_VAR = tmp_path
    return City()


# Of few rows all time goes into planning and compiling.
FEW_ROWS = {
    "spark.sql.adaptive.enabled": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.shuffle.partitions": "1",
}


@pytest.fixture
def spark(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have Spark run on this machine, left out where it can't."""
    if shutil.which("java") is None and not os.environ.get("JAVA_HOME"):
        pytest.skip("no Java on this machine (Debian: apt install openjdk-21-jre-headless)")
    pytest.importorskip("pyspark", reason="no PySpark in this environment (pip install rongxin[spark])")
    own = " ".join(f"--conf {name}={value}" for name, value in FEW_ROWS.items())
    monkeypatch.setenv("PYSPARK_SUBMIT_ARGS", f"--master local[2] --driver-memory 1g {own} pyspark-shell")
    monkeypatch.setenv("SPARK_LOCAL_IP", "127.0.0.1")
