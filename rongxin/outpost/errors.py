"""What can go wrong where one of our small servers stands at somebody else's."""

from __future__ import annotations


class Misconfigured(Exception):
    """A file of the configuration can't be used; the message names file, key and what to do."""
