"""Who signs and stamps in tests: an authority with certificates, and time-stamp services on a port."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from asn1crypto import keys, tsp
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from pyhanko.sign.timestamps import DummyTimeStamper

from rongxin.delivery.rendering import pdf
from rongxin.delivery.signature.credential import Credential
from tests.unit.delivery import factory

NOW = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)
YEAR = timedelta(days=365)
_USAGES = (
    "digital_signature",
    "content_commitment",
    "key_encipherment",
    "data_encipherment",
    "key_agreement",
    "key_cert_sign",
    "crl_sign",
    "encipher_only",
    "decipher_only",
)


def issue(
    name: str,
    key,
    *,
    by: Credential | None = None,
    usage: tuple[str, ...] = ("digital_signature", "content_commitment"),
    stamps: bool = False,
    start: datetime = NOW - YEAR,
    end: datetime = NOW + YEAR,
) -> Credential:
    """Issue a certificate, by an authority or, where none is named, as one."""
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    builder = (
        x509.CertificateBuilder(by.certificate.subject if by else subject, subject, key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(end)
        .add_extension(x509.BasicConstraints(ca=by is None, path_length=None), critical=True)
        .add_extension(x509.KeyUsage(**{u: u in usage for u in _USAGES}), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )
    if stamps:
        builder = builder.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING]), True)
    made = builder.sign(by.key if by else key, hashes.SHA256())
    return Credential(key, made, (by.certificate,) if by else ())


@cache
def root() -> Credential:
    return issue(
        "虚构根证书",
        ec.generate_private_key(ec.SECP256R1()),
        usage=("key_cert_sign", "crl_sign"),
        end=NOW + 9 * YEAR,
    )


@cache
def node() -> Credential:
    return issue("云州市融资信用服务平台", ec.generate_private_key(ec.SECP256R1()), by=root())


@cache
def _clock() -> Credential:
    key = rsa.generate_private_key(65537, 2048)
    return issue("虚构时间戳", key, by=root(), usage=("digital_signature",), stamps=True, end=NOW + 9 * YEAR)


def der(credential: Credential) -> bytes:
    return credential.certificate.public_bytes(Encoding.DER)


@cache
def report() -> bytes:
    """A small report on paper, unsigned."""
    return pdf.render(factory.prepared(factory.release(items=["business_licence"], rows=1)), [])


def stamp(question: bytes, at: datetime = NOW) -> bytes:
    """What an honest authority answers."""
    key = _clock().key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    made = DummyTimeStamper(
        asn1_x509.Certificate.load(der(_clock())), keys.PrivateKeyInfo.load(key), fixed_dt=at
    )
    return made.request_tsa_response(tsp.TimeStampReq.load(question)).dump()


def of_another_document(question: bytes) -> bytes:
    asked = tsp.TimeStampReq.load(question)
    asked["message_imprint"]["hashed_message"] = b"\0" * 32
    return stamp(asked.dump())


def of_another_question(question: bytes) -> bytes:
    asked = tsp.TimeStampReq.load(question)
    asked["nonce"] = 1
    return stamp(asked.dump())


def forged(question: bytes) -> bytes:
    answer = bytearray(stamp(question))
    answer[-1] ^= 1  # of the signature
    return bytes(answer)


def refusing(question: bytes) -> bytes:
    return bytes.fromhex("30053003020102")  # PKIStatus rejection (2), and no token


def _drip(handler: BaseHTTPRequestHandler, answer: bytes) -> None:
    for at in range(0, len(answer), 200):
        handler.wfile.write(answer[at : at + 200])
        handler.wfile.flush()
        time.sleep(0.3)


@contextmanager
def service(
    answer: Callable[[bytes], bytes], *, status: int = 200, hangs: bool = False, drips: bool = False
) -> Iterator[str]:
    """Serve a time-stamp authority on a port of this machine; give its address."""
    closing = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            question = self.rfile.read(int(self.headers["Content-Length"]))
            if hangs:
                closing.wait(20)
                return
            data = answer(question)
            self.send_response(status)
            self.send_header("Content-Type", "application/timestamp-reply")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            _drip(self, data) if drips else self.wfile.write(data)

        def log_message(self, *_: object) -> None:
            pass

        def handle(self) -> None:
            with contextlib.suppress(OSError):  # whoever asked has gone
                super().handle()

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/tsa"
    finally:
        closing.set()
        server.shutdown()
        server.server_close()
