"""Two last signatures at once, and a stricter rule beside a signature: real threads, real connections."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest
from django.db import connection

from rongxin.consent import grants
from rongxin.consent.errors import NotPossible
from rongxin.consent.signing import demands, matters
from rongxin.consent.signing.rules import State, What
from rongxin.parties.errors import PartiesError
from tests.unit.consent import stage
from tests.unit.consent.signing import scene

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def firm() -> stage.Firm:
    stage.bank()
    return stage.firm()


def at_once(*works: Callable[[], object]) -> list[object]:
    """Run each in a thread of its own; return what came of them, errors of ours included."""
    start, results = threading.Barrier(len(works)), list[object]()

    def run(work: Callable[[], object]) -> None:
        start.wait(30)
        try:
            results.append(work())
        except (NotPossible, PartiesError) as error:
            results.append(error)
        except BaseException as error:
            results.append(repr(error))
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return results


def test_of_two_last_signatures_at_once_one_gives_the_consent(firm: stage.Firm) -> None:
    one, two = scene.agent(firm), scene.agent(firm, "赵会计")
    scene.demand(firm, 2)
    asked = scene.asked(firm)
    begun = scene.sign(asked, firm.owner)
    assert isinstance(begun, matters.Card)
    shown = begun.preview_sha256
    results = at_once(
        lambda: scene.sign(asked, one, shown=shown), lambda: scene.sign(asked, two, shown=shown)
    )
    assert sorted(type(result).__name__ for result in results) == ["Grant", "NotPossible"], results
    assert len(grants.of_subject(firm.id)) == 1
    assert matters.get(begun.id).state is State.SIGNED


def test_of_two_first_signatures_at_once_one_begins_and_none_is_lost(firm: stage.Firm) -> None:
    one, two = scene.agent(firm), scene.agent(firm, "赵会计")
    scene.demand(firm, 3)
    asked = scene.asked(firm)
    results = at_once(lambda: scene.sign(asked, one, shown=""), lambda: scene.sign(asked, two, shown=""))
    # Who comes second has seen nothing that another signed, and is told so.
    assert sorted(type(result).__name__ for result in results) == ["Card", "NotPossible"], results
    waits = matters.awaiting(What.CONSENT, asked.id, on=stage.TODAY)
    assert waits is not None
    assert len(waits.signed) == 1


def test_no_consent_slips_past_a_rule_that_is_being_tightened(firm: stage.Firm) -> None:
    scene.agent(firm)
    asked = scene.asked(firm)
    results = at_once(lambda: scene.demand(firm, 2), lambda: scene.sign(asked, firm.owner))
    assert not any(isinstance(result, str) for result in results), results
    given = grants.of_subject(firm.id)
    # Either the consent was first, or it waits for the second signature.
    assert (len(given) == 1) != (matters.awaiting(What.CONSENT, asked.id, on=stage.TODAY) is not None)
    assert demands.needed(firm.id, as_of=stage.NOW) == 2
