"""What of a provider's answer is believed: rows about the subject asked for, of the channel asked through.

An answer about somebody else is not mended but refused whole: whoever mixes up one subject may have mixed up
all of them. So is one that holds what is no value of its field's type, for pages, charts and files are made
of it. A row that the annex doesn't share through the channel (附件注2) is dropped.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rongxin.catalogue import stored_form
from rongxin.exchange import receipt, subjects
from rongxin.exchange.question import Match
from rongxin.exchange.receipt import Decided
from rongxin.exchange.subjects import NotTheSubject
from rongxin.sharing.connectors.connector import Asked, Row, Said, Unavailable
from rongxin.vocabulary.availability import Availability
from rongxin.vocabulary.reason import Reason
from rongxin.vocabulary.sharing_mode import SharingMode
from rongxin.vocabulary.verdict import Verdict


def narrowed(asked: Asked, said: Said) -> Decided:
    """Return of which fields a provider gives less than it was asked for, by its verdict and its reason.

    What it withholds whole it withholds field by field for that one reason. Where its verdict would give more
    than the question asked, the question holds: of the two the stricter.
    """
    verdicts = asked.question.verdicts
    if asked.channel.mode is SharingMode.DATA_VERIFICATION:
        verdicts = {name: made for name, made in verdicts.items() if name in asked.question.claims}
    if said.availability not in (Availability.WITHHELD, Availability.RECORDS, Availability.PARTIAL):
        return {}
    if said.availability is Availability.WITHHELD:
        reason = said.reason or Reason.MODE_NOT_PERMITTED
        mine = {name: why for name, (made, why) in said.decided.items() if made is Verdict.WITHHOLD}
        return {name: (Verdict.WITHHOLD, mine.get(name, reason)) for name in verdicts}
    return {
        name: said.decided[name]
        for name, made in verdicts.items()
        if name in said.decided and said.decided[name][0].stricter_than(made)
    }


def believed(asked: Asked, rows: Sequence[Row], less: Decided | None = None) -> list[Row]:
    """Return the rows that may be used, with the fields asked for only; raises `Unavailable`.

    `less` names the fields that the provider itself masked or withholds: those can't be compared.
    """
    if len(rows) > receipt.ROWS_MAX:
        raise Unavailable(f"{asked.item.item}: more than {receipt.ROWS_MAX} rows about one subject")
    verdicts, less = asked.question.verdicts, less or {}
    masked = {name for name, verdict in verdicts.items() if verdict is not Verdict.REVEAL or name in less}
    for row in rows:
        try:
            subjects.about(asked.item, asked.question.subject, row, masked=masked)
        except NotTheSubject as error:
            raise Unavailable(str(error)) from error
    fields = [
        name
        for name in verdicts
        if name in asked.channel.fields and (name not in less or less[name][0] is not Verdict.WITHHOLD)
    ]
    kept = [{name: row[name] for name in fields if name in row} for row in rows if _carried(asked, row)]
    for name, value in (each for row in kept for each in row.items() if each[1] is not None):
        if not stored_form.holds(asked.item.field(name), value, masked=name in masked):
            raise Unavailable(f"{asked.item.item}.{name}: not a value of its type, by its form")
    return [row for row in kept if row]


def compared(asked: Asked, said: Said) -> Mapping[str, Match]:
    """Return what was found of the claimed values; raises `Unavailable` where it speaks of others."""
    if strange := said.results.keys() - asked.question.claims.keys():
        raise Unavailable(f"{asked.item.item}: results of {len(strange)} fields of which nothing was claimed")
    return said.results


def _carried(asked: Asked, row: Row) -> bool:
    where = asked.channel.where
    if where is not None and row.get(where.field) is None:
        raise Unavailable(f"{asked.item.item}: a row without {where.field} may be one that is not shared")
    return asked.channel.carries(row)
