"""`rongxin demo --exit` as a stranger runs it: an embedded PostgreSQL, a server, the whole story."""

from __future__ import annotations

import ast
import base64
import inspect
import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pypdf
import pytest

from rongxin.entrypoints.demo import bank, scrape, story
from rongxin.gateway import evidence
from rongxin.proof import checkpoint, merkle

REQUIRED = {
    "subjects",
    "batches",
    "records_accepted",
    "records_rejected",
    "consent_id",
    "report_json",
    "report_pdf",
    "refused_after_withdrawal",
    "journal_entries",
    "journal_verified",
    "interface_calls",
    "verifications",
    "webhooks_delivered",
    "evidence_file",
    "evidence_verified",
    "push_rows",
    "api_requests",
    "usage_feedback_items",
    "suspended_for_scraping",
    "scored_subjects",
    "coverage",
    "score",
    "grade",
    "products",
    "applications",
}


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    """The directory that a demo of a small city leaves behind, begun where another had been killed."""
    var = tmp_path_factory.mktemp("demo")
    (var / "demo").mkdir()
    (var / "demo" / "summary.json").write_text("{}")
    (var / "demo.lock").write_text("1")
    environment = {k: v for k, v in os.environ.items() if k not in ("DATABASE_URL", "RONGXIN_TEST_DB")}
    environment |= {"RONGXIN_VAR": str(var), "RONGXIN_MODE": "demo"}
    command = [sys.executable, "-m", "rongxin", "demo", "--exit", "--subjects", "300", "--port", "0"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr[-3000:]
    return var / "demo"


@pytest.fixture(scope="module")
def summary(demo):
    return json.loads((demo / "summary.json").read_text())


def test_the_firm_has_applied_to_two_banks_and_one_has_decided(summary):
    assert (summary["products"], summary["applications"]) == (4, ["approved", "papers_asked"])


def test_a_lock_file_that_a_killed_demo_has_left_is_nobodys(summary):
    assert summary["subjects"] == 300


def test_it_writes_what_it_did(summary):
    assert summary.keys() >= REQUIRED
    assert summary["subjects"] == 300
    assert summary["records_accepted"] > 500
    assert summary["records_rejected"] > 0
    assert summary["refused_after_withdrawal"] is True
    assert summary["journal_verified"] is True
    assert summary["evidence_verified"] is True
    # The consent and its end; no other act of the story concerns the bank.
    assert summary["webhooks_delivered"] == 2
    assert summary["push_rows"] > 100
    assert summary["suspended_for_scraping"] == 1
    # The scrape alone makes eighty; of the story's bank two dozen and its tokens.
    assert 100 < summary["api_requests"] < 400
    # Everybody is scored, the strangers in departments' files too, and the report of the story shows it.
    assert summary["scored_subjects"] >= 300
    assert 0.9 < summary["coverage"] <= 1
    assert isinstance(summary["score"], int)


def test_departments_read_what_their_information_was_used_for(demo, summary):
    told = json.loads((demo / "usage_feedback.json").read_text())
    used = {(one["provider"], line["item"]) for one in told for line in one["used"]}
    assert len(used) == summary["usage_feedback_items"] > 20
    assert ("tax_bureau", "tax_payment") in used
    text = (demo / "usage_feedback.json").read_text()
    assert "云州银行" not in text
    assert "望舒" not in text  # the firm


def test_a_bank_of_the_story_has_no_way_but_the_sdk():
    for module in (bank, scrape):
        imported = {
            name
            for node in ast.walk(ast.parse(inspect.getsource(module)))
            if isinstance(node, ast.ImportFrom | ast.Import)
            for name in ([node.module] if isinstance(node, ast.ImportFrom) else [a.name for a in node.names])
        }
        assert not imported & {"httpx", "urllib.request", "http.client", "urllib3", "requests"}
        assert "rongxin.client.senders" in imported
    told = inspect.getsource(story)
    assert "Bank" in told
    assert "bank.key" not in told


def test_departments_answered_from_their_own_machines_and_said_whether_claims_are_true(demo, summary):
    # Three reports, each with two questions of verification beside the calls.
    assert summary["interface_calls"] > 20
    assert summary["verifications"] == 6
    report = json.loads(Path(summary["report_json"]).read_text())
    items = {item["item"]: item for section in report["sections"] for item in section["items"]}
    assert [one["result"] for one in items["social_insurance"]["results"]] == ["match"]
    assert [one["result"] for one in items["real_estate"]["results"]] == ["match", "mismatch"]
    (bill,) = items["electricity_fee"]["rows"]
    assert bill["mode"]["code"] == "interface_call"
    mapped = (demo / "providers" / "electricity_utility" / "items" / "electricity_fee.yaml").read_text()
    assert ":account_number" in mapped  # asked by the number that the firm gave with its consent
    assert "account_number" in {field["name"] for field in bill["fields"]}
    assert items["abnormal_operations_list"]["as_of"] < report["issued_at"]  # kept by agreement
    for provider in (
        "tax_bureau",
        "social_insurance_agency",
        "natural_resources_bureau",
        "electricity_utility",
    ):
        assert evidence.verify(demo / "providers" / provider / "evidence.sqlite").position > 0
    command = [sys.executable, "-m", "rongxin", "evidence", "verify", summary["evidence_file"]]
    assert subprocess.run(command, capture_output=True, check=False).returncode == 0


def test_the_report_shows_what_consent_opened_and_the_public_one_does_not(demo, summary):
    def availability(path):
        report = json.loads(Path(path).read_text())
        return {i["item"]: i["availability"]["code"] for s in report["sections"] for i in s["items"]}

    consented, public = availability(summary["report_json"]), availability(demo / "public_report.json")
    assert consented["tax_payment"] == "records"
    assert public["tax_payment"] == "withheld"
    assert public["administrative_permit"] == consented["administrative_permit"] == "records"
    assert "provider_unavailable" not in consented.values()


def test_the_pdf_names_subject_institution_and_request(demo, summary):
    report = json.loads((demo / "report.json").read_text())
    pages = pypdf.PdfReader(io.BytesIO(Path(summary["report_pdf"]).read_bytes())).pages
    text = "".join(page.extract_text() for page in pages)
    assert report["subject"]["name"] in text
    assert report["recipient"]["name"] in text
    assert len(pages) >= 3


def test_a_stranger_can_check_the_reports_proof_offline(demo):
    document = json.loads((demo / "report_proof.json").read_text())
    report = json.loads((demo / "report.json").read_text())
    assert document["entry"] == report["proof"]["outcome_entry"]
    assert report["proof"]["digest"] in document["body"]
    head = checkpoint.parse(document["checkpoint"])
    path = [base64.b64decode(node) for node in document["path"]]
    leaf = merkle.leaf_hash(document["body"].encode())
    assert merkle.verify_inclusion(leaf, document["index"], head.size, path, head.root)


def test_the_push_is_checked_where_it_arrived(demo):
    command = [sys.executable, "-m", "rongxin", "push", "verify", str(demo / "push")]
    command += ["--key", str(demo / "push_key.pem")]
    assert subprocess.run(command, capture_output=True, check=False).returncode == 0
    codes = b"".join(path.read_bytes() for path in (demo / "push").iterdir())
    assert b"id_number" not in codes


def test_the_kept_page_carries_its_own_style(demo):
    page = (demo / "report.html").read_text()
    assert "<style>" in page
    assert "/static/" not in page


def _evidence(report: Path, demo: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "rongxin", "evidence", "verify", str(report)]
    command += ["--proof", str(demo / "report_proof.json"), "--key", str(demo / "journal_key.pem")]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_a_changed_report_is_told_from_the_one_that_left(demo, tmp_path):
    assert _evidence(demo / "report.json", demo).returncode == 0
    report = json.loads((demo / "report.json").read_text())
    for section in report["sections"]:
        for item in section["items"]:
            for row in item["rows"]:
                row["fields"] = [field | {"value": "0"} for field in row["fields"]]
    changed = tmp_path / "report.json"
    changed.write_text(json.dumps(report, ensure_ascii=False))
    done = _evidence(changed, demo)
    assert done.returncode != 0
    assert "已被改动" in done.stderr


def test_nobodys_keys_are_readable_by_others(demo):
    assert (demo / "accounts.json").stat().st_mode & 0o077 == 0


def test_its_quality_figures_are_those_of_what_it_handed_in(demo, summary):
    environment = {k: v for k, v in os.environ.items() if k not in ("DATABASE_URL", "RONGXIN_TEST_DB")}
    environment |= {"RONGXIN_VAR": str(demo.parent), "RONGXIN_MODE": "demo"}
    command = [sys.executable, "-m", "rongxin", "quality", "show", "--json"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr[-3000:]
    totals = json.loads(done.stdout)["totals"]
    assert totals["batches"]["filed"] == summary["batches"]
    for name in ("accepted", "rejected", "pending", "duplicate"):
        assert totals["rows"][name] == summary[f"records_{name}"]


def test_the_bank_hands_in_its_receipt_and_the_firm_reads_it(demo, summary):
    read = json.loads((demo / "deletion_receipt.json").read_text())
    assert (read["consent"], read["state"]) == (summary["consent_id"], "deleted")
    (receipt,) = read["receipts"]
    payload = receipt["token"].split(".")[1]
    said = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    assert (receipt["signed_by"], said["statement"]) == ("institution", "deleted")
    assert said["consent"] == summary["consent_id"]
