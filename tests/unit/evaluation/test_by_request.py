"""The score of a request only adds to what was told of everybody; it is explained like one （（七））."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from hashlib import sha256
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from rongxin.catalogue import loader
from rongxin.evaluation import by_request, explaining, lines, loading, rules, tiers
from rongxin.evaluation.by_request import Held
from rongxin.evaluation.measuring import Facts
from rongxin.evaluation.rules import State
from rongxin.evaluation.scores import Stored
from rongxin.evaluation.tiers import Tier
from rongxin.vocabulary.sharing_mode import SharingMode
from tests.unit.evaluation import invented
from tests.unit.evaluation.invented import AS_OF

SPEC = loading.load()
NOW = datetime(2026, 11, 29, 9, tzinfo=UTC)
CALL = SharingMode.INTERFACE_CALL
CODES = {state: code for code, state in explaining.STATES.items()}


def public(facts: Facts) -> Stored:
    """A subject's public score as a run stores it."""
    told = rules.told(SPEC, Tier.PUBLIC, facts, as_of=AS_OF)
    made = rules.score(SPEC, Tier.PUBLIC, told, facts.subject)
    vetoes = sum(1 << SPEC.vetoes.codes.index(code) for code in made.vetoes)
    stored = Stored(
        1, 2, Tier.PUBLIC, SPEC.version, AS_OF, NOW, made.score, made.grade, made.public_grade,
        made.coverage, made.confidence, vetoes, "", "",
    )  # fmt: skip
    program = explaining.program_of(stored)
    given: dict[str, Any] = {
        "kind": facts.subject.kind,
        "industry": facts.subject.industry,
        "size_class": facts.subject.size_class,
        "known": 0,
        "score_before_veto": made.score_before_veto,
    }
    points = {one.code: one.points for one in made.indicators}
    for code, one in told.items():
        given |= {f"{code}_state": CODES[one.state], f"{code}_value": one.value}
        given[f"{code}_points"] = points.get(code)
    newest = rules.newest(SPEC, Tier.PUBLIC, facts, as_of=AS_OF)
    given |= {f"{item}_on": newest.get(item) for item in program.newest}
    inputs = json.dumps([given[name] for name in lines.inputs_of(program)], ensure_ascii=False)
    return replace(stored, inputs=inputs, inputs_hash=sha256(inputs.encode()).hexdigest())


def held(facts: Facts, item: str) -> list[Held]:
    """What a release might hold of an item: values as JSON has them, way by way."""
    rows = [
        {name: _as_json(value) for name, value in row.items() if name[0] != "_" and value is not None}
        for row in facts.rows.get(item, ())
    ]
    ways = {channel.mode for channel in loader.load().item(item).channels}
    return [Held(item, way, rows) for way in sorted(ways) if way is not SharingMode.DATA_VERIFICATION]


def _as_json(value: Any) -> Any:
    return value if isinstance(value, bool | int | list) else str(value)


def made(base: Stored, given: list[Held]) -> Stored:
    found = by_request.made(base, given, uscc="", name="云州甲公司", day=AS_OF, facts_at=NOW)
    return found or base


def states(stored: Stored) -> Mapping[str, Any]:
    return {one["code"]: one for one in json.loads(explaining.document(stored, ""))["indicators"]}


CONSENTED = sorted({i for one in SPEC.indicators.values() if not tiers.is_public(one) for i in one.items})


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 2**31), st.lists(st.sampled_from(CONSENTED), min_size=2, max_size=8, unique=True))
def test_one_item_more_never_lowers_coverage_nor_changes_what_was_told(seed: int, items: list[str]) -> None:
    facts = invented.facts(seed)
    base = public(facts)
    some = [one for item in items[:-1] for one in held(facts, item)]
    more = [*some, *held(facts, items[-1])]
    fewer, further = made(base, some), made(base, more)
    if fewer.tier is further.tier:
        assert further.coverage >= fewer.coverage
    before, after = states(base), states(further)
    for code, one in before.items():
        if one["state"] != "missing":
            assert after[code]["value"] == one["value"]


def test_what_a_release_holds_is_told_and_explained_to_the_byte() -> None:
    facts = replace(invented.facts(3), subject=replace(invented.facts(3).subject, kind="company"))
    tax = {"vat_paid_cny_12m": "50000.00", "last_normal_tax_payment_on": "2026-11-01"}
    claim = {"last_normal_pension_contribution_month": "2026-10"}
    verified = Held("social_insurance", SharingMode.DATA_VERIFICATION, [claim], verified=True)
    found = made(public(facts), [Held("tax_payment", CALL, [tax]), Held("tax_arrears", CALL), verified])
    told = states(found)
    assert (told["T06"]["state"], told["T06"]["value"]) == ("observed", 28)
    assert told["T04"]["state"] == State.OBSERVED_NONE.value
    assert (told["S01"]["state"], told["S01"]["value"]) == ("observed", 1)
    assert told["G01"]["state"] == "missing"
    assert explaining.document(found, "") == explaining.document(found, "")
    refuted = made(public(facts), [replace(verified, verified=False)])
    assert refuted.tier is Tier.PUBLIC  # nothing was told, so there is no further score


def test_what_lies_before_the_span_that_a_consent_opens_is_missing_not_nought() -> None:
    facts = replace(invented.facts(3), subject=replace(invented.facts(3).subject, kind="company"))
    base = public(facts)
    change = Held("change_record", CALL, since=date(2025, 9, 29))
    pledge = Held("equity_pledge", CALL, since=date(2025, 9, 29))
    assert made(base, [change, pledge]).tier is Tier.PUBLIC
    whole = states(made(base, [replace(change, since=date(2020, 1, 1)), replace(pledge, since=None)]))
    assert {whole[code]["state"] for code in ("R03", "R04", "R05", "R08")} == {"observed_none"}


def test_of_an_individual_business_only_trade_matters_count() -> None:
    facts = invented.facts(3)
    shop = replace(facts, subject=replace(facts.subject, kind="individual_business"))
    base = public(shop)
    private = [
        Held(item, CALL) for item in ("change_record", "shareholder_contribution", "research_and_development")
    ]
    assert made(base, private).tier is Tier.PUBLIC
    told = states(made(base, [*private, Held("tax_arrears", CALL)]))
    assert told["T04"]["state"] == "observed_none"
    assert {told[code]["state"] for code in ("R03", "R07", "I04", "F01")} == {"not_applicable"}
