"""An institution's own card: checked part by part, its institution's alone, for as long as it is used."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from rongxin.evaluation import institution_cards
from rongxin.evaluation.errors import InstitutionCardRefused, InstitutionCardRetired, UnknownInstitutionCard
from rongxin.evaluation.models import InstitutionCard
from rongxin.journal.models import Entry
from rongxin.vocabulary.actor import Actor, ActorKind
from tests.unit.consent import stage
from tests.unit.evaluation import cards

pytestmark = pytest.mark.django_db
NOW = stage.NOW
CLERK = Actor(ActorKind.ACCOUNT, "1", "institution:bank_a")
PAID = "sum(tax_payment.vat_paid_cny_12m)"


@pytest.fixture(autouse=True)
def banks() -> None:
    stage.bank("bank_a")
    stage.bank("bank_b")


def _upload(data: bytes, name: str = "小微卡") -> institution_cards.Held:
    return institution_cards.upload("bank_a", name, data, actor=CLERK, as_of=NOW)


def test_a_card_is_taken_once_and_stands_in_the_journal() -> None:
    held = _upload(
        cards.data(PAID, "count(administrative_penalty)", cards.column("indicator(T05)", below=12))
    )
    assert held.items == ("tax_payment", "administrative_penalty")
    assert (
        _upload(
            cards.data(PAID, "count(administrative_penalty)", cards.column("indicator(T05)", below=12))
        ).id
        == held.id
    )
    (entry,) = Entry.objects.filter(kind="institution_card.changed")
    assert held.content.digest.endswith(json.loads(entry.body)["commitments"]["card"])


def test_another_institution_sees_none_of_it() -> None:
    held = _upload(cards.data(PAID))
    assert institution_cards.every("bank_b") == []
    with pytest.raises(UnknownInstitutionCard):
        institution_cards.of(held.id, institution="bank_b")
    with pytest.raises(UnknownInstitutionCard):
        institution_cards.retire(held.id, institution="bank_b", actor=CLERK, as_of=NOW)


def test_a_retired_card_stays_readable_and_is_not_applied() -> None:
    held = _upload(cards.data(PAID))
    later = NOW + timedelta(days=1)
    institution_cards.retire(held.id, institution="bank_a", actor=CLERK, as_of=later)
    assert institution_cards.of(held.id, institution="bank_a").retired_at == later
    with pytest.raises(InstitutionCardRetired):
        institution_cards.in_use(held.id, institution="bank_a")
    assert _upload(cards.data(PAID)).id != held.id


@pytest.mark.parametrize(
    ("column", "says"),
    [
        ("vat_paid_cny_12m", "列名应写作"),
        ("newest(tax_payment)", "列名应写作"),
        ("count(tax_payment.uscc)", "列名应写作"),
        ("__import__(os.system)", "列名应写作"),
        ("sum(tax_paiment.vat_paid_cny_12m)", "是否为 tax_payment"),
        ("sum(tax_payment.vat_paid_12m)", "没有可用于评分的字段"),
        ("newest(business_licence.legal_representative)", "没有可用于评分的字段"),
        ("sum(tax_payment.last_normal_tax_payment_on)", "不能合计"),
        ("max(administrative_penalty.violation_type)", "只能取 newest"),
        ("newest(administrative_penalty.violation_type)", "kind 应为 category"),
        ("indicator(T99)", "没有指标 T99"),
    ],
)
def test_a_column_that_names_nothing_fit_is_refused_by_name(column: str, says: str) -> None:
    with pytest.raises(InstitutionCardRefused, match=says) as refused:
        _upload(cards.data(column))
    assert column in str(refused.value)
    assert not InstitutionCard.objects.exists()


def _broken(**changes: Any) -> bytes:
    content = json.loads(cards.data(PAID)) | changes
    return json.dumps(content).encode()


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "card"),
        (b"{" * 5000, "card"),
        (b"\x80\x04\x95pickle", "card"),
        (_broken(pickle="gASV"), "Extra inputs"),
        (_broken(notes=["changed"]), "digest"),
        (_broken(made_from={"rows": 10**30}), "card"),
        (_broken(notes=["\ud800"]), "card"),
        (cards.data(PAID, made_from={"x": "y" * (1 << 20)}), "上限"),
        (cards.data(), "0 列"),
    ],
    ids=range(9),
)
def test_what_is_no_card_is_refused_and_never_read(data: bytes, says: str) -> None:
    with pytest.raises(InstitutionCardRefused, match=says):
        _upload(data)


def test_a_name_bears_no_persons_number() -> None:
    for name in ("", "卡" * 101, "张三 13800138000"):
        with pytest.raises(InstitutionCardRefused, match="名称"):
            _upload(cards.data(PAID), name)


def test_only_so_many_cards_are_in_use_at_a_time() -> None:
    most = institution_cards.limits(NOW.date()).live_max
    for number in range(most):
        _upload(cards.data(PAID, scale={"base": number}))
    with pytest.raises(InstitutionCardRefused, match="请先停用"):
        _upload(cards.data(PAID, scale={"base": most}))
