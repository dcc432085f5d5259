"""Keys by which an institution's signature is known: whose, from when until when, and by whose act."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from rongxin.journal import entries
from rongxin.journal.rules import Kind
from rongxin.parties import institution_keys
from rongxin.parties.errors import AlreadyKnown, NotAllowed, UnknownParty
from rongxin.parties.rules.membership import PartyKind, Role
from rongxin.proof.keys import SigningKey
from rongxin.vocabulary.actor import Actor, ActorKind
from tests.unit.consent import stage

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
OPERATOR = Actor(ActorKind.ACCOUNT, "7", "operator:")


def register(institution: str, key: SigningKey, **changes: Any) -> institution_keys.Card:
    given: dict[str, Any] = {
        "valid_from": stage.TODAY,
        "valid_until": stage.TODAY + 30 * DAY,
        "actor": OPERATOR,
        "as_of": stage.NOW,
    }
    return institution_keys.register(institution, key.public.pem(), **(given | changes))


def test_a_key_is_believed_from_its_first_to_its_last_day():
    key, bank = SigningKey.generate("k"), stage.bank()
    card = register(bank, key)
    assert card.key_id == key.id
    days = {-1: False, 0: True, 30: True, 31: False}
    found = {n: set(institution_keys.in_force(bank, as_of=stage.NOW + n * DAY)) for n in days}
    assert found == {n: {key.id} if holds else set() for n, holds in days.items()}
    (entry,) = entries.find(institution=bank, kinds=[Kind.KEY_CREATED])
    assert (entry.refs["change"], entry.refs["key"]) == ("registered", str(card.id))


def test_a_revoked_key_is_believed_no_longer_and_stays_on_file():
    bank = stage.bank()
    card = register(bank, SigningKey.generate("k"))
    institution_keys.revoke(card.id, actor=OPERATOR, as_of=stage.NOW + DAY)
    assert institution_keys.in_force(bank, as_of=stage.NOW)
    assert not institution_keys.in_force(bank, as_of=stage.NOW + DAY)
    with pytest.raises(UnknownParty):
        institution_keys.revoke(card.id, actor=OPERATOR, as_of=stage.NOW)
    assert [one.id for one in institution_keys.of_institution(bank)] == [card.id]


def test_no_two_institutions_have_one_key_and_none_takes_it_again():
    key = SigningKey.generate("k")
    register(stage.bank(), key)
    for institution in ("bank_a", stage.bank("bank_b")):
        with pytest.raises(AlreadyKnown):
            register(institution, key)
    assert not institution_keys.in_force("bank_b", as_of=stage.NOW)


def test_only_the_operator_registers_and_only_what_is_a_key():
    bank, key = stage.bank(), SigningKey.generate("k")
    own = stage.staff(PartyKind.INSTITUTION, bank, Role.CHECKER)
    for somebody in (own.actor, Actor(ActorKind.ACCOUNT, str(own.account), f"institution:{bank}")):
        with pytest.raises(NotAllowed, match="平台运营"):
            register(bank, key, actor=somebody)
        with pytest.raises(NotAllowed, match="平台运营"):
            institution_keys.revoke(uuid4(), actor=somebody, as_of=stage.NOW)
    with pytest.raises(NotAllowed, match="Ed25519"):
        institution_keys.register(
            bank, "no key", valid_from=stage.TODAY, valid_until=stage.TODAY, actor=OPERATOR, as_of=stage.NOW
        )
    with pytest.raises(NotAllowed, match="有效期"):
        register(bank, key, valid_until=stage.TODAY - DAY)
    with pytest.raises(UnknownParty):
        register("nobody", key)
