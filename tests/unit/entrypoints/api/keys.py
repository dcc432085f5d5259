"""Keys for the API's tests."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from rongxin.parties import api_keys
from rongxin.vocabulary.actor import SYSTEM
from tests.unit.consent import stage


def header_of(person: stage.Person) -> dict[str, str]:
    """Issue a key that holds for an hour and return it as the request's header."""
    now = timezone.now()
    until = now + timedelta(hours=1)
    issued = api_keys.issue(person.account, label="test", expires_at=until, actor=SYSTEM, as_of=now)
    return {"authorization": f"Bearer {issued.secret}"}
