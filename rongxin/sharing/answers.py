"""What of a provider's answer is believed: rows about the subject asked for, of the channel asked through.

An answer about somebody else is not mended but refused whole: whoever mixes up one subject may have mixed up
all of them. A row that the annex doesn't share through the channel (附件注2) is dropped.
"""

from __future__ import annotations

from collections.abc import Sequence

from rongxin.exchange import subjects
from rongxin.exchange.subjects import NotTheSubject
from rongxin.sharing.connectors.connector import Asked, Row, Unavailable
from rongxin.vocabulary.verdict import Verdict


def believed(asked: Asked, rows: Sequence[Row]) -> list[Row]:
    """Return the rows that may be used, with the fields asked for only; raises `Unavailable`."""
    verdicts = asked.question.verdicts
    masked = {name for name, verdict in verdicts.items() if verdict is not Verdict.REVEAL}
    for row in rows:
        try:
            subjects.about(asked.item, asked.question.subject, row, masked=masked)
        except NotTheSubject as error:
            raise Unavailable(str(error)) from error
    fields = [name for name in verdicts if name in asked.channel.fields]
    kept = [{name: row[name] for name in fields if name in row} for row in rows if _carried(asked, row)]
    return [row for row in kept if row]


def _carried(asked: Asked, row: Row) -> bool:
    where = asked.channel.where
    if where is not None and row.get(where.field) is None:
        raise Unavailable(f"{asked.item.item}: a row without {where.field} may be one that is not shared")
    return asked.channel.carries(row)
