"""批量调用: a department's own machine answers the platform itself only where its own file agrees.

bulk:
  abnormal_operations_list: {until: 2027-12-31, a_day: 5000, document: 云市监函〔2026〕7号}
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date

from rongxin.catalogue.loader import Catalogue
from rongxin.disclosure.rules import RecipientKind
from rongxin.exchange import collection
from rongxin.exchange.question import Question
from rongxin.gateway.config import Bulk, Config
from rongxin.gateway.evidence import Settling
from rongxin.vocabulary.purpose import Purpose
from rongxin.vocabulary.reason import Reason


def barred(agreed: Mapping[str, Bulk], question: Question, *, key: str, day: date) -> Reason | None:
    """Say why a question of the platform's own is not answered; None for one that is, and for all others.

    `key` is the id of the key that signed the question: a node collects for itself and for nobody else.
    """
    collects = question.purpose is Purpose.COLLECTION
    if question.recipient_kind != RecipientKind.NODE:
        return Reason.PURPOSE_NOT_PERMITTED if collects else None
    if not collects:
        return Reason.PURPOSE_NOT_PERMITTED
    if question.recipient != key or question.seal_to:
        return Reason.RECIPIENT_MISMATCH
    said = agreed.get(question.item)
    if said is None or not said.since <= day <= said.until:
        return Reason.BULK_NOT_AGREED
    return None


def counted(settling: Settling, agreed: Mapping[str, Bulk], question: Question, day: date) -> bool:
    """Count a question against the day's limit of its item; False where it is reached.

    Questions for anybody else are not counted here.
    """
    if question.recipient_kind != RecipientKind.NODE:
        return True
    counter, span, request = f"bulk:{question.item}", day.isoformat(), question.digest()
    if settling.uses(counter, span, request=request) >= agreed[question.item].a_day:
        return False
    settling.use(counter, span, request=request)
    return True


def faults(config: Config, catalogue: Catalogue) -> Iterator[tuple[str, str]]:
    """Yield the items under `bulk` that can't be answered so, each with why."""
    for name in config.bulk:
        item = catalogue.items.get(name)
        if item is None or name not in config.mapped:
            yield name, "bulk: 本网关不提供该项 not served here"
        elif (why := collection.why_not(item)) is not None:
            yield name, f"bulk: {why} may not be called in bulk"
