"""A provider shows what it was asked and what it did, with one file that holds together or is refused."""

from __future__ import annotations

import base64
import copy
import json
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import orjson
import pytest
from click.testing import CliRunner, Result

from rongxin.consent import rules as consent
from rongxin.entrypoints.cli import evidence as reader
from rongxin.entrypoints.cli import gateway
from rongxin.exchange import receipt as receipts
from rongxin.exchange.question import Question
from rongxin.gateway import config as configs
from rongxin.gateway import evidence, server, testimony
from rongxin.gateway.errors import GatewayError
from rongxin.proof import checkpoint, jws, merkle
from rongxin.proof.keys import SigningKey
from tests.unit.gateway.stage import NODE, NOW, Office, question, terms

Document = dict[str, Any]
STRANGER = SigningKey.generate("gateway")


@pytest.fixture
def asked(tax: Office) -> Question:
    """A request of two questions, one answered and one refused, among other requests."""
    (tax.directory / "platform").mkdir()
    (tax.directory / "platform" / "node.pub.pem").write_text(NODE.public.pem())
    given, mine = terms(), terms()
    tax.ask(question("tax_payment", given=given), given)
    first = question("tax_payment", given=mine)
    tax.ask(first, mine)
    tax.ask(question("tax_payment", given=given), given)
    second = question("tax_payment", "name", given=mine, request=first.request)
    tax.ask(second, mine, status=consent.Status.WITHDRAWN)
    tax.evidence.close()
    tax.key.save(tax.directory / "keys" / f"{server.KEY}.key.pem")
    return first


def run(office: Office, *arguments: str) -> Result:
    config = ("--config", str(office.directory / "gateway.yaml"))
    return CliRunner().invoke(gateway.command, ["evidence", *arguments, *config])


@pytest.fixture
def document(tax: Office, asked: Question) -> Document:
    written = tax.directory / "out.json"
    said = run(tax, "export", str(asked.request), "--out", str(written))
    assert said.exit_code == 0, said.output
    assert written.stat().st_mode & 0o077 == 0
    loaded: Document = json.loads(written.read_text())
    return loaded


def holds(document: Document) -> list[str]:
    return list(testimony.check(document, testimony.keys_of(document)))


def test_it_says_what_was_asked_decided_and_answered_and_where_that_stands(document: Document) -> None:
    lines = holds(document)
    assert "共5条证据" in lines[0]  # four questions, and this export
    assert ["第2条 tax_payment" in line for line in lines] == [False, *[True] * 4, *[False] * 4]
    assert "信息主体已授权" in lines[3]
    assert "有记录，1条" in lines[4]
    assert "授权已撤回" in lines[7]
    assert "未提供" in lines[8]


def test_nothing_of_other_requests_is_in_it(tax: Office, document: Document) -> None:
    with evidence.reading(tax.directory / "evidence.sqlite") as base:
        others = base.execute("SELECT body FROM entry WHERE position IN (1, 3)").fetchall()
    for (body,) in others:
        assert orjson.loads(body)["request"] not in json.dumps(document)
    assert len(document["questions"]) == 2


def test_the_export_is_an_entry_itself_and_the_chain_still_holds(tax: Office, document: Document) -> None:
    assert "共5条" in run(tax).output
    with evidence.reading(tax.directory / "evidence.sqlite") as base:
        (body,) = base.execute("SELECT body FROM entry WHERE position = 5").fetchone()
    assert orjson.loads(body)["exported"] == document["request"]


def _first(change: Callable[[Document], None]) -> Callable[[Document], None]:
    return lambda document: change(document["questions"][0])


def _edit(part: str, old: str, new: str) -> Callable[[Document], None]:
    def edit(one: Document) -> None:
        assert old in one[part]
        one[part] = one[part].replace(old, new)

    return _first(edit)


def _swap(part: str) -> Callable[[Document], None]:
    def swap(document: Document) -> None:
        first, second = document["questions"]
        first[part], second[part] = second[part], first[part]

    return swap


def _message(one: Document) -> None:
    text = base64.b64decode(one["message"]).replace(b"pre_loan_review", b"post_loan_review")
    one["message"] = base64.b64encode(text).decode()


def _put(*path: str, value: Any) -> Callable[[Document], None]:
    def put(document: Document) -> None:
        for key in path[:-1]:
            document = document[key]
        document[path[-1]] = value

    return put


TAMPERED: dict[str, tuple[Callable[[Document], None], str]] = {
    "format": (_put("format", value="rongxin-testimony-9"), "^格式 format"),
    "request": (_put("request", value=str(uuid4())), "^证据条目 entry"),
    "provider": (_put("provider", value="court"), "^存证树根 checkpoint"),
    "another gateway's key": (_put("keys", "gateway", value=[STRANGER.public.pem()]), "^存证树根"),
    "another node's key": (_put("keys", "node", value=[STRANGER.public.pem()]), "的请求原文 message"),
    "no question": (_put("questions", value=[]), "^提问 questions"),
    "entry edited": (_edit("entry", '"rows":1', '"rows":0'), "位置 path"),
    "entries swapped": (_swap("entry"), "位置 path"),
    "digest of the message": (_first(lambda one: one.update(message_sha256="0" * 64)), "位置 path"),
    "path": (_first(lambda one: one.update(path=one["path"][::-1])), "位置 path"),
    "message edited": (_first(_message), "请求原文 message"),
    "messages swapped": (_swap("message"), "请求原文 message"),
    "receipts swapped": (_swap("receipt"), "回执 receipt"),
    "receipt of a stranger": (
        _first(lambda one: one.update(receipt=_resigned(one["receipt"], STRANGER))),
        "回执 receipt",
    ),
}


def _resigned(token: str, key: SigningKey, **changes: Any) -> str:
    payload = orjson.loads(base64.urlsafe_b64decode(token.split(".")[1] + "=="))
    return jws.sign({**payload, **changes}, key, type=receipts.TYPE)


@pytest.mark.parametrize("which", TAMPERED)
def test_a_file_that_was_changed_is_refused_and_the_part_is_named(document: Document, which: str) -> None:
    change, named = TAMPERED[which]
    change(document)
    with pytest.raises(testimony.DoesNotHold, match=named):
        holds(document)


def test_a_file_that_lacks_or_garbles_a_part_is_told_so(document: Document) -> None:
    for part in document:
        for value in (None, 5, "x", ["x"], {}):
            with pytest.raises(testimony.DoesNotHold):
                holds({**document, part: value})
        with pytest.raises(testimony.DoesNotHold):
            holds({name: value for name, value in document.items() if name != part})
    for part in document["questions"][0]:
        for value in (None, 5, "x", "", ["x"], {}):
            garbled = copy.deepcopy(document)
            garbled["questions"][0][part] = value
            with pytest.raises(testimony.DoesNotHold):
                holds(garbled)


CHANGED: dict[str, tuple[dict[str, Any], str]] = {
    "finding": ({"consent_reason": "consented"}, "授权 consent: 结论 finding"),
    "subject": ({"subject": "91990100MA00000451"}, "请求原文 message: 主体 subject"),
    "recipient": ({"recipient": "institution:bank_b"}, "请求原文 message: 接收方 recipient"),
    "consent": ({"consent": str(uuid4())}, "授权 consent: 授权编号 number"),
    "rows": ({"rows": 9}, "回执 receipt: 条数 rows"),
    "decided": ({"decided": {}}, "回执 receipt: 逐字段结论 decided"),
}


@pytest.mark.parametrize("which", CHANGED)
def test_not_even_the_gateways_own_key_makes_an_entry_say_something_else(
    tax: Office, document: Document, which: str
) -> None:
    """Whoever has that key can write another entry, tree and receipt; question and consent aren't its own."""
    changes, named = CHANGED[which]
    one = document["questions"][1]
    body = {**orjson.loads(one["entry"]), **changes, "position": 1}
    with pytest.raises(testimony.DoesNotHold, match=named):
        holds(rewritten(tax, document, one, body))


@pytest.mark.parametrize(
    ("changes", "named"),
    [({"entry": "0" * 64}, "条目哈希 entry"), ({"position": 9}, "位置 position"), ({"item": "x"}, "信息项")],
)
def test_a_receipt_for_another_place_is_refused(
    tax: Office, document: Document, changes: dict[str, Any], named: str
) -> None:
    one = document["questions"][0]
    one["receipt"] = _resigned(one["receipt"], tax.key, **changes)
    with pytest.raises(testimony.DoesNotHold, match=f"回执 receipt: {named}"):
        holds(document)


def rewritten(office: Office, document: Document, one: Document, body: Document) -> Document:
    """Return the file as whoever has the gateway's key could make it: one entry, a tree of it, a receipt."""
    one["entry"] = orjson.dumps(body).decode()
    stated = evidence.hash_of(one["entry"], one["message_sha256"])
    one.update(path=[], receipt=_resigned(one["receipt"], office.key, entry=stated, position=1))
    root = merkle.root([merkle.leaf_hash(stated.encode())])
    head = checkpoint.Checkpoint(testimony.origin("tax_bureau"), 1, root, NOW)
    return {**document, "questions": [one], "checkpoint": head.sign(office.key)}


def test_the_command_reads_it_and_believes_only_the_key_that_is_given(
    tax: Office, document: Document
) -> None:
    file, own, other = (tax.directory / name for name in ("out.json", "own.pem", "other.pem"))
    own.write_text(tax.key.public.pem())
    other.write_text(STRANGER.public.pem())
    for key, code, told in ((own, 0, tax.key.id), (other, 1, "checkpoint")):
        said = CliRunner().invoke(reader.command, ["verify", str(file), "--key", str(key)])
        assert (said.exit_code, told in said.output) == (code, True), said.output
    document["questions"][0]["receipt"] = "x.y.z"
    file.write_text(json.dumps(document))
    said = CliRunner().invoke(reader.command, ["verify", str(file)])
    assert (said.exit_code, "回执 receipt" in said.output) == (1, True)


def test_what_can_not_be_shown_is_said_and_nothing_is_written(
    tax: Office, asked: Question, tmp_path: Path
) -> None:
    out = tmp_path / "nothing.json"
    said = run(tax, "export", str(uuid4()), "--out", str(out))
    assert (said.exit_code, "没有该请求的证据" in said.output) == (1, True)
    node = tax.directory / "platform" / "node.pub.pem"
    node.write_text(STRANGER.public.pem())  # the node's key of that time was thrown away
    said = run(tax, "export", str(asked.request), "--out", str(out))
    assert (said.exit_code, "请求原文 message" in said.output) == (1, True)
    assert not out.exists()


def test_a_broken_chain_is_not_exported(tax: Office, asked: Question) -> None:
    base = sqlite3.connect(tax.directory / "evidence.sqlite")
    base.executescript("DROP TRIGGER entry_stays; UPDATE entry SET body = replace(body, '1', '2')")
    base.close()
    said = run(tax, "export", str(asked.request))
    assert (said.exit_code, "第1条与其哈希" in said.output) == (1, True)


def test_an_entry_of_an_earlier_version_holds_without_its_receipt(tax: Office, document: Document) -> None:
    one = document["questions"][0]
    old = {key: value for key, value in orjson.loads(one["entry"]).items() if key != "receipt"}
    forged = rewritten(tax, document, one, {**old, "position": 1})
    one["receipt"] = ""
    assert "未留存" in holds(forged)[4]


def test_where_no_evidence_was_begun_that_is_said(tax: Office, asked: Question) -> None:
    read = configs.read(tax.directory / "gateway.yaml")
    empty = read.model_copy(update={"evidence": tax.directory / "none.sqlite"})
    with pytest.raises(GatewayError, match="尚无证据"):
        testimony.export(asked.request, empty, key=tax.key, nodes={}, now=NOW)
