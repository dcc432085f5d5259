"""A certificate is believed when everything about it holds, and each thing that doesn't has its own words."""

from __future__ import annotations

import shutil
import subprocess
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from asn1crypto import core, x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from rongxin.proof.certificates import signatures, trust
from rongxin.proof.certificates.checking import CODE_EXTENSION
from rongxin.proof.certificates.refusals import Why
from rongxin.proof.certificates.trust import Trust
from rongxin.proof.keys import SigningKey
from rongxin.proof.signers import Sm2SigningKey
from rongxin.vocabulary.zone import business_day
from tests.authority import DAY, NOW, Authority, Extension, armoured, extension, lay
from tests.unit.proof.certificate_stage import BANK, CODE, FOREVER, KEY, OTHER, SUBJECT, UNKNOWN, World

ZONELESS, ELSEWHERE = (
    x509.Time.load(bytes([0x18, len(text)]) + text) for text in (b"20270101000000", b"20270101000000+0800")
)


def _purposes(*names: str, critical: bool = True) -> Extension:
    return extension("2.5.29.37", x509.ExtKeyUsageSyntax(names), critical=critical)


Kind = type[SigningKey | Sm2SigningKey]


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
        ({"since": FOREVER}, Why.NOT_YET),
        ({"until": ZONELESS}, Why.UNREADABLE),
        ({"until": ELSEWHERE}, Why.UNREADABLE),
        ({"extensions": [_purposes("server_auth", "ocsp_signing")]}, Why.KEY_USAGE),
        ({"extensions": [_purposes("time_stamping")]}, Why.KEY_USAGE),
    ],
)
def test_a_certificate_that_is_not_for_this_is_refused(world: World, changes: dict[str, Any], why: Why):
    assert world.why(world.issued(**changes)) is why


def test_an_extension_that_nobody_has_to_know_does_no_harm(world: World):
    world.check(world.issued(extensions=[extension(UNKNOWN, core.Null())]))


@pytest.mark.parametrize("purpose", ["client_auth", "any_extended_key_usage", "email_protection"])
def test_a_purpose_beside_others_is_enough_and_one_that_binds_nobody_is_no_hindrance(
    world: World, purpose: str
):
    world.check(world.issued(extensions=[_purposes("server_auth", purpose)]))
    world.check(world.issued(extensions=[_purposes("server_auth", critical=False)]))


def test_a_certificate_without_an_end_ends_on_a_day_that_every_zone_has(world: World):
    assert business_day(world.check(world.issued(until=FOREVER)).valid_until).year == 9999


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


@pytest.mark.parametrize("codes", [(OTHER, CODE), (CODE, OTHER)])
def test_each_code_that_is_stated_has_to_be_the_institutions(world: World, codes: tuple[str, str]):
    numbers = [{"type": "serial_number", "value": core.PrintableString(code)} for code in codes]
    parts = [x509.RelativeDistinguishedName([x509.NameTypeAndValue(one)]) for one in numbers]
    assert world.why(world.issued(x509.Name("", x509.RDNSequence(parts)))) is Why.SUBJECT


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
