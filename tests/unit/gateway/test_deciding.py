"""An honest node and a gateway agree on every field of every item; a lying node gains nothing."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rongxin.disclosure import rules
from rongxin.gateway import deciding
from rongxin.vocabulary.reason import Reason
from rongxin.vocabulary.sharing_mode import SharingMode
from rongxin.vocabulary.subject_kind import SubjectKind
from rongxin.vocabulary.verdict import Verdict
from tests.unit.gateway.stage import CATALOGUE, NODE, NOW, question, status, terms

ASKED = [
    (name, place)
    for name, item in CATALOGUE.items.items()
    for place, channel in enumerate(item.channels)
    if channel.mode in (SharingMode.INTERFACE_CALL, SharingMode.DATA_VERIFICATION)
]
STRICTNESS = [Verdict.REVEAL, Verdict.MASK, Verdict.VERIFY_ONLY, Verdict.WITHHOLD]


def _asked(name: str, place: int, kind: SubjectKind, consented: bool, verdicts: dict[str, Verdict]):
    channel = CATALOGUE.item(name).channels[place]
    given = terms(items=frozenset({name})) if consented else None
    asked = question(name, given=given)
    asked = replace(
        asked,
        channel=place,
        mode=channel.mode,
        provider=channel.provider,
        subject_kind=kind,
        verdicts=verdicts,
    )
    carried = deciding.consent(
        asked, status(asked, given), {NODE.id: NODE.public}, digest=asked.digest(), now=NOW
    )
    return asked, given, carried


def _gates(name: str, place: int, kind: SubjectKind, consented: bool) -> dict[str, rules.Decision]:
    """What the node's own gate decides, which knows nothing of gateways."""
    base = terms()
    consent = rules.Consented(
        Reason.CONSENTED if consented else Reason.CONSENT_MISSING,
        period=base.data_period if consented else None,
        modes=base.modes if consented else None,
    )
    context = rules.Context(rules.RecipientKind.INSTITUTION, kind, consent)
    return dict(rules.table(CATALOGUE.item(name), context)[place].fields)


@pytest.mark.parametrize(("name", "place"), ASKED)
@pytest.mark.parametrize("kind", SubjectKind)
@pytest.mark.parametrize("consented", [True, False])
def test_gate_and_gateway_come_to_the_same_verdicts(
    name: str, place: int, kind: SubjectKind, consented: bool
) -> None:
    gates = _gates(name, place, kind, consented)
    verdicts = {field: made.verdict for field, made in gates.items()}
    asked, _, carried = _asked(name, place, kind, consented, verdicts)
    assert deciding.rule(asked, CATALOGUE.item(name), carried).entry.fields == gates


@settings(deadline=None)
@given(st.data())
def test_whatever_a_node_claims_no_verdict_becomes_milder(data: st.DataObject) -> None:
    name, place = data.draw(st.sampled_from(ASKED))
    kind, consented = data.draw(st.sampled_from(SubjectKind)), data.draw(st.booleans())
    own = _gates(name, place, kind, consented)
    claimed = {field: data.draw(st.sampled_from(STRICTNESS)) for field in own}
    lied, _, carried = _asked(name, place, kind, consented, claimed)
    for field, made in deciding.rule(lied, CATALOGUE.item(name), carried).entry.fields.items():
        strictest = max(STRICTNESS.index(own[field].verdict), STRICTNESS.index(claimed[field]))
        assert STRICTNESS.index(made.verdict) == strictest
