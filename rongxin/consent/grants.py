"""授权, in one place: everything that can be done with a consent, from request to withdrawal."""

from __future__ import annotations

from rongxin.consent.online import Signing, grant_online, grant_signed
from rongxin.consent.register import Grant, active_for, get, listed, of_case, of_subject
from rongxin.consent.requests import decline, request
from rongxin.consent.signing.matters import lapse_due
from rongxin.consent.standing import (
    end_of_subject,
    expire_due,
    follow_deregistrations,
    give_up,
    pause,
    resume,
    withdraw,
)
from rongxin.consent.written import Paper, check_written, propose_written

__all__ = [
    "Grant",
    "Paper",
    "Signing",
    "active_for",
    "check_written",
    "decline",
    "end_of_subject",
    "expire_due",
    "follow_deregistrations",
    "get",
    "give_up",
    "grant_online",
    "grant_signed",
    "lapse_due",
    "listed",
    "of_case",
    "of_subject",
    "pause",
    "propose_written",
    "request",
    "resume",
    "withdraw",
]
