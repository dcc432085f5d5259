"""What of a request's and an answer's head passes the front, by short lists: what isn't named doesn't."""

from __future__ import annotations

import re
from collections.abc import Mapping

#: Never `Authorization`, `DPoP`, `Cookie`: who asks the node is the front, and it alone.
_ASKED = (
    "accept",
    "accept-language",
    "content-type",
    "idempotency-key",
    "if-match",
    "if-modified-since",
    "if-none-match",
    "if-range",
    "if-unmodified-since",
    "prefer",
    "range",
)
#: Never `WWW-Authenticate` or `Set-Cookie`: they are said to the front.
_ANSWERED = (
    "accept-ranges",
    "cache-control",
    "content-digest",
    "content-disposition",
    "content-language",
    "content-length",
    "content-location",
    "content-range",
    "content-type",
    "deprecation",
    "digest",
    "etag",
    "expires",
    "idempotent-replayed",
    "last-modified",
    "link",
    "location",
    "preference-applied",
    "ratelimit",
    "ratelimit-policy",
    "repr-digest",
    "retry-after",
    "sunset",
    "vary",
)
_PLACES = ("link", "location", "content-location")
# Of the interface's own addresses path and query count: they are found at the front, whatever host is named.
_ADDRESS = re.compile(r"https?://[^/\s<>\"]+(?=/api/v1/)", re.IGNORECASE)


def asked(given: Mapping[str, str]) -> dict[str, str]:
    """Return what of a request's head goes to the node; names in lower case."""
    said = {name: given[name] for name in _ASKED if name in given}
    return {**said, "accept-encoding": "identity"}


def answered(given: Mapping[str, str]) -> list[tuple[str, str]]:
    """Return what of an answer's head goes inside; addresses of the interface lead to the front."""
    # A machine in between that packs what was asked for plain is unpacked here: then it has another length.
    packed = given.get("content-encoding", "identity").lower() != "identity"
    return [
        (name, _ADDRESS.sub("", given[name]) if name in _PLACES else given[name])
        for name in _ANSWERED
        if name in given and not (packed and name == "content-length")
    ]
