"""A query parameter that isn't described is refused with its name and what may be meant."""

from __future__ import annotations

import pytest
from ninja.operation import Operation

from rongxin.entrypoints.api.urls import api
from rongxin.parties.rules.membership import PartyKind, Role
from tests.unit.consent import stage
from tests.unit.entrypoints.api import keys

pytestmark = pytest.mark.django_db
API = "/api/v1"


@pytest.fixture
def operator():
    return keys.header_of(stage.staff(PartyKind.OPERATOR, None, Role.SECURITY_ADMINISTRATOR))


def test_a_misspelt_parameter_is_named_with_the_one_that_is_meant(client, operator):
    answer = client.get(f"{API}/measures?open_onyl=true&limit=5", headers=operator)
    assert (answer.status_code, answer.json()["code"]) == (422, "unknown_parameter")
    (wrong,) = answer.json()["errors"]
    assert wrong["where"] == "query.open_onyl"
    assert "open_only" in wrong["what"]
    assert client.get(f"{API}/measures?open_only=true&limit=5", headers=operator).status_code == 200


def test_it_is_refused_only_to_who_may_call_and_before_anything_is_done(client, operator):
    assert client.get(f"{API}/measures?x=1").status_code == 401
    body = {"institution": stage.bank(), "act": "suspend", "why": "异常查询"}
    made = client.post(f"{API}/measures?x=1", body, content_type="application/json", headers=operator)
    assert made.status_code == 422
    assert client.get(f"{API}/measures", headers=operator).json() == []


def test_an_open_address_is_held_to_it_too(client):
    answer = client.get(f"{API}/catalogue?edtion=1")
    assert (answer.status_code, answer.json()["code"]) == (422, "unknown_parameter")


def test_oauth_ignores_what_it_does_not_know(client):
    assert client.get(f"{API}/oauth/metadata?x=1").status_code == 200


def test_every_operation_is_held_to_what_is_described():
    document = api.get_openapi_schema(path_prefix="/api/v1/")
    described = {
        (path.removeprefix("/api/v1"), method): {
            one["name"] for one in said.get("parameters", []) if one["in"] == "query"
        }
        for path, methods in document["paths"].items()
        for method, said in methods.items()
    }
    held = {
        (f"{prefix}{path}".rstrip("/") or "/", method.lower()): _names(operation)
        for prefix, router in api._routers
        if not prefix.startswith("/oauth")
        for path, view in router.path_operations.items()
        for operation in view.operations
        for method in operation.methods
    }
    assert len(held) > 150
    assert {key: described.get((key[0] or "/", key[1]), set()) for key in held} == held


def _names(operation: Operation) -> set[str]:
    held = operation.view_func.__closure__
    assert held is not None
    (names,) = (cell.cell_contents for cell in held if isinstance(cell.cell_contents, frozenset))
    return set(names)
