"""What can go wrong at a front machine, in words for the bank's engineer who runs it."""

from __future__ import annotations


class FrontError(Exception):
    """The front can't do what it was asked."""


class NotKept(FrontError):
    """What came could not be written to the disk; it was not accepted."""
