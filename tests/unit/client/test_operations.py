"""The SDK is held to the node's description: each call is an operation, each body one that it takes."""

from __future__ import annotations

import inspect
import json
import re
import typing
from collections.abc import Mapping
from dataclasses import fields
from datetime import date
from decimal import Decimal
from pathlib import Path
from types import MappingProxyType, ModuleType
from typing import Any
from urllib.parse import parse_qsl
from uuid import UUID

import jsonschema
import pytest

from rongxin.client import (
    applications,
    cards,
    cases,
    connection,
    consents,
    corrections,
    deletion,
    incidents,
    objections,
    outcomes,
    people,
    products,
    push,
    queries,
    reports,
    webhooks,
)
from rongxin.client.calls import Call
from rongxin.entrypoints.api.urls import api
from rongxin.financing import rules as financing
from rongxin.proof.keys import SigningKey
from rongxin.vocabulary.purpose import Purpose

ID, DAY = UUID(int=7), date(2026, 11, 2)
KEY = SigningKey.generate("bank")
MODULES = (
    applications,
    cards,
    cases,
    connection,
    consents,
    corrections,
    deletion,
    incidents,
    objections,
    outcomes,
    people,
    products,
    push,
    queries,
    reports,
    webhooks,
)
DOCUMENT = json.loads(json.dumps(api.get_openapi_schema(path_prefix="/api/v1/"), default=str))
DUTY = deletion.Duty.model_construct(consent=ID, institution="bank_a")
TOLD = outcomes.Told("approved", DAY, Decimal("500000.00"), 385, 12, "credit")
TERMS = push.Terms(("honours",), "TS-1", "协议第3条", ("990101",), ("micro",), ("C",), ("company",))
QUESTION = reports.Question(
    "91990100MA0000012L",
    "DK-1",
    "王一",
    purpose=Purpose.PRE_LOAN_REVIEW,
    branch="一支行",
    case=ID,
    consent=ID,
    items=["tax_payment"],
    claims={"real_estate": {"area_sqm": "100"}},
    seal_to="PEM",
)
SCORED = cards.Question("91990100MA0000012L", ID, "DK-1", "王一", branch="一支行", consent=ID)
PRODUCT = {
    "name": "云税贷",
    "kind": "loan",
    "summary": "凭纳税记录",
    "security": ["credit"],
    "amount_min_cny": "10000",
    "amount_max_cny": "500000",
    "term_min_months": 3,
    "term_max_months": 12,
    "rate_min_bp": 385,
    "rate_max_bp": 600,
    "first_answer_days": 3,
}
GRANTED = {"amount_cny": Decimal(500000), "rate_bp": 385, "term_months": 12, "security": "credit"}
HASHES: Mapping[str, str] = MappingProxyType({"business_licence": "a" * 64})
FETCHED = push.Fetched(ID, Path(), {}, "0" * 64)

# Every call of the SDK, with all that it can say.
CALLS: dict[str, list[Any]] = {
    "applications.own": [{"group": "unanswered", "find": "云州", "sort": "newest", "page_rows": 5}],
    "applications.show": [ID],
    "applications.paper": [ID, ID],
    "applications.take_up": [ID],
    "applications.ask_papers": [ID, ["近三个月流水"], "盖章"],
    "applications.approve": [ID, GRANTED],
    "applications.reject": [ID, "policy", "行业不在支持范围"],
    "applications.comment": [ID, 5, "信息齐全"],
    "cards.own": [],
    "cards.show": [ID],
    "cards.retire": [ID],
    "cards.score": [ID, SCORED],
    "cases.open_case": ["91990100MA0000012L", "DK-1", "guarantee"],
    "cases.own": [{"find": "DK", "kind": "loan", "closed": False, "sort": "oldest", "page_rows": 5}],
    "cases.show": [ID],
    "cases.close": [ID],
    "connection.standing": ["bank_a"],
    "connection.renewals": ["bank_a", {"page_rows": 5}],
    "connection.renew": ["bank_a", HASHES],
    "connection.conditions": ["bank_a"],
    "connection.extend_condition": ["bank_a", ID, date(2026, 12, 31), "测评机构排期"],
    "connection.keys": ["bank_a"],
    "connection.revoke_key": ["bank_a", ID],
    "connection.redirect_uris": ["bank_a"],
    "connection.revoke_redirect_uri": ["bank_a", ID],
    "consents.ask": [ID, ["tax_payment"], {"template": "t", "purpose": Purpose.PRE_LOAN_REVIEW}],
    "consents.asked": [{"page_rows": 5}],
    "consents.request": [ID],
    "consents.own": [{"case": ID, "page_rows": 5}],
    "consents.show": [ID],
    "consents.give_up": [ID],
    "corrections.owed": [{"all": True, "page_rows": 5}],
    "corrections.show": [ID],
    "corrections.acknowledge": [ID, "deleted", "已删除"],
    "deletion.owed": [{"settled": True, "overdue": True, "page_rows": 5}],
    "deletion.of_consent": [ID],
    "deletion.laws": [],
    "deletion.deleted": [DUTY, DAY],
    "deletion.restricted": [DUTY, DAY, "a_law", {"key": KEY}],
    "incidents.own": [{"all": True, "page_rows": 5}],
    "incidents.explain": [ID, "新增网点集中受理"],
    "incidents.measures": [{"open_only": True, "page_rows": 5}],
    "objections.own": [{"all": True, "find": "云州", "sort": "newest", "page_rows": 5}],
    "objections.show": [ID],
    "objections.evidence": [ID, ID],
    "objections.uphold": [ID, "已更正"],
    "objections.reject": [ID, "借据为证"],
    "outcomes.tell": [[("DK-1", TOLD)]],
    "outcomes.correct": [ID, TOLD, "金额有误"],
    "outcomes.withdraw": [ID, "记错了企业"],
    "outcomes.of_case": ["DK-1"],
    "people.invitations": ["bank_a", {"page_rows": 5}],
    "people.invite": ["bank_a", "王小云", "clerk"],
    "people.revoke": ["bank_a", ID],
    "people.own": ["bank_a", {"page_rows": 5}],
    "people.open_machine": ["bank_a", "core.system", "核心系统"],
    "people.end": ["bank_a", 7],
    "people.step_ups": ["bank_a", {"page_rows": 5}],
    "people.give_code": ["bank_a", ID, "123456"],
    "products.own": [],
    "products.versions": [ID],
    "products.propose": [{"terms": PRODUCT}],
    "products.propose_version": [ID, {"terms": PRODUCT}],
    "products.decline": [ID],
    "products.retire": [ID],
    "push.subscribe": [TERMS],
    "push.subscriptions": [{"page_rows": 5}],
    "push.change": [ID, TERMS],
    "push.end": [ID],
    "push.ask_for_run": [ID, {"full": True}],
    "push.runs": [{"subscription": ID, "page_rows": 5}],
    "push.run": [ID],
    "push.key": [],
    "push.acknowledge": [FETCHED],
    "queries.own": [
        {"find": "DK", "person": "王", "purpose": Purpose.PRE_LOAN_REVIEW, "outcome": "refused"}
        | {"since": DAY, "until": DAY, "page_rows": 5}
    ],
    "queries.quota": [],
    "reports.ask": [QUESTION],
    "reports.ask_page": [QUESTION],
    "reports.ask_pdf": [QUESTION],
    "reports.ask_later": [QUESTION],
    "reports.progress": [ID],
    "reports.again": [ID],
    "reports.again_page": [ID],
    "reports.again_pdf": [ID],
    "webhooks.types": [],
    "webhooks.key": [],
    "webhooks.register": ["https://hooks.example.com/e", ["consent.granted"]],
    "webhooks.own": [],
    "webhooks.show": [ID],
    "webhooks.change": [ID, {"url": "https://hooks.example.com/e", "events": ["consent.granted"]}],
    "webhooks.remove": [ID],
    "webhooks.challenge": [ID],
    "webhooks.rotate": [ID],
    "webhooks.replay": [ID, {"message": "msg_1", "dead_only": True}],
    "webhooks.deliveries": [ID, {"state": "dead", "page_rows": 5}],
}
# Calls whose body isn't JSON, or that are several; their operations are looked at below.
OTHERWISE = {"cards.upload", "outcomes.hand_in", "push.fetch", "consents.ask_for", "reports.awaited"}
OTHERWISE |= {"connection.hand_in", "connection.report_condition"}
_REPORTED = "post /institutions/{institution}/conditions/{condition}/report"
_RENEWED = "post /institutions/{institution}/renewals/{renewal}/documents"

_PERSON = "a person's act, done at the portal with that person's own name"
_PAPER = "papers are checked by two persons and handed in by the counter's own system"
# What an institution may do by API and the SDK leaves out, and why.
LEFT_OUT = {
    "post /products/{product}/publish": _PERSON,
    "get /providers/health": "what a report lacks stands in the report; this is for the portal's page",
    "post /written-consents": _PAPER,
    "get /written-consents": _PAPER,
    "get /written-consents/{proposal}": _PAPER,
    "get /written-consents/{proposal}/scan": _PAPER,
    "post /written-consents/{proposal}/check": _PAPER,
}


def operations() -> dict[str, dict[str, Any]]:
    """What an institution may call, by `method /path`."""
    return {
        f"{method} {path.removeprefix('/api/v1')}": said
        for path, methods in DOCUMENT["paths"].items()
        for method, said in methods.items()
        if "institution" in said.get("x-callers", {})
    }


def made(name: str) -> Call[Any]:
    module, _, verb = name.partition(".")
    given = CALLS[name]
    more = given[-1] if given and isinstance(given[-1], dict) else {}
    call = getattr(globals()[module], verb)(*(given[:-1] if more else given), **more)
    assert isinstance(call, Call)
    return call


def operation_of(call: Call[Any]) -> str:
    path = "/" + call.path.partition("?")[0]
    for name in operations():
        method, _, template = name.partition(" ")
        if method == call.method.lower() and re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", template), path):
            return name
    raise AssertionError(f"{call.method} {path} is no operation that an institution may call")


def public(module: ModuleType) -> set[str]:
    """The functions of a module that make calls."""
    short = module.__name__.rpartition(".")[2]
    found = set()
    for name, verb in inspect.getmembers(module, inspect.isfunction):
        own = verb.__module__ == module.__name__ and not name.startswith("_")
        if own and verb.__annotations__["return"].startswith(("Call[", "Plan[")):
            found.add(f"{short}.{name}")
    return found


def test_no_call_of_the_sdk_is_forgotten_here() -> None:
    there = set().union(*map(public, MODULES))
    assert there == CALLS.keys() | OTHERWISE


@pytest.mark.parametrize("name", CALLS)
def test_each_call_is_an_operation_with_the_body_and_query_that_it_takes(name: str) -> None:
    call = made(name)
    said = operations()[operation_of(call)]
    asked = {one["name"] for one in said.get("parameters", []) if one["in"] == "query"}
    assert {key for key, _ in parse_qsl(call.path.partition("?")[2])} <= asked
    if "requestBody" not in said:
        assert call.body is None
        return
    schema = said["requestBody"]["content"]["application/json"]["schema"]
    assert call.body is not None
    body = json.loads(call.body)
    jsonschema.validate(body, {**schema, "components": DOCUMENT["components"]})
    known = _members({**schema, "components": DOCUMENT["components"]})
    assert set(body) <= known, "the node would pass over what it doesn't know"


def _members(schema: dict[str, Any]) -> set[str]:
    """The names that an object's schema knows, through its references."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return _members(DOCUMENT["components"]["schemas"][name])
    found = set(schema.get("properties", {}))
    return found.union(*(_members(one) for key in ("anyOf", "allOf") for one in schema.get(key, [])))


def test_whatever_an_institution_may_do_the_sdk_does_or_says_why_not() -> None:
    done = {operation_of(made(name)) for name in CALLS}
    done |= {"post /institution-cards", "post /outcomes/files", "get /push/runs/{run}/files/{name}", _RENEWED}
    done |= {_REPORTED}
    assert done & LEFT_OUT.keys() == set()
    assert done | LEFT_OUT.keys() == operations().keys()


def test_files_that_are_handed_in_and_a_file_of_a_push_are_operations_too(tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    file.write_text("reference\n")
    assert operation_of(outcomes.hand_in(file)) == "post /outcomes/files"
    assert operation_of(cards.upload(file, "小微卡")) == "post /institution-cards"
    assert operation_of(connection.hand_in("bank_a", ID, file)) == _RENEWED
    assert operation_of(connection.report_condition("bank_a", ID, "已落实", file)) == _REPORTED
    plan = push.fetch(ID, tmp_path / "push", keys={})
    first = next(plan)
    assert isinstance(first, Call)
    assert operation_of(first) == "get /push/runs/{run}/files/{name}"
    assert operation_of(consents.ask_for({"type": "x"})) == "post /consent-requests"
    asked = next(reports.awaited(QUESTION))
    assert isinstance(asked, Call)
    assert operation_of(asked) == "post /reports"


def test_a_step_told_has_the_members_and_words_of_the_law_of_outcomes() -> None:
    own, law = ({one.name: one.default for one in fields(kind)} for kind in (outcomes.Told, financing.Told))
    assert own == law
    for words, kind in (
        (outcomes.Stage, financing.Stage),
        (outcomes.Security, financing.Security),
        (outcomes.Rejection, financing.Rejection),
    ):
        assert set(typing.get_args(words)) == {one.value for one in kind}
