"""docs/operating.md, step by step: a production node from nothing, looked after, backed up and restored."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import LiteralString, cast
from urllib.parse import parse_qs, urlsplit

import click
import httpx
import psycopg
import pytest
import yaml

from rongxin.entrypoints.cli.main import main
from rongxin.entrypoints.database.declared import VARIABLES, Role
from rongxin.postgres import binaries, shared
from tests.journeys import serving
from tests.unit.delivery.signature import stage
from tests.unit.site.test_configuration import signer

GUIDE = Path(__file__).parents[2] / "docs" / "operating.md"
HOST = "credit.example.gov.cn"
DATABASE, RESTORED = "rongxin_city", "rongxin_city_restored"
SAFE = {"Host": HOST, "X-Forwarded-Proto": "https"}
OPENID = {
    "id": "city",
    "label": "统一身份认证",
    "label_en": "Unified identity",
    "issuer": "https://id.example.gov.cn",
    "client_id": "node",
    "client_secret_file": "city.secret",
    "claims": {"id_number": "id_card", "levels": {"face": "high"}},
}


def given_in_the_guide() -> dict[str, str]:
    """The settings as the guide prints them, without its remarks."""
    lines = [
        line
        for block in re.findall(r"```sh\n(.*?)```", GUIDE.read_text("utf-8"), re.S)
        for line in block.splitlines()
    ]
    return {name: value.split("#")[0].strip() for name, value in (line.split("=", 1) for line in lines)}


@dataclass
class Machine:
    """A machine with a PostgreSQL, an installed `rongxin` and the guide's settings."""

    place: Path
    server: str  # the address at which its administrator connects

    def address(self, role: Role, database: str) -> str:
        """The guide's address, on this server."""
        user = urlsplit(given_in_the_guide()[VARIABLES[role]]).username
        host = parse_qs(urlsplit(self.server).query)["host"][0]
        return f"postgresql://{user}@/{database}?host={host}"

    def settings(self) -> dict[str, str]:
        told = given_in_the_guide()
        for name in VARIABLES.values():
            del told[name]
        own = {
            "RONGXIN_VAR": str(self.place / "var"),
            "RONGXIN_KEYS": str(self.place / "keys"),
            "RONGXIN_SECRET_KEY": "s" * 40,
            "RONGXIN_OPENID_PROVIDERS": str(self.place / "openid.yaml"),
            "RONGXIN_REPORT_CERTIFICATE": str(self.place / "report.pem"),
            "RONGXIN_REPORT_CERTIFICATE_PASSWORD": "",
            "RONGXIN_REPAIR_WINDOW": f"file:{self.place / 'repair'}",
            "RONGXIN_GATEWAYS": str(self.place / "gateways"),
        }
        assert set(own) <= set(told)
        return told | own

    def environment(self, *roles: Role, database: str = DATABASE) -> Mapping[str, str]:
        bare = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("RONGXIN_", "DATABASE_"))
        }
        return bare | self.settings() | {VARIABLES[role]: self.address(role, database) for role in roles}

    def does(self, *words: str, roles: tuple[Role, ...] = tuple(Role), database: str = DATABASE) -> str:
        done = self.tries(*words, roles=roles, database=database)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def tries(
        self, *words: str, roles: tuple[Role, ...] = tuple(Role), database: str = DATABASE
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "rongxin", *words],
            env=self.environment(*roles, database=database),
            capture_output=True,
            text=True,
            timeout=280,
        )

    @contextmanager
    def runs(self, *words: str, role: Role) -> Iterator[subprocess.Popen[bytes]]:
        with (self.place / f"{role}.log").open("wb") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "rongxin", *words], env=self.environment(role), stderr=log
            )
        try:
            yield process
        finally:
            process.terminate()
            process.wait(60)


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    """With a PostgreSQL of its own: production refuses the tests', which may lose what it committed."""
    server = shared.join(tmp_path / "postgres", "demo")
    try:
        made = Machine(tmp_path, server.url())
        for name in ("var", "repair", "gateways"):
            (tmp_path / name).mkdir()
        (tmp_path / "openid.yaml").write_text(yaml.safe_dump({"providers": [OPENID]}))
        (tmp_path / "city.secret").touch(mode=0o600)
        (tmp_path / "city.secret").write_text("secret")
        signer(tmp_path / "report.pem", by=stage.root())
        with psycopg.connect(server.url(), autocommit=True) as administrator:
            for statement in made_by_the_administrator(DATABASE) + made_by_the_administrator(RESTORED)[1:]:
                administrator.execute(statement)
        yield made
    finally:
        server.leave()


def made_by_the_administrator(database: str) -> list[LiteralString]:
    """The guide's SQL; any password is right on this server."""
    (block,) = re.findall(r"```sql\n(.*?)```", GUIDE.read_text("utf-8"), re.S)
    named = block.replace("CREATE DATABASE rongxin ", f"CREATE DATABASE {database} ")
    return [cast(LiteralString, statement) for statement in named.split(";") if statement.strip()]


def test_the_guide_leads_to_a_node_that_serves_and_comes_back_from_its_backup(machine: Machine) -> None:
    _set_up(machine)
    _serves(machine)
    _comes_back(machine)


def test_every_command_that_the_guide_names_is_there() -> None:
    named = re.findall(r"rongxin ((?:[a-z]+ ?)+)", re.sub(r"\s#.*", "", GUIDE.read_text("utf-8")))
    assert len(named) > 15
    for words in named:
        group: click.Command | None = main
        for word in words.split():
            if not isinstance(group, click.Group):
                break
            group = group.get_command(click.Context(group), word)
            assert group is not None, words


def _set_up(machine: Machine) -> None:
    early = machine.tries("database", "roles")
    assert (early.returncode, "rongxin keys init" in early.stderr) == (1, True)
    machine.does("keys", "init", roles=())
    keys = {path.name: path.read_bytes() for path in (machine.place / "keys").iterdir()}
    again = machine.tries("keys", "init", roles=())
    assert (again.returncode, "未改动" in again.stderr) == (1, True)
    assert {path.name: path.read_bytes() for path in (machine.place / "keys").iterdir()} == keys
    machine.does("database", "roles")
    machine.does("database", "roles", "--check")
    machine.does("keys", "public", "--out", str(machine.place / "node.pub.pem"))
    machine.does(
        "staff",
        "open",
        "tax-api",
        "税务局前置机",
        "--party",
        "provider:tax_bureau",
        "--role",
        "clerk",
        "--machine",
    )


def _serves(machine: Machine) -> None:
    """With the web's address only, and a worker that has only its own."""
    (key,) = re.findall(r"rxk_[\w-]+", machine.does("staff", "key", "tax-api", "--days", "90"))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    serve = ("serve", "--port", str(port), "--workers", "1", "--without-worker")
    with (
        machine.runs(*serve, role=Role.WEB),
        machine.runs("worker", role=Role.WORKER),
        httpx.Client(base_url=f"http://127.0.0.1:{port}", headers=SAFE, trust_env=False, timeout=60) as web,
    ):
        serving.wait_until_it_answers(f"http://127.0.0.1:{port}/", headers=SAFE)
        serving.until(lambda: web.get("/readyz").json().get("journal") == "current")
        assert web.get("/readyz").json()["rights"] == "declared"
        assert "云州市融资信用服务平台" in web.get("/").text
        assert web.get("/", headers={"X-Forwarded-Proto": "http"}).headers["Location"].startswith("https://")
        assert web.get("/livez", headers={"Host": "other.example"}).status_code == 400
        assert web.get("/api/v1/batches", headers={"Authorization": f"Bearer {key}"}).status_code == 200
        assert web.get("/api/v1/batches").status_code == 401


def _comes_back(machine: Machine) -> None:
    dump, tools = machine.place / "rongxin.dump", binaries.find().directory
    owner = machine.address(Role.OWNER, DATABASE)
    before = machine.does("journal", "verify")
    run = {"check": True, "timeout": 120}
    subprocess.run([tools / "pg_dump", "--format=custom", f"--file={dump}", owner], **run)
    restored = f"--dbname={machine.address(Role.OWNER, RESTORED)}"
    subprocess.run([tools / "pg_restore", "--no-owner", "--no-privileges", restored, dump], **run)
    machine.does("database", "roles", database=RESTORED)
    machine.does("database", "roles", "--check", database=RESTORED)
    machine.does("lake", "rebuild", database=RESTORED)
    assert machine.does("journal", "verify", database=RESTORED) == before
