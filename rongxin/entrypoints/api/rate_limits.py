"""What is left of a quota, told in headers (draft-ietf-httpapi-ratelimit-headers): of the narrowest count."""

from __future__ import annotations

from datetime import datetime

from django.http import HttpResponse

from rongxin.parties.quotas import Taken


def told(answer: HttpResponse, taken: Taken | None, *, at: datetime) -> HttpResponse:
    """Add the headers to an answer; of a refusal for its number also when to ask again, in seconds."""
    if taken is None:
        return answer
    seconds = max(1, round((taken.resets_at - at).total_seconds()))
    answer["RateLimit-Policy"] = f'"{taken.scope.value}";q={taken.limit}'
    answer["RateLimit"] = f'"{taken.scope.value}";r={taken.remaining};t={seconds}'
    if not taken.admitted:
        answer["Retry-After"] = str(seconds)
    return answer
