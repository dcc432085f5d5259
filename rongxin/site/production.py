"""What a production node refuses to start with, each with the variable to set."""

from __future__ import annotations

import re
import stat
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

from rongxin.delivery.signature import credential
from rongxin.delivery.signature.errors import CertificateUnfit
from rongxin.delivery.webhooks import addresses
from rongxin.entrypoints.database.declared import VARIABLES
from rongxin.parties import openid_providers
from rongxin.proof.errors import ProofError
from rongxin.proof.keys import VerifyingKey

SHORTEST_SECRET = 32
LAPTOP_HOSTS = {"*", "127.0.0.1", "localhost", "[::1]", "0.0.0.0"}  # noqa: S104 - refused, not bound


def refusals(environ: Mapping[str, str]) -> Iterator[str]:
    """Give one line for each setting that is fit for a laptop only."""
    if environ.get("RONGXIN_DEBUG", "0") not in ("", "0"):
        yield "RONGXIN_DEBUG: production shows no debug pages; unset it"
    if len(environ.get("RONGXIN_SECRET_KEY", "")) < SHORTEST_SECRET:
        yield f"RONGXIN_SECRET_KEY: production needs a secret of at least {SHORTEST_SECRET} characters"
    hosts = {host.strip() for host in environ.get("RONGXIN_HOSTS", "").split(",") if host.strip()}
    if not hosts:
        yield "RONGXIN_HOSTS: production needs the host names under which it is reached"
    elif hosts & LAPTOP_HOSTS:
        yield f"RONGXIN_HOSTS: {', '.join(sorted(hosts & LAPTOP_HOSTS))} isn't a name of a production node"
    for origin in filter(None, map(str.strip, environ.get("RONGXIN_ORIGINS", "").split(","))):
        if urlsplit(origin).scheme != "https":
            yield f"RONGXIN_ORIGINS: {origin}: production is reached by https:// only"
    if not environ.get("RONGXIN_ORIGIN"):
        yield (
            "RONGXIN_ORIGIN: production needs a name for its journal that no other log has, such as"
            " credit.example.gov.cn/journal"
        )
    role = environ.get("RONGXIN_DATABASE_ROLE", "owner")
    variable = next((name for each, name in VARIABLES.items() if each == role), "DATABASE_URL")
    if not environ.get(variable):
        yield (
            f"{variable}: production needs a PostgreSQL server of its own and a role of its own for"
            f" {role}; 生产环境请先以所有者地址（DATABASE_URL）运行 rongxin database roles 建立角色"
        )
    yield from _identity(environ)
    if environ.get("RONGXIN_WEBHOOK_LOOPBACK", "0") not in ("", "0"):
        yield "RONGXIN_WEBHOOK_LOOPBACK: production sends no message to itself over plain HTTP; unset it"
    for fault in addresses.faults(environ.get("RONGXIN_WEBHOOK_NETWORKS", "").split(",")):
        yield f"RONGXIN_WEBHOOK_NETWORKS: {fault}"
    yield from _repair_window(environ)
    yield from _keys(environ.get("RONGXIN_KEYS", ""))
    yield from _signature(environ)


def _identity(environ: Mapping[str, str]) -> Iterator[str]:
    """Without somebody who says who a person is, no firm could register."""
    provider = environ.get("RONGXIN_IDENTITY_PROVIDER", "").strip()
    openid = environ.get("RONGXIN_OPENID_PROVIDERS", "").strip()
    if provider.endswith("DemoIdentityProvider") or not (provider or openid):
        yield (
            "RONGXIN_IDENTITY_PROVIDER: production needs a real one, or RONGXIN_OPENID_PROVIDERS; the demo's"
            " believes anybody"
        )
    if openid:
        try:
            found = openid_providers.read(Path(openid)).values()
        except openid_providers.InvalidOpenIdProviders as error:
            yield f"RONGXIN_OPENID_PROVIDERS: {error}"
            return
        for one in found:
            if openid_providers.local(one.issuer):
                yield f"RONGXIN_OPENID_PROVIDERS: {one.issuer} is this machine; fit for a demo only"


def _repair_window(environ: Mapping[str, str]) -> Iterator[str]:
    """Requests for credit repair that nobody forwards would wait for ever."""
    given = environ.get("RONGXIN_REPAIR_WINDOW", "")
    if not given.startswith(("file:/", "https://")):
        yield (
            "RONGXIN_REPAIR_WINDOW: production needs a way to the national window for credit repair:"
            " file:/directory or https://address"
        )
    key = environ.get("RONGXIN_REPAIR_WINDOW_KEY", "")
    if key:
        try:
            VerifyingKey.from_pem(Path(key).read_text(encoding="ascii"))
        except (OSError, UnicodeError, ProofError) as error:
            yield f"RONGXIN_REPAIR_WINDOW_KEY: {key}: {error}"


def _keys(directory: str) -> Iterator[str]:
    if not directory:
        yield (
            "RONGXIN_KEYS: production needs the directory of the node's keys; `rongxin keys init` makes them"
        )
        return
    if not Path(directory).is_dir():
        yield f"RONGXIN_KEYS: {directory} isn't a directory; `rongxin keys init` makes a new node's keys"
    elif stat.S_IMODE(Path(directory).stat().st_mode) & 0o077:
        yield f"RONGXIN_KEYS: {directory} can be read by others: chmod 700 it"


def _signature(environ: Mapping[str, str]) -> Iterator[str]:
    path = environ.get("RONGXIN_REPORT_CERTIFICATE", "")
    if not path:
        yield (
            "RONGXIN_REPORT_CERTIFICATE: production signs its reports: name the PKCS#12 or PEM file of key"
            " and certificate; a self-signed one is for demos"
        )
        return
    try:
        found = credential.load(Path(path), environ.get("RONGXIN_REPORT_CERTIFICATE_PASSWORD", ""))
        found.require_valid(as_of=datetime.now(UTC))
    except CertificateUnfit as error:
        yield f"RONGXIN_REPORT_CERTIFICATE: {error}"
        return
    if found.self_signed:
        yield (
            f"RONGXIN_REPORT_CERTIFICATE: {path} vouches for itself; production needs one that an authority"
            " issued, which readers of a report can check"
        )
    yield from _authority(environ)


def _authority(environ: Mapping[str, str]) -> Iterator[str]:
    url = environ.get("RONGXIN_TSA_URL", "")
    if url and urlsplit(url).scheme not in ("http", "https"):
        yield f"RONGXIN_TSA_URL: {url}: a time-stamp authority is asked over http:// or https://"
    seconds = environ.get("RONGXIN_TSA_SECONDS", "5")
    if not re.fullmatch(r"0*[1-9]\d?(\.\d+)?|0?\.\d*[1-9]\d*", seconds):
        yield f"RONGXIN_TSA_SECONDS: {seconds}: say how many seconds (below 100) to wait for a time-stamp"
    if environ.get("RONGXIN_TSA_SILENT", "refuse") not in ("refuse", "sign"):
        yield "RONGXIN_TSA_SILENT: say refuse or sign, for when the time-stamp authority does not answer"
