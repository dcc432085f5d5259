"""Searches of a list that a person keeps under a name; nobody else sees them and nothing follows from them,
so that they are not journalled.
"""

from __future__ import annotations

from datetime import date

from django.db import transaction
from django.db.models import QuerySet

from rongxin.parties import list_exports
from rongxin.parties.errors import NotAllowed
from rongxin.parties.list_exports import Whose
from rongxin.parties.list_models import KeptSearch


def keep(whose: Whose, list: str, name: str, query: str, *, on: date) -> None:
    """Keep a search under a name; one of the same name is replaced."""
    most = list_exports.limits(on).kept_searches
    called = " ".join(name.split())[:40]
    if not called or not query:
        raise NotAllowed("请先筛选，再给这次筛选起个名字")
    with transaction.atomic():
        own = _of(whose, list)
        if own.exclude(name=called).count() >= most:
            raise NotAllowed(f"每个清单最多保存{most}个筛选，请先删除一个")
        own.update_or_create(
            name=called,
            defaults={"query": query[:1000]},
            create_defaults={
                "account_id": whose.account,
                "party_kind": whose.kind.value,
                "party": whose.party,
                "list": list,
                "query": query[:1000],
            },
        )


def forget(whose: Whose, list: str, name: str) -> None:
    """Forget a search; one that isn't there is forgotten already."""
    _of(whose, list).filter(name=name).delete()


def of(whose: Whose, list: str) -> tuple[tuple[str, str], ...]:
    """Return somebody's searches of a list by name: name and query."""
    return tuple((one.name, one.query) for one in _of(whose, list).order_by("name"))


def _of(whose: Whose, list: str) -> QuerySet[KeptSearch]:
    return KeptSearch.objects.filter(
        account=whose.account, party_kind=whose.kind.value, party=whose.party, list=list
    )
