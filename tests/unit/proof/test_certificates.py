"""A certificate is believed when everything about it holds, and each thing that doesn't has its own words."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from asn1crypto import core, crl, x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from rongxin.proof.certificates import checking, signatures, trust
from rongxin.proof.certificates.checking import CODE_EXTENSION, Certificate, Holder
from rongxin.proof.certificates.refusals import Refused, Why
from rongxin.proof.certificates.trust import Trust
from rongxin.proof.keys import SigningKey
from rongxin.proof.signers import Sm2SigningKey
from tests.authority import DAY, NOW, Authority, Extension, armoured, extension, lay

CODE, OTHER = "91110000100000000R", "911100002000000005"
BANK = Holder(CODE, "云州银行股份有限公司")
SUBJECT: Mapping[str, Any] = {"country_name": "CN", "organization_name": BANK.name, "common_name": "api"}
KEY = Sm2SigningKey.generate("bank")
UNKNOWN = "1.2.3.4.5"
DELTA = extension("2.5.29.27", core.Integer(1), critical=True)


Kind = type[SigningKey | Sm2SigningKey]


class World:
    """A directory with a root and an intermediate, and a certificate of the bank's."""

    def __init__(
        self, directory: Path, *, kind: type[SigningKey | Sm2SigningKey] = Sm2SigningKey, **sub: Any
    ):
        self.directory, self.root = directory, Authority(kind=kind)
        self.sub = Authority("测试中间 Sub", kind, self.root, **sub)
        lay(directory, roots=[self.root], intermediates=[self.sub])
        self.trust = Trust(directory)

    def list(self, authority: Authority, *args: Any, **changes: Any) -> None:
        (self.directory / "crls" / f"{authority.name}.crl").write_bytes(authority.crl(*args, **changes))

    def issued(self, subject: Any = SUBJECT, key: Any = KEY, **changes: Any) -> str:
        return armoured(self.sub.issue(key, subject, **changes).dump())

    def check(self, pem: str, *, after: timedelta = timedelta(0), **more: Any) -> Certificate:
        return checking.check(pem, BANK, self.trust.now(), at=NOW + after, **more)

    def why(self, pem: str, **more: Any) -> Why:
        with pytest.raises(Refused) as refused:
            self.check(pem, **more)
        assert re.search("[\u4e00-\u9fff].*[a-z]{3}", str(refused.value)), "people read both languages"
        return refused.value.why


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


@pytest.mark.parametrize("kind", [SigningKey, Sm2SigningKey])
def test_a_sound_certificate_says_whose_the_key_is(tmp_path: Path, kind: Kind):
    world, key = World(tmp_path, kind=kind, path_length=0), kind.generate("bank")
    told = world.check(world.issued(key=key))
    assert told.key.id == key.id
    assert (told.valid_until, told.issuer) == (NOW + 365 * DAY, "Common Name: 测试中间 Sub, Country: CN")


def test_an_intermediate_may_come_with_the_certificate(world: World):
    (world.directory / "intermediates" / f"{world.sub.name}.pem").unlink()
    pem = world.issued()
    assert world.why(pem) is Why.NO_CHAIN
    assert world.check(pem + world.sub.pem).key.id == KEY.id


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"usage": {"key_encipherment", "data_encipherment"}}, Why.ENCRYPTION),
        ({"usage": {"non_repudiation"}}, Why.KEY_USAGE),
        ({"usage": None}, Why.KEY_USAGE),
        ({"authority": True}, Why.KEY_USAGE),
        ({"until": NOW - timedelta(minutes=1)}, Why.EXPIRED),
        ({"since": NOW + timedelta(minutes=1)}, Why.NOT_YET),
        ({"extensions": [extension(UNKNOWN, core.Null(), critical=True)]}, Why.CRITICAL),
        ({"oid": "1.2.840.10045.4.3.2"}, Why.ALGORITHM),
    ],
)
def test_a_certificate_that_is_not_for_this_is_refused(world: World, changes: dict[str, Any], why: Why):
    assert world.why(world.issued(**changes)) is why


def test_an_extension_that_nobody_has_to_know_does_no_harm(world: World):
    world.check(world.issued(extensions=[extension(UNKNOWN, core.Null())]))


@pytest.mark.parametrize(
    ("stated", "name", "why"),
    [
        ({"extensions": [extension(CODE_EXTENSION, core.PrintableString(CODE))]}, "别名", None),
        ({"extensions": [extension(CODE_EXTENSION, CODE.encode())]}, "别名", None),
        ({"extensions": [extension(CODE_EXTENSION, core.UTF8String(OTHER))]}, BANK.name, Why.SUBJECT),
        ({"organization_identifier": f"NTRCN-{CODE}"}, "别名", None),
        ({"organization_identifier": f"NTRCN-{OTHER}"}, BANK.name, Why.SUBJECT),
        ({"serial_number": CODE}, "别名", None),
        ({"serial_number": "4711"}, BANK.name, None),
        ({}, "云州银行股份 有限公司", None),
        ({}, "云州银行", Why.SUBJECT),
    ],
)
def test_the_subject_is_the_institution_by_its_code_or_else_by_its_name(
    world: World, stated: dict[str, Any], name: str, why: Why | None
):
    changes = {key: value for key, value in stated.items() if key == "extensions"}
    subject = {**SUBJECT, **{key: stated[key] for key in stated.keys() - changes}, "organization_name": name}
    pem = world.issued(subject, **changes)
    if why is None:
        world.check(pem)
    else:
        assert world.why(pem) is why


def test_what_is_no_certificate_or_has_no_key_of_ours_is_refused(world: World):
    p256 = ec.generate_private_key(ec.SECP256R1()).public_key()
    p256_pem = p256.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()

    class Other:
        class public:
            pem = staticmethod(lambda: p256_pem)

    sound = world.issued()
    for broken in (
        "",
        "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n",
        sound[:300],
        sound * 9,
    ):
        assert world.why(broken) is Why.UNREADABLE
    assert world.why(world.issued(key=Other)) is Why.KEY_KIND


def test_a_signature_that_was_changed_and_a_stranger_of_the_same_name_are_found(world: World):
    der = bytearray(world.sub.issue(KEY, SUBJECT).dump())
    der[-1] ^= 1
    assert world.why(armoured(bytes(der))) is Why.FORGED
    twin = Authority(world.sub.name, parent=Authority())
    assert world.why(armoured(twin.issue(KEY, SUBJECT).dump())) is Why.FORGED
    stranger = Authority("别的机构 Stranger")
    assert world.why(armoured(stranger.issue(KEY, SUBJECT).dump())) is Why.NO_CHAIN
    assert world.why(armoured(stranger.issue(KEY, SUBJECT).dump()) + stranger.pem) is Why.NO_CHAIN


@pytest.mark.parametrize(
    ("made", "why"),
    [
        ({"authority": None}, Why.CA_UNFIT),
        ({"authority": False}, Why.CA_UNFIT),
        ({"usage": {"crl_sign"}}, Why.CA_UNFIT),
        ({"usage": {"key_cert_sign"}}, Why.CA_UNFIT),
        ({"usage": None}, Why.CA_UNFIT),
        ({"until": NOW - DAY}, Why.EXPIRED),
        ({"since": NOW + DAY}, Why.NOT_YET),
        ({"extensions": [extension(UNKNOWN, core.Null(), critical=True)]}, Why.CRITICAL),
    ],
)
def test_an_authority_that_may_not_issue_makes_nothing_good(tmp_path: Path, made: dict[str, Any], why: Why):
    world = World(tmp_path / "sub", made=made)
    assert world.why(world.issued()) is why
    root = Authority(made=made)
    lay(tmp_path / "root", roots=[root])
    world.trust = Trust(tmp_path / "root")
    assert world.why(armoured(root.issue(KEY, SUBJECT).dump())) is why


def test_no_more_authorities_stand_below_one_than_it_allows(tmp_path: Path):
    world = World(tmp_path, path_length=0)
    below = Authority("下级 Below", parent=world.sub)
    lay(tmp_path, roots=[], intermediates=[below])
    assert world.why(armoured(below.issue(KEY, SUBJECT).dump())) is Why.CA_UNFIT
    root = Authority("零级 Zero", path_length=0)
    under = Authority("其下 Under", parent=root)
    lay(tmp_path, roots=[root], intermediates=[under])
    assert world.why(armoured(under.issue(KEY, SUBJECT).dump())) is Why.CA_UNFIT
    world.check(armoured(root.issue(KEY, SUBJECT).dump()))


def test_a_root_is_nobodys_certificate_and_without_roots_nobody_is_believed(tmp_path: Path):
    alone = Authority("独自 Alone", made={"authority": None, "usage": {"digital_signature"}})
    alone.certificate = alone.issue(KEY, SUBJECT)
    lay(tmp_path, roots=[alone])
    world = World(tmp_path)
    assert world.why(alone.pem) is Why.NO_CHAIN
    pem = world.issued()
    for file in (tmp_path / "roots").iterdir():
        file.unlink()
    assert world.why(pem) is Why.NO_CHAIN


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
        (lambda w: w.list(w.root, {w.sub.certificate.serial_number: "ca_compromise"}), Why.REVOKED),
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


@pytest.mark.skipif(not shutil.which("openssl"), reason="needs OpenSSL")
def test_openssl_believes_our_certificates_and_we_believe_its(world: World):
    at = world.directory
    (at / "sub.pem").write_text(world.sub.pem)
    (at / "leaf.pem").write_text(world.issued())
    distid = "distid:1234567812345678"
    clock = ["-attime", str(int(NOW.timestamp()))]
    argv = ["verify", "-vfyopt", distid, *clock, "-partial_chain", "-CAfile", "sub.pem", "leaf.pem"]
    assert _openssl(at, *argv) == "leaf.pem: OK\n"
    _openssl(at, "genpkey", "-algorithm", "SM2", "-out", "root.key")
    asked = [
        "req",
        "-x509",
        "-new",
        "-key",
        "root.key",
        "-sm3",
        "-sigopt",
        distid,
        "-subj",
        "/CN=OpenSSL Root",
    ]
    _openssl(at, *asked, "-out", "root.pem")
    root = trust.whole(next(trust.unarmoured((at / "root.pem").read_bytes())))
    oid, signature = root["signature_algorithm"]["algorithm"].dotted, root["signature_value"].native
    assert signatures.holds(root.public_key.dump(), oid, signature, root["tbs_certificate"].dump())
    assert not signatures.holds(root.public_key.dump(), oid, signature, root["tbs_certificate"].dump() + b"x")


def _openssl(at: Path, *argv: str) -> str:
    done = subprocess.run(["openssl", *argv], cwd=at, check=True, capture_output=True, text=True)
    return done.stdout
