"""Accounts, roles, keys and identities: one person, one account, one administrator's role."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import override_settings

from rongxin.catalogue import loader
from rongxin.journal import entries
from rongxin.parties import accounts, api_keys, identity, memberships, providers, seed, subjects
from rongxin.parties.errors import AlreadyKnown, InvalidCode, NotAllowed, UnknownParty
from rongxin.parties.models import ApiKey, Membership
from rongxin.parties.rules.identity import Agreement, Assurance, Record, compare
from rongxin.parties.rules.membership import OPERATOR_ROLES, ROLES, PartyKind, Role
from rongxin.vocabulary.actor import SYSTEM
from tests.unit.consent import stage

NOW, TODAY = stage.NOW, stage.TODAY
pytestmark = pytest.mark.django_db


def appoint(someone: stage.Person, kind: PartyKind, party: str | None, role: Role) -> memberships.Card:
    return memberships.appoint(someone.account, kind, party, role, valid_from=TODAY, actor=SYSTEM, as_of=NOW)


# ---- the operator's three administrators


@pytest.mark.parametrize("second", sorted(OPERATOR_ROLES - {Role.SYSTEM_ADMINISTRATOR}))
def test_nobody_holds_two_administrators_roles(second: Role) -> None:
    someone = stage.person()
    held = appoint(someone, PartyKind.OPERATOR, None, Role.SYSTEM_ADMINISTRATOR)
    with pytest.raises(memberships.RolesExclude):
        appoint(someone, PartyKind.OPERATOR, None, second)
    memberships.end(held.id, why="handed_over", actor=SYSTEM, as_of=NOW)
    assert appoint(someone, PartyKind.OPERATOR, None, second).role is second


def test_the_database_itself_refuses_the_second_role() -> None:
    someone = stage.person()
    appoint(someone, PartyKind.OPERATOR, None, Role.SYSTEM_ADMINISTRATOR)
    with pytest.raises(IntegrityError), transaction.atomic():
        Membership.objects.create(
            account_id=someone.account, party_kind="operator", role="audit_administrator", valid_from=TODAY
        )


def test_roles_fit_their_party_by_law_and_in_the_database() -> None:
    assert set(ROLES) == set(PartyKind)
    someone, bank = stage.person(), stage.bank()
    with pytest.raises(NotAllowed):
        appoint(someone, PartyKind.INSTITUTION, bank, Role.AUDIT_ADMINISTRATOR)
    with pytest.raises(IntegrityError), transaction.atomic():
        Membership.objects.create(
            account_id=someone.account,
            party_kind="institution",
            institution_id=bank,
            role="audit_administrator",
            valid_from=TODAY,
        )
    with pytest.raises(UnknownParty):
        appoint(someone, PartyKind.INSTITUTION, "no_such_bank", Role.CLERK)


def test_one_person_has_one_account() -> None:
    someone = stage.person()
    second = accounts.open_account("second", "同一人", actor=SYSTEM, as_of=NOW)
    with pytest.raises(AlreadyKnown, match="已有实名账号"):
        accounts.register_real_name(second.id, someone.attest(), actor=SYSTEM, as_of=NOW)
    with pytest.raises(NotAllowed, match="另一人"):
        accounts.register_real_name(someone.account, stage.person().attest(), actor=SYSTEM, as_of=NOW)


# ---- who stands for a subject


def test_an_agents_mandate_ends_with_the_legal_representative() -> None:
    firm, agent = stage.firm(), stage.person("李经办")
    memberships.give_mandate(
        agent.account,
        firm.id,
        valid_from=TODAY,
        valid_until=TODAY + timedelta(days=90),
        actor=firm.owner.actor,
        as_of=NOW,
    )
    assert memberships.role_in_subject(agent.account, firm.id, on=TODAY) is Role.AGENT
    assert memberships.role_in_subject(agent.account, firm.id, on=TODAY + timedelta(days=91)) is None
    subjects.change_legal_representative(firm.id, "王五", actor=SYSTEM, as_of=NOW)
    for former in (agent, firm.owner):
        assert memberships.role_in_subject(former.account, firm.id, on=TODAY) is None


def test_only_the_legal_representative_gives_a_mandate() -> None:
    firm, agent = stage.firm(), stage.person()
    for giver in (agent.actor, stage.firm("云州别家有限公司").owner.actor, SYSTEM):
        with pytest.raises(NotAllowed):
            memberships.give_mandate(
                agent.account, firm.id, valid_from=TODAY, valid_until=TODAY, actor=giver, as_of=NOW
            )
    with pytest.raises(NotAllowed):
        appoint(agent, PartyKind.SUBJECT, str(firm.id), Role.LEGAL_REPRESENTATIVE)


def test_a_stranger_can_not_stand_for_a_firm() -> None:
    firm, namesake = stage.firm(), stage.person("张建国")
    with pytest.raises(memberships.IdentityDisagrees) as refused:
        memberships.represent(
            namesake.account, firm.id, namesake.attest(firm.uscc), actor=namesake.actor, as_of=NOW
        )
    assert refused.value.agreement is Agreement.NUMBER_DIFFERS
    with pytest.raises(NotAllowed, match="一个账号"):
        memberships.represent(namesake.account, firm.id, firm.owner.attest(), actor=namesake.actor, as_of=NOW)


def test_an_individual_businesss_operator_stands_for_it() -> None:
    shop = stage.firm("云州市张建国小吃店", department_and_class="92")
    assert subjects.get(shop.id).kind == "individual_business"
    assert memberships.role_in_subject(shop.owner.account, shop.id, on=TODAY) is Role.LEGAL_REPRESENTATIVE


def test_a_deregistered_subject_has_nobody() -> None:
    firm = stage.firm()
    subjects.deregister(firm.id, actor=SYSTEM, as_of=NOW)
    assert memberships.role_in_subject(firm.owner.account, firm.id, on=TODAY) is None
    with pytest.raises(NotAllowed):
        subjects.rename(firm.id, "新名", changed_on=TODAY, actor=SYSTEM, as_of=NOW)


# ---- comparing an assertion with the record


def test_a_like_name_alone_proves_nothing() -> None:
    said = stage.person().attest()
    record = Record("91990101MA1000001X", said.name, said.id_commitment)
    expected = {
        Agreement.AGREES: (said, record),
        Agreement.NO_RECORD: (said, replace(record, representative="")),
        Agreement.NAME_DIFFERS: (replace(said, name="张建"), record),
        Agreement.NUMBER_DIFFERS: (said, replace(record, commitment="f" * 64)),
        Agreement.NAME_ALONE: (said, replace(record, commitment="")),
        Agreement.ASSURANCE_TOO_LOW: (replace(said, assurance=Assurance.LOW), record),
        Agreement.STALE: (replace(said, at=NOW - timedelta(minutes=31)), record),
    }
    assert set(expected) == set(Agreement)
    for agreement, (assertion, entry) in expected.items():
        assert compare(assertion, entry, as_of=NOW) is agreement
    vouched = replace(said, represents=record.uscc)
    assert compare(vouched, replace(record, commitment=""), as_of=NOW) is Agreement.AGREES
    assert compare(replace(said, at=NOW + timedelta(seconds=1)), record, as_of=NOW) is Agreement.STALE


def test_a_commitment_hides_the_number_and_knows_it_again() -> None:
    once = identity.commit("11010119900307123x")
    assert once == identity.commit(" 11010119900307123X")
    assert "1101" not in once
    with override_settings(SECRET_KEY="another" * 8):
        assert identity.commit("11010119900307123X") != once


def test_the_demo_identity_provider_warns_and_refuses_production() -> None:
    provider = identity.DemoIdentityProvider()
    assert "不可用于生产" in identity.caution()
    with override_settings(RONGXIN_IDENTITY_PROVIDER=""):
        assert identity.caution() == ""
    with pytest.raises(identity.IdentityRefused, match="id_number"):
        provider.attest({"name": "张三"}, as_of=NOW)
    with override_settings(RONGXIN_MODE="production"), pytest.raises(identity.UnsafeInProduction):
        identity.DemoIdentityProvider()


# ---- keys


def test_a_key_stands_for_one_role() -> None:
    someone, banks = stage.person(), [stage.bank("bank_a"), stage.bank("bank_b")]
    given: dict[str, Any] = {
        "label": "t",
        "expires_at": NOW + timedelta(days=1),
        "actor": SYSTEM,
        "as_of": NOW,
    }
    with pytest.raises(NotAllowed, match="没有"):
        api_keys.issue(someone.account, **given)
    roles = [appoint(someone, PartyKind.INSTITUTION, bank, Role.CLERK) for bank in banks]
    with pytest.raises(NotAllowed, match="指明"):
        api_keys.issue(someone.account, **given)
    issued = [api_keys.issue(someone.account, membership=role.id, **given) for role in roles]
    acting = [api_keys.authenticate(key.secret, as_of=NOW).role for key in issued]
    assert acting == roles
    memberships.end(roles[0].id, why="left", actor=SYSTEM, as_of=NOW)
    standings = [api_keys.authenticate(key.secret, as_of=NOW).standing for key in issued]
    assert standings == [api_keys.Standing.ROLE_OVER, api_keys.Standing.ACCEPTED]
    with pytest.raises(NotAllowed, match="没有"):
        api_keys.issue(stage.person().account, membership=roles[1].id, **given)


def test_a_key_is_shown_once_and_known_by_its_hash() -> None:
    someone = stage.firm().owner
    issued = api_keys.issue(
        someone.account, label="t", expires_at=NOW + timedelta(days=1), actor=SYSTEM, as_of=NOW
    )
    row = ApiKey.objects.get(pk=issued.id)
    assert issued.secret not in (row.hash, row.prefix)
    assert issued.secret.split("_")[1] == row.prefix
    role = api_keys.authenticate(issued.secret, as_of=NOW).role
    assert role is not None
    assert role.account == someone.account
    for wrong in (issued.secret[:-1] + "!", issued.secret.upper(), "", "rxk_x_y", "nonsense"):
        assert api_keys.authenticate(wrong, as_of=NOW).standing is api_keys.Standing.UNKNOWN


def test_a_key_ends_by_time_revocation_and_with_its_account() -> None:
    someone = stage.firm().owner
    later = NOW + timedelta(days=1)
    issued = api_keys.issue(someone.account, label="t", expires_at=later, actor=SYSTEM, as_of=NOW)
    standing = api_keys.Standing
    assert api_keys.authenticate(issued.secret, as_of=later).standing is standing.EXPIRED
    accounts.deactivate(someone.account, actor=SYSTEM, as_of=NOW)
    assert api_keys.authenticate(issued.secret, as_of=NOW).standing is standing.ACCOUNT_CLOSED
    api_keys.revoke(issued.id, actor=SYSTEM, as_of=NOW)
    assert api_keys.authenticate(issued.secret, as_of=NOW) == api_keys.Authentication(standing.REVOKED)


# ---- subjects and providers


def test_registering_completes_what_a_row_had_opened() -> None:
    code = stage.code()
    (opened,) = subjects.open_unregistered(
        [subjects.Newcomer(code, "行里的名称")], actor=SYSTEM, as_of=NOW
    ).values()
    card = subjects.register(
        subjects.Registration(code, "登记的名称有限公司", "990102", "赵六"), actor=SYSTEM, as_of=NOW
    )
    assert (card.id, card.name, card.status) == (opened, "登记的名称有限公司", "registered")
    with pytest.raises(AlreadyKnown):
        subjects.register(subjects.Registration(code, "又", "990102", "赵六"), actor=SYSTEM, as_of=NOW)
    kinds = [entry.kind.value for entry in entries.find(subject=opened)]
    assert sorted(kinds) == ["subject.changed", "subject.opened"]


def test_a_wrong_code_opens_nobody() -> None:
    lot = [subjects.Newcomer(stage.code(), "好"), subjects.Newcomer("91330100799655058C", "坏")]
    with pytest.raises(InvalidCode, match="91330100799655058C"):
        subjects.open_unregistered(lot, actor=SYSTEM, as_of=NOW)
    assert subjects.find(lot[0].uscc) is None


def test_every_provider_of_the_catalogue_has_an_account_and_a_mandate() -> None:
    catalogue = loader.load()
    assert seed.seed(catalogue, actor=SYSTEM, as_of=NOW) == len(catalogue.providers)
    assert seed.seed(catalogue, actor=SYSTEM, as_of=NOW) == 0
    mandates = {card.id: card.mandate for card in providers.every()}
    for item in catalogue.items.values():
        assert all(item.item in mandates[channel.provider] for channel in item.channels)
