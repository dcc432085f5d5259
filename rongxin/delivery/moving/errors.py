"""What can go wrong with moving, in words for the one who can act on it."""

from __future__ import annotations


class MoveError(Exception):
    """The files can't be moved as they are."""

    code = "move_refused"


class Unreadable(MoveError):
    """The directory, its manifest or a file is not laid out as documented (docs/moving.md)."""

    code = "move_unreadable"


class Altered(MoveError):
    """A file is not the one that its manifest names."""

    code = "move_altered"


class KeyNeeded(MoveError):
    """Something is sealed: a key is needed to close it for the recipient, or to open it here."""

    code = "move_key_needed"
