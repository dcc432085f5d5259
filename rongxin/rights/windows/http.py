"""The window over HTTPS: one POST hands a request over, one GET fetches decisions, one POST settles each.

A request is believed by its signature (JWS of the node), not by the connection; a decision by the window's.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Any

import httpx

from rongxin.rights.errors import WindowSilent
from rongxin.rights.windows.window import Package

_PATIENCE_SECONDS = 15.0
_BYTES_MAX = 4 << 20


class Http:
    """An address `https://…` below which `requests`, `decisions` and `decisions/done` lie."""

    def __init__(self, address: str, *, verify: Any = True) -> None:
        self.address, self.name, self._verify = address.rstrip("/"), address, verify

    def hand_over(self, package: Package) -> str:
        """Post the request; the window knows it by its number, so the same one twice is one."""
        files = [
            {"name": name, "media_type": media, "content": base64.b64encode(content).decode()}
            for name, media, content in package.files
        ]
        body = {"repair": package.repair, "request": package.token, "files": files}
        answer = self._call("POST", "requests", body)
        reference = answer.get("reference") if isinstance(answer, dict) else None
        if not isinstance(reference, str) or not reference:
            raise WindowSilent("受理窗口的应答没有受理编号（reference），稍后再试")
        return reference[:200]

    def decisions(self) -> Iterator[str]:
        answer = self._call("GET", "decisions", None)
        tokens = answer.get("decisions") if isinstance(answer, dict) else None
        yield from (token for token in tokens or () if isinstance(token, str))

    def done(self, token: str) -> None:
        self._call("POST", "decisions/done", {"decision": token})

    def _call(self, method: str, path: str, body: Any) -> Any:
        try:
            with (
                httpx.Client(timeout=_PATIENCE_SECONDS, verify=self._verify) as client,
                client.stream(method, f"{self.address}/{path}", json=body) as answer,
            ):
                answer.raise_for_status()
                content = b""
                for chunk in answer.iter_bytes():
                    content += chunk
                    if len(content) > _BYTES_MAX:
                        raise WindowSilent("受理窗口的应答过长，稍后再试")
            return httpx.Response(200, content=content).json() if content else {}
        except (httpx.HTTPError, ValueError) as error:
            raise WindowSilent(f"受理窗口未应答，稍后再试：{type(error).__name__}") from error
