"""One file that proves one request: consent, questions, receipts, and both entries with their proofs."""

from __future__ import annotations

import base64
from datetime import datetime
from typing import Any
from uuid import UUID

from rongxin.consent import register as consents
from rongxin.delivery.evidence.checking import FORMAT
from rongxin.disclosure import register
from rongxin.disclosure.errors import UnknownRequest
from rongxin.journal import keyring, proofs
from rongxin.sharing import call_register, gateways
from rongxin.vocabulary.actor import Actor


def export(request: UUID, *, actor: Actor, as_of: datetime) -> dict[str, Any]:
    """Return the evidence of a request; raises UnknownRequest, and NotYetCovered where the next checkpoint
    has to be waited for. The export itself is journalled: claimed values of checks stand in the file.
    """
    found = register.find(request)
    if found is None or found.outcome_entry is None:
        raise UnknownRequest(request)
    calls = call_register.of(request)
    document = {
        "format": FORMAT,
        "request": str(request),
        "intent": proofs.inclusion(found.intent_entry).document(),
        "outcome": proofs.inclusion(found.outcome_entry).document(),
        "consent": consents.get(found.consent).artefact if found.consent else None,
        "calls": [
            {
                "provider": call.provider,
                "item": call.item,
                "availability": call.availability,
                "question": call.exchange.question,
                "message": base64.b64encode(call.exchange.message).decode(),
                "receipt": call.exchange.receipt,
            }
            for call in calls
        ],
        "keys": {
            "node": [key.pem() for key in keyring.verifying_keys().values()],
            "journal": [keyring.journal_key().public.pem()],
            "gateways": {
                provider: [key.pem() for key in gateways.keys_of(provider)]
                for provider in sorted({call.provider for call in calls})
            },
        },
    }
    register.exported(request, actor=actor, as_of=as_of)
    return document
