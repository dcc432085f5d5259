"""What an institution's registered key is for; one key is for one thing. Pure."""

from __future__ import annotations

from rongxin.vocabulary.labelled import Labelled


class KeyPurpose(Labelled):
    """Whoever holds a key for tokens asks as one account; a key for signatures binds the institution."""

    TOKENS = "tokens", "取得令牌", "asks for tokens"
    SIGNATURES = "signatures", "签署", "signs what the institution says"
