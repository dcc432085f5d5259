"""`rongxin department` as an operator meets it: admit, propose, grant by another, deliver, verify, revoke."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from rongxin.entrypoints.cli import answers, department
from rongxin.parties.rules.duty import Terms
from tests.unit.consent import stage
from tests.unit.disclosure.duty_stage import PENALTY, terms
from tests.unit.records.conftest import Bureau, Row

pytestmark = pytest.mark.django_db(transaction=True)


def says(*arguments: object, status: int = 0):
    result = CliRunner().invoke(department.command, [str(one) for one in arguments])
    assert result.exit_code == status, result.output
    return json.loads(result.stdout)


def _lasting(given: Terms) -> str:
    return json.dumps(given.as_json() | {"valid_until": "2199-12-31"}, ensure_ascii=False)


def test_an_operator_hands_a_delivery_over(tmp_path, monkeypatch):
    firm = stage.firm()
    Bureau().files(Row(2, firm.id, "一号", {"uscc": firm.uscc, "fine_cny": "9.00"}))
    says("admit", "emergency_bureau", "--name", "云州市应急管理局")
    paper, codes = tmp_path / "terms.json", tmp_path / "codes.txt"
    paper.write_text(_lasting(terms(items={PENALTY: ""})), encoding="utf-8")
    codes.write_text(f"﻿{firm.uscc}\n\n{stage.code()}\n", encoding="utf-8")
    mandate = says("propose", paper)["mandate"]
    order = ("deliver", mandate, codes, tmp_path / "out", "--reference", "AJ-1", "--person", "inspector-7")
    assert says(*order, status=department.REFUSED)["code"] == "duty_mandate_missing"
    assert says("grant", mandate, status=department.REFUSED)["code"] == "not_allowed"
    assert [one["mandate"] for one in says("list")] == [mandate]
    monkeypatch.setattr(answers.os, "getuid", lambda: 4242)
    assert says("grant", mandate)["state_label"] == "已生效"
    done = says(*order)
    assert (done["delivered"], done["unknown_codes"], done["records"]) == (1, 1, 1)
    assert says("verify", tmp_path / "out")["delivery"] == done["delivery"]
    (tmp_path / "out" / "codes.csv").write_text("x")
    assert says("verify", tmp_path / "out", status=department.REFUSED)["code"] == "forged"
    assert says(*order, status=department.REFUSED)["code"] == "delivery_in_the_way"
    assert says("revoke", mandate, "--reason", "职能调整")["state"] == "revoked"
    assert [one["state"] for one in says("list", "--department", "emergency_bureau")] == ["revoked"]


def test_it_says_what_is_wrong_with_the_terms(tmp_path):
    says("admit", "emergency_bureau", "--name", "云州市应急管理局")
    assert (
        says("admit", "emergency_bureau", "--name", "又", status=department.REFUSED)["code"]
        == "already_known"
    )
    paper = tmp_path / "terms.json"
    paper.write_text("{}")
    result = CliRunner().invoke(department.command, ["propose", str(paper)])
    assert (result.exit_code, "不是一份履职依据" in result.output) == (1, True)
    paper.write_text(json.dumps(terms(regions=()).as_json()), encoding="utf-8")
    assert "不能没有范围" in says("propose", paper, status=department.REFUSED)["what"]
    declined = json.dumps(terms().as_json())
    paper.write_text(declined, encoding="utf-8")
    mandate = says("propose", paper)["mandate"]
    assert says("decline", mandate, "--reason", "重复")["state_label"] == "未获核准"
