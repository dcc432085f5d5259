"""The way to a provider's own gateway: a signed question over HTTP, a signed receipt back.

`<provider>.yaml` in the directory of gateways names it:

    provider: tax_bureau
    url: https://10.1.2.3:8443
    key: tax_bureau.pub.pem          # the gateway's public key, got by another way than this network
    authority: government-ca.pem     # optional: whose certificates are believed
    certificate: node.crt            # optional, with `private_key`: mTLS on top
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Any

import urllib3
import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from rongxin.exchange import consent_status, patience, receipt
from rongxin.exchange import question as questions
from rongxin.exchange.consent_status import ConsentStatus
from rongxin.exchange.question import Question
from rongxin.proof import http_messages
from rongxin.proof.errors import Forged, ProofError
from rongxin.proof.http_messages import Request
from rongxin.proof.keys import SigningKey, VerifyingKey
from rongxin.sharing.connectors import tls
from rongxin.sharing.connectors.connector import Asked, Exchange, Said, Standing, Unavailable
from rongxin.vocabulary.availability import Availability

#: No answer of a provider is larger; what is, is not read to its end.
BYTES_MAX = 4 << 20
_TYPE = "application/json"


class InvalidAddress(Exception):
    """A file of the gateways' directory can't be used; the message names file and key."""


class Address(BaseModel):
    """Where a provider's gateway is and by which key it is known."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    provider: str
    url: str = Field(pattern=r"^https?://[^/]+$")
    key: str
    items: tuple[str, ...] = ()
    authority: str = ""
    certificate: str = ""
    private_key: str = ""
    seconds: float = Field(default=6.0, gt=0)

    def files(self, directory: Path) -> list[Path]:
        """Return where the keys and certificates lie that the address names."""
        named = (self.key, self.authority, self.certificate, self.private_key)
        return [directory / name for name in named if name]


def read(path: Path) -> Address:
    """Read one file; raises `InvalidAddress`."""
    try:
        address = Address.model_validate(yaml.safe_load(path.read_text("utf-8")))
    except (yaml.YAMLError, ValidationError, OSError, UnicodeError) as error:
        raise InvalidAddress(f"{path}: {error}") from error
    if address.provider != path.stem:
        raise InvalidAddress(f"{path}: provider: {address.provider}, but the file is named {path.stem}")
    return address


class Gateway:
    """A provider's gateway as the node asks it; safe for threads."""

    def __init__(
        self, address: Address, directory: Path, *, key: Callable[[], SigningKey], connections: int
    ) -> None:
        self.provider, self._address, self._key = address.provider, address, key
        try:
            pem = (directory / address.key).read_text("utf-8")
            public = VerifyingKey.from_pem(pem, address.provider)
        except (OSError, ProofError) as error:
            raise InvalidAddress(f"{address.provider}: key: {error}") from error
        self.keys = {public.id: public}
        self._files = _files(address, directory)
        self._pool = _pool(address, self._files, connections)

    def serves(self, item: str) -> bool:
        return not self._address.items or item in self._address.items

    def ask(self, asked: Asked) -> Said:
        question = asked.question
        digest = question.digest()
        request = self._signed(question, _stapled(question, asked.standing, digest, self._key()))
        status, body = self._post(request)
        if status == 404:
            return Said(Availability.SOURCE_NOT_CONNECTED)
        if status != 200:
            raise Unavailable(f"{self.provider}: HTTP {status}: {body[:300].decode('utf-8', 'replace')}")
        try:
            answer = receipt.decode(
                body, self.keys, question=digest, provider=self.provider, item=question.item
            )
        except Forged as error:
            raise Unavailable(f"{self.provider}: {error}") from error
        said = answer.receipt
        if answer.sealed and not question.seal_to:
            raise Unavailable(f"{self.provider}: sealed rows that nobody asked to be sealed")
        return Said(
            said.availability,
            said.reason,
            answer.rows,
            said.results,
            answer.sealed,
            Exchange(digest, http_messages.keep(request), answer.token),
            said.decided,
        )

    def _signed(self, question: Question, status: str | None) -> Request:
        body = questions.encode(question, status)
        request = Request("POST", self._address.url + questions.PATH, {"content-type": _TYPE}, body)
        http_messages.sign(
            request,
            self._key(),
            tag=questions.TAG,
            nonce=secrets.token_urlsafe(16),
            created=question.asked_at,
        )
        return request

    def _post(self, request: Request) -> tuple[int, bytes]:
        """Send a question once: whether a broken one was answered nobody knows, and its number is used."""
        try:
            with self._pool.urlopen(
                "POST",
                questions.PATH,
                body=request.body,
                headers=request.headers,
                redirect=False,
                preload_content=False,
                decode_content=False,  # a gateway is never asked to pack, and what is packed may be a bomb
                # Where no connection could be made the question was never put, so it may be put again.
                retries=urllib3.Retry(total=1, connect=1, read=0, redirect=0, status=0, other=0),
            ) as answer:
                body = answer.read(BYTES_MAX + 1)
        except (urllib3.exceptions.HTTPError, OSError) as error:
            todo = tls.told(error, self._files)
            what = f"{type(error).__name__}: {error}"
            raise Unavailable(f"{self.provider}: {todo}{' — ' if todo else ''}{what}") from error
        if len(body) > BYTES_MAX:
            raise Unavailable(f"{self.provider}: an answer of more than {BYTES_MAX >> 20} MiB")
        return answer.status, body


def _stapled(question: Question, standing: Standing | None, digest: str, key: SigningKey) -> str | None:
    if standing is None or question.artefact is None:
        return None
    status = ConsentStatus(
        standing.consent, standing.status, standing.uses, standing.case_closed, digest, question.asked_at
    )
    return consent_status.mint(status, key)


def _files(address: Address, directory: Path) -> tls.Files:
    given = (address.authority, address.certificate, address.private_key)
    files = tls.Files(*(directory / name if name else None for name in given))
    if not address.url.startswith("https") and any(given):
        raise InvalidAddress(f"{address.provider}: url: certificates need https://")
    try:
        return files.checked()
    except tls.InvalidFile as error:
        raise InvalidAddress(f"{address.provider}: {error}") from error


def _pool(address: Address, files: tls.Files, connections: int) -> Any:
    timeout = urllib3.Timeout(connect=min(2.0, address.seconds), read=address.seconds)
    options: dict[str, Any] = {"maxsize": connections, "block": True, "timeout": timeout}
    place = urllib3.util.parse_url(address.url)
    assert place.host is not None  # by the pattern of `url`
    if place.scheme != "https":
        return patience.Patient(place.host, place.port or 80, **options)
    return patience.PatientTls(place.host, place.port or 443, **options, **files.options())
