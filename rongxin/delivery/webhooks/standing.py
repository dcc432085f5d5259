"""接收地址的状态: why an endpoint stands where it does, in words for its owner. Pure."""

from __future__ import annotations

from rongxin.vocabulary.labelled import Labelled


class Why(Labelled):
    """Why an endpoint stands where it does."""

    VERIFIED = "verified", "已通过验证", "it has proved itself"
    URL_CHANGED = "url_changed", "地址已变更，新地址须先通过验证", "the new URL must prove itself first"
    ASKED = "asked", "已要求重新验证", "a new verification was asked for"
    FAILING = "failing", "连续投递失败，已停用", "deliveries kept failing"
    GONE = "gone", "对方应答 410，表示不再接收", "the receiver answered 410: it wants no more"
    REMOVED = "removed", "已移除", "removed"
