"""`Idempotency-Key`: an institution's writing request that comes twice has one effect and one answer (P12).

A route needs nothing for it: the key, what the route writes and its answer are one transaction. A route whose
effect has transactions of its own says so by `by_number`. A refusal has no effect and is kept for nobody: who
asks again is looked at anew.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from hashlib import sha256
from typing import Any
from uuid import UUID

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from ninja import NinjaAPI

from rongxin.disclosure import register
from rongxin.disclosure.errors import UnknownRequest
from rongxin.entrypoints.api import problems
from rongxin.entrypoints.api.authentication import Caller
from rongxin.entrypoints.api.problems import Problem
from rongxin.parties import idempotency
from rongxin.parties.idempotency import Answer, AtWork, Claim
from rongxin.parties.rules.membership import PartyKind

HEADER = "Idempotency-Key"
REPLAYED = "Idempotent-Replayed"
METHODS = ("POST", "PUT", "PATCH", "DELETE")
# What of an answer is given again beside its body.
_HEADERS = ("Content-Type", "Content-Location", "Location", "Preference-Applied", "Retry-After")
# What makes two requests the same, beside method, address and body.
_MEANT = ("Accept", "Prefer")

Again = Callable[[HttpRequest, UUID], HttpResponseBase]
View = Callable[..., Any]


@dataclass
class _Course:
    """How one request goes: what is to be closed after it, and the key it holds, if any."""

    stack: ExitStack
    claim: Claim | None = None
    apart: bool = False


def install(api: NinjaAPI) -> None:
    """Offer keys on every writing route; before the routers are added."""
    api.add_decorator(_around, mode="view")
    api.add_decorator(_once, mode="operation")


def by_number(again: Again) -> Callable[[View], View]:
    """Mark a route whose effect is made under `number_of(request)`, in transactions of its own.

    What it gave is not kept here: `again` gives it once more by the number, as far as that is allowed.
    """

    def mark(view: View) -> View:
        view.given_again = again  # type: ignore[attr-defined]
        return view

    return mark


def number_of(request: HttpRequest) -> UUID | None:
    """Return the number under which the effect is to be made; None where any will do."""
    claim = _course(request).claim
    return claim.number if claim else None


def _around(run: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """After the route: write down the answer and commit it with the effect, or take everything back."""

    @functools.wraps(run)
    def routed(request: HttpRequest, **given: Any) -> HttpResponseBase:
        with ExitStack() as stack:
            course = request.idempotency = _Course(stack)  # type: ignore[attr-defined]
            answer = run(request, **given)
            if course.claim is not None and course.claim.answer is None:
                (_settle_apart if course.apart else _settle)(course.claim, answer)
            return answer

    return routed


def _once(view: View) -> View:
    """Before the route, once the caller is known: claim the key, or give the earlier answer."""
    again: Again | None = getattr(view, "given_again", None)

    @functools.wraps(view)
    def claimed(request: HttpRequest, *args: Any, **given: Any) -> Any:
        key = request.headers.get(HEADER)
        if key is None or request.method not in METHODS:
            return view(request, *args, **given)
        caller, course = getattr(request, "auth", None), _course(request)
        if not isinstance(caller, Caller) or caller.party_kind is not PartyKind.INSTITUTION:
            raise Problem(400, "idempotency_not_offered", "幂等键仅供接入机构使用，请去掉 Idempotency-Key 头")
        course.apart = again is not None
        if again is None:
            course.stack.enter_context(transaction.atomic())
        course.claim = claim = _claim(request, caller, key)
        if claim.answer is None and claim.resumed and again is not None:
            if register.has_effect(claim.number):
                return _without_body(request, claim, again)
            idempotency.let_go(claim)
            course.claim = claim = _claim(request, caller, key)
        if claim.answer is None:
            return view(request, *args, **given)
        if again is not None and not claim.answer.body:
            return _without_body(request, claim, again)
        return _given_again(claim.answer)

    return claimed


def _claim(request: HttpRequest, caller: Caller, key: str) -> Claim:
    meant: list[Any] = [
        request.method,
        request.get_full_path(),
        request.content_type,
        *(request.headers.get(name, "") for name in _MEANT),
    ]
    try:
        return idempotency.claim(
            caller.account, key, json.dumps(meant).encode() + b"\0" + _body(request), as_of=caller.at
        )
    except AtWork as error:
        raise Problem(409, error.code, str(error), headers={"Retry-After": str(error.seconds)}) from error


def _body(request: HttpRequest) -> bytes:
    """Return what stands for the body: itself, or of a form its values and the hashes of its files."""
    if request.content_type != "multipart/form-data":
        return request.body
    given: dict[str, Any] = dict(request.FILES.items())
    files = [(name, file.name, _hash(file)) for name, file in sorted(given.items())]
    return json.dumps([sorted(request.POST.lists()), files]).encode()


def _hash(file: Any) -> str:
    digest = sha256()
    for chunk in file.chunks():
        digest.update(chunk)
    file.seek(0)
    return digest.hexdigest()


def _settle(claim: Claim, answer: HttpResponseBase) -> None:
    if answer.status_code < 400 and isinstance(answer, HttpResponse):
        idempotency.keep(claim, _of(answer, answer.content))
    else:
        transaction.set_rollback(True)


def _settle_apart(claim: Claim, answer: HttpResponseBase) -> None:
    """The effect is committed already; only what is no content of anybody's may be kept."""
    if answer.status_code >= 500:
        idempotency.interrupt(claim)
    elif answer.status_code == 429:  # another day is another question
        idempotency.let_go(claim)
    elif isinstance(answer, HttpResponse):
        said = answer.status_code >= 400 or answer.status_code == 202
        idempotency.keep(claim, _of(answer, answer.content if said else b""))


def _of(answer: HttpResponse, body: bytes) -> Answer:
    headers = {name: answer.headers[name] for name in _HEADERS if name in answer.headers}
    return Answer(answer.status_code, headers, body)


def _given_again(answer: Answer) -> HttpResponse:
    again = HttpResponse(answer.body, status=answer.status)
    for name, value in answer.headers.items():
        again[name] = value
    again[REPLAYED] = "true"
    return again


def _without_body(request: HttpRequest, claim: Claim, again: Again) -> HttpResponseBase:
    """What was given is not kept with the key; it may be had again where something else keeps it."""
    with suppress(UnknownRequest):
        answer = again(request, claim.number)
        if answer.status_code < 400:
            answer[REPLAYED] = "true"
            return answer
    return problems.response(
        409,
        "answer_not_kept",
        "该请求已经办理，其应答未留存，不能再次给出；如仍需要，请换一个键重新查询",
        request=str(claim.number),
    )


def _course(request: HttpRequest) -> _Course:
    found = getattr(request, "idempotency", None)
    assert isinstance(found, _Course)
    return found
