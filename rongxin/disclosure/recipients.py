"""Who received something under a consent that has ended, and so owes a deletion receipt.

The register knows it exactly: a use is counted in the transaction by which something left. Consent, below,
can't look up here; it is told, at once where the firm withdraws and from the journal's news in any case.
"""

from __future__ import annotations

import logging
from datetime import datetime
from uuid import UUID

from rongxin.consent import register as consents
from rongxin.consent.deletion import duties
from rongxin.consent.deletion import rules as deletion
from rongxin.consent.errors import Tampered
from rongxin.disclosure.models import Use
from rongxin.journal import news
from rongxin.journal.rules import Kind

_log = logging.getLogger(__name__)

CONSUMER = "disclosure.recipients"
# The end with the subject is journalled as an expiry.
_ENDS = (Kind.CONSENT_WITHDRAWN, Kind.CONSENT_EXPIRED, Kind.CONSENT_SUPERSEDED)


def follow(*, as_of: datetime) -> int:
    """React to the journal's news: write down what is owed for consents that ended; returns how many."""
    with news.read(CONSUMER, _ENDS) as ends:
        return sum(settle(UUID(str(end.refs["consent"])), as_of=as_of) for end in ends)


def settle(consent_id: UUID, *, as_of: datetime) -> bool:
    """Write down what is owed for one ended consent; True where this is new. Doing it again is harmless."""
    try:
        return received(consent_id) and duties.owe(consent_id, as_of=as_of)
    except Tampered as error:
        # It must not keep the others waiting; whoever edited it is the security administrator's business.
        _log.error("consent %s: no deletion receipt can be asked for: %s", consent_id, error)
        return False


def received(consent_id: UUID) -> bool:
    """Whether the institution holds something by this consent, received under it or under one before it."""
    if Use.objects.filter(consent=consent_id).exists():
        return True
    terms = consents.get(consent_id).terms
    if terms.supersedes is None:
        return False
    passed_on = deletion.passes_on(consents.get(terms.supersedes).terms, terms)
    return bool(passed_on) and received(terms.supersedes)
