"""Pages speak Chinese first and English second: no Chinese text without its English, no English left over."""

from __future__ import annotations

import ast
import enum
import importlib
import pkgutil
import re
from collections.abc import Iterator
from functools import cache

import django
import polib
from django.conf import settings

if not settings.configured or not django.apps.apps.ready:
    django.setup()

from django.template import engines
from django.template.base import Lexer, TokenType
from django.templatetags.i18n import BlockTranslateNode, TranslateNode

import rongxin
from rongxin.catalogue import loader
from rongxin.entrypoints import editions
from rongxin.entrypoints.api import problems
from rongxin.site.translations import SOURCE
from tests.meta import house

TEMPLATES = house.PACKAGE / "entrypoints" / "templates"
PORTALS = house.PACKAGE / "entrypoints" / "portals"
PO = SOURCE / "en" / "LC_MESSAGES" / "django.po"
CHINESE = re.compile(r"[\u3001-\u303f\u4e00-\u9fff\uff00-\uffef]")
HAN = re.compile(r"[\u4e00-\u9fff]")
# Names that stand as they are: the platform's, and a language's own.
UNTRANSLATED = ("融信 Rongxin", "中文</a>")
TRANSLATED_ARGUMENT = re.compile(r'_\("([^"]*)"\)')
PLACEHOLDER = re.compile(r"%\((\w+)\)[sd]")
OF_LAW = re.compile(r"^rongxin\.(?!conformance|gateway).*\.(rules|models)\b")


def test_every_chinese_text_of_a_template_is_translated() -> None:
    bare = []
    for path in sorted(TEMPLATES.rglob("*.html")):
        inside = False
        for token in Lexer(path.read_text(encoding="utf-8")).tokenize():
            word = token.contents.split(" ", 1)[0]
            if token.token_type is TokenType.BLOCK and word in ("blocktranslate", "endblocktranslate"):
                inside = word == "blocktranslate"
            elif not inside and word != "translate" and token.token_type is not TokenType.COMMENT:
                left = TRANSLATED_ARGUMENT.sub("", token.contents)
                for name in UNTRANSLATED:
                    left = left.replace(name, "")
                if CHINESE.search(left):
                    bare.append(f"{path.relative_to(TEMPLATES)}:{token.lineno}: {left.strip()[:60]}")
    assert not bare, "put it into {% translate %} or {% blocktranslate %}: " + "\n".join(bare)


def test_every_chinese_text_of_a_page_in_python_is_translated() -> None:
    bare = [
        f"{path.relative_to(PORTALS)}:{node.lineno}: {node.value[:60]}"
        for path in sorted(PORTALS.rglob("*.py"))
        for node, translated in _texts(ast.parse(path.read_text(encoding="utf-8")))
        if HAN.search(node.value) and not translated
    ]
    assert not bare, "say it with gettext (_lazy outside functions), no f-string: " + "\n".join(bare)


def test_every_text_has_its_english() -> None:
    english = {entry.msgid: entry.msgstr for entry in _entries()}
    missing = sorted(text for text in wanted() if not english.get(text, "").strip())
    assert not missing, f"add to {PO.name}: " + "\n".join(missing)


def test_no_english_is_left_over_and_none_is_given_twice() -> None:
    known, given = wanted() | _constants(), [entry.msgid for entry in _entries()]
    assert [text for text in given if text not in known] == [], "remove what no page says any more"
    assert [text for text in set(given) if given.count(text) > 1] == []


def test_english_keeps_what_a_page_fills_in_and_is_no_chinese() -> None:
    for entry in _entries():
        assert set(PLACEHOLDER.findall(entry.msgid)) == set(PLACEHOLDER.findall(entry.msgstr)), entry.msgid
        assert not HAN.search(entry.msgstr.replace("融信", "").replace("我的", "")), entry.msgstr


def test_every_field_of_the_catalogue_has_one_english_name() -> None:
    fields = [field for item in loader.load().items.values() for field in item.fields]
    assert len(fields) > 300
    for field in fields:
        assert field.label_en.strip(), f"{field.label}: label_en"
        assert not HAN.search(field.label_en), field.label_en
    pairs = {(field.label, field.label_en) for field in fields}
    assert len(pairs) == len({chinese for chinese, _ in pairs}) == len({english for _, english in pairs})


@cache
def _entries() -> tuple[polib.POEntry, ...]:
    return tuple(polib.pofile(str(PO)))


@cache
def wanted() -> frozenset[str]:
    """Return every text that pages translate: in templates, in Python, of word lists and of errors."""
    return frozenset(
        [
            *_of_templates(),
            *_of_python(),
            *_of_word_lists(),
            *_of_editions(),
            *problems.TITLES.values(),
            problems.OTHERWISE,
        ]
    )


def _of_templates() -> Iterator[str]:
    engine = engines["django"].engine
    for path in sorted(TEMPLATES.rglob("*.html")):
        source = path.read_text(encoding="utf-8")
        yield from (text for text in TRANSLATED_ARGUMENT.findall(source) if CHINESE.search(text))
        for node in engine.from_string(source).nodelist.get_nodes_by_type(
            (TranslateNode, BlockTranslateNode)
        ):
            if isinstance(node, TranslateNode):
                if isinstance(node.filter_expression.var, str):
                    yield node.filter_expression.var
                elif node.filter_expression.var.literal:
                    yield str(node.filter_expression.var.literal)
            else:
                text, _ = node.render_token_list(node.singular)
                yield django.utils.translation.trim_whitespace(text) if node.trimmed else text


def _of_python() -> Iterator[str]:
    for path in sorted(PORTALS.rglob("*.py")):
        for node, translated in _texts(ast.parse(path.read_text(encoding="utf-8"))):
            if translated:
                yield node.value


def _texts(tree: ast.Module) -> Iterator[tuple[ast.Constant, bool]]:
    """Return every string of a module but its docstrings, and whether it is translated where it stands."""
    skipped = {
        id(one.body[0].value)
        for one in ast.walk(tree)
        if isinstance(one, ast.Module | ast.ClassDef | ast.FunctionDef)
        and one.body
        and isinstance(one.body[0], ast.Expr)
    }
    said = {
        id(argument)
        for call in ast.walk(tree)
        if isinstance(call, ast.Call) and getattr(call.func, "id", "") in ("_", "_lazy", "gettext")
        for argument in call.args
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in skipped:
            yield node, id(node) in said


def _of_word_lists() -> Iterator[str]:
    """Return the names in word lists of the law and of tables that carry no English of their own."""
    for module in pkgutil.walk_packages(rongxin.__path__, "rongxin."):
        if OF_LAW.search(module.name):
            importlib.import_module(module.name)
    for one in _below(enum.Enum):
        if OF_LAW.search(one.__module__):
            for member in one:
                label = getattr(member, "label", None)
                if isinstance(label, str) and HAN.search(label) and not hasattr(member, "label_en"):
                    yield label


def _of_editions() -> Iterator[str]:
    """Return what the dated parameter files say of themselves."""
    for every in editions.families().values():
        for one in every:
            yield from (one.title, one.decided_by)


def _below(base: type[enum.Enum]) -> Iterator[type[enum.Enum]]:
    for one in base.__subclasses__():
        yield one
        yield from _below(one)


@cache
def _constants() -> frozenset[str]:
    return frozenset(
        node.value
        for path in house.PACKAGE.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    )


def test_what_fields_and_types_call_by_one_chinese_name_has_one_english_name() -> None:
    english: dict[str, set[str]] = {}
    for item in map(loader.load().item, loader.load().all_names):
        for field in item.fields:
            for named in (field, field.field_type):
                english.setdefault(named.label, set()).add(named.label_en)
    assert {label: names for label, names in english.items() if len(names - {""}) > 1} == {}
