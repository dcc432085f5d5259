"""The sandbox's desk: a small page, and JSON for whoever scripts it. One request at a time."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any
from uuid import UUID

from rongxin.entrypoints.demo.breakers import Fault, UnknownProvider
from rongxin.entrypoints.demo.sandbox import NotPossible, Sandbox

_BODY_BYTES_MAX = 64 << 10
Act = Callable[[Sandbox, tuple[str, ...], Mapping[str, Any]], dict[str, Any]]


def _put(sandbox: Sandbox, names: tuple[str, ...], body: Mapping[str, Any]) -> dict[str, Any]:
    sandbox.breakers.put(names[0], Fault(str(body["fault"])))
    return sandbox.state()


#: What the desk does: method, path, act.
ROUTES: tuple[tuple[str, str, Act], ...] = (
    ("GET", r"/state", lambda sandbox, names, body: sandbox.state()),
    (
        "POST",
        r"/institutions",
        lambda sandbox, names, body: sandbox.join(str(body["name"]), str(body["pem"])),
    ),
    (
        "PUT",
        r"/institutions/(\w+)/quota",
        lambda sandbox, names, body: sandbox.limit(names[0], int(body["a_day"])),
    ),
    ("PUT", r"/providers/(\w+)", _put),
    ("POST", r"/requests/([\w-]+)/accept", lambda sandbox, names, body: sandbox.accept(UUID(names[0]))),
    ("POST", r"/requests/([\w-]+)/decline", lambda sandbox, names, body: sandbox.decline(UUID(names[0]))),
    (
        "POST",
        r"/consents/([\w-]+)/(pause|resume|withdraw)",
        lambda sandbox, names, body: sandbox.act(UUID(names[0]), names[1]),
    ),
)


def answer(sandbox: Sandbox, method: str, path: str, body: bytes) -> tuple[int, dict[str, Any]]:
    """Return status and document of one request."""
    for known, pattern, act in ROUTES:
        found = re.fullmatch(pattern, path)
        if found is None or known != method:
            continue
        try:
            return 200, act(sandbox, found.groups(), json.loads(body or b"{}"))
        except UnknownProvider as error:
            return 404, _problem(404, str(error))
        except NotPossible as error:
            return 422, _problem(422, str(error))
        except (ValueError, KeyError, TypeError) as error:
            return 422, _problem(422, f"请求内容有误 what was sent can't be used: {error!r}")
    return 404, _problem(404, "没有此地址，见首页 no such address: the first page lists them")


def _problem(status: int, title: str) -> dict[str, Any]:
    return {"type": "about:blank", "status": status, "title": title}


def page(sandbox: Sandbox) -> str:
    """Return the page for people."""
    state = sandbox.state()
    firms = "".join(
        f"<li><code>{one['uscc']}</code> {html.escape(one['name'])}</li>" for one in state["firms"]
    )
    faults = "".join(f"<li><code>{name}</code>：{fault}</li>" for name, fault in state["providers"].items())
    ways = "".join(f"<li><code>{method} {_readable(pattern)}</code></li>" for method, pattern, _ in ROUTES)
    return f"""<!doctype html><html lang="zh"><meta charset="utf-8"><title>沙箱 Sandbox</title>
<h1>沙箱 Sandbox：全部虚构 all invented</h1>
<p>平台接口 API：<a href="{state["node"]}api/v1/openapi.json">{state["node"]}api/v1/</a></p>
<p>以 <code>POST /institutions</code>（<code>name</code>、<code>pem</code>）自助取得账号，见 docs/sandbox.md。
Help yourself to an account; nothing here is real, and it is gone when the sandbox stops.</p>
<h2>可用的操作 What it does</h2><ul>{ways}</ul>
<h2>代答的企业 Firms that answer</h2><ul>{firms}</ul>
<h2>数据提供单位网关 Gateways</h2><p><code>none</code>、<code>slow</code>、<code>unavailable</code></p>
<ul>{faults}</ul>
</html>"""


def _readable(pattern: str) -> str:
    return pattern.replace(r"(\w+)", "{name}").replace(r"([\w-]+)", "{id}")


def server(sandbox: Sandbox, host: str, port: int) -> HTTPServer:
    """Return the desk's server; it serves when it is told to."""

    class Handler(BaseHTTPRequestHandler):
        def _any(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            if length > _BODY_BYTES_MAX:
                self._reply(413, "application/json", b"{}")
                return
            if (self.command, self.path) == ("GET", "/"):
                self._reply(200, "text/html; charset=utf-8", page(sandbox).encode())
                return
            status, document = answer(sandbox, self.command, self.path, self.rfile.read(length))
            self._reply(status, "application/json", json.dumps(document, ensure_ascii=False).encode())

        do_GET = do_POST = do_PUT = _any

        def _reply(self, status: int, kind: str, content: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *words: object) -> None:
            """Say nothing."""

    return HTTPServer((host, port), Handler)
