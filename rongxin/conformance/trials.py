"""A whole trial of one side: the file that was brought is read, and the checks are tried in their order."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Protocol, TypeVar

from rongxin.conformance import (
    checks,
    fixtures,
    of_deliveries,
    of_gateways,
    of_platforms,
    of_receivers,
)
from rongxin.conformance.asker import Gateway
from rongxin.conformance.checks import Check, Finding, Scene
from rongxin.conformance.fixtures import Institution, Provider
from rongxin.conformance.of_receivers import Trial
from rongxin.conformance.platform import Platform
from rongxin.conformance.wire import Wire
from rongxin.proof import signers
from rongxin.proof.keys import SigningKey, VerifyingKey

S = TypeVar("S", bound=Scene)


class Listed(Protocol):
    """What is told of a check before it is tried."""

    @property
    def id(self) -> str: ...
    @property
    def asserts(self) -> str: ...
    @property
    def source(self) -> str: ...


def listed(side: str) -> Sequence[Listed]:
    """Return all checks of a side."""
    if side == "provider":
        return of_gateways.SUITE.checks
    return [*of_platforms.SUITE.checks, *of_deliveries.SUITE.checks, *of_receivers.SUITE.checks]


def of_institution(base_url: str, given: Path, only: Collection[str] = ()) -> Iterator[Finding]:
    """Try a platform as an institution, and the institution's receiver where one is named."""
    brought = fixtures.read(given, Institution)
    key = signers.load(brought.key) if brought.key else None
    with Wire(base_url) as wire:
        platform = Platform(wire, brought, key)
        of_platform: list[Check[Platform]] = [*of_platforms.SUITE.checks, *of_deliveries.SUITE.checks]
        yield from checks.run(_only(of_platform, only), platform)
        if brought.receiver is not None:
            yield from checks.run(_only(of_receivers.SUITE.checks, only), Trial(wire, brought.receiver))


def of_provider(base_url: str, given: Path, only: Collection[str] = ()) -> Iterator[Finding]:
    """Try a provider's gateway as its platform."""
    brought = fixtures.read(given, Provider)
    node = SigningKey.load(brought.node_key)
    key = VerifyingKey.from_pem(brought.gateway_key.read_text("utf-8"), "gateway")
    with Wire(base_url) as wire:
        yield from checks.run(_only(of_gateways.SUITE.checks, only), Gateway(wire, brought, node, key))


def _only(given: Sequence[Check[S]], only: Collection[str]) -> list[Check[S]]:
    return [one for one in given if not only or one.id in only]
