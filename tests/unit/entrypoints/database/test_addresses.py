"""A process takes a role on by connections of that role's own, and the web forgets every other address."""

from __future__ import annotations

import os

import pytest
from django.conf import settings
from django.db import connection

from rongxin.entrypoints.database import addresses
from rongxin.entrypoints.database.declared import VARIABLES, Role
from rongxin.site.configuration import Configuration, ConfigurationError
from tests.unit.entrypoints.database.stage import Division

OWNER, WEB, WORKER = (f"postgresql://{user}@db/city" for user in ("owner", "web", "worker"))


def _configured(**environ: str) -> Configuration:
    return Configuration.from_environment({"RONGXIN_MODE": "test", **environ})


def test_each_role_has_its_address() -> None:
    given = {"DATABASE_URL": OWNER, "RONGXIN_WEB_DATABASE_URL": WEB, "RONGXIN_WORKER_DATABASE_URL": WORKER}
    made = _configured(**given, RONGXIN_DATABASE_ROLE="web")
    assert made.role == Role.WEB
    assert {role: address["USER"] for role, (address, _) in made.addresses.items()} == {
        Role.OWNER: "owner",
        Role.WEB: "web",
        Role.WORKER: "worker",
    }


def test_a_role_without_an_address_is_the_owner() -> None:
    assert _configured(DATABASE_URL=OWNER, RONGXIN_DATABASE_ROLE="web").role == Role.OWNER


def test_addresses_of_different_databases_are_refused() -> None:
    with pytest.raises(ConfigurationError, match="各地址须指向同一数据库"):
        _configured(DATABASE_URL=OWNER, RONGXIN_WEB_DATABASE_URL="postgresql://web@db/other")


def test_an_unknown_role_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="owner, web or worker"):
        _configured(DATABASE_URL=OWNER, RONGXIN_DATABASE_ROLE="admin")


@pytest.mark.django_db(transaction=True)
def test_it_goes_on_as_the_role_and_forgets_the_others(
    division: Division, monkeypatch: pytest.MonkeyPatch
) -> None:
    used = connection.settings_dict
    before = dict(used)
    place = {key: used[key] for key in ("HOST", "PORT")}
    known = {
        role: ({**place, "USER": login.name, "PASSWORD": login.password}, {})
        for role, login in division.logins.items()
    }
    monkeypatch.setattr(settings, "RONGXIN_DATABASES", {Role.OWNER: ({}, {}), **known})
    monkeypatch.setattr(settings, "RONGXIN_DATABASE_ROLE", Role.OWNER)
    for name in (*VARIABLES.values(), "RONGXIN_DATABASE_ROLE"):
        monkeypatch.setenv(name, "postgresql:///x")
    try:
        addresses.use(Role.WEB)
        addresses.forget_others(Role.WEB)
        with connection.cursor() as cursor:
            cursor.execute("SELECT session_user")
            assert cursor.fetchone() == (division.names[Role.WEB],)
    finally:
        connection.close()
        used.update(before)
    assert addresses.connected_as(Role.WEB)
    assert set(settings.RONGXIN_DATABASES) == {Role.WEB}
    assert [name for name in VARIABLES.values() if name in os.environ] == ["RONGXIN_WEB_DATABASE_URL"]
