"""Whatever an entry of the journal refers to has a word: its page says no name that only the code knows."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from rongxin.disclosure.rules import RecipientKind
from rongxin.entrypoints.portals import reference_words
from rongxin.parties.rules.membership import PartyKind
from rongxin.parties.rules.remit import Remit
from tests.meta import house

# What the code names an entry's references by.
NAMED = ("refs", "_refs", "refs_of", "_closing_refs")
# Notices to a firm and webhooks carry references of their own; no page of the journal shows them.
OTHERS = ("consent/notifications.py", "entrypoints/api/notifications.py")
# Names that come from a value, by the expression that gives them; another one fails until it stands here.
PARTIES = {kind.value for kind in PartyKind} | {kind.value for kind in RecipientKind}
FROM_VALUES: dict[str, set[str]] = {
    "whose.kind.value": PARTIES,
    "row.party_kind": PARTIES,
    "request.recipient.kind.value": PARTIES,
    "intent.recipient_kind": PARTIES,
    "row.recipient_kind": PARTIES,
    "kind": PARTIES,  # of a webhook: its party's
    "more": {"allowed"},
    "answers": {"request", "proposal"},
    "told": {"request", "change"},
    "counts": {"asked", "answered", "ended"},
    "batch": {"batch"},
    "due": {"due_on"},
    "named": {"record"},
    "asked": {"extension"},
    "said.items()": set(Remit().document()),
}


def test_every_reference_of_an_entry_has_its_word() -> None:
    names = dict(_names())
    assert len(names) > 90
    assert {name: where for name, where in names.items() if name not in reference_words.WORDS} == {}


def test_no_word_is_left_of_what_no_entry_refers_to() -> None:
    assert sorted(reference_words.WORDS.keys() - dict(_names()).keys()) == []


def _names() -> Iterator[tuple[str, str]]:
    for path in sorted(house.PACKAGE.rglob("*.py")):
        where = str(path.relative_to(house.PACKAGE))
        if "migrations" not in path.parts and where not in OTHERS:
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                for name in _of(node):
                    yield name, where


def _of(node: ast.AST) -> Iterator[str]:
    """Return the names that a statement puts among references: given, assigned, set or returned."""
    match node:
        case ast.keyword(arg="refs", value=value):
            yield from _keys(value)
        case ast.Assign(targets=[target], value=value):
            yield from _assigned(target, value)
        case ast.AnnAssign(target=target, value=ast.expr() as value):
            yield from _assigned(target, value)
        case ast.AugAssign(target=ast.Name(id=name), value=value) if name in NAMED:
            yield from _keys(value)
        case ast.FunctionDef(name=name) if name in NAMED:
            for one in ast.walk(node):
                if isinstance(one, ast.Return) and one.value is not None:
                    yield from _keys(one.value)


def _assigned(target: ast.expr, value: ast.expr) -> Iterator[str]:
    match target, value:
        case ast.Name(id=name), _ if name in NAMED:
            yield from _keys(value)
        case ast.Tuple(elts=targets), ast.Tuple(elts=values):
            for each, its in zip(targets, values, strict=True):
                yield from _assigned(each, its)
        case ast.Subscript(value=ast.Name(id=name), slice=key), _ if name in NAMED:
            yield from _name(key)


def _keys(value: ast.expr) -> Iterator[str]:
    """Return the keys of the mapping that an expression makes; one made elsewhere is read there."""
    match value:
        case ast.Dict():
            for key, held in zip(value.keys, value.values, strict=True):
                yield from _keys(held) if key is None else _name(key)
        case ast.BinOp(left=left, right=right):
            yield from (*_keys(left), *_keys(right))
        case ast.IfExp(body=one, orelse=other):
            yield from (*_keys(one), *_keys(other))
        case ast.DictComp():
            yield from _name(value.generators[0].iter)
        case ast.Name(id=name) if name not in NAMED:
            yield from _name(value)


def _name(key: ast.expr) -> Iterator[str]:
    if isinstance(key, ast.Constant):
        yield str(key.value)
        return
    said = ast.unparse(key)
    assert said in FROM_VALUES, f"say in FROM_VALUES which references “{said}” may name"
    yield from FROM_VALUES[said]
