"""The suite of a provider's side: our own gateway passes; one that breaks a rule fails its check."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pytest
import yaml

from rongxin.conformance import of_gateways, trials
from rongxin.conformance.checks import Finding, Result
from rongxin.entrypoints.demo import gateways
from rongxin.exchange import question as questions
from rongxin.exchange import receipt as receipts
from rongxin.gateway import config as configs
from rongxin.gateway import server
from rongxin.proof import http_messages
from rongxin.proof.keys import SigningKey
from rongxin.vocabulary.availability import Availability
from rongxin.vocabulary.reason import Reason
from tests.unit.conformance import proxy
from tests.unit.conformance.proxy import Fault, Forward, Message

FIRM = {"uscc": "91990100MA0000012L", "name": "云州第一公司", "place": "990100"}
NOBODY = {"uscc": "91990100MA00000451", "name": "云州第二公司", "place": "990100"}
TAX = "SELECT n AS name, code AS uscc, vat AS vat_paid_cny_12m FROM t WHERE code = :uscc"
ESTATE = "SELECT c AS right_holder_identifier, cert AS real_estate_certificate_number FROM e WHERE c = :uscc"
NUMBER = "real_estate_certificate_number"


class Department:
    """A department's gateway as its engineer lays it out, served as a process."""

    def __init__(self, home: Path, provider: str, table: str, row: tuple[object, ...], **sql: str) -> None:
        self.home, self.provider, self.port = home, provider, gateways._free_port()
        for name in ("items", "platform"):
            (home / name).mkdir(parents=True)
        base = sqlite3.connect(home / "store.sqlite")
        with base:
            base.execute(f"CREATE TABLE {table}")
            base.execute(f"INSERT INTO {table[0]} VALUES ({', '.join('?' * len(row))})", row)
        base.close()
        config = {
            "provider": provider,
            "listen": f"127.0.0.1:{self.port}",
            "source": "sqlite:///store.sqlite",
        }
        (home / "gateway.yaml").write_text(yaml.safe_dump(config))
        for item, query in sql.items():
            (home / "items" / f"{item}.yaml").write_text(yaml.safe_dump({"sql": query}))
        self.node = SigningKey.generate("trial")
        self.node.save(home / "trial.key.pem")
        (home / "platform" / "trial.pub.pem").write_text(self.node.public.pem())
        self.key = server.key_of(configs.read(home / "gateway.yaml"))
        (home / "gateway.pub.pem").write_text(self.key.public.pem())

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def brings(self, **more: object) -> Path:
        keys = {"gateway_key": "gateway.pub.pem", "node_key": "trial.key.pem"}
        path = self.home / "trial.yaml"
        path.write_text(yaml.safe_dump({"provider": self.provider, **keys, **more}, allow_unicode=True))
        return path


@pytest.fixture(scope="module")
def tax(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Department]:
    row = (FIRM["name"], FIRM["uscc"], 712400)
    sql = {"tax_payment": TAX, "tax_arrears": TAX.replace("FROM t", "FROM gone")}
    made = Department(tmp_path_factory.mktemp("tax"), "tax_bureau", "t(n, code, vat)", row, **sql)
    called = {"item": "tax_payment", "subject": FIRM, "absent": NOBODY, "field": "vat_paid_cny_12m"}
    made.brings(called=called, failing="tax_arrears")
    yield from _served(made)


@pytest.fixture(scope="module")
def estate(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Department]:
    home, right = tmp_path_factory.mktemp("estate"), "云(2026)不动产权第1号"
    made = Department(
        home, "natural_resources_bureau", "e(c, cert)", (FIRM["uscc"], right), real_estate=ESTATE
    )
    of = {"item": "real_estate", "field": NUMBER, "right": right, "wrong": "云(2026)不动产权第9号"}
    made.brings(verified={**of, "subject": FIRM, "absent": NOBODY})
    yield from _served(made)


def _served(made: Department) -> Iterator[Department]:
    office = gateways.Office(made.provider, made.home, made.port)
    with gateways._process([office]):
        gateways._await(office)
        yield made


def tried(department: Department, fault: Fault = proxy.none, *only: str) -> dict[str, Finding]:
    with proxy.before(department.url, fault) as address:
        found = trials.of_provider(address, department.home / "trial.yaml", only)
        return {one.id: one for one in found}


def test_our_gateway_passes_every_check_between_its_two_kinds(tax: Department, estate: Department) -> None:
    of_tax, of_estate = tried(tax), tried(estate)
    failed = [one for one in (*of_tax.values(), *of_estate.values()) if one.result is Result.FAILED]
    assert failed == []
    passed = {one.id for one in (*of_tax.values(), *of_estate.values()) if one.result is Result.PASSED}
    assert passed == {one.id for one in of_gateways.SUITE.checks}
    assert {id for id, one in of_tax.items() if one.result is Result.SKIPPED} == {"P-21", "P-22"}
    assert "verified" in of_tax["P-21"].why


# --- what is broken ---


def _resigned(request: Message, department: Department, body: bytes | None = None) -> Message:
    """Sign what came as the platform would: a gateway that doesn't look at signatures."""
    url = f"http://{request.headers['host']}{request.path}"
    anew = http_messages.Request("POST", url, {"content-type": "application/json"}, body or request.body)
    http_messages.sign(anew, department.node, tag=questions.TAG, nonce=uuid4().hex, created=datetime.now(UTC))
    headers = {name.lower(): value for name, value in anew.headers.items()}
    return replace(request, headers={"host": request.headers["host"], **headers}, body=anew.body)


class Broken:
    """Gateways that break one rule each, made of the real one and its own key."""

    def __init__(self, department: Department) -> None:
        self.of = department
        self._kept: dict[str, Message] = {}

    def believes_anything(self, request: Message, forward: Forward) -> Message:
        return forward(_resigned(request, self.of)) if request.method == "POST" else forward(request)

    def answers_again(self, request: Message, forward: Forward) -> Message:
        """Gives the earlier answer to a question that comes again."""
        digest = questions.decode(request.body)[0].digest()
        if digest not in self._kept:
            self._kept[digest] = forward(request)
        return self._kept[digest]

    def gives_all(self, request: Message, forward: Forward) -> Message:
        """Gives a record whatever the consent says."""
        return self._changed(
            request,
            forward(request),
            rows=[{"name": FIRM["name"], "uscc": FIRM["uscc"], "vat_paid_cny_12m": "712400.00"}],
            availability=Availability.RECORDS,
            reason=None,
        )

    def never_says_no_record(self, request: Message, forward: Forward) -> Message:
        said = {"availability": Availability.PROVIDER_UNAVAILABLE, "reason": Reason.PROVIDER_UNAVAILABLE}
        return self._changed(request, forward(request), rows=[], **said)

    def says_no_record(self, request: Message, forward: Forward) -> Message:
        said = {"availability": Availability.NO_RECORD, "reason": None}
        return self._changed(request, forward(request), rows=[], **said)

    def gives_beyond(self, request: Message, forward: Forward) -> Message:
        answer = forward(request)
        rows = [{**row, "not_of_the_annex": "x"} for row in json.loads(answer.body).get("rows", [])]
        return self._changed(request, answer, rows=rows)

    def verifies_with_the_value(self, request: Message, forward: Forward) -> Message:
        return self._changed(request, forward(request), rows=[{NUMBER: "云(2026)不动产权第1号"}])

    def says_match(self, request: Message, forward: Forward) -> Message:
        results = dict.fromkeys([NUMBER], questions.Match.MATCH)
        return self._changed(request, forward(request), results=results)

    def keeps_no_evidence(self, request: Message, forward: Forward) -> Message:
        return self._changed(request, forward(request), position=1)

    def signs_by_another_key(self, request: Message, forward: Forward) -> Message:
        return self._changed(request, forward(request), key=SigningKey.generate("gateway"))

    def breaks(self, request: Message, forward: Forward) -> Message:
        answer = forward(request)
        return replace(answer, status=500) if answer.status == 400 else answer

    def _changed(
        self, request: Message, answer: Message, *, key: SigningKey | None = None, **changes: object
    ) -> Message:
        """Return an answer with another receipt, rightly signed by the gateway's key."""
        if answer.status != 200:
            return answer
        document = json.loads(answer.body)
        asked, keys = questions.decode(request.body)[0], {self.of.key.id: self.of.key.public}
        held = receipts.verify(document["receipt"], keys)
        rows = changes.pop("rows", document.get("rows", []))
        content = receipts.digest(receipts.content_of(rows))
        held = replace(held, question=asked.digest(), rows=len(rows), content=content, **changes)
        body = receipts.encode(receipts.sign(held, key or self.of.key), rows=rows)
        return replace(answer, body=body)


FAULTS: dict[str, Callable[[Broken], Fault]] = {
    "P-01": lambda broken: broken.signs_by_another_key,
    "P-02": lambda broken: broken.believes_anything,
    "P-03": lambda broken: broken.believes_anything,
    "P-04": lambda broken: broken.believes_anything,
    "P-05": lambda broken: broken.believes_anything,
    "P-06": lambda broken: broken.answers_again,
    "P-07": lambda broken: broken.answers_again,
    **{f"P-{number:02}": lambda broken: broken.gives_all for number in range(8, 18)},
    "P-18": lambda broken: broken.gives_beyond,
    "P-19": lambda broken: broken.never_says_no_record,
    "P-20": lambda broken: broken.says_no_record,
    "P-23": lambda broken: broken.keeps_no_evidence,
    "P-24": lambda broken: broken.breaks,
}
OF_ESTATE: dict[str, Callable[[Broken], Fault]] = {
    "P-21": lambda broken: broken.says_match,
    "P-22": lambda broken: broken.verifies_with_the_value,
}


def test_every_check_of_a_gateway_has_a_fault() -> None:
    assert FAULTS.keys() | OF_ESTATE.keys() == {one.id for one in of_gateways.SUITE.checks}


@pytest.mark.parametrize("check", FAULTS)
def test_a_gateway_that_breaks_a_rule_fails_its_check(tax: Department, check: str) -> None:
    assert proxy.told(found := tried(tax, FAULTS[check](Broken(tax)), check)[check]), found


@pytest.mark.parametrize("check", OF_ESTATE)
def test_one_that_verifies_wrongly_fails_its_check(estate: Department, check: str) -> None:
    assert proxy.told(found := tried(estate, OF_ESTATE[check](Broken(estate)), check)[check]), found


def test_a_gateway_that_is_away_fails_and_says_how(tax: Department) -> None:
    found = {
        one.id: one for one in trials.of_provider("http://127.0.0.1:1", tax.home / "trial.yaml", ["P-01"])
    }
    assert found["P-01"].result is Result.FAILED
    assert "ConnectError" in "".join(found["P-01"].evidence)


def test_the_command_tells_people_and_machines_and_fails_by_its_status(
    tax: Department, tmp_path: Path
) -> None:
    from click.testing import CliRunner

    from rongxin.entrypoints.cli import conformance

    def run(url: str) -> tuple[int, str]:
        arguments = ["run", "--as", "provider", "--base-url", url, "--only", "P-08", "--only", "P-21"]
        arguments += ["--with", str(tax.home / "trial.yaml")]
        arguments += ["--json", str(tmp_path / "f.json"), "--junit", str(tmp_path / "f.xml")]
        done = CliRunner().invoke(conformance.command, arguments)
        return done.exit_code, done.output

    status, said = run(tax.url)
    assert (status, "✓ P-08" in said, "－ P-21" in said) == (0, True, True), said
    with proxy.before(tax.url, Broken(tax).gives_all) as address:
        status, said = run(address)
    assert (status, "✗ P-08" in said, "（六）" in said) == (1, True, True), said
    document = json.loads((tmp_path / "f.json").read_text())
    assert (document["conforms"], document["counts"]) == (False, {"pass": 0, "fail": 1, "skipped": 1})
    assert document["checks"][0]["evidence"]
    xml = (tmp_path / "f.xml").read_text()
    assert 'failures="1"' in xml
    assert "<skipped" in xml


def test_the_suite_needs_no_django(tmp_path: Path) -> None:
    code = (
        "import sys; sys.modules.update(dict.fromkeys(['django', 'ninja', 'psycopg'], None));"
        "from rongxin.entrypoints.cli.main import main; main(['conformance', 'checks', '--as', 'provider'])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "P-01" in done.stdout


def test_a_file_that_says_it_wrongly_is_refused_with_its_place(tmp_path: Path) -> None:
    from rongxin.conformance import fixtures

    path = tmp_path / "t.yaml"
    path.write_text("provider: tax_bureau\ngateway_key: k\nnode_key: n\ncalled: {item: tax_payment}\n")
    with pytest.raises(fixtures.Unusable, match=r"called\.subject"):
        fixtures.read(path, fixtures.Provider)
    assert fixtures.example("provider")
