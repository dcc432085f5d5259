"""The demo's receiver of events passes the suite; one that breaks a rule fails that check."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from rongxin.conformance import of_receivers, trials
from rongxin.conformance.checks import Finding, Result
from rongxin.entrypoints.demo import receiver as receivers
from rongxin.entrypoints.demo.receiver import Receiver
from tests.unit.conformance import proxy

SECRET = "whsec_" + "B" * 43 + "="
Rightly = Callable[[dict[str, str], bytes], tuple[int, bytes]]
Take = Callable[[Rightly, dict[str, str], bytes], tuple[int, bytes]]


@contextmanager
def _listening(take: Take | None = None) -> Iterator[Receiver]:
    with receivers.listening() as receiver:
        receiver.trust(SECRET)
        if take is not None:
            rightly, broken = receiver.take, take
            receiver.take = lambda headers, body: broken(rightly, headers, body)  # type: ignore[method-assign]
        yield receiver


def tried(directory: Path, take: Take | None = None, *only: str) -> dict[str, Finding]:
    with _listening(take) as receiver:
        path = directory / "trial.yaml"
        path.write_text(f"receiver: {{url: '{receiver.url}', secret: {SECRET}}}\n")
        found = trials.of_institution("http://127.0.0.1:1", path, only)
        return {one.id: one for one in found if one.id.startswith("R-")}


def _repeats_nothing(right: Rightly, headers: dict[str, str], body: bytes) -> tuple[int, bytes]:
    return right(headers, body)[0], b""


def _believes_all(right: Rightly, headers: dict[str, str], body: bytes) -> tuple[int, bytes]:
    return 200, b""


def _believes_none(right: Rightly, headers: dict[str, str], body: bytes) -> tuple[int, bytes]:
    return 401, b""


def _refuses_what_came(
    seen: set[str],
) -> Take:
    def take(right: Rightly, headers: dict[str, str], body: bytes) -> tuple[int, bytes]:
        if headers["webhook-id"] in seen:
            return 409, b""
        seen.add(headers["webhook-id"])
        return right(headers, body)

    return take


def _looks_at_the_first(right: Rightly, headers: dict[str, str], body: bytes) -> tuple[int, bytes]:
    first = headers["webhook-signature"].split(" ")[0]
    return right({**headers, "webhook-signature": first}, body)


def _knows_few(right: Rightly, headers: dict[str, str], body: bytes) -> tuple[int, bytes]:
    status, answer = right(headers, body)
    return (422, b"") if json.loads(body)["type"].startswith("something") else (status, answer)


def _slow(right: Rightly, headers: dict[str, str], body: bytes) -> tuple[int, bytes]:
    time.sleep(0.3)
    return right(headers, body)


FAULTS: dict[str, Take] = {
    "R-01": _repeats_nothing,
    "R-02": _believes_none,
    **{f"R-{number:02}": _believes_all for number in range(3, 7)},
    "R-07": _refuses_what_came(set()),
    "R-08": _looks_at_the_first,
    "R-09": _knows_few,
    "R-10": _slow,
}


def test_the_demos_receiver_passes_every_check(tmp_path: Path) -> None:
    found = tried(tmp_path)
    assert found.keys() == {one.id for one in of_receivers.SUITE.checks} == FAULTS.keys()
    assert [one for one in found.values() if one.result is not Result.PASSED] == []


@pytest.mark.parametrize("check", FAULTS)
def test_a_receiver_that_breaks_a_rule_fails_its_check(
    tmp_path: Path, check: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(of_receivers, "_WITHIN_SECONDS", 0.2)
    assert proxy.told(found := tried(tmp_path, FAULTS[check], check)[check]), found


def test_a_receiver_that_does_not_know_its_secret_yet_takes_a_challenge_alone() -> None:
    with receivers.listening() as receiver:
        challenge = b'{"type": "webhook.verification", "data": {"challenge": "w"}}'
        assert receiver.take({}, challenge) == (200, b'{"challenge": "w"}')
        assert receiver.take({}, b'{"type": "consent.granted", "data": {}}')[0] == 503
        assert receiver.take({}, b"[]")[0] == 400
        assert receiver.events == []
