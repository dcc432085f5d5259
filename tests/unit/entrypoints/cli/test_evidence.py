"""`rongxin evidence verify` as whoever was handed a file meets it: what is no evidence is told in words."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from rongxin.delivery import verification
from rongxin.delivery.evidence import checking
from rongxin.entrypoints.cli import evidence
from rongxin.gateway import testimony

REPORT = {
    "report": "r", "sections": [], "asked": [], "recipient": {"kind": "k", "id": "i", "person": "p"},
    "subject": {"uscc": "u", "name": "n"}, "purpose": {"code": "c"}, "case": None, "consent": None,
    "reference": "x", "issued_at": "2026-04-01T09:00:00+08:00", "proof": {"digest": "", "outcome_entry": "e"},
}  # fmt: skip


def _verify(*arguments: str | Path) -> Result:
    return CliRunner().invoke(evidence.command, ["verify", *map(str, arguments)])


def _told(result: Result) -> bool:
    """Whether it ended in one line for a person and not in an exception."""
    return result.exit_code == 1 and isinstance(result.exception, SystemExit) and "Error: " in result.output


@pytest.mark.parametrize(
    "said",
    [
        [], "x", 3, None, {}, {"proof": 3, "sections": []}, {"sections": 1, "proof": {}},
        {**REPORT, "sections": [{"items": [{"item": "x"}]}], "asked": ["x"]},
        {"format": checking.FORMAT}, {"format": checking.FORMAT, "keys": []},
        {"format": testimony.FORMAT}, {"format": testimony.FORMAT, "keys": 3}, {"format": 3},
    ],
)  # fmt: skip
def test_what_is_no_evidence_is_told_in_words(tmp_path: Path, said: Any) -> None:
    (tmp_path / "f.json").write_text(json.dumps(said))
    assert _told(result := _verify(tmp_path / "f.json")), result.exception
    (tmp_path / "f.json").write_text("{")
    assert _told(_verify(tmp_path / "f.json"))


@pytest.mark.parametrize("said", [[], {}, {"body": "x"}, {"body": "3"}, {"body": "{}", "path": 3}])
def test_what_is_no_proof_is_told_in_words(tmp_path: Path, said: Any) -> None:
    whole = {**REPORT, "proof": {"digest": verification.digest(REPORT), "outcome_entry": "e"}}
    (tmp_path / "report.json").write_text(json.dumps(whole))
    assert _verify(tmp_path / "report.json").exit_code == 0
    (tmp_path / "proof.json").write_text(json.dumps(said))
    result = _verify(tmp_path / "report.json", "--proof", tmp_path / "proof.json")
    assert _told(result), result.exception
