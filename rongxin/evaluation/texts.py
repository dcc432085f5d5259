"""What the free texts of records say for certain: a duty, a sum, less capital than before. Pure.

A text is read clause by clause, in the few words that courts and registers use; what isn't said in these
words isn't told (None), and counts as little as its kind can (decision 0040).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from decimal import Decimal

_CLAUSES = re.compile(r"[;。\n]+")
_DUTY = re.compile(r"支付|给付|偿还|返还|归还|赔偿|退还|交付|清偿|连带责任|担保责任|保证责任|继续履行")
_DISMISSED = re.compile(r"驳回|不予支持|撤回起诉|撤诉|不承担|无需")
# Who bears the fees of the proceedings is no duty that the case was about.
_FEES = re.compile(r"受理费|诉讼费|保全费|公告费|鉴定费")
_BY_THE_OTHER = re.compile(r"^[一二三四五六七八九十]*[、.]?\s*(?:反诉被告\S*?)?原告")
_SUM = re.compile(r"(\d[\d,]*(?:\.\d+)?)\s*(万|亿)?\s*(?:余)?元")
_CAPITAL = re.compile(r"(\d[\d,]*(?:\.\d+)?)\s*(万|亿)?\s*(?:元)?\s*(人民币|美元|港元|港币|欧元|日元)?")
_UNITS = {"": Decimal(1), "万": Decimal(10_000), "亿": Decimal(100_000_000)}
_HOME = ("", "人民币")


def lays_a_duty(judgment: str | None) -> bool | None:
    """Return whether a judgment (判决结果) lays a duty on the defendants; None where it doesn't say."""
    if judgment is None:
        return None
    if any(True for _ in _duties(judgment)):
        return True
    return False if _DISMISSED.search(_plain(judgment)) else None


def greatest_sum_cny(judgment: str | None) -> Decimal | None:
    """Return the greatest sum of money that a judgment lays on the defendants; None where it names none.

    The greatest and not all together: parts of a sum are named beside it.
    """
    sums = [
        amount
        for clause in _duties(judgment or "")
        for figures, unit in _SUM.findall(clause)
        if (amount := _number(figures, unit)) < Decimal(10) ** 15
    ]
    return max(sums, default=None)


def is_less(before: str | None, after: str | None) -> bool | None:
    """Return whether registered capital is less after a change than before; None where one isn't told."""
    first, second = (_capital(text) for text in (before, after))
    if first is None or second is None or first[1] != second[1]:
        return None
    return second[0] < first[0]


def _duties(judgment: str) -> Iterator[str]:
    for clause in _CLAUSES.split(_plain(judgment)):
        said = clause.strip()
        if _DISMISSED.search(said) or _FEES.search(said) or _BY_THE_OTHER.match(said):
            continue
        if _DUTY.search(said):
            yield said


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKC", text)


def _capital(text: str | None) -> tuple[Decimal, str] | None:
    found = _CAPITAL.findall(_plain(text)) if text else []
    if len(found) != 1:
        return None
    figures, unit, currency = found[0]
    return _number(figures, unit), "" if currency in _HOME else currency


def _number(figures: str, unit: str) -> Decimal:
    return Decimal(figures.replace(",", "")) * _UNITS[unit]
