"""A system that answers over HTTP with JSON: one GET per question, the subject's keys in its path."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

import urllib3

from rongxin.exchange import patience
from rongxin.exchange.subjects import Key
from rongxin.gateway.config import Mapped
from rongxin.gateway.errors import SourceFailed
from rongxin.gateway.sources.source import Found

_BYTES_MAX = 4 << 20
#: How a system may answer a key that is nobody's, when a mapping is tried: it found nobody, or it takes
#: the key for no key at all.
_OF_NOBODY = frozenset({200, 400, 422})


class HttpJson:
    def __init__(self, address: str, *, headers: Mapping[str, str], seconds: float, connections: int) -> None:
        self._address = address.rstrip("/")
        self._pool = urllib3.PoolManager(
            maxsize=connections,
            block=True,
            headers={"accept": "application/json", **headers},
            timeout=urllib3.Timeout(total=seconds),
            retries=urllib3.Retry(total=1, connect=1, read=0, redirect=0, status=0, other=0),
        )
        self._pool.pool_classes_by_scheme = {"http": patience.Patient, "https": patience.PatientTls}

    def rows(self, mapped: Mapped, subject: Mapping[Key, str], *, most: int) -> Iterator[Found]:
        asked = {key.value: quote(value, safe="") for key, value in subject.items()}
        status, body = self._get(mapped.path.format_map(asked))
        if status == mapped.absent_status:
            return
        if status != 200:
            raise SourceFailed(f"{self._address}: HTTP {status}")
        rows = self._listed(mapped, self._json(body))
        for row in rows[:most]:
            if not isinstance(row, dict):
                raise SourceFailed(f"{mapped.path}: {mapped.rows or '应答'} 不是 JSON 对象 no JSON objects")
            yield row

    def columns(self, mapped: Mapped) -> frozenset[str]:
        """A system has no list of columns; an example row would be somebody's, so the mapping is believed."""
        status, body = self._get(mapped.path.format_map(dict.fromkeys(mapped.asked_by, "-")))
        if status == 200:
            self._json(body)
        elif status == 404 != mapped.absent_status:
            raise SourceFailed(
                f"{self._address}: HTTP 404，请核对 path；该系统以 404 表示无记录的，请写 absent_status: 404 "
                "check the path; write absent_status where 404 says that there is no record"
            )
        elif status not in _OF_NOBODY and status != mapped.absent_status:
            hint = "，请核对 headers 中的凭证 check the credentials there" if status in (401, 403) else ""
            raise SourceFailed(f"{self._address}: HTTP {status}{hint}")
        return frozenset(mapped.columns.values())

    def close(self) -> None:
        self._pool.clear()

    def _listed(self, mapped: Mapped, answer: Any) -> list[Any]:
        """Return the rows of an answer that says that it is one; a system's error is never "no record"."""
        for place, expected in mapped.ok.items():
            said = _at(answer, place)
            if str(said).casefold() != str(expected).casefold():
                raise SourceFailed(
                    f"{mapped.path}: {place} 为 {_shown(said)}，应为 {expected!r} not as `ok` says"
                )
        found = _at(answer, mapped.rows)
        if found is _NOTHING or (found is None and not mapped.ok):
            raise SourceFailed(
                f"{mapped.path}: 应答中没有 {mapped.rows or '内容'}；空值表示无记录的，请以 ok 说明何为成功 "
                "not in the answer; where null says that there is no record, write `ok`"
            )
        if found is None:
            return []
        return found if isinstance(found, list) else [found]

    def _get(self, path: str) -> tuple[int, bytes]:
        try:
            with self._pool.request(
                "GET", self._address + path, preload_content=False, redirect=False
            ) as answer:
                body = answer.read(_BYTES_MAX + 1)
        except urllib3.exceptions.HTTPError as error:
            raise SourceFailed(f"{self._address}: {type(error).__name__}") from error
        if len(body) > _BYTES_MAX:
            raise SourceFailed(f"{self._address}: 应答超过 more than {_BYTES_MAX >> 20} MiB")
        return answer.status, body

    def _json(self, body: bytes) -> Any:
        try:
            return json.loads(body)
        except ValueError as error:
            raise SourceFailed(f"{self._address}: 应答不是 JSON no JSON ({error})") from error


def _shown(said: Any) -> str:
    """What an answer says of itself, as far as a log may hold it."""
    return "空 nothing" if said is _NOTHING else repr(said)[:40]


#: What stands where an answer has nothing, not even null.
_NOTHING = object()


def _at(answer: Any, place: str) -> Any:
    """Return what stands at a dotted place of an answer, `_NOTHING` where there is no such place."""
    for name in filter(None, place.split(".")):
        if not isinstance(answer, dict) or name not in answer:
            return _NOTHING
        answer = answer[name]
    return answer
