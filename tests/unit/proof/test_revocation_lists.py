"""Without a sound revocation list of each issuer nothing is believed, and a file that is amiss is told of."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from asn1crypto import core, crl, x509

from rongxin.proof.certificates.refusals import Why
from tests.authority import DAY, NOW, Extension, armoured, extension
from tests.unit.proof.certificate_stage import FOREVER, UNKNOWN, World

DELTA = extension("2.5.29.27", core.Integer(1), critical=True)
TWICE = extension("2.5.29.20", core.Integer(2))  # each list has its number once already


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def _unlisted(world: World) -> None:
    (world.directory / "crls" / f"{world.sub.name}.crl").unlink()


def _scope(**said: Any) -> Extension:
    return extension("2.5.29.28", crl.IssuingDistributionPoint(said), critical=True)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (_unlisted, Why.CRL_MISSING),
        (lambda w: w.list(w.sub, until=NOW - timedelta(seconds=1)), Why.CRL_STALE),
        (lambda w: w.list(w.root, until=NOW - timedelta(seconds=1)), Why.CRL_STALE),
        (lambda w: w.list(w.sub, since=NOW + DAY), Why.CRL_NOT_YET),
        (lambda w: w.list(w.sub, key=w.root.key), Why.CRL_FORGED),
        (lambda w: w.list(w.sub, endless=True), Why.CRL_UNFIT),
        (lambda w: w.list(w.sub, extensions=[DELTA]), Why.CRL_UNFIT),
        (lambda w: w.list(w.sub, extensions=[extension(UNKNOWN, core.Null(), critical=True)]), Why.CRL_UNFIT),
        (lambda w: w.list(w.sub, extensions=[_scope(only_contains_ca_certs=True)]), Why.CRL_UNFIT),
        (lambda w: w.list(w.root, extensions=[_scope(only_contains_user_certs=True)]), Why.CRL_UNFIT),
        (lambda w: w.list(w.sub, extensions=[_scope(indirect_crl=True)]), Why.CRL_UNFIT),
        (lambda w: w.list(w.sub, extensions=[_scope(only_some_reasons={"key_compromise"})]), Why.CRL_UNFIT),
        (lambda w: w.list(w.sub, {0xABC: "key_compromise"}), Why.REVOKED),
        (lambda w: w.list(w.sub, {0xABC: "certificate_hold"}), Why.ON_HOLD),
        (lambda w: w.list(w.root, {w.sub.certificate.serial_number: "ca_compromise"}), Why.CA_REVOKED),
        (lambda w: w.list(w.sub, {0xABC: "key_compromise"}, at=FOREVER), Why.REVOKED),
        (lambda w: w.list(w.sub, {0xABD: "key_compromise"}), None),
        (lambda w: w.list(w.sub, extensions=[_scope(only_contains_user_certs=True)]), None),
    ],
)  # fmt: skip
def test_without_a_sound_revocation_list_of_each_issuer_nothing_is_believed(
    world: World, change: Callable[[World], None], why: Why | None
):
    pem = world.issued(serial=0xABC)
    world.check(pem)
    change(world)
    assert (world.why(pem) if why else world.check(pem) and None) is why


def test_of_several_lists_the_newest_counts_and_only_that_of_its_part(world: World):
    pem = world.issued(serial=0xABC)
    world.list(world.sub, {0xABC: "key_compromise"}, since=NOW - timedelta(hours=1))
    (world.directory / "crls" / "old.crl").write_bytes(world.sub.crl(since=NOW - 2 * DAY))
    assert world.why(pem) is Why.REVOKED
    name = x509.GeneralName("uniform_resource_identifier", "http://ca.example/crl7.crl")
    point = {"distribution_point": x509.DistributionPointName("full_name", [name])}
    points = x509.CRLDistributionPoints([point])
    parted = world.issued(serial=0xABE, extensions=[extension("2.5.29.31", points)])
    part = _scope(distribution_point=point["distribution_point"])
    world.list(world.sub, extensions=[part])
    (world.directory / "crls" / "old.crl").unlink()
    world.check(parted)
    assert world.why(pem) is Why.CRL_UNFIT


@pytest.mark.parametrize("elsewhere", [True, False])
def test_a_list_that_somebody_else_publishes_does_not_count_as_the_issuers(world: World, elsewhere: bool):
    named = x509.GeneralNames([x509.GeneralName("directory_name", world.root.subject)])
    here = x509.GeneralName("uniform_resource_identifier", "http://ca.example/crl.crl")
    named_point = {"crl_issuer": named}
    own_point = {"distribution_point": x509.DistributionPointName("full_name", [here])}
    points = x509.CRLDistributionPoints([named_point] if elsewhere else [named_point, own_point])
    pem = world.issued(extensions=[extension("2.5.29.31", points)])
    assert (world.why(pem) if elsewhere else world.check(pem) and None) is (
        Why.CRL_UNFIT if elsewhere else None
    )


def _reissue(world: World, name: str, **changes: Any) -> x509.Certificate:
    """A later certificate of the intermediate, of the same name and key."""
    changes = {"usage": {"key_cert_sign", "crl_sign"}, "authority": True, **changes}
    later = world.root.issue(world.sub.key, world.sub.subject, **changes)
    (world.directory / "intermediates" / name).write_text(armoured(later.dump()))
    return later


@pytest.mark.parametrize("name", ["0.pem", "~.pem"])
def test_an_authority_is_gone_for_good_when_all_its_certificates_are_revoked(world: World, name: str):
    pem, old = world.issued(serial=0xABC), world.sub.certificate.serial_number
    later = _reissue(world, name).serial_number
    world.list(world.root, {old: "superseded"})
    world.check(pem)
    world.list(world.sub, until=NOW - timedelta(seconds=1))
    assert world.why(pem) is Why.CRL_STALE
    _unlisted(world)
    assert world.why(pem) is Why.CRL_MISSING
    world.list(world.root, {old: "superseded", later: "ca_compromise"})
    assert world.why(pem) is Why.CA_REVOKED


@pytest.mark.parametrize("name", ["0.pem", "~.pem"])
def test_a_certificate_that_its_issuer_revoked_is_so_whatever_else_fails(world: World, name: str):
    pem = world.issued(serial=0xABC)
    _reissue(world, name, until=NOW - DAY)
    world.check(pem)
    world.list(world.sub, {0xABC: "key_compromise"})
    assert world.why(pem) is Why.REVOKED


def test_patience_carries_a_list_past_its_day_but_no_certificate(world: World):
    pem = world.issued(until=NOW + 9 * DAY)
    late = {"after": 8 * DAY}
    assert world.why(pem, **late) is Why.CRL_STALE
    world.check(pem, **late, patience=2 * DAY)
    assert world.why(pem, **late, patience=DAY / 2) is Why.CRL_STALE
    assert world.why(pem, after=9 * DAY + timedelta(seconds=1), patience=9 * DAY) is Why.EXPIRED


def test_a_file_that_can_not_be_read_is_told_of_and_takes_no_other_down(world: World):
    for folder in ("roots", "crls"):
        (world.directory / folder / "broken.der").write_bytes(b"no certificate")
    world.check(world.issued())
    assert [file for file, _ in world.trust.now().unreadable] == ["roots/broken.der", "crls/broken.der"]


@pytest.mark.parametrize("changes", [{"extensions": [TWICE]}, {"version": "v3"}])
def test_a_list_that_is_not_well_made_is_told_of_and_takes_no_other_down(
    world: World, changes: dict[str, Any]
):
    (world.directory / "crls" / "odd.crl").write_bytes(world.sub.crl(**changes))
    world.check(world.issued())
    assert [file for file, _ in world.trust.now().unreadable] == ["crls/odd.crl"]


def _file(place: Path) -> None:
    place.write_bytes(b"")


def _loop(place: Path) -> None:
    place.symlink_to(place)


@pytest.mark.parametrize("put", [_file, _loop])
@pytest.mark.parametrize(
    ("folder", "why"),
    [("roots", Why.NO_CHAIN), ("intermediates", Why.NO_CHAIN), ("crls", Why.CRL_MISSING)],
)
def test_a_directory_that_is_none_is_told_of_and_stands_for_nothing(
    world: World, folder: str, why: Why, put: Callable[[Path], None]
):
    pem, at = world.issued(), world.directory / folder
    at.rename(world.directory / "kept")
    put(at)
    assert world.why(pem) is why
    assert [file for file, _ in world.trust.now().unreadable] == [folder]
    at.unlink()
    (world.directory / "kept").rename(at)
    world.check(pem)
