"""An application of a firm that wants several signatures, beside whoever holds the firm."""

from __future__ import annotations

import pytest

from rongxin.financing.applying import applications, signing
from rongxin.financing.applying.rules import State
from tests.unit.consent import stage
from tests.unit.consent.signing import scene
from tests.unit.consent.signing.threads import waits_for_the_firm
from tests.unit.financing import desk, shelf

pytestmark = pytest.mark.django_db(transaction=True)


def test_signing_an_application_waits_for_whoever_holds_the_firm() -> None:
    stage.bank()
    firm = stage.firm()
    scene.agent(firm)
    scene.demand(firm, 2)
    (card,) = desk.drafted(firm, shelf.published("bank_a").id)
    given = desk.signed(firm)
    done = waits_for_the_firm(
        firm,
        lambda: applications.submit(
            card.id, given, assertion=given.assertion, actor=firm.owner.actor, as_of=stage.NOW
        ),
    )
    assert isinstance(done, applications.Card)
    assert done.state is State.DRAFT
    waits = signing.awaiting(card, on=stage.TODAY)
    assert waits is not None
    assert len(waits.signed) == 1
