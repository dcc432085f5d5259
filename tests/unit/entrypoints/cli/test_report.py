"""`rongxin report trace` as an operator meets it: who asked, for what, and the look stands in the journal."""

from __future__ import annotations

import hashlib
import json
from datetime import timedelta
from uuid import uuid4

import pytest
from click.testing import CliRunner
from django.utils import timezone

from rongxin.delivery import tracing
from rongxin.entrypoints.cli import report
from rongxin.journal import entries
from rongxin.journal.rules import Kind
from rongxin.parties import institutions, list_exports
from rongxin.parties.rules.membership import PartyKind
from rongxin.vocabulary.actor import SYSTEM
from tests.unit.consent import stage
from tests.unit.entrypoints.api import keys

pytestmark = pytest.mark.django_db(transaction=True)
FORMS = ("application/json", "text/html", "application/pdf")


def _trace(path, data):
    path.write_bytes(data)
    return CliRunner().invoke(report.command, ["trace", str(path)])


@pytest.fixture
def ask(client):
    firm, bank = stage.firm(), stage.bank()
    until = timezone.localdate() + timedelta(days=30)
    institutions.assess(bank, until=until, actor=SYSTEM, as_of=timezone.now())
    headers = keys.header_of(stage.staff(PartyKind.INSTITUTION, bank))

    def ask(form):
        body = {"uscc": firm.uscc, "reference": f"DK-{form}", "person": "王一", "items": ["honours"]}
        answer = client.post(
            "/api/v1/reports", body, content_type="application/json", headers={**headers, "accept": form}
        )
        assert answer.status_code == 200
        return answer.content

    return ask


@pytest.mark.parametrize("form", FORMS)
def test_each_form_is_traced_to_who_asked_and_the_look_is_journalled(ask, tmp_path, form):
    data = ask(form)
    result = _trace(tmp_path / "file", data)
    assert result.exit_code == 0, result.output
    for word in (
        "王一",
        f"DK-{form}",
        "financing_support",
        "已提供 released",
        "授权编号 consent      无 none",
    ):
        assert word in result.stdout
    look = entries.find(kinds=[Kind.REPORT_TRACED])[0]
    assert look.refs["outcome"] == "found"
    assert look.commitments["file"] == hashlib.sha256(data).hexdigest()
    assert str(look.id) in result.stdout
    assert ("与登记一致" if form != "text/html" else "仅由标记追溯") in result.stdout


def test_changed_content_is_said_to_be_changed(ask, tmp_path):
    document = json.loads(ask("application/json"))
    document["subject"]["name"] = "别的公司"
    result = _trace(tmp_path / "file", json.dumps(document).encode())
    assert result.exit_code == 0
    assert "与登记不符" in result.stdout


def test_a_forged_number_is_said_to_be_unknown(ask, tmp_path):
    ask("application/json")
    result = _trace(tmp_path / "file", tracing.mark(str(uuid4())).encode())
    assert result.exit_code == 1
    assert "登记簿中没有此编号 unknown" in result.stdout
    assert entries.find(kinds=[Kind.REPORT_TRACED])[0].refs["outcome"] == "unknown"


def test_a_file_without_a_mark_is_refused_in_one_line(tmp_path):
    result = _trace(tmp_path / "file", b"nothing")
    assert result.exit_code == 1
    assert "[untraceable]" in result.output
    assert "Traceback" not in result.output


def test_a_lists_file_and_any_row_of_it_are_traced_to_who_took_it(tmp_path):
    someone = stage.staff(PartyKind.OPERATOR, None)
    number, content = uuid4(), b"\xef\xbb\xbfa,b\r\n"
    content += f"1,{tracing.mark(str(number))}\r\n".encode()
    whose = list_exports.Whose(someone.account, someone.name, PartyKind.OPERATOR, "")
    sha256 = hashlib.sha256(content).hexdigest()
    said = {"list": "operator_objections", "searched": "find=x", "rows": 1, "sha256": sha256}
    list_exports.take(number, whose, **said, actor=someone.actor, as_of=timezone.now())
    for data, held in ((content, "与导出时一致"), (content.splitlines()[1], "已被改动或只是一部分")):
        result = _trace(tmp_path / "list.csv", data)
        assert result.exit_code == 0, result.output
        for word in (someone.name, str(number), "operator_objections", held):
            assert word in result.output, word
    assert [entry.refs for entry in entries.find(kinds=[Kind.REPORT_TRACED])] == [{"export": str(number)}] * 2
