"""What can go wrong with parties, in words for the one who can act on it."""

from __future__ import annotations


class PartiesError(Exception):
    """Something about a party does not allow the act."""

    code = "parties_error"


class UnknownParty(PartiesError):
    """There is no such party."""

    code = "unknown_party"


class InvalidCode(PartiesError):
    """The code is no 统一社会信用代码."""

    code = "invalid_uscc"


class InvalidRemit(PartiesError):
    """What is to be declared of a provider names no region or kind of subject that there is."""

    code = "invalid_remit"


class AlreadyKnown(PartiesError):
    """There is one already."""

    code = "already_known"


class NotAllowed(PartiesError):
    """The state of the party doesn't allow this act."""

    code = "not_allowed"


class NotPermitted(PartiesError):
    """The role doesn't include this act."""

    code = "not_permitted"
