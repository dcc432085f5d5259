"""Suspicion that values are tried out: a gateway's budget of checks was spent (notice （十）; threats T15).

The gateway refuses by itself; here the refusal becomes an entry of the journal, once a day for each
institution, subject and item, in the transaction that concludes the request.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, time
from hashlib import sha256

from rongxin.consent.rules import BUSINESS_ZONE, business_day
from rongxin.disclosure.models import Intent
from rongxin.journal import entries, plans
from rongxin.journal.rules import Kind
from rongxin.sharing import calls
from rongxin.vocabulary.actor import Actor
from rongxin.vocabulary.reason import Reason


def note(intent: Intent, answers: Iterable[calls.Answer], *, actor: Actor, as_of: datetime) -> int:
    """Journal each item whose budget was spent, unless it was today; the caller holds the transaction.

    Who asks about itself learns nothing that isn't its own.
    """
    if intent.recipient_kind == "subject":
        return 0
    spent = {
        answer.question.item: answer.provider
        for answer in answers
        if answer.question is not None and answer.reason is Reason.VERIFICATION_BUDGET
    }
    return sum(_note(intent, item, spent[item], actor=actor, as_of=as_of) for item in sorted(spent))


def _note(intent: Intent, item: str, provider: str, *, actor: Actor, as_of: datetime) -> bool:
    day = business_day(as_of)
    place = f"{intent.recipient_kind}:{intent.recipient}:{intent.subject_id}:{item}:{day}"
    key = sha256(b"rongxin.probing:" + place.encode()).digest()[:8]
    plans.rows("SELECT pg_advisory_xact_lock(%s)", [int.from_bytes(key, signed=True)])
    told = entries.find(
        subject=intent.subject_id,
        kinds=[Kind.PROBING_SUSPECTED],
        since=datetime.combine(day, time.min, BUSINESS_ZONE),
        entries_max=1000,
    )
    refs: dict[str, str | int] = {
        intent.recipient_kind: intent.recipient,
        "subject": intent.subject_id,
        "item": item,
        "provider": provider,
        "person": actor.id,
        "day": day.isoformat(),
        "intent": str(intent.id),
    }
    same = (intent.recipient_kind, "subject", "item", "day")
    if any(all(entry.refs.get(name) == refs[name] for name in same) for entry in told):
        return False
    entries.append(Kind.PROBING_SUSPECTED, actor=actor, refs=refs, as_of=as_of)
    return True
