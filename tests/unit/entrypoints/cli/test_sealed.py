"""An institution makes a key and opens what was sealed to it, with files alone."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from rongxin.entrypoints.cli import sealed
from rongxin.exchange import receipt
from rongxin.proof import boxes

ROWS = [{"vat_paid_cny_12m": "712400"}]


def run(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(sealed.command, list(arguments))
    return result.exit_code, result.output


def report(path: Path, public: Path) -> Path:
    box = boxes.close(receipt.content_of(ROWS), boxes.recipient(public), info=boxes.SEALED_ROWS)
    items = [{"item": "tax_payment", "sealed": [base64.b64encode(box).decode()]}, {"item": "gas_fee"}]
    path.write_text(json.dumps({"sections": [{"items": items[:1]}, {"items": items[1:]}]}))
    return path


@pytest.mark.parametrize("flags", [(), ("--sm",)])
def test_what_is_sealed_to_a_key_made_here_opens_with_it_alone(tmp_path: Path, flags: tuple[str]) -> None:
    for name in ("own", "other"):
        code, told = run("key", str(tmp_path / name), *flags)
        assert code == 0
        assert ("SM2" if flags else "X25519") in told
    sent = report(tmp_path / "report.json", tmp_path / "own.pub.pem")
    code, opened = run("open", str(sent), "--key", str(tmp_path / "own"))
    assert (code, json.loads(opened)) == (0, {"tax_payment": ROWS})
    code, told = run("open", str(sent), "--key", str(tmp_path / "other"))
    assert code == 1
    assert "can't be opened" in told


def test_a_key_is_not_written_over_and_a_report_without_seals_is_said_to_be_one(tmp_path: Path) -> None:
    run("key", str(tmp_path / "own"))
    kept = (tmp_path / "own").read_bytes()
    assert run("key", str(tmp_path / "own"))[0] == 1
    assert (tmp_path / "own").read_bytes() == kept
    for text, what in (('{"sections": []}', "nothing"), ("[]", "not a report"), ("x", "not a report")):
        (tmp_path / "report.json").write_text(text)
        code, told = run("open", str(tmp_path / "report.json"), "--key", str(tmp_path / "own"))
        assert code == 1
        assert what in told
