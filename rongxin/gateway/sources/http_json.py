"""A system that answers over HTTP with JSON: one GET per question, the subject's keys in its path."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

import urllib3

from rongxin.exchange.subjects import Key
from rongxin.gateway.config import Mapped
from rongxin.gateway.errors import SourceFailed
from rongxin.gateway.sources.source import Found

_BYTES_MAX = 4 << 20


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

    def rows(self, mapped: Mapped, subject: Mapping[Key, str], *, most: int) -> Iterator[Found]:
        asked = {key.value: quote(value, safe="") for key, value in subject.items()}
        found = self._get(self._address + mapped.path.format_map(asked))
        for name in filter(None, mapped.rows.split(".")):
            found = found.get(name) if isinstance(found, dict) else None
        if found is None:
            return
        rows = found if isinstance(found, list) else [found]
        for row in rows[:most]:
            if not isinstance(row, dict):
                raise SourceFailed(f"{mapped.path}: {mapped.rows or '(whole)'} holds no JSON objects")
            yield row

    def columns(self, mapped: Mapped) -> frozenset[str]:
        """A system has no list of columns; an example row would be somebody's, so the mapping is believed."""
        self._get(self._address + mapped.path.format_map(dict.fromkeys(mapped.asked_by, "-")), nobody=True)
        return frozenset(mapped.columns.values())

    def close(self) -> None:
        self._pool.clear()

    def _get(self, url: str, *, nobody: bool = False) -> Any:
        try:
            with self._pool.request("GET", url, preload_content=False, redirect=False) as answer:
                body = answer.read(_BYTES_MAX + 1)
        except urllib3.exceptions.HTTPError as error:
            raise SourceFailed(f"{self._address}: {type(error).__name__}") from error
        if answer.status == 404 or (nobody and answer.status < 500):
            return None
        if answer.status != 200:
            raise SourceFailed(f"{self._address}: HTTP {answer.status}")
        if len(body) > _BYTES_MAX:
            raise SourceFailed(f"{self._address}: more than {_BYTES_MAX >> 20} MiB")
        try:
            return json.loads(body)
        except ValueError as error:
            raise SourceFailed(f"{self._address}: no JSON ({error})") from error
