"""Reasons: vetoes first, points that add up, one order, nothing of a person or of inside （（七））."""

from __future__ import annotations

import json
import random
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from rongxin.evaluation import compiling, loading, reasons, rules
from rongxin.evaluation.measuring import Facts
from rongxin.evaluation.rules import State
from rongxin.evaluation.tiers import Tier
from tests.unit.evaluation import invented
from tests.unit.evaluation.invented import AS_OF

SPEC = loading.load()
SEEDS = st.integers(0, 2**31)
TIERS = st.sampled_from(list(Tier))
ORDER = ("veto", "lost", "lacks", "won")


def told(facts: Facts, tier: Tier) -> tuple[reasons.Reason, ...]:
    known = rules.told(SPEC, tier, facts, as_of=AS_OF)
    newest = rules.newest(SPEC, tier, facts, as_of=AS_OF)
    return reasons.of(SPEC, rules.score(SPEC, tier, known, facts.subject), known, newest)


@settings(deadline=None, max_examples=50)
@given(SEEDS, TIERS)
def test_what_is_lost_and_won_is_the_weight_in_view(seed: int, tier: Tier) -> None:
    score = rules.evaluate(SPEC, tier, invented.facts(seed), as_of=AS_OF)
    every = replace(
        score.reasons, lost=tuple(p.code for p in score.indicators if p.points is not None), won=(), lacks=()
    )
    found = [one for one in reasons.of(SPEC, replace(score, reasons=every), {}, {}) if one.kind == "lost"]
    seen = [p for p in score.indicators if p.points is not None]
    assert sum(one.lost + one.won for one in found) == 100 * sum(p.weight for p in seen)
    assert sum(one.won for one in found) == sum(p.weight * (p.points or 0) for p in seen)
    assert all(one.possible == one.lost + one.won for one in found)


@settings(deadline=None, max_examples=50)
@given(SEEDS, TIERS)
def test_vetoes_stand_first_and_the_rest_by_its_size(seed: int, tier: Tier) -> None:
    facts = invented.facts(seed)
    found = told(facts, tier)
    assert [one.code for one in found if one.kind == "veto"] == list(
        rules.evaluate(SPEC, tier, facts, as_of=AS_OF).vetoes
    )
    assert [ORDER.index(one.kind) for one in found] == sorted(ORDER.index(one.kind) for one in found)
    for kind, size, most in (("lost", "lost", 4), ("lacks", "possible", 3), ("won", "won", 2)):
        own = [(-getattr(one, size), one.code) for one in found if one.kind == kind]
        assert own == sorted(own)
        assert len(own) <= most


@settings(deadline=None, max_examples=30)
@given(SEEDS, TIERS)
def test_the_order_of_rows_changes_no_reason(seed: int, tier: Tier) -> None:
    facts = invented.facts(seed)
    named = {
        item: [{**row, "_id": f"{item}-{n}"} for n, row in enumerate(own)] for item, own in facts.rows.items()
    }
    turned = {item: random.Random(seed).sample(own, len(own)) for item, own in reversed(named.items())}
    assert told(replace(facts, rows=turned), tier) == told(replace(facts, rows=named), tier)


@settings(deadline=None, max_examples=30)
@given(SEEDS, TIERS)
def test_a_document_has_nothing_of_a_row_but_its_day(seed: int, tier: Tier) -> None:
    facts = invented.facts(seed)
    extra = {"_id": "record-7", "legal_representative_id_number": "11010519491231002X", "name": "张三"}
    rows = {item: [{**row, **extra} for row in own] for item, own in facts.rows.items()}
    found = told(replace(facts, rows=rows), tier)
    text = json.dumps(reasons.document(found), ensure_ascii=False)
    assert [word for word in extra.values() if word in text] == []


@settings(deadline=None, max_examples=30)
@given(SEEDS, TIERS)
def test_what_is_missing_would_add_its_weight_to_coverage(seed: int, tier: Tier) -> None:
    score = rules.evaluate(SPEC, tier, invented.facts(seed), as_of=AS_OF)
    for one in reasons.of(SPEC, score, {}, {}):
        if one.kind == "lacks":
            filled = tuple(
                replace(p, points=0, told=rules.Told(State.OBSERVED, 0)) if p.code == one.code else p
                for p in score.indicators
            )
            applies = [p for p in filled if p.told.state is not State.NOT_APPLICABLE]
            seen = sum(p.weight for p in applies if p.points is not None)
            assert 1000 * seen // sum(p.weight for p in applies) == score.coverage + one.would_add_permille


def test_a_reason_has_the_day_of_the_newest_record_that_counts() -> None:
    facts = invented.facts(1)
    known = facts.known | {("administrative_penalty", "physical_aggregation")}
    fine = {"fine_cny": 2_000_000, "suspended_or_revoked_certificate": "许可证"}
    rows = [
        {**fine, "decided_on": AS_OF.replace(month=10)},
        {**fine, "decided_on": AS_OF.replace(year=2025)},
        # No longer published: it is used no more, not even for its day.
        {**fine, "decided_on": AS_OF, "published_until": AS_OF.replace(day=1)},
    ]
    found = told(replace(facts, known=known, rows={"administrative_penalty": rows}), Tier.PUBLIC)
    days = {one.code: one.newest_on for one in found if one.kind == "lost"}
    assert days["A05"] == AS_OF.replace(month=10).isoformat()


def test_a_veto_names_what_set_it_off() -> None:
    facts = invented.facts(1)
    known = frozenset((s.item, s.channel.value) for s in compiling.sources(SPEC))
    for item, source in (
        ("serious_violation_list", "serious_violation_list"),
        ("serious_dishonesty_list", "serious_dishonesty_list"),
    ):
        rows = {item: [{"removed_on": None}]}
        found = told(replace(facts, known=known, rows=rows), Tier.AUTHORISED)
        (first,) = [one for one in found if one.code == "V1"]
        assert [s.item for s in first.sources] == [source]
        assert first.cap == "C"
        assert first.improve.zh
