"""A batch about firms outside the declared remit of its provider waits, from the first one on ((五)(十))."""

from __future__ import annotations

import pytest

from rongxin.catalogue import loader
from rongxin.journal.models import Entry
from rongxin.parties import providers, seed
from rongxin.parties.errors import InvalidRemit, NotPermitted, UnknownParty
from rongxin.parties.models import Provider
from rongxin.sharing.aggregation import holding
from rongxin.sharing.errors import Held
from rongxin.vocabulary import uscc
from rongxin.vocabulary.actor import SYSTEM, Actor, ActorKind
from rongxin.vocabulary.subject_kind import SubjectKind

from .conftest import CLERK, NOW, PROVIDER, Bureau
from .desk_stage import HONOUR

pytestmark = pytest.mark.django_db
OPERATOR = Actor(ActorKind.ACCOUNT, "op", "operator")


def declare(*region_codes: str, kinds: tuple[str, ...] = ()) -> providers.Card:
    return providers.declare(PROVIDER, providers.remit(region_codes, kinds), actor=OPERATOR, as_of=NOW)


def hands_in(bureau: Bureau, *lots: tuple[int, str, str]) -> list[str]:
    """Hand in so many honours of firms of a kind and a region; return by which rules they are held."""
    rows = [
        (f"云州{kind}{region}{number}厂", uscc.compose(kind, region, f"MA{number:06d}"))
        for count, kind, region in lots
        for number in range(count)
    ]
    day = f"2026-01-{bureau.today.day:02d}"
    path = bureau.writes(HONOUR, [(*firm, "先进", day, "云州市政府") for firm in rows])
    try:
        bureau.submits(path, "honours")
    except Held as held:
        return [finding["rule"] for finding in held.findings]
    return []


def test_the_first_batch_is_judged_already_and_a_small_one_too(bureau: Bureau) -> None:
    assert hands_in(bureau, (6, "91", "110100")) == []  # nothing is declared, nothing learned
    declare("990100")
    assert hands_in(bureau, (3, "91", "110100")) == ["outside_remit"]
    assert "北京" in holding.waiting()[0]["findings"][0]["message"]
    assert hands_in(bureau, (2, "91", "110100")) == []
    assert hands_in(bureau, (36, "91", "990103"), (4, "91", "110100")) == []
    assert "outside_remit" in hands_in(bureau, (34, "91", "990103"), (4, "91", "110100"))


def test_a_county_is_judged_as_a_county_and_a_nation_bounds_nobody(bureau: Bureau) -> None:
    declare("990101")
    assert hands_in(bureau, (5, "91", "990102")) == ["outside_remit"]
    declare("100000")
    assert hands_in(bureau, (5, "91", "110100")) == []


def test_kinds_are_bounded_like_regions(bureau: Bureau) -> None:
    declare(kinds=("farmer_cooperative", "village_collective"))
    assert hands_in(bureau, (5, "93", "110100"), (5, "N2", "990101")) == []
    assert hands_in(bureau, (5, "93", "990101"), (5, "91", "990101")) == ["outside_remit"]


def test_what_is_declared_goes_before_what_was_learned(bureau: Bureau) -> None:
    for _ in range(4):
        assert hands_in(bureau, (40, "91", "990101")) == []
    assert hands_in(bureau, (40, "91", "110100")) == ["region"]
    declare("100000")
    assert hands_in(bureau, (40, "91", "120100")) == []
    declare()  # taken back: batches tell again
    assert hands_in(bureau, (40, "91", "130100")) == ["region"]


def test_each_declaration_is_journalled_and_outlives_the_next_start() -> None:
    for _ in range(2):  # the same again says nothing new
        card = declare("990100", kinds=("company",))
    assert card.remit.subject_kinds == (SubjectKind.COMPANY,)
    assert Entry.objects.filter(kind="provider.remit_set", body__contains=PROVIDER).count() == 1
    Provider.objects.filter(pk=PROVIDER).update(name="旧名")
    assert seed.seed(loader.load(), actor=SYSTEM, as_of=NOW) == 1
    assert providers.get(PROVIDER).remit == card.remit


def test_only_the_operator_declares_and_only_what_a_list_knows() -> None:
    with pytest.raises(NotPermitted):
        providers.declare(PROVIDER, providers.remit(["990100"], []), actor=CLERK, as_of=NOW)
    with pytest.raises(UnknownParty):
        providers.declare("nobody", providers.remit(["990100"], []), actor=OPERATOR, as_of=NOW)
    with pytest.raises(InvalidRemit, match=r"998877.*persons"):
        providers.remit(["998877", "990100"], ["persons"])
