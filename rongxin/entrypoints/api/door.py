"""What is turned away before a route sees it, and the one form of every error below `/api/v1`.

What no route can use — characters that no database takes, bodies beyond the limits, bodies in another
format — is refused here with a problem document, so that no route needs a guard of its own.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Any, NoReturn

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.datastructures import MultiValueDict
from ninja.parser import Parser

from rongxin.entrypoints.api import problems
from rongxin.entrypoints.api.problems import Problem

PREFIX = "/api/v1/"
# Clients of OAuth read the errors of RFC 6749 here, and no other form.
_OAUTH = f"{PREFIX}oauth/"
_MULTIPART = "multipart/form-data"
_JSON = "application/json"


class Door:
    """Middleware: refuse at the door, and give errors that Django made itself the API's form."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if not request.path_info.startswith(PREFIX):
            return self.get_response(request)
        answer = _refused(request) or self.get_response(request)
        if request.path_info.startswith(_OAUTH) and "Cache-Control" in answer.headers:
            return answer
        if answer.status_code < 400 or answer.headers.get("Content-Type", "") == problems.CONTENT_TYPE:
            return answer
        return _in_form(request, answer)


class Bodies(Parser):
    """Read JSON and form values; a text that a database can't hold is refused with its place."""

    def parse_body(self, request: HttpRequest) -> Any:
        # Ninja takes any error here for a broken body; `problems` looks through to ours.
        if request.content_type != _JSON:
            raise Problem(415, "unsupported_media_type", f"请求内容应为 JSON：Content-Type 应为 {_JSON}")
        try:
            body = json.loads(request.body, parse_constant=_no_number)
        except (ValueError, RecursionError) as error:
            raise Problem(
                400, "malformed_json", "请求内容不是有效的 JSON，请核对", detail=str(error)
            ) from error
        _check(_texts(body))
        return body

    def parse_querydict(
        self, data: MultiValueDict[str, Any], list_fields: list[str], request: HttpRequest
    ) -> dict[str, Any]:
        _check((key, value) for key, values in data.lists() for value in values if isinstance(value, str))
        return super().parse_querydict(data, list_fields, request)


def _refused(request: HttpRequest) -> HttpResponseBase | None:
    if _unusable(request.headers.get("Authorization", "")):
        return problems.unauthenticated()
    if _unusable(request.path_info):
        return problems.response(422, "control_character", "地址中含有控制字符，请核对")
    length = int(request.META.get("CONTENT_LENGTH") or 0)
    if request.content_type == _MULTIPART and length > settings.RONGXIN_UPLOAD_MAX_BYTES:
        most = settings.RONGXIN_UPLOAD_MAX_BYTES >> 20
        advice = "请将文件拆分为多个文件，分批报送"
        return problems.response(413, "file_too_large", f"文件超过 {most} MiB 的上限", what_to_do=advice)
    if request.content_type != _MULTIPART and length > settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
        return problems.too_large()
    return None


def _in_form(request: HttpRequest, answer: HttpResponseBase) -> HttpResponseBase:
    status = answer.status_code
    if status == 404:
        problem = problems.response(404, "no_such_address", f"没有此接口地址：{request.path_info}")
    elif status == 405:
        allowed = answer.headers.get("Allow", "")
        problem = problems.response(
            405, "method_not_allowed", f"此地址不支持 {request.method}，可用的方法：{allowed}"
        )
        problem["Allow"] = allowed
    elif status < 500:
        problem = problems.response(status, "bad_request", "请求有误，请核对地址、请求头与内容")
    else:
        problem = problems.internal_error()
    answer.close()
    return problem


def _check(texts: Iterator[tuple[str, str]]) -> None:
    for place, text in texts:
        if _unusable(text):
            raise Problem(422, "control_character", "请求内容含有控制字符，请清除后重试", where=place)


def _texts(value: Any) -> Iterator[tuple[str, str]]:
    """Yield every text of a JSON value with its place, names of members too."""
    waiting = [("body", value)]
    while waiting:
        place, part = waiting.pop()
        if isinstance(part, str):
            yield place, part
        elif isinstance(part, dict):
            yield from ((place, key) for key in part)
            waiting += [(f"{place}.{key}", one) for key, one in part.items()]
        elif isinstance(part, list):
            waiting += [(f"{place}.{index}", one) for index, one in enumerate(part)]


#: Control characters but for tab and line ends, and halves of surrogate pairs (Unicode Cc and Cs).
_unusable = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]").search


def _no_number(word: str) -> NoReturn:
    raise ValueError(f"{word} is no JSON")
