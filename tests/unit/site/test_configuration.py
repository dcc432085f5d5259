"""A node tells in one line why it doesn't start, and production refuses what is fit for a laptop only."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import yaml
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from rongxin.delivery.signature.credential import Credential
from rongxin.site import configuration
from rongxin.site.configuration import Configuration, ConfigurationError, database_from_url
from tests.unit.delivery.signature import stage


@pytest.fixture
def production(tmp_path: Path) -> dict[str, str]:
    keys = tmp_path / "keys"
    keys.mkdir(mode=0o700)
    return {
        "RONGXIN_MODE": "production",
        "RONGXIN_VAR": str(tmp_path),
        "RONGXIN_KEYS": str(keys),
        "RONGXIN_SECRET_KEY": "s" * 32,
        "RONGXIN_HOSTS": "credit.example.cn",
        "RONGXIN_ORIGINS": "https://credit.example.cn",
        "RONGXIN_ORIGIN": "credit.example.cn/journal",
        "DATABASE_URL": "postgresql://node:secret@db.example.cn/rongxin",
        "RONGXIN_REPAIR_WINDOW": "file:/srv/repair",
        "RONGXIN_IDENTITY_PROVIDER": "city.identity.ElectronicLicenceProvider",
        "RONGXIN_REPORT_CERTIFICATE": str(signer(tmp_path / "issued.pem", by=stage.root())),
    }


def signer(path: Path, *, by: Credential | None, end: datetime | None = None) -> Path:
    """A file of key and certificate that signs reports, issued by an authority or by itself."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    start, end = now - 2 * stage.YEAR, end or now + stage.YEAR
    made = stage.issue("节点", key, by=by, start=start, end=end)
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()) + made.pem().encode()
    path.touch(mode=0o600)
    path.write_bytes(pem)
    return path


def test_openid_providers_do_for_production_unless_they_are_this_machine(
    production: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / "secret").write_text("secret")
    entry = {
        "id": "city",
        "label": "统一身份认证",
        "label_en": "Unified identity",
        "client_id": "node",
        "client_secret_file": "secret",
        "claims": {"id_number": "id_card", "levels": {"face": "high"}},
    }
    for issuer in ("https://id.example.gov.cn", "http://localhost:8080"):
        path = tmp_path / f"{issuer[:5]}.yaml"
        path.write_text(yaml.safe_dump({"providers": [{**entry, "issuer": issuer}]}))
        given = {**production, "RONGXIN_IDENTITY_PROVIDER": "", "RONGXIN_OPENID_PROVIDERS": str(path)}
        if issuer.startswith("https"):
            assert Configuration.from_environment(given).mode == "production"
        else:
            with pytest.raises(ConfigurationError, match=r"RONGXIN_OPENID_PROVIDERS: .*this machine"):
                Configuration.from_environment(given)


def test_it_starts_production_with_what_production_needs(production: dict[str, str], tmp_path: Path) -> None:
    made = Configuration.from_environment(production)
    assert (made.mode, made.debug, made.allowed_hosts) == ("production", False, ["credit.example.cn"])
    assert not (tmp_path / "secret_key").exists()


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"RONGXIN_DEBUG": "1"}, r"RONGXIN_DEBUG: .*unset it"),
        ({"RONGXIN_SECRET_KEY": "short"}, r"RONGXIN_SECRET_KEY: .*at least 32"),
        ({"RONGXIN_SECRET_KEY": ""}, r"RONGXIN_SECRET_KEY"),
        ({"RONGXIN_REPAIR_WINDOW": ""}, r"RONGXIN_REPAIR_WINDOW: .*file:/directory"),
        ({"RONGXIN_REPAIR_WINDOW": "http://window.example.cn"}, r"RONGXIN_REPAIR_WINDOW"),
        ({"RONGXIN_REPAIR_WINDOW_KEY": "/nowhere.pem"}, r"RONGXIN_REPAIR_WINDOW_KEY: /nowhere.pem"),
        ({"RONGXIN_HOSTS": ""}, r"RONGXIN_HOSTS: .*host names"),
        ({"RONGXIN_HOSTS": "localhost,credit.example.cn"}, r"RONGXIN_HOSTS: localhost"),
        ({"RONGXIN_HOSTS": "*"}, r"RONGXIN_HOSTS: \*"),
        ({"RONGXIN_ORIGINS": "http://credit.example.cn"}, r"RONGXIN_ORIGINS: http://credit.*https"),
        ({"RONGXIN_ORIGINS": "https://a.cn, http://b.cn"}, r"http://b\.cn"),
        ({"DATABASE_URL": ""}, r"DATABASE_URL: .*server of its own"),
        ({"RONGXIN_DATABASE_ROLE": "web"}, r"RONGXIN_WEB_DATABASE_URL: .*请先.*rongxin database roles"),
        ({"RONGXIN_DATABASE_ROLE": "worker"}, r"RONGXIN_WORKER_DATABASE_URL: .*rongxin database roles"),
        ({"RONGXIN_IDENTITY_PROVIDER": ""}, r"RONGXIN_IDENTITY_PROVIDER: .*believes anybody"),
        (
            {"RONGXIN_IDENTITY_PROVIDER": "rongxin.parties.identity.DemoIdentityProvider"},
            r"RONGXIN_IDENTITY_PROVIDER: .*believes anybody",
        ),
        ({"RONGXIN_IDENTITY_PROVIDER": "my.DemoIdentityProvider "}, r"RONGXIN_IDENTITY_PROVIDER"),
        ({"RONGXIN_OPENID_PROVIDERS": "/nowhere.yaml"}, r"RONGXIN_OPENID_PROVIDERS: /nowhere.yaml"),
        ({"RONGXIN_KEYS": ""}, r"RONGXIN_KEYS: .*directory"),
        ({"RONGXIN_KEYS": "/no/such/place"}, r"isn't a directory"),
        ({"RONGXIN_ORIGIN": ""}, r"RONGXIN_ORIGIN: .*journal"),
        ({"RONGXIN_REPORT_CERTIFICATE": ""}, r"RONGXIN_REPORT_CERTIFICATE: .*signs its reports"),
        ({"RONGXIN_REPORT_CERTIFICATE": "/no/such.p12"}, r"RONGXIN_REPORT_CERTIFICATE: /no/such.p12"),
        ({"RONGXIN_WEBHOOK_LOOPBACK": "1"}, r"RONGXIN_WEBHOOK_LOOPBACK: production"),
        ({"RONGXIN_WEBHOOK_NETWORKS": "10.0.0.0/8,169.254.0.0/16"}, r"RONGXIN_WEBHOOK_NETWORKS: 169\.254"),
        ({"RONGXIN_WEBHOOK_NETWORKS": "10.0.0.1/8"}, r"RONGXIN_WEBHOOK_NETWORKS: .*host bits"),
        ({"RONGXIN_TSA_URL": "ftp://stamp.cn"}, r"RONGXIN_TSA_URL: ftp://stamp\.cn"),
        ({"RONGXIN_TSA_SILENT": "ignore"}, r"RONGXIN_TSA_SILENT: say refuse or sign"),
        ({"RONGXIN_TSA_SECONDS": "soon"}, r"RONGXIN_TSA_SECONDS: soon"),
        ({"RONGXIN_TSA_SECONDS": "0"}, r"RONGXIN_TSA_SECONDS: 0"),
    ],
)
def test_production_refuses_what_fits_a_laptop(
    production: dict[str, str], change: dict[str, str], reason: str
) -> None:
    with pytest.raises(ConfigurationError, match=reason) as refused:
        Configuration.from_environment(production | change)
    assert "\n" not in str(refused.value)


def test_production_refuses_keys_that_others_can_read(production: dict[str, str]) -> None:
    Path(production["RONGXIN_KEYS"]).chmod(0o750)
    with pytest.raises(ConfigurationError, match="chmod 700"):
        Configuration.from_environment(production)


def test_an_unknown_mode_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="production, demo or test"):
        Configuration.from_environment({"RONGXIN_MODE": "prod"})


def test_a_demo_makes_one_secret_and_keeps_it_to_itself(tmp_path: Path) -> None:
    environ = {"RONGXIN_VAR": str(tmp_path)}
    first, second = (Configuration.from_environment(environ).secret_key for _ in range(2))
    assert first == second
    assert len(first) >= 32
    assert (tmp_path / "secret_key").stat().st_mode & 0o777 == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["secret_key"]


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        (
            "postgresql:///rongxin?host=/tmp/a b&user=me",
            {"NAME": "rongxin", "HOST": "/tmp/a b", "USER": "me"},
        ),
        (
            "postgres://me:p%40ss@db:6432/name",
            {"NAME": "name", "HOST": "db", "PORT": "6432", "USER": "me", "PASSWORD": "p@ss"},
        ),
        ("postgresql://postgres@/postgres?host=/run/pg", {"USER": "postgres", "HOST": "/run/pg", "PORT": ""}),
    ],
)
def test_it_reads_the_address_of_the_database(url: str, expected: dict[str, str]) -> None:
    settings, _ = database_from_url(url)
    assert expected.items() <= settings.items()


def test_it_hands_what_is_left_of_the_address_to_the_driver() -> None:
    _, options = database_from_url("postgresql://db/name?sslmode=verify-full")
    assert options == {"sslmode": "verify-full"}


@pytest.mark.parametrize("url", ["mysql://db/name", "db/name", "postgresql://db:port/name"])
def test_it_refuses_an_address_that_it_does_not_understand(url: str) -> None:
    with pytest.raises(configuration.ConfigurationError, match="DATABASE_URL"):
        database_from_url(url)


@pytest.mark.parametrize(
    ("by", "days", "reason"), [(None, 300, "vouches for itself"), (stage.root(), -1, "is valid from .* to")]
)
def test_production_refuses_a_certificate_that_no_reader_can_rely_on(
    production: dict[str, str], tmp_path: Path, by: Credential | None, days: int, reason: str
) -> None:
    path = signer(tmp_path / "other.pem", by=by, end=datetime.now(UTC) + timedelta(days=days))
    with pytest.raises(ConfigurationError, match=rf"RONGXIN_REPORT_CERTIFICATE: .*{reason}"):
        Configuration.from_environment({**production, "RONGXIN_REPORT_CERTIFICATE": str(path)})
