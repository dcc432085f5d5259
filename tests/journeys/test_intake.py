"""A clerk at the command line: hand in, read the receipt, correct what came back, take it back."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from rongxin.vocabulary import uscc

OURS = ("--item", "administrative_penalty", "--provider", "development_reform_commission")
HEADER = "企业名称,统一社会信用代码,行政处罚决定书文号,罚款金额,行政处罚决定日期\n"


class Desk:
    """A node of its own at a desk of its own."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    def rongxin(self, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
        kept = {k: v for k, v in os.environ.items() if k not in ("DATABASE_URL", "RONGXIN_TEST_DB")}
        given = {"RONGXIN_VAR": str(self.directory / "var"), "RONGXIN_MODE": "demo", "PYTHONUTF8": "1"}
        command = [sys.executable, "-m", "rongxin", "intake", *map(str, arguments)]
        return subprocess.run(command, env={**kept, **given}, capture_output=True, text=True, timeout=180)

    def says(self, *arguments: str | Path, status: int = 0) -> Any:
        done = self.rongxin(*arguments)
        assert done.returncode == status, done.stderr + done.stdout
        return json.loads(done.stdout)

    def writes(self, name: str, text: str) -> Path:
        path = self.directory / name
        path.write_text(text, "utf-8")
        return path


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    return Desk(tmp_path_factory.mktemp("desk"))


def row(number: int, fine: str) -> str:
    return f"云州公司,{uscc.compose('91', '990100', f'MA{number:06d}')},{number}号,{fine},2026-03-01\n"


def test_it_takes_a_file_hands_rows_back_and_takes_them_corrected(desk: Desk) -> None:
    path = desk.writes("one.csv", HEADER + row(1, "100") + row(2, "贰佰"))
    dry = desk.says("submit", path, *OURS, "--dry-run")
    assert (dry["accepted"], dry["rejected"], dry["batch"]) == (1, 1, None)
    receipt = desk.says("submit", path, *OURS)
    assert (receipt["read"], receipt["accepted"], receipt["rejected"]) == (2, 1, 1)
    assert [(line["line"], bool(line["message"])) for line in receipt["rejects"]] == [(3, True)]
    back = desk.rongxin("rejects", receipt["batch"]).stdout.removeprefix("\ufeff")
    ((header, line),) = [list(csv.reader(io.StringIO(back)))]
    line[header.index("罚款金额")] = "200"
    fixed = desk.writes("fixed.csv", f"{','.join(header)}\n{','.join(line)}\n")
    assert desk.says("submit", fixed, *OURS)["accepted"] == 1
    assert desk.says("submit", path, *OURS)["repeated"] is True
    assert desk.says("withdraw", receipt["batch"])["ended"] == 1
    assert [card["status"] for card in desk.says("status")] == ["filed", "withdrawn"]
    assert desk.says("withdraw", receipt["batch"], status=2)["code"] == "batch_not_filed"


@pytest.mark.parametrize(
    ("name", "content", "item", "code"),
    [
        ("a.csv", HEADER, "tax_payment", "not_aggregated"),
        ("b.csv", HEADER, "no_such_item", "unknown_item"),
        ("c.csv", "罚款金额\n1\n", "administrative_penalty", "identifying_column_absent"),
        ("d.csv", "", "administrative_penalty", "empty_file"),
    ],
)
def test_it_refuses_with_one_document_that_says_what_where_and_what_to_do(
    desk: Desk, name: str, content: str, item: str, code: str
) -> None:
    path = desk.writes(name, content)
    refusal = desk.says(
        "submit", path, "--item", item, "--provider", "development_reform_commission", status=2
    )
    assert refusal["refused"] is True
    assert refusal["code"] == code
    assert all(refusal[part] for part in ("what", "where", "what_to_do"))


def test_it_refuses_a_file_that_is_not_there(desk: Desk) -> None:
    assert desk.says("submit", desk.directory / "gone.csv", *OURS, status=2)["code"] == "file_missing"
