"""What pages say in the language of their reader: Chinese is the source, English stands beside it.

Pages' own sentences are translated by Django (`locale/`). Word lists, items and departments carry both names
themselves; here the English one is found by the Chinese.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import datetime
from functools import cache
from typing import Any

from django.utils.translation import get_language, gettext

from rongxin.catalogue import loader
from rongxin.catalogue.reference import reference
from rongxin.consent import templates
from rongxin.entrypoints.api import problems
from rongxin.parties.rules.membership import ROLES, Role
from rongxin.parties.rules.permission import Permission
from rongxin.vocabulary.labelled import Labelled
from rongxin.vocabulary.reason import Reason
from rongxin.vocabulary.zone import business_day

_HAN = re.compile(r"[\u4e00-\u9fff]")
# What a field is called in the API, behind its name: (amount_cny).
_KEY = re.compile(r"（[a-z]+(?:_[a-z]+)+）")
_LATIN_WORD = re.compile(r"[A-Za-z']{2,}")


def in_english() -> bool:
    return (get_language() or "").startswith("en")


def named(text: Any) -> str:
    """Return a name in the language of the page; one that has no English stays as it is.

    A field is called as its item's file calls it, whatever a page says by the same letters.
    """
    name = str(text)
    if not name or not in_english():
        return name
    if name in _fields():
        return _fields()[name]
    found = gettext(name)
    return found if found != name else _english().get(name, name)


def item(name: str) -> str:
    """Return what an item is called; one that the catalogue has no more goes by its name."""
    known = loader.load().items.get(name)
    return named(known.label) if known else name


def items_called(text: str) -> list[str]:
    """Return the items whose name, in the language of the page, has this in it."""
    return [one.item for one in loader.load().items.values() if text in named(one.label)]


def items() -> list[tuple[str, str]]:
    """Return what a choice of items offers: each one's name and label."""
    return [(one.item, one.label) for one in loader.load().items.values()]


def provider(name: str) -> str:
    """Return what a provider is called; one that the catalogue has no more goes by its name."""
    return named(loader.load().provider_label(name))


def providers() -> list[tuple[str, str]]:
    """Return what a choice of providers offers: each one's id and label."""
    return [(key, one.label) for key, one in loader.load().providers.items()]


def listed(texts: Iterable[Any]) -> str:
    """Return names one after the other."""
    return gettext("、").join(named(text) for text in texts)


def admitted(permission: Permission) -> str:
    """Return who may see a page: the kinds of party, and their roles where not all of them may."""
    kinds = []
    for kind, roles in permission.roles.items():
        who, some = named(kind.label), listed(role.label for role in Role if role in roles)
        whole = roles == ROLES[kind]
        kinds.append(who if whole else gettext("%(who)s（%(roles)s）") % {"who": who, "roles": some})
    return gettext("；").join(kinds)


def day(moment: datetime | str | None) -> str:
    """Return the business day of a moment, also of one in ISO 8601; a day stays what it is."""
    if not moment:
        return ""
    if isinstance(moment, str):
        if "T" not in moment:
            return moment
        moment = datetime.fromisoformat(moment)
    return business_day(moment).isoformat()


def reason(why: Reason) -> str:
    """Return a reason with the place in the notice that it rests on."""
    return gettext("%(reason)s（%(article)s）") % {"reason": named(why.label), "article": why.article}


def of_error(error: Exception) -> tuple[int, str]:
    """Return the status of an error and what to tell a person of it.

    Errors speak Chinese, some English. On an English page the kind of error is said in English and what it
    says of the case, which may hold names and numbers, follows as it is.
    """
    status, chinese = problems.in_words(error)
    chinese, own = _KEY.sub("", chinese), _KEY.sub("", str(error))
    code = str(getattr(error, "code", ""))
    if not in_english():
        return status, own if code and _in_chinese(own) else chinese
    if code and own and not _in_chinese(own):
        return status, own
    if (translated := named(chinese)) != chinese:
        return status, translated
    kind = gettext(problems.TITLES.get(code, problems.OTHERWISE))
    return status, f"{kind} ({chinese})"


def _in_chinese(text: str) -> bool:
    return len(_HAN.findall(text)) > len(_LATIN_WORD.findall(text))


@cache
def _fields() -> dict[str, str]:
    items = map(loader.load().item, loader.load().all_names)
    return {field.label: field.label_en for item in items for field in item.fields if field.label_en}


@cache
def _english() -> dict[str, str]:
    return {chinese: english for chinese, english in _pairs() if english}


def _pairs() -> Iterator[tuple[str, str]]:
    yield from ((reason.label, reason.label_en) for reason in Reason)
    for words in _lists(Labelled):
        yield from ((word.label, word.label_en) for word in words)
    for section in loader.load().categories.values():
        yield section.label, section.label_en
    for provider in reference().providers.values():
        yield provider.label, provider.label_en
    yield loader.PLATFORM_LABEL, loader.PLATFORM_LABEL_EN
    yield from ((one.label, one.label_en) for one in templates.every())
    for item in map(loader.load().item, loader.load().all_names):
        yield item.label, item.label_en
        for field in item.fields:
            yield field.label, field.label_en
            yield field.field_type.label, field.field_type.label_en


def _lists(base: type[Labelled]) -> Iterator[type[Labelled]]:
    for one in base.__subclasses__():
        yield one
        yield from _lists(one)
