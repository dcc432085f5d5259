"""Query parameters are those that are described: a misspelt one is refused, not passed over.

Who asks for `?onyl_open=true` and gets everything takes it for what was asked for. OAuth's own addresses are
left out: RFC 6749 (3.1, 3.2) has parameters that aren't known ignored there.
"""

from __future__ import annotations

import functools
from typing import Any

from django.http import HttpRequest
from ninja import NinjaAPI
from ninja.operation import Operation

from rongxin.catalogue.errors import did_you_mean
from rongxin.entrypoints.api.problems import Problem

_LEFT_OUT = "/oauth"


def hold(api: NinjaAPI) -> None:
    """Hold every operation to its description; once all routers are added."""
    for prefix, router in api._routers:
        if prefix.startswith(_LEFT_OUT):
            continue
        for path in router.path_operations.values():
            for operation in path.operations:
                _hold(operation, _names(operation))


def _names(operation: Operation) -> frozenset[str]:
    models = [one for one in operation.models if one.__ninja_param_source__ == "query"]
    return frozenset(name for model in models for name in model.__ninja_flatten_map__)


def _hold(operation: Operation, known: frozenset[str]) -> None:
    view = operation.view_func

    @functools.wraps(view)
    def held(request: HttpRequest, *args: Any, **given: Any) -> Any:
        unknown = sorted(set(request.GET) - known)
        if unknown:
            places = [{"where": f"query.{one}", "what": _said(one, known)} for one in unknown]
            raise Problem(422, "unknown_parameter", "查询参数有误：没有所写的参数", errors=places)
        return view(request, *args, **given)

    operation.view_func = held


def _said(name: str, known: frozenset[str]) -> str:
    if not known:
        return f"此接口没有查询参数 {name} (this address takes no query parameters)"
    listed = "、".join(sorted(known))
    return f"没有查询参数 {name}{did_you_mean(name, known)}；可用：{listed} (no such parameter)"
