"""The law of the redirect: where a firm's person may be sent back to, and what proves who fetches the result.

RFC 9126 (pushed requests), RFC 7636 (PKCE, S256 alone), RFC 9207 (`iss`), as FAPI 2.0 has them. Pure.
"""

from __future__ import annotations

import base64
import re
from datetime import timedelta
from enum import StrEnum
from hashlib import sha256
from urllib.parse import urlencode, urlsplit

URI_LENGTH_MAX = 500
STATE_LENGTH_MAX = 512
#: How long a pushed request may be begun and answered (FAPI 2.0 §5.3.2.2: below 600 s for the link).
REQUEST_LIFE = timedelta(seconds=590)
#: How long its code may be redeemed (FAPI 2.0 §5.3.2.1: 60 s at most).
CODE_LIFE = timedelta(seconds=60)
REQUEST_URI = "urn:ietf:params:oauth:request_uri:"
_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")
_VERIFIER = re.compile(r"[A-Za-z0-9._~-]{43,128}")
_HOST = re.compile(r"(?=.{4,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]")
_LOOPBACK = ("127.0.0.1", "localhost")


class Answer(StrEnum):
    """What the firm's person said."""

    GRANTED = "granted"
    REFUSED = "refused"


def fault(uri: str, *, loopback: bool) -> str | None:
    """Say why an address can't be one to send people back to; None where it can. `loopback`: for demos."""
    if len(uri) > URI_LENGTH_MAX or not uri.isascii() or any(sign in uri for sign in " \\\"'<>\t\r\n"):
        return f"须为不超过{URI_LENGTH_MAX}个 ASCII 字符的网址"
    try:
        parts = urlsplit(uri)
        port = parts.port
    except ValueError:
        return "不是有效的网址"
    if parts.username is not None or parts.password is not None:
        return "不得含有用户名或口令"
    if parts.query or parts.fragment or "?" in uri or "#" in uri:
        return "不得带有参数或片段；请用 state 传递状态"
    if not parts.path.startswith("/") or ".." in parts.path.split("/") or "//" in parts.path:
        return "须有以 / 开头、不含 .. 的路径"
    if loopback and parts.scheme == "http" and parts.hostname in _LOOPBACK:
        return None
    if parts.scheme != "https" or port not in (None, 443):
        return "须为 https，端口 443"
    if not _HOST.fullmatch(parts.netloc.removesuffix(":443")):
        return "须为小写的完整域名，不得为 IP 地址"
    return None


def origin(uri: str) -> str:
    """Return scheme, host and port of an address."""
    parts = urlsplit(uri)
    return f"{parts.scheme}://{parts.netloc}"


def is_challenge(text: str) -> bool:
    return _CHALLENGE.fullmatch(text) is not None


def proves(verifier: str, challenge: str) -> bool:
    """Whether a verifier is the one whose S256 challenge was pushed."""
    if _VERIFIER.fullmatch(verifier) is None:
        return False
    made = base64.urlsafe_b64encode(sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    return made == challenge


def answered(uri: str, *, issuer: str, state: str, **said: str) -> str:
    """Return where the person is sent with the answer: `iss` tells a mixed-up client whose it is."""
    return f"{uri}?{urlencode({**said, 'state': state, 'iss': issuer})}"
