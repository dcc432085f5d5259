"""What is wrong with a gateway's certificate is said when it is checked and before it serves."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from click.testing import CliRunner

from rongxin.entrypoints.cli import gateway
from rongxin.gateway import config as configs
from rongxin.outpost import tls
from rongxin.outpost.errors import Misconfigured
from tests.unit.gateway.authority import DAY, Authority
from tests.unit.gateway.stage import NODE, Office

CONFIG = "provider: tax_bureau\nsource: sqlite:///store.sqlite\ntls: {{certificate: {}, key: {}{}}}\n"


def configured(office: Office, certificate: str, key: str, more: str = "") -> configs.Config:
    path = office.directory / "gateway.yaml"
    path.write_text(CONFIG.format(certificate, key, more))
    return configs.read(path)


def opened(config: configs.Config, now: datetime | None = None) -> tls.Tls | None:
    return tls.opened(config.tls, config.at, now=now)


@pytest.fixture
def issued(tax: Office) -> Office:
    authority = Authority(tax.directory, "known")
    authority.issue("good", host="gateway.tax.test")
    authority.issue("expired", life=-DAY)
    (tax.directory / "platform").mkdir()
    (tax.directory / "platform" / "node.pub.pem").write_text(NODE.public.pem())
    return tax


FAULTS: dict[str, tuple[tuple[str, ...], str]] = {
    "no file": (("gone.crt", "good.key"), "tls.certificate: .*gone.crt"),
    "no certificate": (("good.key", "good.key"), "tls.certificate: .*no certificate in PEM"),
    "expired": (("expired.crt", "expired.key"), "过期"),
    "another's key": (("good.crt", "expired.key"), "tls.key: .*not the certificate's key"),
    "no key": (("good.crt", "gone.key"), "tls.key: .*gone.key"),
    "no authority": (("good.crt", "good.key", ", client_authority: good.key"), "tls.client_authority"),
}


@pytest.mark.parametrize("which", FAULTS)
def test_a_gateway_does_not_begin_with_files_that_can_not_work(issued: Office, which: str) -> None:
    written, told = FAULTS[which]
    with pytest.raises(Misconfigured, match=told):
        opened(configured(issued, *written))
    for command in ("serve", "check"):
        said = CliRunner().invoke(
            gateway.command, [command, "--config", str(issued.directory / "gateway.yaml")]
        )
        assert said.exit_code == 1, said.output
        assert "tls." in said.output


def test_check_tells_for_which_host_and_until_when(issued: Office) -> None:
    config = configured(issued, "good.crt", "good.key", ", client_authority: known.pem")
    said = CliRunner().invoke(gateway.command, ["check", "--config", str(issued.directory / "gateway.yaml")])
    assert said.exit_code == 0, said.output
    assert "✓ TLS：gateway.tax.test" in said.output
    with pytest.raises(Misconfigured, match="生效"):
        opened(config, now=datetime.now(UTC) - 30 * DAY)


def test_paths_count_from_the_directory_of_the_file(issued: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    config = configured(issued, "good.crt", "good.key")
    monkeypatch.chdir("/")
    placed = opened(config)
    assert placed is not None
    assert placed.key == issued.directory / "good.key"
