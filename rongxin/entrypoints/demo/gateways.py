"""The demo's departments run their own gateways: each with its store, its key and its evidence, as processes.

Four have a machine of their own; the others share one, as a small city's data centre would have it.
"""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import urllib3
import yaml
from django.utils import timezone

from rongxin.catalogue import loader
from rongxin.entrypoints.demo import bulk
from rongxin.exchange import subjects
from rongxin.exchange.subjects import Key
from rongxin.gateway import config as configs
from rongxin.gateway import server
from rongxin.journal import keyring
from rongxin.outpost import parent

#: Tax: local interface; social insurance: national verification; real estate: local verification;
#: electricity: local interface.
ALONE = ("tax_bureau", "social_insurance_agency", "natural_resources_bureau", "electricity_utility")
_READY_WITHIN_SECONDS = 60
_HOST = "127.0.0.1"


class GatewayFailed(Exception):
    """A gateway did not start; the message names it and its log."""


@dataclass(frozen=True)
class Office:
    """A department's gateway: where it lies and where it listens."""

    provider: str
    directory: Path
    port: int


@contextmanager
def served(stores: Path, out: Path) -> Iterator[list[Office]]:
    """Lay out a gateway for each store of the city, run them, and write the node's book of addresses."""
    book, homes = out / "gateways", out / "providers"
    book.mkdir(parents=True)
    names = sorted(path.stem for path in stores.glob("*.yaml"))
    shared = _free_port()
    offices = [_lay_out(stores, homes, name, _free_port() if name in ALONE else shared) for name in names]
    with ExitStack() as running:
        for port in dict.fromkeys(office.port for office in offices):
            running.enter_context(_process([office for office in offices if office.port == port]))
        for office in offices:
            _enter(book, office)
        for port in dict.fromkeys(office.port for office in offices):
            _await(next(office for office in offices if office.port == port))
        yield offices


def _lay_out(stores: Path, homes: Path, provider: str, port: int) -> Office:
    """Write what a department's engineer would write, from the city's description of its store."""
    described = yaml.safe_load((stores / f"{provider}.yaml").read_text("utf-8"))
    home = homes / provider
    for name in ("items", "platform", "keys"):
        (home / name).mkdir(parents=True)
    store = (stores / described["path"]).resolve()
    source = str(store) if described["connector"] == "csv" else f"sqlite:///{store}"
    config: dict[str, Any] = {"provider": provider, "listen": f"{_HOST}:{port}", "source": source}
    if provider == bulk.PROVIDER:
        config["bulk"] = bulk.agreed(timezone.now())
    _write(home / "gateway.yaml", config)
    (home / "platform" / "node.pub.pem").write_text(keyring.node_key().public.pem(), "utf-8")
    for item, entry in described["items"].items():
        _write(home / "items" / f"{item}.yaml", _mapped(item, entry, described))
    return Office(provider, home, port)


def _mapped(name: str, entry: Mapping[str, Any], described: Mapping[str, Any]) -> dict[str, Any]:
    item = loader.load().item(name)
    find: dict[str, str] = {}
    for field, column in entry["subject"].items():
        key = subjects.key_of(item.field(field))
        assert key is not None, (name, field)
        find.setdefault(key.value, column)
    meter = entry["columns"].get(item.asks) if item.asks else None
    if described["connector"] == "csv":
        return {
            "file": entry["file"],
            "encoding": described["encoding"],
            "find": find | ({Key.METER.value: meter} if meter else {}),
            "columns": entry["columns"],
        }
    columns = ", ".join(f'"{column}" AS {field}' for field, column in entry["columns"].items())
    where = " AND ".join(f'"{column}" = :{key}' for key, column in find.items())
    if meter:
        where += f""" AND (:{Key.METER} = '' OR "{meter}" = :{Key.METER})"""
    return {"sql": f'SELECT {columns} FROM "{entry["table"]}" WHERE {where}'}  # noqa: S608 - our own city's


def _write(path: Path, document: Mapping[str, Any]) -> None:
    path.write_text(yaml.safe_dump(dict(document), allow_unicode=True, sort_keys=False), "utf-8")


def _enter(book: Path, office: Office) -> None:
    config = configs.read(office.directory / "gateway.yaml")
    key = f"{office.provider}.pub.pem"
    (book / key).write_text(server.key_of(config).public.pem(), "utf-8")
    _write(
        book / f"{office.provider}.yaml",
        {
            "provider": office.provider,
            "url": f"http://{_HOST}:{office.port}",
            "key": key,
            "items": sorted(config.mapped),
        },
    )


@contextmanager
def _process(offices: list[Office]) -> Iterator[None]:
    arguments = [sys.executable, "-m", "rongxin", "gateway", "serve"]
    for office in offices:
        arguments += ["--config", str(office.directory / "gateway.yaml")]
    with (offices[0].directory / "gateway.log").open("wb") as log:
        # In a group of its own, and it ends with us: whatever ends us, no gateway is to be left behind.
        process = subprocess.Popen(  # noqa: S603 - our own module
            arguments, stdout=log, stderr=log, process_group=0, env=parent.environment()
        )
    try:
        yield
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _await(office: Office) -> None:
    until = time.monotonic() + _READY_WITHIN_SECONDS
    while time.monotonic() < until:
        try:
            if _get(office).status == 200:
                return
        except urllib3.exceptions.HTTPError:
            pass
        time.sleep(0.1)
    raise GatewayFailed(f"{office.provider}: 网关未就绪，见 {office.directory / 'gateway.log'}")


def _get(office: Office) -> urllib3.BaseHTTPResponse:
    return urllib3.request("GET", f"http://{_HOST}:{office.port}/healthz", timeout=2, retries=False)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((_HOST, 0))
        return int(probe.getsockname()[1])
