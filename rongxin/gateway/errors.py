"""What can go wrong at a gateway, in words for the department's engineer who runs it."""

from __future__ import annotations


class GatewayError(Exception):
    """The gateway can't do what it was asked."""


class MeterMissing(GatewayError):
    """The store is asked by the number of a meter alone, and the question brings none."""


class SourceFailed(GatewayError):
    """The department's own store gave no answer, or one that can't be used; this is never "no record"."""
