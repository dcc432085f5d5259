"""Keys by which an institution's signature is known: whose, from when until when, and by whose act."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from rongxin.journal import entries
from rongxin.journal.rules import Kind
from rongxin.parties import accounts, institution_keys
from rongxin.parties.errors import AlreadyKnown, NotAllowed, PartiesError, UnknownParty
from rongxin.parties.models import InstitutionKey
from rongxin.parties.rules.institution_key import KeyPurpose
from rongxin.parties.rules.membership import PartyKind, Role
from rongxin.proof.keys import SigningKey
from rongxin.vocabulary.actor import SYSTEM, Actor, ActorKind
from tests.unit.consent import stage

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
SIGNS = KeyPurpose.SIGNATURES


@pytest.fixture
def two():
    return stage.operators()


def propose(institution: str, key: SigningKey, actor: Actor, **changes: Any) -> institution_keys.Card:
    given: dict[str, Any] = {
        "purpose": SIGNS,
        "valid_from": stage.TODAY,
        "valid_until": stage.TODAY + 30 * DAY,
        "actor": actor,
        "as_of": stage.NOW,
    }
    return institution_keys.propose(institution, key.public.pem(), **(given | changes))


def register(institution: str, key: SigningKey, two: list[Actor]) -> institution_keys.Card:
    made = propose(institution, key, two[0])
    return institution_keys.confirm(made.id, actor=two[1], as_of=stage.NOW)


def test_a_key_opens_nothing_until_another_person_has_confirmed_it(two):
    bank = stage.bank()
    made = propose(bank, SigningKey.generate("k"), two[0])
    assert not institution_keys.in_force(bank, SIGNS, as_of=stage.NOW)
    with pytest.raises(NotAllowed, match="另一人"):
        institution_keys.confirm(made.id, actor=two[0], as_of=stage.NOW)
    assert not institution_keys.in_force(bank, SIGNS, as_of=stage.NOW)
    institution_keys.confirm(made.id, actor=two[1], as_of=stage.NOW)
    assert set(institution_keys.in_force(bank, SIGNS, as_of=stage.NOW)) == {made.key_id}
    with pytest.raises(NotAllowed, match="已经核准"):
        institution_keys.confirm(made.id, actor=two[1], as_of=stage.NOW)


def test_the_database_itself_wants_two(two):
    made = propose(stage.bank(), SigningKey.generate("k"), two[0])
    row = InstitutionKey.objects.filter(pk=made.id)
    with pytest.raises(IntegrityError, match="takes_two"), transaction.atomic():
        row.update(confirmed_at=stage.NOW, confirmed_by=made.proposed_by)


def test_a_machine_and_somebody_without_a_real_name_are_nobody(two):
    bank, key = stage.bank(), SigningKey.generate("k")
    nameless = accounts.open_account("nameless", "某某", actor=SYSTEM, as_of=stage.NOW)
    for actor in (
        SYSTEM,
        Actor(ActorKind.SYSTEM, "cli-1", "operator"),
        Actor(ActorKind.ACCOUNT, str(nameless.id), "operator:"),
    ):
        with pytest.raises(NotAllowed):
            propose(bank, key, actor)
        made = propose(bank, SigningKey.generate("k"), two[0])
        with pytest.raises(NotAllowed):
            institution_keys.confirm(made.id, actor=actor, as_of=stage.NOW)


def test_a_key_is_for_one_purpose_and_one_account(two):
    bank, key = stage.bank(), SigningKey.generate("k")
    clerk, other = (stage.staff(PartyKind.INSTITUTION, bank).account for _ in range(2))
    stranger = stage.staff(PartyKind.INSTITUTION, stage.bank("bank_b")).account
    tokens = {"purpose": KeyPurpose.TOKENS}
    for wrong in ({"account": clerk}, tokens, tokens | {"account": stranger}):
        with pytest.raises(PartiesError):
            propose(bank, key, two[0], **wrong)
    made = propose(bank, key, two[0], **tokens, account=clerk)
    institution_keys.confirm(made.id, actor=two[1], as_of=stage.NOW)
    found = [
        set(institution_keys.in_force(bank, KeyPurpose.TOKENS, account=one, as_of=stage.NOW))
        for one in (clerk, other)
    ]
    assert found == [{key.id}, set()]
    assert not institution_keys.in_force(bank, SIGNS, as_of=stage.NOW)


def test_a_key_is_believed_from_its_first_to_its_last_day(two):
    key, bank = SigningKey.generate("k"), stage.bank()
    made = propose(bank, key, two[0], valid_from=stage.TODAY + DAY)
    card = institution_keys.confirm(made.id, actor=two[1], as_of=stage.NOW)
    assert card.key_id == key.id
    days = {0: False, 1: True, 30: True, 31: False}
    found = {n: set(institution_keys.in_force(bank, SIGNS, as_of=stage.NOW + n * DAY)) for n in days}
    assert found == {n: {key.id} if holds else set() for n, holds in days.items()}
    told = [entry.refs["change"] for entry in entries.find(institution=bank, kinds=[Kind.KEY_CREATED])]
    assert sorted(map(str, told)) == ["confirmed", "proposed"]


def test_a_revoked_key_is_believed_no_longer_and_stays_on_file(two):
    bank = stage.bank()
    own = Actor(ActorKind.ACCOUNT, "1", f"institution:{bank}")
    for actor in (two[0], own):
        card = register(bank, SigningKey.generate("k"), two)
        institution_keys.revoke(card.id, actor=actor, as_of=stage.NOW + DAY)
        assert institution_keys.in_force(bank, SIGNS, as_of=stage.NOW)
        assert not institution_keys.in_force(bank, SIGNS, as_of=stage.NOW + DAY)
        with pytest.raises(UnknownParty):
            institution_keys.revoke(card.id, actor=actor, as_of=stage.NOW)
    assert len(institution_keys.of_institution(bank)) == 2


def test_no_two_institutions_have_one_key_and_none_takes_it_again(two):
    key = SigningKey.generate("k")
    register(stage.bank(), key, two)
    for institution in ("bank_a", stage.bank("bank_b")):
        with pytest.raises(AlreadyKnown):
            propose(institution, key, two[0])
    assert not institution_keys.in_force("bank_b", SIGNS, as_of=stage.NOW)


def test_only_the_operator_registers_and_only_what_is_a_key(two):
    bank, key = stage.bank(), SigningKey.generate("k")
    own = stage.staff(PartyKind.INSTITUTION, bank, Role.CHECKER)
    card = register(bank, SigningKey.generate("k"), two)
    for somebody in (own.actor, Actor(ActorKind.ACCOUNT, str(own.account), "institution:bank_b")):
        with pytest.raises(NotAllowed, match="平台运营"):
            propose(bank, key, somebody)
        with pytest.raises(NotAllowed, match="平台运营"):
            institution_keys.revoke(card.id, actor=somebody, as_of=stage.NOW)
    for wrong, match in (({"valid_until": stage.TODAY - DAY}, "有效期"),):
        with pytest.raises(NotAllowed, match=match):
            propose(bank, key, two[0], **wrong)
    span = {"valid_from": stage.TODAY, "valid_until": stage.TODAY}
    with pytest.raises(NotAllowed, match="Ed25519"):
        institution_keys.propose(bank, "no key", purpose=SIGNS, **span, actor=two[0], as_of=stage.NOW)
    with pytest.raises(UnknownParty):
        propose("nobody", key, two[0])
