"""The description of the interface is whole, and no request that it allows or forbids ends in a 5xx."""

from __future__ import annotations

from collections import Counter

import django
import pytest
import schemathesis
from django.conf import settings as django_settings
from django.core.handlers.wsgi import WSGIHandler
from django.db import connection
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

if not django.apps.apps.ready:
    django.setup()

from rongxin.entrypoints.api.urls import api
from rongxin.entrypoints.database.declared import Role as DatabaseRole
from tests.unit.entrypoints.api import world
from tests.unit.entrypoints.conftest import acting_as

MODES = (schemathesis.GenerationMode.POSITIVE, schemathesis.GenerationMode.NEGATIVE)
WRITING = ("post", "put", "patch", "delete")


def _operations():
    for path, methods in api.get_openapi_schema()["paths"].items():
        for method, said in methods.items():
            yield path, method, said


def test_it_is_valid_openapi_and_no_name_stands_for_two_things():
    document = api.get_openapi_schema()
    assert document["openapi"].startswith("3.1")
    schemathesis.openapi.from_dict(dict(document)).validate()
    ids = Counter(said["operationId"] for _, _, said in _operations())
    assert [name for name, count in ids.items() if count > 1] == []


def test_two_schemas_of_one_name_are_one_schema():
    named: dict[str, set[type]] = {}
    for bound in api._get_bound_routers():
        for view in bound.path_operations.values():
            for operation in view.operations:
                for model in operation.models:
                    for field in model.model_fields.values():
                        for kind in (field.annotation,):
                            if isinstance(kind, type) and hasattr(kind, "model_json_schema"):
                                named.setdefault(kind.__name__, set()).add(kind)
    assert {name for name, kinds in named.items() if len(kinds) > 1} == set()


def test_every_route_says_who_may_call_and_what_its_problems_look_like():
    for path, method, said in _operations():
        answers = said["responses"]
        assert "application/problem+json" in answers["default"]["content"], (path, method)
        if "security" in said:
            assert {"401", "403"} <= set(map(str, answers)), (path, method)
            assert said["x-callers"], (path, method)


def test_every_writing_route_of_an_institution_offers_a_key():
    for path, method, said in _operations():
        offered = any(one["name"] == "Idempotency-Key" for one in said["parameters"])
        meant = method in WRITING and "institution" in said.get("x-callers", {})
        assert offered == meant, (path, method)


@pytest.fixture
def scene(division, client, tmp_path, monkeypatch):
    """A caller of each role with what is its own, and the application as the web role answers, by one
    connection: to open one for each request would cost more than the requests.
    """
    connection.close()
    monkeypatch.setitem(connection.settings_dict, "CONN_MAX_AGE", None)
    monkeypatch.setattr(django_settings, "RONGXIN_WEBHOOK_LOOPBACK", True)
    monkeypatch.setattr(django_settings, "RONGXIN_VAR", tmp_path / "var")
    made = world.build(client)
    callers = {
        (kind.value, role.value): (headers, {"item": world.ITEM, "line": "2"} | made.own[kind])
        for (kind, role), headers in made.headers.items()
    }
    answer = WSGIHandler()

    def app(environ, start):
        with acting_as(division.names[DatabaseRole.WEB]):
            return answer(environ, start)

    return callers, app


def _resources() -> dict[str, list[str]]:
    """Return by the file of each resource its operations' names; those that write most come first."""
    named: dict[str, list[str]] = {}
    writing: Counter[str] = Counter()
    for _, router in api._routers:
        for view in router.path_operations.values():
            for operation in view.operations:
                resource = operation.view_func.__module__.rpartition(".")[2]
                named.setdefault(resource, []).append(api.get_openapi_operation_id(operation))
                writing[resource] += bool({one.lower() for one in operation.methods} & set(WRITING))
    return {name: named[name] for name in sorted(named, key=lambda name: (-writing[name], name))}


RESOURCES = _resources()


def _broken(scene, examples, names=None):
    """Ask what the description suggests, right and wrong, as everybody; return what ended in a 5xx."""
    callers, app = scene
    schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", app)
    found, asked = [], Counter()
    for result in (schema.include(operation_id=names) if names else schema).get_all_operations():
        for label, status, command in _asked(result.ok(), callers, examples):
            asked[label] += 1
            if status >= 500:
                found.append((label, status, command))
    assert len(asked) == len(names) if names else len(asked) > 100, "the description names all routes"
    return found


def _asked(operation, callers, examples):
    """Ask one operation that often, mostly as those whom it lets in about what is theirs."""
    answers = []
    said = operation.definition.raw.get("x-callers", {})
    admitted = [callers[kind, role] for kind, roles in said.items() for role in roles]
    everybody = [*callers.values(), ({}, {})]

    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(
        case=st.one_of(*(operation.as_strategy(generation_mode=mode) for mode in MODES)),
        caller=st.one_of(*map(st.sampled_from, (admitted or everybody, admitted or everybody, everybody))),
        real=st.sampled_from((True, True, False)),
    )
    def ask(case, caller, real):
        headers, own = caller
        if real and case.path_parameters:
            case.path_parameters.update({k: v for k, v in own.items() if k in case.path_parameters})
        answer = case.call(headers=headers)
        failed = answer.status_code >= 500
        answers.append((operation.label, answer.status_code, case.as_curl_command() if failed else ""))

    ask()
    return answers


@pytest.mark.django_db(transaction=True)
def test_no_request_ends_in_a_5xx(scene):
    assert _broken(scene, examples=3) == []


# Resource by resource, so that each tells its result by itself and one can be asked for again (`-k push`).
@pytest.mark.long
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("resource", RESOURCES)
def test_no_request_of_very_many_ends_in_a_5xx(scene, resource):
    assert _broken(scene, 150, RESOURCES[resource]) == []
    assert django_settings.RONGXIN_MODE == "test"
