"""An existing platform moved in: every row accounted for, once, and nothing live by assertion."""

from __future__ import annotations

import os
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection

from rongxin.delivery.moving import inward, layout, reconciliation
from rongxin.delivery.moving.errors import Altered, Unreadable
from rongxin.parties import accounts, api_keys, institutions, memberships, subjects
from rongxin.parties.models import Account
from rongxin.parties.rules.standing import Standing
from rongxin.sharing.models import Batch, MovedFile
from tests.unit.consent import stage as consent_stage
from tests.unit.delivery.moving import old_platform, stage
from tests.unit.delivery.moving.stage import Platform

pytestmark = pytest.mark.django_db(transaction=True)
CHILD = Path(__file__).with_name("moving_process.py")
RUN = "import django, runpy, sys; django.setup(); runpy.run_path(sys.argv[1], run_name='__main__')"
TABLES = (
    *("parties_subject", "parties_institution", "parties_department", "parties_account"),
    *("parties_membership", "records_record", "sharing_batch", "sharing_outcome", "sharing_movedfile"),
    *("consent_importedconsent", "consent_scan", "consent_consent"),
)


@pytest.fixture(autouse=True)
def node(tmp_path, settings):
    settings.RONGXIN_VAR = tmp_path / "var"
    stage.empty()


@pytest.fixture
def firms():
    return old_platform.codes()


@pytest.fixture
def directory(tmp_path, firms):
    return old_platform.platform(tmp_path / "old", firms, old_platform.consent(firms[0])).says()


def _counts(*tables: str) -> dict[str, int]:
    found = {}
    with connection.cursor() as cursor:
        for table in tables or TABLES:
            cursor.execute(f"SELECT count(*) FROM {table}")
            found[table] = cursor.fetchone()[0]
    return found


def _four(report: dict[str, object]) -> tuple[object, ...]:
    return tuple(report[name] for name in ("read", "taken", "already_there", "waiting", "refused"))


def test_every_row_of_a_platform_is_accounted_for(directory, firms):
    report = stage.take(directory)
    assert {name: _four(one) for name, one in report.items()} == {
        "departments.jsonl": (1, 1, 0, 0, 0),
        "banks.jsonl": (1, 1, 0, 0, 0),
        "subjects.csv": (6, 6, 0, 0, 0),
        "accounts.jsonl": (1, 1, 0, 0, 0),
        "penalties.csv": (8, 8, 0, 0, 0),
        "consents.jsonl": (1, 0, 0, 1, 0),
    }
    assert all(one["agrees"] for one in report.values())
    fines = report["penalties.csv"]["sums"]["fine_cny"]
    assert {name: Decimal(one) for name, one in fines.items()} == {
        "declared": Decimal("40.00"),
        "taken": sum(map(Decimal, old_platform.PENALTIES)),
        "elsewhere": Decimal(0),
    }
    assert subjects.find(firms[5]).name == "云州第5商贸有限公司"
    assert _counts("records_record", "consent_consent") == {"records_record": 8, "consent_consent": 0}


def test_moved_in_again_there_is_nothing_new_and_the_report_is_the_same(directory):
    first, counted = stage.take(directory), _counts()
    again = stage.take(directory)
    assert _counts() == counted
    assert all(one["repeated"] for one in again.values())
    assert {name: one | {"repeated": False} for name, one in again.items()} == first


def test_the_same_rows_in_another_file_are_there_already(directory, firms, tmp_path):
    stage.take(directory)
    other = old_platform.platform(tmp_path / "other", firms, old_platform.consent(firms[0]))
    for entry in other.entries:
        path = other.directory / entry["name"]
        if entry["kind"] != "scan":
            content = path.read_bytes() + b"\n"
            path.write_bytes(content)
            entry["sha256"] = stage.sha256(content).hexdigest()
    report = stage.take(other.says())
    assert [one["code"] for one in report["banks.jsonl"]["refusals"]] == ["differs"]  # another code
    for name in ("departments.jsonl", "subjects.csv", "accounts.jsonl", "penalties.csv", "consents.jsonl"):
        assert _four(report[name]) == (report[name]["read"], 0, report[name]["read"], 0, 0), name


def test_a_dry_run_says_what_would_be_and_leaves_nothing(directory):
    before = _counts()
    report = stage.take(directory, dry_run=True)
    assert _counts() == before
    real = stage.take(directory)
    assert {name: _four(one) for name, one in report.items()} == {
        name: _four(one) for name, one in real.items()
    }


@pytest.mark.parametrize("death", [1, 4, 7, 11, 13, 17, 22, 24])
def test_killed_and_begun_again_the_report_and_the_node_are_the_same(directory, death):
    environment = {**os.environ, "DATABASE_URL": _url(), "DJANGO_SETTINGS_MODULE": "rongxin.site.settings"}
    environment |= {"RONGXIN_VAR": str(settings.RONGXIN_VAR), "RONGXIN_MODE": settings.RONGXIN_MODE}
    command = [sys.executable, "-c", RUN, str(CHILD), str(directory), str(death)]
    child = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert child.returncode == -9, child.stderr
    done = {one.name: reconciliation.read(one.report, repeated=False) for one in MovedFile.objects.all()}
    assert all(one.read == one.declared for one in done.values())  # no file half
    after = stage.take(directory)
    assert {name for name, one in after.items() if one["repeated"]} == set(done)
    killed = _counts()
    stage.empty()
    whole = stage.take(directory)
    assert {name: one | {"repeated": False} for name, one in after.items()} == whole
    assert _counts() == killed


def _url() -> str:
    database = settings.DATABASES["default"]
    url = f"postgresql://{database['USER']}@/{database['NAME']}?host={database['HOST']}"
    return url + (f"&port={database['PORT']}" if database["PORT"] else "")


def test_it_says_of_each_row_why_it_was_not_taken(tmp_path, firms):
    person, operator = (
        {"username": name, "display_name": name, "kind": "person", "roles": [role]}
        for name, role in [
            ("owner", {"party_kind": "subject", "party": firms[0], "role": "legal_representative"}),
            ("root", {"party_kind": "operator", "party": "", "role": "system_administrator"}),
        ]
    )
    old = Platform(tmp_path / "old").rows(
        "subjects.jsonl",
        "subjects",
        {"uscc": "91", "name": "甲"},
        {"uscc": firms[0], "name": ""},
        {"uscc": firms[1], "name": "乙", "region": "九九"},
        {"uscc": firms[2], "name": "丙", "established_on": "二〇二〇年"},
        {"uscc": firms[3], "name": "丁"},
        {"uscc": firms[3], "name": "丁丁"},
    )
    old.rows("accounts.jsonl", "accounts", person, operator)
    old.rows("consents.jsonl", "consents", old_platform.consent(firms[5]))
    report = stage.take(old.says())
    assert [(one["row"], one["code"]) for one in report["subjects.jsonl"]["refusals"]] == [
        (1, "invalid_uscc"),
        (2, "name_missing"),
        (3, "invalid_region"),
        (4, "unreadable"),
        (6, "differs"),
    ]
    assert [one["code"] for one in report["accounts.jsonl"]["not_moved_rows"]] == ["role_not_moved"] * 2
    assert [one["code"] for one in report["consents.jsonl"]["refusals"]] == ["unknown_subject"]
    assert Account.objects.count() == 0


def test_nobody_gets_in_by_a_file(directory):
    """No password, no key, no assessment, no real name: each is given on this node."""
    stage.take(directory)
    (wang,) = Account.objects.all()
    assert not wang.has_usable_password()
    assert accounts.get(wang.id).id_commitment == ""
    assert [role.party for role in memberships.of_account(wang.id, on=consent_stage.TODAY)] == ["bank_a"]
    assert institutions.get("bank_a").standing is Standing.PROBATION
    assert not api_keys.ApiKey.objects.exists()


def test_a_file_that_is_not_as_its_manifest_says_stops_everything_before_it_begins(directory, firms):
    before = _counts()
    (directory / "subjects.csv").write_bytes((directory / "subjects.csv").read_bytes() + b"x")
    with pytest.raises(Altered, match="SHA-256"):
        stage.take(directory)
    (directory / "subjects.csv").unlink()
    with pytest.raises(Altered, match=r"缺少 subjects\.csv"):
        stage.take(directory)
    assert _counts() == before


def test_rows_missing_or_changed_while_reading_take_nothing_of_the_file(tmp_path, firms, monkeypatch):
    old = Platform(tmp_path / "old").rows("s.jsonl", "subjects", {"uscc": firms[0], "name": "甲"})
    old.entries[0]["rows"] = 2
    with pytest.raises(Altered, match="清单载明2行，实有1行"):
        stage.take(old.says())
    old.entries[0]["rows"] = 1
    directory = old.says()
    monkeypatch.setattr(
        layout,
        "check",
        lambda *given: (directory / "s.jsonl").write_bytes(stage.lines([{"uscc": firms[1], "name": "乙"}])),
    )
    with pytest.raises(Altered, match="已变动"):
        stage.take(directory)
    assert (subjects.find(firms[0]), subjects.find(firms[1])) == (None, None)


@pytest.mark.parametrize("name", ["../x.jsonl", "/etc/passwd", "a/../../x", "a//b", "", ".hidden"])
def test_no_name_in_a_manifest_leads_out_of_its_directory(tmp_path, name):
    (tmp_path / "x.jsonl").write_bytes(b"")
    old = Platform(tmp_path / "old")
    old.entries = [{"name": name, "kind": "subjects", "rows": 0, "sha256": "0" * 64}]
    with pytest.raises(Unreadable, match="a name is one file"):
        stage.take(old.says())


def test_a_link_is_no_file(tmp_path):
    (tmp_path / "secret.jsonl").write_bytes(b"{}\n")
    old = Platform(tmp_path / "old").holds("s.jsonl", "subjects", b"{}\n", 1)
    (old.directory / "s.jsonl").unlink()
    (old.directory / "s.jsonl").symlink_to(tmp_path / "secret.jsonl")
    with pytest.raises(Altered, match="不是普通文件"):
        stage.take(old.says())


def test_a_suspicious_delivery_waits_for_a_second_person_as_any_other(directory, firms, monkeypatch):
    monkeypatch.setattr(
        "rongxin.sharing.aggregation.suspicion.of", lambda *given: [{"code": "x", "message": "列疑似错位"}]
    )
    report = stage.take(directory)["penalties.csv"]
    assert ("待另一人复核" in report["stopped"], report["agrees"]) == (True, False)
    assert Batch.objects.get().status == "held"
    assert _counts("records_record") == {"records_record": 0}


def test_the_whole_report_says_so(directory):
    report = inward.take(directory, actor=stage.OPERATOR, as_of=consent_stage.NOW)
    assert report.whole
    assert report.document()["move"] == "old-platform-1"
