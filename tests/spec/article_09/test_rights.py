"""（九）: 信息主体有权免费查询其在融资信用服务平台上的所有信息，并可按照有关规定提起异议申诉和申请信用修复.

And the same article's limit: 未经脱敏处理或信息主体明确授权，不得对外提供涉及商业秘密或个人隐私的信息.
"""

from __future__ import annotations

import csv
import json
from datetime import date, timedelta
from pathlib import Path

import pytest
from pytest_django import Settings

from rongxin.catalogue import loader
from rongxin.disclosure.release import Release
from rongxin.journal import sequencer
from rongxin.parties import institutions
from rongxin.proof import jws
from rongxin.proof.keys import SigningKey
from rongxin.rights import corrections, held, papers, repairs, uses, window_decisions
from rongxin.rights.repairs import Wish
from rongxin.rights.rules.repair import DECISION_TYPE, Decision, Material, Outcome, Severity
from rongxin.sharing.aggregation import batches, sources
from rongxin.vocabulary.actor import SYSTEM
from tests.unit.rights import stage
from tests.unit.rights.stage import BUREAU, PENALTY, Scene, rows_of

HEAD = ("企业名称", "统一社会信用代码", "行政处罚决定书文号", "法定代表人证件号码", "违法事实")
NUMBER = "11010519491231002X"  # the example that GB 11643 itself prints


@pytest.fixture
def scene(tmp_path: Path, settings: Settings, transactional_db: None) -> Scene:
    settings.RONGXIN_VAR = tmp_path / "var"
    return stage.opened(tmp_path)


def test_a_firm_reads_all_that_is_held_of_it_as_often_as_it_likes(scene: Scene) -> None:
    record = scene.fined()
    for _ in range(30):
        scene.days += 1
        answer = held.everything(scene.firm.id, person="店主", actor=scene.owner, as_of=scene.now)
        assert isinstance(answer, Release)
    assert {item.item for item in answer.items} >= set(loader.load().items)
    assert [row["record"] for row in rows_of(scene.asks(own=True))] == [record]


def test_a_firm_reads_who_looked_and_who_was_turned_away(scene: Scene) -> None:
    scene.fined()
    scene.asks()
    scene.days += 1
    institutions.suspend(scene.bank, actor=SYSTEM, as_of=scene.now)
    with pytest.raises(AssertionError):
        scene.asks()
    told = [use.document() for use in uses.of_subject(scene.firm.id, limit=9, as_of=scene.now)]
    assert [one["reason_class"] for one in told] == ["standing", "given"]
    assert {one["recipient_name"] for one in told} == {f"云州{scene.bank}银行"}


def test_an_objection_is_marked_in_the_very_next_report(scene: Scene) -> None:
    record = scene.fined()
    assert "marks" not in rows_of(scene.asks())[0]
    scene.objects(record, "fine_cny")
    (row,) = rows_of(scene.asks())
    assert row["marks"][0]["kind"]["code"] == "objection"


def test_what_was_repaired_is_gone_and_who_had_received_it_is_told(
    scene: Scene, tmp_path: Path, settings: Settings
) -> None:
    key, box = SigningKey.generate("window"), tmp_path / "window"
    (tmp_path / "window.pub.pem").write_text(key.public.pem())
    (box / "in").mkdir(parents=True)
    settings.RONGXIN_REPAIR_WINDOW = f"file:{box}"
    settings.RONGXIN_REPAIR_WINDOW_KEY = str(tmp_path / "window.pub.pem")
    record = scene.fined()
    scene.asks()
    proofs = tuple(
        papers.File(f"{kind.value}.pdf", "application/pdf", stage.PDF, kind.value)
        for kind in (Material.FULFILMENT_PROOF, Material.CREDIT_COMMITMENT)
    )
    wish = Wish(record=record, severity=Severity.GENERAL, statement="罚款已缴清", materials=proofs)
    number = repairs.request(scene.firm.id, wish, actor=scene.owner, as_of=scene.now).id
    repairs.forward_waiting(as_of=scene.now)
    made = Decision(
        str(number), Outcome.GRANTED, "云州市市场监管局", "修决〔2026〕1号", date(2026, 3, 5), "已履行"
    )
    (box / "in" / "1.jws").write_text(jws.sign(made.as_json(), key, type=DECISION_TYPE))
    window_decisions.fetch(as_of=scene.now + timedelta(minutes=1))
    assert rows_of(scene.asks()) == []
    assert rows_of(scene.asks(own=True)) == []
    sequencer.integrate()
    assert corrections.follow(as_of=scene.now) == 1


def test_without_consent_a_bank_reads_no_number_of_a_person_and_the_firm_reads_it_masked(
    scene: Scene,
) -> None:
    path = scene.directory / "with_number.csv"
    facts = f"其法定代表人（{NUMBER}）无证经营"
    with path.open("w", newline="", encoding="utf-8-sig") as file:
        row = ("云州蓝鲸物流有限公司", scene.firm.uscc, "云罚〔2026〕9号", NUMBER, facts)
        csv.writer(file).writerows([HEAD, row])
    got = batches.submit(path, item=PENALTY, provider=BUREAU, actor=scene.clerk, as_of=scene.now)
    assert got.counts.accepted == 1, got.document()
    sources.forget()
    for document in (scene.asks(), scene.asks(own=True)):
        assert rows_of(document), "the row itself is public"
        assert NUMBER not in json.dumps(document, ensure_ascii=False)
