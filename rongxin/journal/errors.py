"""What a caller of the journal can act on."""

from __future__ import annotations


class JournalError(Exception):
    """The journal can't do what was asked."""

    code = "journal_error"


class Unrecordable(JournalError):
    """An entry may hold ids and hashes only; content, names and times without a zone are refused."""

    code = "unrecordable"


class UnknownEntry(JournalError):
    """The journal has no such entry."""

    code = "unknown_entry"


class NotYetCovered(JournalError):
    """No signed checkpoint covers this yet; ask again within ten seconds."""

    code = "not_yet_covered"


class Damaged(JournalError):
    """The stored tree contradicts itself or its last checkpoint. Run `rongxin journal verify`."""

    code = "damaged"


class OriginMissing(JournalError):
    """A production node must say who it is: set RONGXIN_ORIGIN, like `credit.example.gov.cn/journal`."""

    code = "origin_missing"
