"""How long one report waits for many providers, beside how long it waits for the slowest of them alone.

Every provider that the annex has answer calls gets a gateway, a process of its own, before a system that
takes its time over each question and then knows of no record. One client asks, again and again, for all
items that are called, and then for those of one provider after the other. `rongxin bench call` prints it too.

    rongxin bench fan_out
"""

from __future__ import annotations

import http.client
import json
import socket
import statistics
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml

from rongxin.catalogue import loader
from rongxin.entrypoints.cli import bench
from rongxin.entrypoints.demo import gateways
from rongxin.exchange import subjects
from rongxin.proof.keys import Keyring
from rongxin.vocabulary.sharing_mode import SharingMode

STORE_SECONDS = 0.2
DEFAULTS = {"firms": 100_000, "consents": 2_000, "rounds": 8}
REACH = 1.3

report = bench.load(Path(__file__).parent, "report")


def run(arguments: Mapping[str, str]) -> dict[str, object]:
    """Measure, and return the figures; the floor is the slowest provider alone."""
    unknown = set(arguments) - set(DEFAULTS)
    if unknown:
        raise ValueError(f"{', '.join(sorted(unknown))}: this bench knows {', '.join(DEFAULTS)}")
    given = {key: int(arguments.get(key, default)) for key, default in DEFAULTS.items()}
    staged = report._stage({"firms": given["firms"], "consents": given["consents"], "facts": 1})
    return measure(staged, given["rounds"])


def measure(known: Mapping[str, Any], rounds: int = DEFAULTS["rounds"]) -> dict[str, Any]:
    """Return how long a report takes that asks all, one that asks the slowest, and their ratio."""
    with _providers(known), report._served(known) as address:
        return _measure(known, address, rounds)


def _called() -> dict[str, list[str]]:
    """Return provider → the items that it answers calls for."""
    found: dict[str, list[str]] = {}
    for item in loader.load().items.values():
        for channel in item.channels:
            if channel.mode is SharingMode.INTERFACE_CALL:
                found.setdefault(channel.provider, []).append(item.item)
    return found


@contextmanager
def _providers(known: Mapping[str, Any]) -> Iterator[None]:
    """Run all of them and enter them in the node's book of addresses."""
    home, book = Path(known["var"]) / "offices", Path(known["var"]) / "gateways"
    node = Keyring(Path(known["var"]) / "keys", create=True).signing("node").public.pem()
    book.mkdir(exist_ok=True)
    with _store() as address, ExitStack() as running:
        offices = [_lay_out(home, name, items, address, node) for name, items in _called().items()]
        for office in offices:
            running.enter_context(gateways._process([office]))
        for office in offices:
            gateways._await(office)
            gateways._enter(book, office)
        try:
            yield
        finally:
            for office in offices:
                for path in book.glob(f"{office.provider}*"):
                    path.unlink()


def _measure(known: Mapping[str, Any], address: str, rounds: int) -> dict[str, Any]:
    asked = _called()
    connection = http.client.HTTPConnection(urlsplit(address).netloc, timeout=60)
    together: list[float] = []
    alone: dict[str, list[float]] = {name: [] for name in asked}
    for number in range(rounds + 1):
        everything = [item for items in asked.values() for item in items]
        taken = _ask(connection, known, everything, number)
        each = {name: _ask(connection, known, items, number) for name, items in asked.items()}
        if number:  # the first round opens the connections
            together.append(taken)
            for name, seconds in each.items():
                alone[name].append(seconds)
    connection.close()
    slowest, seconds = max(
        ((name, statistics.median(taken)) for name, taken in alone.items()), key=lambda one: one[1]
    )
    all_of_them = statistics.median(together)
    return {
        "ratio": round(all_of_them / seconds, 3),
        "reach": REACH,
        "reached": all_of_them <= REACH * seconds,
        "providers": len(asked),
        "questions": sum(map(len, asked.values())),
        "report_ms": round(1000 * all_of_them),
        "slowest_ms": round(1000 * seconds),
        "slowest": slowest,
        "store_ms": round(1000 * STORE_SECONDS),
    }


def _lay_out(home: Path, provider: str, items: list[str], address: str, node: str) -> gateways.Office:
    directory = home / provider
    for name in ("items", "platform"):
        (directory / name).mkdir(parents=True, exist_ok=True)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    config: dict[str, Any] = {"provider": provider, "listen": f"127.0.0.1:{port}", "source": address}
    # The clients use the same consents again and again, faster than any consent allows.
    config["limits"] = {"spare_uses": 1_000_000}
    (directory / "gateway.yaml").write_text(yaml.safe_dump(config))
    (directory / "platform" / "node.pub.pem").write_text(node)
    for item in items:
        (directory / "items" / f"{item}.yaml").write_text(yaml.safe_dump(_mapped(item)))
    return gateways.Office(provider, directory, port)


def _mapped(name: str) -> dict[str, Any]:
    item = loader.load().item(name)
    keys = [subjects.key_of(item.field(field)) for field in item.subject_key]
    path = "".join(f"/{{{key.value}}}" for key in dict.fromkeys(keys) if key is not None)
    columns = {field.name: field.name for field in item.fields}
    return {"path": path, "absent_status": 404, "columns": columns}


@contextmanager
def _store() -> Iterator[str]:
    """Serve a system that is slow and empty."""

    class Slow(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            time.sleep(STORE_SECONDS)
            self.send_response(404)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *args: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Slow)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


def _ask(
    connection: http.client.HTTPConnection, known: Mapping[str, Any], items: list[str], number: int
) -> float:
    question = known["questions"][number]
    body = {
        "uscc": question["uscc"], "case": question["case"], "consent": question["consent"], "items": items,
        "purpose": "pre_loan_review", "reference": "DK-2026-0001", "person": "clerk-7",
    }  # fmt: skip
    headers = {"Authorization": f"Bearer {known['token']}", "Content-Type": "application/json"}
    began = time.monotonic()
    connection.request("POST", "/api/v1/reports", json.dumps(body).encode(), headers)
    response = connection.getresponse()
    answer = response.read()
    taken = time.monotonic() - began
    if response.status != 200:
        raise RuntimeError(f"{response.status}: {answer[:1000]!r}")
    found = {
        item["item"]: item["availability"]["code"]
        for section in json.loads(answer)["sections"]
        for item in section["items"]
    }
    # What stands in the store too is answered from it.
    strange = {
        item: code for item, code in found.items() if code not in ("no_record", "not_applicable", "records")
    }
    if len(found) != len(items) or strange:
        raise RuntimeError(f"not every provider answered: {strange or found}")
    return taken
