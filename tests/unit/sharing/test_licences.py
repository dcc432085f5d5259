"""What filing licences does to the firms they are of, and what withdrawing them takes back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import pytest

from rongxin.consent import grants
from rongxin.consent.rules import Status as ConsentStatus
from rongxin.journal import sequencer
from rongxin.parties import memberships, subjects
from rongxin.parties.models import SubjectAlias
from rongxin.sharing.aggregation import batches, withdrawal
from rongxin.sharing.errors import Refused
from rongxin.sharing.models import Batch
from rongxin.sharing.rules import Status
from rongxin.vocabulary.actor import SYSTEM, Actor, ActorKind
from tests.unit.consent import stage

from .conftest import NOW, Bureau, code

pytestmark = pytest.mark.django_db
LICENCE, REGULATOR = "business_licence", "market_regulation_bureau"
CLERK = Actor(ActorKind.ACCOUNT, "clerk", f"provider:{REGULATOR}")
HEADER = ("企业名称", "统一社会信用代码", "法定代表人", "成立日期", "登记状态")
NAME = "云州蓝鲸物流有限公司"
File = Callable[..., UUID]


@pytest.fixture
def file(bureau: Bureau) -> File:
    """File one licence of firm 1; what is not given stays as it was first."""

    def filed(name: str = NAME, *, person: str = "张建国", status: str = "存续", **options: object) -> UUID:
        path = bureau.writes(HEADER, [(name, code(1), person, "2020-05-01", status)])
        given = {"actor": CLERK, "as_of": NOW, **options}
        receipt = bureau.submits(path, LICENCE, REGULATOR, **given)
        assert (receipt.batch, receipt.counts.accepted) != (None, 0)
        return receipt.batch  # type: ignore[return-value]

    return filed


def firm() -> subjects.Card:
    found = subjects.find(code(1))
    assert found is not None
    return found


def former_names() -> list[str]:
    return list(SubjectAlias.objects.filter(subject=firm().id).order_by("id").values_list("value", flat=True))


def test_two_new_names_on_one_day_leave_the_later(file: File) -> None:
    file()
    file("云州白鲸物流有限公司")
    file("云州青鲸物流有限公司")
    assert (firm().name, former_names()) == ("云州青鲸物流有限公司", [NAME])
    file(status="开业")
    assert (firm().name, former_names()) == (NAME, [])


def test_a_licence_that_contradicts_the_register_is_refused_in_words(file: File, bureau: Bureau) -> None:
    file()
    later = (NOW + timedelta(days=9)).date()
    subjects.rename(firm().id, "云州白鲸物流有限公司", changed_on=later, actor=SYSTEM, as_of=NOW)
    path = bureau.writes(
        HEADER, [("云州青鲸物流有限公司", code(1), "张建国", "2020-05-01", "存续")], "牌照.csv"
    )
    for options in ({"dry_run": True}, {}):
        with pytest.raises(Refused) as refused:
            bureau.submits(path, LICENCE, REGULATOR, actor=CLERK, as_of=NOW, **options)
        assert code(1) in refused.value.what
        assert "牌照.csv" in refused.value.where
        assert refused.value.what_to_do
    assert Batch.objects.order_by("-id")[0].status == Status.REFUSED


def test_one_batch_that_fails_does_not_stop_the_others(
    bureau: Bureau, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = []
    for number in (1, 2):
        rows = [(f"云州{number}号有限公司", code(number), "张三", "2020-05-01", "存续")]
        path = bureau.writes(HEADER, rows)
        ids.append(batches.receive(path, item=LICENCE, provider=REGULATOR, actor=CLERK, as_of=NOW)[0])
    file = batches.file

    def fails(batch_id: UUID, **given: object) -> object:
        if batch_id == ids[0]:
            raise RuntimeError("the disk is gone")
        return file(batch_id, **given)  # type: ignore[arg-type]

    monkeypatch.setattr(batches, "file", fails)
    states = {card.id: card.status for card in batches.resume_unfinished(as_of=NOW)}
    assert states == {ids[0]: Status.RECEIVED, ids[1]: Status.FILED}
    assert str(ids[0]) in caplog.text


def test_a_licence_that_leaves_the_person_out_says_nothing_of_the_person(file: File) -> None:
    file()
    file(person="", status="存续（在营）")
    assert firm().legal_representative == "张建国"


def test_another_spelling_of_a_name_is_no_change(file: File) -> None:
    file("云州蓝鲸（物流）有限公司", person="阿依古丽·买买提")
    owner = stage.person("阿依古丽·买买提")
    memberships.represent(owner.account, firm().id, owner.attest(code(1)), actor=owner.actor, as_of=stage.NOW)
    file("云州蓝鲸(物流)有限公司", person="阿依古丽•买买提", status="开业")
    assert memberships.role_in_subject(owner.account, firm().id, on=NOW.date()) is not None
    assert former_names() == []


@pytest.mark.parametrize(
    ("status", "over"),
    [
        ("注销", True),
        ("已注销", True),
        ("吊销，已注销", True),
        ("吊销,注销", True),
        ("吊销，未注销", False),
        ("吊销", False),
        ("存续", False),
    ],
)
def test_it_reads_whether_a_firm_is_over(file: File, status: str, over: bool) -> None:
    file(status=status)
    assert firm().deregistered is over


# ---- a batch of licences is taken back


def withdraw(batch: UUID) -> None:
    withdrawal.withdraw(batch, actor=CLERK, as_of=NOW + timedelta(days=3))


def test_a_firm_deregistered_by_mistake_is_registered_again(file: File) -> None:
    file()
    withdraw(file("云州白鲸物流有限公司", status="注销"))
    assert (firm().status, firm().name, firm().legal_representative) == ("registered", NAME, "张建国")


def test_a_firm_without_any_other_licence_is_unverified_again(file: File) -> None:
    withdraw(file(status="注销"))
    assert firm().status == "unregistered"


def test_a_firm_that_an_earlier_licence_deregistered_stays_so(file: File) -> None:
    file(status="注销")
    withdraw(file(status="已注销"))
    assert firm().deregistered


@pytest.mark.parametrize(("person", "kept"), [("张建国", "c" * 64), ("", "c" * 64), ("李四", "")])
def test_a_persons_commitment_goes_with_the_person(file: File, person: str, kept: str) -> None:
    known = subjects.Registration(code(1), NAME, "990100", "张建国", "c" * 64)
    subjects.register(known, actor=SYSTEM, as_of=NOW)
    withdraw(file(status="注销"))
    file(person=person)
    assert subjects.record_of(firm().id).commitment == kept


def test_consents_that_ended_with_a_firm_do_not_come_back_with_it(file: File) -> None:
    owner = stage.person()
    file(person=owner.name)
    whom = stage.Firm(firm().id, code(1), owner)
    memberships.represent(owner.account, whom.id, owner.attest(code(1)), actor=owner.actor, as_of=stage.NOW)
    case_id = stage.case(whom, stage.bank())
    former = stage.consent(whom, case_id, assertion=owner.attest(code(1)))
    withdraw(file(person=owner.name, status="注销"))
    assert grants.get(former.id).status is ConsentStatus.ENDED
    memberships.represent(owner.account, whom.id, owner.attest(code(1)), actor=owner.actor, as_of=stage.NOW)
    newer = stage.consent(whom, case_id, assertion=owner.attest(code(1)))
    sequencer.integrate()
    grants.follow_deregistrations(as_of=NOW)
    assert grants.get(newer.id).status is ConsentStatus.ACTIVE
