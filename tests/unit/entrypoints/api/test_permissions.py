"""Every operation × role × {own, another's, none}, taken from the OpenAPI document ((十); promises P10).

What an operation declares (`x-callers`) is what it does: whoever is not named is refused before anything is
looked at (403), nobody is 401, another party's thing is as good as none (404). A route that declares nothing
and is not listed as open fails here.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.test import Client
from django.utils import timezone

from rongxin.entrypoints.api.urls import api
from rongxin.parties.models import Institution
from rongxin.parties.rules.membership import ROLES, PartyKind, Role
from tests.meta.test_routes import OPEN
from tests.unit.entrypoints.api import openapi_bodies, world
from tests.unit.entrypoints.api.world import Ids, World
from tests.unit.financing import shelf

pytestmark = pytest.mark.django_db
EVERYBODY = [(kind, role) for kind in PartyKind for role in Role if role in ROLES[kind]]
PLAIN = {"item": world.ITEM, "line": "2", "name": "manifest.json", "act": "pause"}
PLAIN |= {"document_sha256": "0" * 64}
NONE: Ids = {"institution": "nobody", "provider": "nobody", "membership": "0", "bureau": "nobody"}
WANTED = {"items": ["administrative_penalty"], "reference": "TS-1", "basis": "接入协议第3条"}
# Of what is no secret to anybody it is told that it isn't the caller's.
TOLD_APART = {"get /institutions/{institution}/keys"}
# What is asked of these bodies comes before whose the thing is, so they are filled in; by own ids' names.
BODIES: dict[str, dict[str, Any]] = {
    "post /bureaus/{bureau}/people": {"account": 0},
    "post /cases": {"uscc": "{uscc}", "reference": "DK-9"},
    "post /consent-requests": {"case": "{case_id}", "items": ["tax_payment"]},
    "post /deletion-duties/{consent_id}/receipt": {"statement": "deleted", "deleted_on": "2026-03-02"},
    "post /institutions/{institution}/machines": {"username": "core.system", "label": "核心系统"},
    "post /institution-cards/{card}/scores": {"uscc": "{uscc}", "case": "{case_id}"},
    "post /matching/{batch_id}/{line}/match": {"uscc": "{uscc}"},
    "post /products/{product}/versions": {"terms": shelf.document()},
    "post /push/subscriptions": WANTED,
    "post /webhooks/{webhook}/replay": {"message": str(uuid4())},
    "put /push/subscriptions/{subscription}": WANTED,
    "put /schedules/{provider}/{item}": {"every": "month", "day": 1},
}
# What is the caller's own and yet refused, by a rule of the thing itself: the code that says so.
BY_ANOTHER_RULE = {
    "post /consent-requests/{request_id}/accept": "identity_refused",
    "post /signing-rules": "identity_refused",
    "post /signing-rules/{rule}/agreement": "identity_refused",
    "post /deletion-duties/{consent_id}/receipt": "unknown_consent",  # it isn't withdrawn: nothing is owed
    "post /bureaus/{bureau}/people": "unknown_party",  # the account
    "post /institutions/{institution}/keys": "not_allowed",  # no key
    "post /institutions/{institution}/keys/{key}/confirm": "not_allowed",  # it is confirmed
    "post /institutions/{institution}/redirect-uris": "redirect_uri_refused",  # no address
    "post /institutions/{institution}/redirect-uris/{address}/confirm": "not_allowed",  # it is confirmed
    "post /institutions/{institution}/invitations/{invitation}/release": "not_allowed",  # invited alone
    # The operator's desk opens papers by break-glass alone.
    "get /objections/{objection}/evidence/{paper}": "break_glass_missing",
    "get /repairs/{repair}/materials/{material}": "break_glass_missing",
    "post /evaluation-models": "unknown_evaluation_version",
    "post /institution-cards": "institution_card_refused",  # the file is none
    "post /institution-cards/{card}/scores": "refused",  # the firm has not consented for that case
    "post /institutions/{institution}/renewals": "application_refused",  # no documents
    "post /institutions/{institution}/renewals/{renewal}/documents": "unknown_application",  # none waits
    "post /measures": "unknown_party",  # the institution
    "post /official-duty/mandates": "unknown_party",  # the department
    "post /official-duty/questions": "",
    "post /outcomes/{outcome_id}/correction": "unknown_outcome",  # none was told
    "post /outcomes/{outcome_id}/withdrawal": "unknown_outcome",
    "get /matching/{batch_id}/{line}": "unknown_row",
    "get /push/runs/{run}/files/{name}": "unknown_push",  # not ready
    "get /reports/{request_id}": "unknown_request",  # never asked
    "get /uses/{request_id}/proof": "unknown_use",  # nobody used anything by it
    "get /reports/{request_id}/status": "unknown_request",
    "post /webhooks/{webhook}/replay": "unknown_webhook",  # the message
}
# What is read by a committed intent alone can't be read in a test that takes everything back: these are asked
# for a form that isn't had, which is refused once the caller has been let in.
WITHOUT_FORM = {"get /held": {"accept": "text/csv"}}
# What an institution that is not served may still do: duties, what is imposed on it, its own keys.
TO_UNSERVED = {
    "delete /institutions/{institution}/keys/{key}",
    "delete /institutions/{institution}/redirect-uris/{address}",
    "get /consents/{consent_id}/receipts",
    "get /deletion-duties",
    "get /corrections",
    "get /corrections/{correction}",
    "post /corrections/{correction}/acknowledgement",
    "get /deletion-duties/laws",
    "get /incidents",
    "get /institutions/{institution}/keys",
    "get /institutions/{institution}/redirect-uris",
    "get /institutions/{institution}/conditions",
    "post /institutions/{institution}/conditions/{condition}/report",
    "post /institutions/{institution}/conditions/{condition}/extensions",
    "get /institutions/{institution}/renewals",
    "post /institutions/{institution}/renewals",
    "post /institutions/{institution}/renewals/{renewal}/documents",
    "get /institutions/{institution}/standing",
    "get /measures",
    "get /objections",
    "get /objections/{objection}",
    "get /objections/{objection}/evidence/{paper}",
    "post /objections/{objection}/decision",
    "post /deletion-duties/{consent_id}/receipt",
    "post /incidents/{incident}/statement",
}
UNSERVED: dict[str, dict[str, Any]] = {
    "suspended": {"standing": "suspended"},
    "closed": {"standing": "closed"},
    "on probation": {"standing": "probation"},
    "lapsed": {"assessed_until": timezone.localdate() - timedelta(days=1)},
    "never assessed": {"assessed_until": None},
    "condition not met": {"conditions_until": timezone.localdate() - timedelta(days=1)},
}


@dataclass(frozen=True)
class Operation:
    method: str
    path: str
    spec: dict[str, Any]

    @property
    def callers(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = self.spec.get("x-callers", {})
        return found

    @property
    def names(self) -> set[str]:
        """What the path names, save what is nobody's."""
        given = {one["name"] for one in self.spec.get("parameters", []) if one["in"] == "path"}
        return given - set(PLAIN)

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


DOCUMENT = json.loads(json.dumps(api.get_openapi_schema(path_prefix="/api/v1/"), default=str))
OPERATIONS = [
    Operation(method, path.removeprefix("/api/v1"), spec)
    for path, methods in DOCUMENT["paths"].items()
    for method, spec in methods.items()
]
GUARDED = [one for one in OPERATIONS if one.path not in OPEN]


@pytest.fixture
def scene(client: Client, settings: Any, tmp_path: Any) -> World:
    settings.RONGXIN_WEBHOOK_LOOPBACK = True
    settings.RONGXIN_VAR = tmp_path / "var"
    return world.build(client)


def ask(client: Client, one: Operation, ids: Ids, headers: dict[str, str], query: str = "") -> Any:
    """Make one request, whose effects are undone."""
    names = {name: str(uuid4()) for name in {*one.names, "case_id"}} | {"uscc": "x"} | PLAIN | ids
    body, media = openapi_bodies.least(DOCUMENT, one.spec)
    for name, value in BODIES.get(str(one), {}).items():
        body[name] = value.format(**names) if isinstance(value, str) and "{" in value else value
    if media == "multipart/form-data":
        body = {name: value for name, value in body.items() if name != "file"}
        body |= {"file": SimpleUploadedFile("a.csv", world.HEAD.encode()), "item": world.ITEM}
    given = {"data": body} if media == "multipart/form-data" else {"data": body, "content_type": media}
    act = getattr(client, one.method)
    undone = transaction.atomic()
    undone._from_testcase = True  # type: ignore[attr-defined]  # as the test's own: the gate's is durable
    with undone:
        answer = act(
            f"/api/v1{one.path.format(**names)}{query}",
            **(given if one.method != "get" else {}),
            headers={**headers, **WITHOUT_FORM.get(str(one), {})},
        )
        transaction.set_rollback(True)
    return answer


def said(answer: Any) -> tuple[int, str]:
    """Return status and code."""
    is_problem = answer.headers.get("Content-Type", "") == "application/problem+json"
    return answer.status_code, answer.json()["code"] if is_problem else ""


def content(answer: Any) -> str:
    raw = b"".join(answer.streaming_content) if answer.streaming else answer.content
    return bytes(raw).decode("utf-8", "replace")


def declared(one: Operation) -> Iterator[tuple[PartyKind, Role]]:
    for kind, roles in one.callers.items():
        yield from ((PartyKind(kind), Role(role)) for role in roles)


def test_every_operation_says_who_may_call_it() -> None:
    silent = [str(one) for one in GUARDED if not one.callers]
    assert not silent, f"say auth=… or list it as open with the reason: {silent}"
    assert len(GUARDED) > 80


def test_nobody_without_a_key_or_in_another_role_gets_in(client: Client, scene: World) -> None:
    wrong = []
    for one in GUARDED:
        for headers in ({}, {"authorization": "Bearer rxk_0_0"}):
            if (got := said(ask(client, one, {}, headers))) != (401, "unauthenticated"):
                wrong.append((str(one), "nobody", got))
        for who in set(EVERYBODY) - set(declared(one)):
            for ids in (scene.own[who[0]], scene.other.get(who[0], {}), NONE):
                if (got := said(ask(client, one, ids, scene.headers[who]))) != (403, "not_permitted"):
                    wrong.append((str(one), *who, got))
    assert not wrong, "\n".join(map(str, wrong))


def test_who_is_named_gets_in_to_its_own(client: Client, scene: World) -> None:
    wrong = []
    for one in GUARDED:
        for who in declared(one):
            own = scene.own[who[0]]
            status, code = said(ask(client, one, own, scene.headers[who]))
            lacking = one.names & set(world.LACKING) or code == BY_ANOTHER_RULE.get(str(one))
            if status == 401 or code == "not_permitted" or (status in (403, 404) and not lacking):
                wrong.append((str(one), *who, status, code))
    assert not wrong, "\n".join(map(str, wrong))


def test_anothers_and_what_is_not_there_are_alike(client: Client, scene: World) -> None:
    wrong = []
    for one in GUARDED:
        if not one.names:
            continue
        for who in declared(one):
            none = said(ask(client, one, NONE, scene.headers[who]))
            theirs = said(ask(client, one, scene.other.get(who[0], NONE), scene.headers[who]))
            apart = str(one) in TOLD_APART and who[0] is not PartyKind.OPERATOR
            if none != theirs or none[0] != (403 if apart else 404):
                wrong.append((str(one), *who, none, theirs))
    assert not wrong, "\n".join(map(str, wrong))


def test_nothing_of_anothers_is_in_any_answer(client: Client, scene: World) -> None:
    """Lists, and whatever takes a provider's name as a wish."""
    wrong, foreign = [], set(scene.foreign())
    for one in GUARDED:
        asks_for = {given["name"] for given in one.spec.get("parameters", []) if given["in"] == "query"}
        for who in declared(one):
            if who[0] in (PartyKind.OPERATOR, PartyKind.BUREAU):  # figures of all providers are its part
                continue
            answers = [ask(client, one, scene.own[who[0]], scene.headers[who])]
            if "provider" in asks_for:
                answers.append(ask(client, one, {}, scene.headers[who], f"?provider={world.PROVIDERS[1]}"))
                if said(answers[-1]) != (403, "not_permitted"):
                    wrong.append((str(one), *who, said(answers[-1])))
            if found := [value for value in foreign for answer in answers if value in content(answer)]:
                wrong.append((str(one), *who, found))
    assert not wrong, "\n".join(map(str, wrong))


def test_what_stays_open_to_an_institution_that_is_not_served_is_declared() -> None:
    assert {str(one) for one in OPERATIONS if one.spec.get("x-unserved")} == TO_UNSERVED


def test_an_institution_that_is_not_served_gets_in_nowhere_else(client: Client, scene: World) -> None:
    wrong, own = [], scene.own[PartyKind.INSTITUTION]
    theirs = [one for one in GUARDED if PartyKind.INSTITUTION.value in one.callers]
    assert len(theirs) > 30
    for why, changes in UNSERVED.items():
        Institution.objects.filter(pk=own["institution"]).update(**changes)
        for one in theirs:
            for role in one.callers[PartyKind.INSTITUTION.value]:
                got = said(ask(client, one, own, scene.headers[PartyKind.INSTITUTION, Role(role)]))
                refused = got == (403, "institution_not_served")
                if refused is (str(one) in TO_UNSERVED) or got[0] in (401, 500):
                    wrong.append((why, str(one), role, got))
    assert not wrong, "\n".join(map(str, wrong))
