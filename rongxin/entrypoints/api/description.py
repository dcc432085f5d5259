"""The description of the interface (OpenAPI 3.1): what every route has in common is said here, once.

Who may call, that errors are problem documents (RFC 9457), keys for repeated requests, pages, rate limits:
read from the routes themselves, so that none is forgotten.
"""

from __future__ import annotations

from typing import Any

from ninja import NinjaAPI
from ninja.openapi.schema import OpenAPISchema
from ninja.operation import Operation

from rongxin.entrypoints.api import idempotency, problems
from rongxin.entrypoints.api.authentication import PartyKey
from rongxin.parties.rules.membership import PartyKind

_TEXT: dict[str, Any] = {"type": "string"}
_PROBLEM = {
    "type": "object",
    "title": "Problem",
    "description": "RFC 9457: 出了什么问题、在哪里、怎么办 what happened, where, what to do",
    "required": ["type", "title", "status", "code"],
    "properties": {
        "type": {"type": "string", "format": "uri"},
        "title": _TEXT,
        "status": {"type": "integer"},
        "code": {**_TEXT, "description": "稳定的错误代码 stable code"},
        "detail": _TEXT,
        "where": _TEXT,
        "what_to_do": _TEXT,
        "reason": {**_TEXT, "description": "拒绝的理由代码 reason of a refusal"},
        "article": _TEXT,
        "entry": {**_TEXT, "description": "存证编号 the journal's entry"},
        "errors": {"type": "array", "items": {"type": "object"}},
    },
    "additionalProperties": True,
}
_SCHEMES = {
    "key": {"type": "http", "scheme": "bearer", "description": "接口密钥 API key of one role of an account"},
    "token": {
        "type": "http",
        "scheme": "DPoP",
        "description": "接入机构的令牌，由 /oauth/token 取得，每次调用附 DPoP 证明 (RFC 9449)",
    },
}
_HEADERS = {
    "Retry-After": {"description": "多少秒后可再试 seconds to wait", "schema": {"type": "integer"}},
    "RateLimit": {"description": "最紧的一项余量 what is left of the narrowest count", "schema": _TEXT},
    "RateLimit-Policy": {"description": "该项上限 that count's limit", "schema": _TEXT},
    "Link": {"description": 'RFC 8288: 下一页 the next page, rel="next"', "schema": _TEXT},
}
_KEY = {
    "name": idempotency.HEADER,
    "in": "header",
    "required": False,
    "description": "幂等键：同一键的同一请求只办一次，并得到同一应答 one request, one effect, one answer",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"},
}
_WORDS = {
    "400": "请求有误 The request can't be used",
    "401": "未认证 Not authenticated",
    "403": "无权或被拒绝 Not permitted, or refused",
    "404": "没有此资源 Unknown, or not yours",
    "409": "当前状态不允许 Not possible as things stand",
    "413": "内容过大 Too large",
    "415": "内容类型不符 Unsupported media type",
    "422": "内容有误 Invalid content",
    "429": "已达上限 A limit is used up",
    "default": "其他问题 Any other problem",
}
_OFTEN = ("400", "404", "409", "422", "default")


class DescribedAPI(NinjaAPI):
    """The API with a description that is whole."""

    def get_openapi_schema(
        self, *, path_prefix: str | None = None, path_params: dict[str, Any] | None = None
    ) -> OpenAPISchema:
        prefix = self.get_root_path(path_params or {}) if path_prefix is None else path_prefix
        return _Description(self, prefix)

    def get_openapi_operation_id(self, operation: Operation) -> str:
        module = operation.view_func.__module__.rpartition(".")[2]
        return f"{module}_{operation.view_func.__name__}"


class _Description(OpenAPISchema):
    def operation_details(self, operation: Operation) -> dict[str, Any]:
        said: dict[str, Any] = super().operation_details(operation)
        kinds = _admitted(operation)
        writes = set(operation.methods) & set(idempotency.METHODS)
        if kinds:
            said["security"] = [{"key": []}]
            if PartyKind.INSTITUTION in kinds:
                said["security"].append({"token": []})
        if writes and PartyKind.INSTITUTION in kinds:
            said["parameters"] = [*said["parameters"], _KEY]
        codes = [*_OFTEN, *(("401", "403", "429") if kinds else ()), *(("413", "415") if writes else ())]
        for code in codes:
            said["responses"].setdefault(code, _problem(code))
        if {"limit", "cursor"} <= {one["name"] for one in said["parameters"]}:
            _headers(said, "Link")
        return said

    def get_components(self) -> dict[str, Any]:
        return {"schemas": {**self.schemas, "Problem": _PROBLEM}, "securitySchemes": _SCHEMES}


def _admitted(operation: Operation) -> frozenset[PartyKind]:
    """Return the kinds of party that a route lets in; none where it is open to all."""
    guards = [one for one in operation.auth_callbacks if isinstance(one, PartyKey)]
    return frozenset(PartyKind(kind) for one in guards for kind in one.permission.document())


def _problem(code: str) -> dict[str, Any]:
    content = {problems.CONTENT_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    told: dict[str, Any] = {"description": _WORDS[code], "content": content}
    if code == "429":
        names = ("Retry-After", "RateLimit", "RateLimit-Policy")
        told["headers"] = {name: _HEADERS[name] for name in names}
    return told


def _headers(said: dict[str, Any], *names: str) -> None:
    for code, answer in said["responses"].items():
        if str(code).startswith("2"):
            answer.setdefault("headers", {}).update({name: _HEADERS[name] for name in names})
