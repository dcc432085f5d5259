"""数据质量表: a month's figures of every provider and item, with the months before ((五): 数据质量).

One document for all that show it: page, command, API and the monthly report say the same numbers.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import Any, Final

from rongxin.catalogue import loader
from rongxin.catalogue.schema import Item
from rongxin.parties import providers
from rongxin.records.filing import CHINA
from rongxin.sharing.errors import BadMonth
from rongxin.sharing.quality import counts, rules, timeliness, wording
from rongxin.sharing.quality.rules import Figures, Share
from rongxin.sharing.schedule import lateness
from rongxin.sharing.schedule.rules import State

TREND_MONTHS: Final = 12
_MONTH: Final = re.compile(r"^20\d\d-(0[1-9]|1[0-2])$")
# So far back the working days before a month decide whether what comes in its first days is in time.
_REACHES_BACK_DAYS: Final = 31


def month_of(moment: datetime) -> str:
    """Return the month (YYYY-MM) of a moment in China."""
    return moment.astimezone(CHINA).strftime("%Y-%m")


def checked_month(text: str | None, *, as_of: datetime) -> str:
    """Return a month as it was asked for, or the present one; raises `BadMonth`."""
    if text is None:
        return month_of(as_of)
    if not _MONTH.match(text):
        raise BadMonth(text)
    return text


def of(month: str, *, provider: str | None = None, find: str = "", as_of: datetime) -> dict[str, Any]:
    """Return the sheet of a month as one JSON-ready document, of all providers or of one (`UnknownParty`);
    `find`: it names the items alone with this in their or their provider's name; totals are of all.
    """
    cards = {card.id: card for card in ([providers.get(provider)] if provider else providers.every())}
    months = rules.months_until(month, TREND_MONTHS)
    figures = counts.figures(first=months[0], last=month, provider=provider)
    connected = counts.connected(provider=provider)
    today = as_of.astimezone(CHINA).date()
    promised = _promised(month, provider, as_of)
    lines, silent = [], []
    for owner, item in _expected(cards, figures, promised):
        if find not in f"{item.item}\n{item.label}\n{item.label_en}\n{cards[owner].name}":
            continue
        own = {m: figures[owner, item.item, m] for m in months if (owner, item.item, m) in figures}
        head = _head(owner, cards[owner].name, item, connected.get((owner, item.item)), today)
        head["schedule"] = promised.get((owner, item.item))
        if month in own:
            lines.append({**head, **_line(item, own[month], rules.span_of(month)[1]), "trend": _trend(own)})
        else:
            silent.append(head)
    return {
        "month": month,
        "as_of": as_of.astimezone(CHINA).isoformat(timespec="seconds"),
        "provider": {"id": provider, "name": cards[provider].name} if provider else None,
        "totals": _counted(_sum(figures[k] for k in figures if k[2] == month)),
        "lines": lines,
        "silent": silent,
        "reminders": lateness.reminders(provider=provider, span=rules.span_of(month), as_of=as_of),
        "trend": _trend({m: _sum(figures[k] for k in figures if k[2] == m) for m in months}),
        "basis": _basis(month),
    }


def _expected(
    cards: Mapping[str, providers.Card],
    figures: Mapping[counts.Key, Figures],
    promised: Mapping[tuple[str, str], Any],
) -> list[tuple[str, Item]]:
    """Every provider's items: those of its mandate that are aggregated, and what else it hands in or owes."""
    items = loader.load().items
    mandated = {
        (card.id, name)
        for card in cards.values()
        for name in card.mandate
        if card.is_active and name in items and _hands_in(card.id, items[name])
    }
    filed = {(provider, item) for provider, item, _ in figures if provider in cards and item in items}
    filed |= {(provider, item) for provider, item in promised if provider in cards}
    order = {name: number for number, name in enumerate(items)}
    return [(p, items[i]) for p, i in sorted(mandated | filed, key=lambda pair: (pair[0], order[pair[1]]))]


def _promised(month: str, provider: str | None, as_of: datetime) -> dict[tuple[str, str], dict[str, Any]]:
    """Return, of what has due days in the month, the plan and how they stand."""
    first, last = rules.span_of(month)
    return {
        key: {
            "plan": segments[-1].plan.label,
            "due": len(days),
            **{state.value: sum(day.state is state for day in days) for state in State},
            "days": [lateness.document(day) for day in days],
        }
        for key, (segments, days) in lateness.of(first, last, provider=provider, as_of=as_of).items()
        if days
    }


def _hands_in(provider: str, item: Item) -> bool:
    return item.aggregation is not None and item.aggregation.provider == provider


def _head(provider: str, name: str, item: Item, first_filed_on: date | None, today: date) -> dict[str, Any]:
    due = item.aggregation.due if item.aggregation is not None else ""
    state = rules.connection(due, first_filed_on, today=today)
    return {
        "provider": {"id": provider, "name": name},
        "item": {"id": item.item, "label": item.label},
        "connection": {
            "due": due,
            "first_filed_on": first_filed_on.isoformat() if first_filed_on else None,
            "state": state.value,
            "label": state.label,
        },
    }


def _line(item: Item, own: Figures, last: date) -> dict[str, Any]:
    carried = item.fields_of(item.aggregation) if item.aggregation is not None else ()
    fields = [(name, item.field(name).label, item.field(name).required) for name in carried]
    filled = rules.completeness(own, fields)
    rule = timeliness.rule_for(item.item, last)
    return {
        **_counted(own),
        "completeness": {
            "required": _share(rules.total(one.share for one in filled if one.required)),
            "all": _share(rules.total(one.share for one in filled)),
            "fields": [
                {"name": f.name, "label": f.label, "required": f.required, **_share(f.share)} for f in filled
            ],
        },
        "timeliness": {
            "rule": f"{rule.working_days}个工作日内" if rule else None,
            **_share(own.timeliness.share),
            "late": own.timeliness.late,
            "undated": own.timeliness.undated,
            "backlog": own.timeliness.backlog,
        }
        if rule
        else None,
        "rejected_by": _rules(own.rejected_by),
        "pending_by": _rules(own.pending_by),
        "duplicate_by": _rules(own.duplicate_by),
    }


def _counted(own: Figures) -> dict[str, Any]:
    """The counts that are the receipts' own, with the shares that rest on nothing else."""
    return {
        "batches": {
            "filed": own.batches,
            "held": own.held,
            "refused": own.refused,
            "withdrawn": own.withdrawn,
            "unmeasured": own.batches - own.measured,
        },
        "rows": {
            "read": own.read,
            "accepted": own.accepted,
            "rejected": own.rejected,
            "pending": own.pending,
            "duplicate": own.duplicate,
            "waiting": own.waiting,
        },
        "acceptance": _share(own.acceptance),
        "duplication": _share(own.duplication),
        "unmatched": _share(own.unmatched),
        "timely": _share(own.timeliness.share),
    }


def _trend(by_month: Mapping[str, Figures]) -> list[dict[str, Any]]:
    return [
        {
            "month": month,
            "batches": own.batches,
            "read": own.read,
            "accepted": own.accepted,
            "rejected": own.rejected,
            "acceptance": _share(own.acceptance),
            "duplication": _share(own.duplication),
            "unmatched": _share(own.unmatched),
            "timely": _share(own.timeliness.share),
        }
        for month, own in by_month.items()
        if own.batches
    ]


def _sum(several: Iterable[Figures]) -> Figures:
    """Add up what can be added across items; fields are each item's own and stay out."""
    found = Figures()
    for own in several:
        for name in _ADDED:
            setattr(found, name, getattr(found, name) + getattr(own, name))
        found.timeliness += own.timeliness
    return found


_ADDED: Final = (
    *("batches", "held", "refused", "withdrawn", "measured"),
    *("read", "accepted", "rejected", "pending", "duplicate", "waiting", "checked", "valid"),
)


def _share(share: Share) -> dict[str, Any]:
    return {"part": share.part, "whole": share.whole, "text": share.text}


def _rules(counted: Mapping[str, int]) -> list[dict[str, Any]]:
    order = sorted(counted.items(), key=lambda one: (-one[1], one[0]))
    return [{"rule": rule, "label": wording.of_rule(rule), "rows": rows} for rule, rows in order]


def _basis(month: str) -> dict[str, Any]:
    """What the figures rest on, and whether the working days of the month are known with their holidays."""
    first, last = rules.span_of(month)
    known = timeliness.calendar().covers(first - timedelta(days=_REACHES_BACK_DAYS), last)
    edition = timeliness.edition(last)
    return {
        "standard": "GB/T 36344—2018",
        "timeliness": edition.citation,
        "calendar_complete": known,
        "calendar": f"工作日历含法定节假日与调休（{timeliness.holidays_cited(last)}）"
        if known
        else "工作日历只除周六、周日，法定节假日与调休尚未录入：跨节假日的时限会偏早",
    }
