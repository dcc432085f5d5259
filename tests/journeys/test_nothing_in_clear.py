"""Numbers sown at every door of a node: whoever takes its database, lake and files away finds none (T11).

Where people type, a number is refused (what identifies a matter, a person or a reach) or taken out (notes,
names of files); what departments hand in is sealed. docs/decisions/0019 says which is which.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from rongxin.catalogue import loader
from rongxin.consent import written
from rongxin.delivery.moving import inward
from rongxin.exchange.question import Question
from rongxin.parties import accounts, api_keys, identity, institutions, seed, subjects
from rongxin.parties.errors import NotAllowed
from rongxin.parties.rules.membership import PartyKind, Role
from rongxin.parties.rules.standing import InstitutionKind
from rongxin.records import lake_keeping
from rongxin.sharing import errands, gateways
from rongxin.sharing.aggregation import batches, holding, row_changes, spool
from rongxin.sharing.errors import Held, Refused
from rongxin.vocabulary.actor import SYSTEM
from tests.journeys import canaries
from tests.journeys.canaries import CARD, PERSON, PHONE, sown
from tests.unit.consent import stage
from tests.unit.delivery.moving.stage import OPERATOR, Platform
from tests.unit.entrypoints.api import keys
from tests.unit.sharing import fakes
from tests.unit.sharing.conftest import CLERK, PROVIDER, Bureau, code
from tests.unit.sharing.desk_stage import SECOND, Court, firm, old_code

pytestmark = pytest.mark.django_db(transaction=True)
PENALTY = "administrative_penalty"
NAME = "云州蓝鲸物流有限公司"
HEADER = (
    "企业名称", "统一社会信用代码", "行政处罚决定书文号", "罚款金额", "行政处罚决定日期",
    "法定代表人证件号码", "违法事实", "备注", f"另附列 电话{PHONE}",
)  # fmt: skip


@pytest.fixture(autouse=True)
def var(tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Path:
    settings.RONGXIN_VAR = tmp_path / "var"
    monkeypatch.setenv("RONGXIN_KEYS", str(tmp_path / "keys"))
    seed.seed(loader.load(), actor=SYSTEM, as_of=stage.NOW)
    return tmp_path / "var"


@pytest.fixture
def bureau(tmp_path: Path) -> Bureau:
    (tmp_path / "desk").mkdir()
    return Bureau(tmp_path / "desk")


def _row(number: int, key: str, fine: str) -> tuple[str, ...]:
    return (
        f"云州第{number}商贸有限公司", code(number), key, fine, "2026-03-01", PERSON, sown("违法"),
        sown("备注"), sown("附"),
    )  # fmt: skip


def _clear(var: Path) -> None:
    assert canaries.found(var) == []


def test_the_search_finds_what_is_there(var: Path, bureau: Bureau) -> None:
    """The control: in a table, in a file and in a file's name."""
    receipt = bureau.submits(bureau.writes(HEADER, [_row(1, "一号", "10")]), PENALTY)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE sharing_batch SET file_name = %s WHERE id = %s", [f"a{PHONE}", receipt.batch])
    (var / f"{CARD}.txt").write_text(f"b{PERSON}")
    places = {hit.split(":")[0] for hit in canaries.found(var)}
    assert places == {"sharing_batch", f"{CARD}.txt"}


def test_what_departments_hand_in(var: Path, bureau: Bureau) -> None:
    """Files with numbers in names, headers, cells and keys; rows of every end; the lake."""
    rows = [_row(1, "一号", "10"), _row(2, PHONE, "20"), _row(3, "三号", f"约{PHONE}"), _row(4, "四号", "1")]
    rows += [_row(4, "四号", "2")]
    bureau.submits(bureau.writes(HEADER, rows, f"{PERSON}的处罚 {PHONE}.csv"), PENALTY)
    with pytest.raises(Refused) as refused:  # without a header row: the first row is taken for one
        bureau.submits(bureau.writes(_row(5, "五号", "5"), [_row(6, "六号", "6")]), PENALTY)
    assert PHONE not in str(refused.value)
    lake_keeping.catch_up(as_of=bureau.today)
    lake_keeping.rebuild(as_of=bureau.today)
    _clear(var)


def test_a_file_that_waits_in_the_spool(var: Path, bureau: Bureau) -> None:
    """Received and not filed, held for a second person, refused by one whose reason holds a number."""
    path = bureau.writes(HEADER, [_row(1, "一号", "10")], f"{CARD}.csv")
    waiting, _ = batches.receive(path, item=PENALTY, provider=PROVIDER, actor=CLERK, as_of=bureau.today)
    rows = [_row(number, f"{number}号", "10" if number < 40 else f"约{PHONE}") for number in range(1, 101)]
    with pytest.raises(Held) as held:
        bureau.submits(bureau.writes(HEADER, rows), PENALTY)
    assert spool.waiting() == {waiting, held.value.batch}
    _clear(var)
    assert batches.file(waiting, as_of=bureau.today).counts.accepted == 1
    holding.refuse(held.value.batch, reason=sown("错列"), actor=SECOND, as_of=bureau.today)
    _clear(var)


def test_what_is_put_right_row_by_row(var: Path, bureau: Bureau) -> None:
    receipt = bureau.submits(bureau.writes(HEADER, [_row(1, "一号", "10"), _row(2, "二号", "20")]), PENALTY)
    assert receipt.batch is not None
    by: dict[str, Any] = {
        "reason": sown("录入有误"),
        "actor": CLERK,
        "as_of": bureau.today + timedelta(days=1),
    }
    row_changes.correct(receipt.batch, 2, {"违法事实": sown("更正")}, **by)
    row_changes.end(receipt.batch, 3, why="over", **by)
    _clear(var)


def test_an_errand_that_waits(var: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(errands, "PATIENCE_SECONDS", 0)
    settings.RONGXIN_DATABASE_ROLE = "web"
    monkeypatch.setattr("django.db.models.query.QuerySet.delete", lambda self: (0, {}))
    given = {"batch": str(uuid4()), "line": 2, "values": {"违法事实": sown("更正")}, "reason": sown("因")}
    with pytest.raises(errands.StillAtWork):
        errands.ask("row.correct", actor=CLERK, as_of=timezone.now(), **given)
    errands.do_waiting()
    _clear(var)


def test_what_is_said_at_the_matching_desk(client: Client, var: Path, bureau: Bureau) -> None:
    firm(1, NAME)
    batch = Court(bureau).lists(
        (f"（2026）云01执1号{PHONE}", NAME, old_code(1)), ("（2026）云01执2号", NAME, PERSON)
    )
    first, second = (keys.header_of(stage.staff(PartyKind.OPERATOR, "node", Role.CHECKER)) for _ in range(2))
    card = _post(client, f"matching/{batch}/2/match", first, uscc=code(1), reason=sown("地址一致"))[1]
    _post(client, f"matching/decisions/{card['decision']}/confirm", second)
    _post(client, f"matching/decisions/{card['decision']}/reverse", second, reason=sown("看错了"))
    _post(client, f"matching/{batch}/2/dismiss", first, reason=sown("退"), return_to_provider=True)
    _clear(var)


def _post(client: Client, path: str, headers: dict[str, str], **body: object) -> tuple[int, dict[str, Any]]:
    answer = client.post(f"/api/v1/{path}", body, content_type="application/json", headers=headers)
    return answer.status_code, answer.json()


def _firm() -> stage.Firm:
    """A firm whose representative's number is a canary, registered as it is in life: by the identity."""
    registration = subjects.Registration(
        uscc=stage.code(),
        name=NAME,
        region="990101",
        legal_representative="王小云",
        legal_representative_commitment=identity.commit(PERSON),
    )
    made = subjects.register(registration, actor=SYSTEM, as_of=stage.NOW)
    assert made.uscc is not None
    return stage.Firm(made.id, made.uscc, stage.Person("王小云", PERSON, 0))


def _bank() -> tuple[str, dict[str, str]]:
    bank = stage.bank()
    until = timezone.localdate() + timedelta(days=30)
    institutions.assess(bank, until=until, actor=SYSTEM, as_of=timezone.now())
    return bank, keys.header_of(stage.staff(PartyKind.INSTITUTION, bank))


def test_registration_consent_online_and_a_report(client: Client, var: Path) -> None:
    firm_, (_, bank) = _firm(), _bank()
    evidence = {"name": "王小云", "id_number": PERSON, "represents": firm_.uscc, "phone": PHONE}
    body = {"uscc": firm_.uscc, "evidence": evidence}
    assert _post(client, "registrations", {}, username=f"u{PHONE}", **body)[0] == 403
    status, registered = _post(client, "registrations", {}, username="wang", **body)
    assert status == 201
    owner = {"authorization": f"Bearer {registered['key']}"}
    assert _post(client, "cases", bank, uscc=firm_.uscc, reference=f"DK-{PERSON}")[0] == 409
    case = _post(client, "cases", bank, uscc=firm_.uscc, reference="DK-1")[1]["case"]
    asked = _post(client, "consent-requests", bank, case=case, items=["tax_payment"])[1]["request"]
    notice = client.get("/api/v1/risk-notices/current").json()
    shown = {"notice_version": notice["version"], "notice_sha256": notice["sha256"]}
    given = _post(client, f"consent-requests/{asked}/accept", owner, **shown, evidence=evidence)
    assert given[0] == 201
    question = {"uscc": firm_.uscc, "case": case, "purpose": "pre_loan_review", "reference": "DK-1"}
    for wrong in ({"person": f"王一 {PHONE}"}, {"person": "王一", "reference": f"DK-{CARD}"}):
        status, told = _post(client, "reports", bank, **{**question, **wrong})
        assert (status, told["code"]) == (400, "number_given")
    assert _post(client, "reports", bank, **question, person="王一")[0] == 200
    _clear(var)


class Water(fakes.Provider):
    """A utility whose one row holds numbers in every place: key, words and amounts."""

    provider = "water_utility"

    def serves(self, item: str) -> bool:
        return item == "water_fee"

    def fetch(self, question: Question) -> Sequence[Any]:
        fields = dict.fromkeys(question.verdicts, PHONE) | {"water_payment_details": [PHONE]}
        known = {"name": sown("户名"), "uscc": question.subject.uscc, "has_fee_arrears": True}
        return [{**fields, **known, "account_number": CARD}]


def test_what_a_provider_answers_and_is_kept(client: Client, var: Path) -> None:
    """Every value of the answer counts, not numbers of persons alone; a check's claims, too."""
    firm_, (bank, headers) = stage.firm(), _bank()
    gateways.connect("water_utility", Water())
    now = timezone.now()
    draft = stage.draft("water_fee", as_of=now)
    consent = stage.consent(firm_, stage.case(firm_, bank, as_of=now), draft=draft, as_of=now)
    question = {"uscc": firm_.uscc, "purpose": "pre_loan_review", "reference": "DK-1", "person": "王一"}
    status, answer = _post(
        client, "reports", headers, **question, consent=str(consent.id), items=["water_fee"]
    )
    again = client.get(f"/api/v1/reports/{answer['report']}", headers=headers)
    gateways.disconnect("water_utility")
    assert (status, again.status_code) == (200, 200)
    assert CARD in json.dumps(answer)
    assert CARD in again.content.decode()
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM disclosure_kept")
        assert cursor.fetchone() == (1,)
    _clear(var)


def test_consent_on_paper(var: Path) -> None:
    firm_, (bank, _) = stage.firm(), _bank()
    case = stage.case(firm_, bank)
    parties: tuple[tuple[PartyKind, str], ...] = ((PartyKind.INSTITUTION, bank), (PartyKind.OPERATOR, "node"))
    clerks = [stage.staff(*party).actor for party in parties]
    scan = b"%PDF-1.7 " + sown("委托书").encode()
    paper = stage.paper(firm_, scan=scan)
    proposal = written.propose_written(case, stage.draft(), paper, actor=clerks[0], as_of=stage.NOW)
    checked = {"scan_sha256": sha256(scan).hexdigest(), "actor": clerks[1], "as_of": stage.NOW}
    written.check_written(proposal, confirmed=False, note=sown("字迹不清"), **checked)
    _clear(var)


def test_who_is_reached_and_who_is_called_what(var: Path) -> None:
    """A reach is told to firms and signed into consents, so it can be neither sealed nor masked."""
    bank: dict[str, Any] = {"name": "云州银行", "uscc": stage.code(), "kind": InstitutionKind.BANK}
    with pytest.raises(NotAllowed, match="客服电话"):
        institutions.admit("bank_b", **bank, contact=f"王经理 {PHONE}", actor=SYSTEM, as_of=stage.NOW)
    with pytest.raises(NotAllowed, match="用户名"):
        accounts.open_account(f"u{PHONE}", "王某", actor=SYSTEM, as_of=stage.NOW)
    someone = stage.staff(PartyKind.OPERATOR, "node")
    until = stage.NOW + timedelta(days=1)
    api_keys.issue(someone.account, label=sown("手机"), expires_at=until, actor=SYSTEM, as_of=stage.NOW)
    _clear(var)


def _moved_rows() -> Sequence[tuple[str, ...]]:
    return [(*_row(number, f"{number}号", "10")[:8], sown("附")) for number in range(1, 4)]


def test_a_platform_that_moves_in(var: Path, tmp_path: Path) -> None:
    old = Platform(tmp_path / "old")
    bank = {"id": "bank_c", "name": "云州银行", "uscc": stage.code(), "kind": "bank"}
    old.rows("banks.jsonl", "institutions", {**bank, "contact": f"王经理 {PHONE}"})
    account = {"username": f"u{PHONE}", "display_name": "王某", "kind": "person", "roles": []}
    old.rows("accounts.jsonl", "accounts", account)
    sheet = tmp_path / "sheet.csv"
    with sheet.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([HEADER, *_moved_rows()])
    old.holds(
        f"penalties-{PHONE}.csv", "delivery", sheet.read_bytes(), 3, item=PENALTY, provider=PROVIDER
    )  # fmt: skip
    report = inward.take(old.says(), actor=OPERATOR, as_of=stage.NOW)
    assert json.dumps(report.document(), ensure_ascii=False).count("refused")
    _clear(var)
