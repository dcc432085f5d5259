"""Numbers of persons sown wherever text comes in: no page of the operator's shows one (threats T9).

Every address that begins with /operator is crawled as each of the operator's roles, so that a page that is
added is looked at, too.
"""

from __future__ import annotations

import re
from hashlib import sha256
from pathlib import Path

import pytest
from django.utils import timezone

from rongxin.catalogue import loader
from rongxin.consent import written
from rongxin.entrypoints.portals import urls
from rongxin.governance.onboarding import cards, door, parameters
from rongxin.parties import break_glass, seed
from rongxin.parties.rules.membership import OPERATOR_ROLES, STAFF_ROLES, PartyKind, Role
from rongxin.parties.rules.standing import InstitutionKind
from rongxin.rights import objections
from rongxin.sharing.errors import Held
from rongxin.vocabulary.actor import SYSTEM
from tests.journeys.canaries import ALL, PERSON, PHONE, sown
from tests.unit.consent import stage
from tests.unit.entrypoints.portals import doors
from tests.unit.sharing.conftest import Bureau, code
from tests.unit.sharing.desk_stage import Court, old_code
from tests.unit.sharing.desk_stage import firm as registered

pytestmark = pytest.mark.django_db(transaction=True)
PENALTY = "administrative_penalty"
HEADER = (
    "企业名称", "统一社会信用代码", "行政处罚决定书文号", "罚款金额", "行政处罚决定日期",
    "法定代表人证件号码", "违法事实", "备注",
)  # fmt: skip
LINK = re.compile(r'(?:href|action)="(/operator[^"#]*)"')
# A paper that waits is compared with its scan by the checker, who has to see it (docs/decisions/0052).
SCAN = re.compile(r"/operator/papers/[0-9a-f-]+/scan")
# Pages whose address holds the number of something must have been found on others.
WITHOUT_NUMBER = {
    f"/{page.pattern}" for page in urls.urlpatterns
    if str(page.name).startswith("operator") and "<" not in str(page.pattern)
}  # fmt: skip


def _row(number, fine="10", name=""):
    name = name or f"云州第{number}商贸有限公司"
    return (name, code(number), f"{number}号", fine, "2026-03-01", PERSON, sown("违法"), sown("备注"))


def _files(bureau):
    """Filed, held and waiting rows: in cells, keys, names of files and in place of a firm's code."""
    bureau.submits(bureau.writes(HEADER, [_row(1), _row(2, f"约{PHONE}")], f"{PERSON}.csv"), PENALTY)
    wrong = [_row(n, "10" if n < 40 else f"约{PHONE}") for n in range(1, 101)]
    with pytest.raises(Held):
        bureau.submits(bureau.writes(HEADER, wrong, f"{PHONE}.csv"), PENALTY)
    registered(1, "云州蓝鲸物流有限公司")
    Court(bureau).lists(
        (f"（2026）云01执1号{PHONE}", "云州蓝鲸物流有限公司", old_code(1)),
        ("（2026）云01执2号", f"王小云{PHONE}", PERSON),
        ("（2026）云01执3号", f"云州{PERSON}商行", PHONE),
    )


def _cases(firm):
    """An objection, a paper consent and an application, with numbers wherever text may stand."""
    objections.lodge(
        firm.id,
        objections.Complaint("tax_payment", None, (), sown("金额不符")),
        actor=firm.owner.actor,
        as_of=timezone.now(),
    )
    bank = stage.bank()
    clerk = stage.staff(PartyKind.INSTITUTION, bank)
    scan = b"%PDF-1.7 " + sown("委托书").encode()
    written.propose_written(
        stage.case(firm, bank),
        stage.draft(),
        stage.paper(firm, scan=scan),
        actor=clerk.actor,
        as_of=stage.NOW,
    )
    asked = parameters.in_force(stage.TODAY)
    documents = dict.fromkeys(asked.documents, sha256(b"").hexdigest())
    wish = cards.Wish("bank_n", "云州新银行", stage.code(), InstitutionKind.BANK, "0990-1", documents)
    door.apply(wish, origin="", as_of=stage.NOW)


@pytest.fixture
def firm(tmp_path: Path, settings):
    settings.RONGXIN_VAR = tmp_path / "var"
    seed.seed(loader.load(), actor=SYSTEM, as_of=stage.NOW)
    (tmp_path / "desk").mkdir()
    _files(Bureau(tmp_path / "desk"))
    found = stage.firm()
    _cases(found)
    return found


def _crawl(client):
    """Return every page that somebody can get to, by its address; what is only posted to is left out."""
    waiting, seen = set(WITHOUT_NUMBER), {}
    while waiting:
        at = waiting.pop()
        answer = client.get(at)
        seen[at] = answer
        if answer.status_code == 200 and "text/html" in answer.headers["Content-Type"]:
            found = set(LINK.findall(answer.content.decode().replace("&amp;", "&")))
            waiting |= {one for one in found if one.split("?")[0] not in {a.split("?")[0] for a in seen}}
    return seen


@pytest.mark.parametrize("role", sorted(OPERATOR_ROLES | STAFF_ROLES))
def test_no_page_of_the_operators_shows_a_number_of_a_person(client, firm, role):
    someone = stage.staff(PartyKind.OPERATOR, None, Role(role))
    asks = stage.operators(1, Role.CLERK)[0]
    glass = {"reason": "核对误并的行政处罚记录", "reference": "GD-1", "as_of": timezone.now()}
    break_glass.ask(firm.uscc, actor=asks, **glass)
    doors.as_staff(client, doors.with_password(someone, as_of=timezone.now()))
    seen = _crawl(client)
    shown = [at for at, answer in seen.items() if answer.status_code == 200 and not SCAN.fullmatch(at)]
    scans = [at for at, answer in seen.items() if answer.status_code == 200 and SCAN.fullmatch(at)]
    assert bool(scans) is (role == Role.CHECKER)
    assert {"/operator", "/operator/glass"} <= set(shown)
    hits = [(at, number) for at in shown for number in ALL if number in seen[at].content.decode()]
    assert hits == []


def test_the_crawl_finds_a_number_that_is_there(client, firm):
    """The control: a name in the register that holds one, of a firm that waits for approval."""
    from rongxin.parties.models import Subject

    Subject.objects.filter(pk=firm.id).update(name=f"云州{PHONE}商行")
    asks = stage.operators(1, Role.CLERK)[0]
    break_glass.ask(
        firm.uscc, reason="核对误并的行政处罚记录", reference="GD-1", actor=asks, as_of=timezone.now()
    )
    someone = stage.staff(PartyKind.OPERATOR, None, Role.AUDIT_ADMINISTRATOR)
    doors.as_staff(client, doors.with_password(someone, as_of=timezone.now()))
    assert any(PHONE in answer.content.decode() for answer in _crawl(client).values())
