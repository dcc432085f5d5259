"""A closed list of words, each with the name people read (Chinese first, English second)."""

from __future__ import annotations

from enum import StrEnum


class Labelled(StrEnum):
    """Base of the word lists: a member is its stable identifier and carries its two names."""

    label: str
    label_en: str

    def __new__(cls, value: str, label: str = "", label_en: str = "") -> Labelled:
        member = str.__new__(cls, value)
        member._value_ = value
        member.label = label
        member.label_en = label_en
        return member
