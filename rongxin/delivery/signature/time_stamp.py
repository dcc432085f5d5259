"""A time-stamp authority (RFC 3161): asked over HTTP, within one deadline for all of it.

The deadline covers looking the name up, connecting and reading to the last byte: one that sends a byte a
second would otherwise hold the thread that answers a report. What comes back has to be a time-stamp of
our own digest, with our nonce and a signature that holds; anything else counts as no answer.
"""

from __future__ import annotations

import logging
import threading
import time

import httpx
from asn1crypto import cms, tsp
from pyhanko.sign.timestamps import TimeStamper
from pyhanko.sign.validation.generic_cms import validate_tst_signed_data
from pyhanko.sign.validation.status import TimestampSignatureStatus
from pyhanko_certvalidator import ValidationContext

from rongxin.delivery.signature.errors import TimeStampMissing

# It logs with a trace that no root is named here; who stamped is asked when the report is checked.
logging.getLogger("pyhanko").setLevel(logging.CRITICAL)

ANSWER_BYTES_MAX = 64 << 10
_HEADERS = {"Content-Type": "application/timestamp-query", "Accept": "application/timestamp-reply"}


class Authority(TimeStamper):
    """The authority at an address."""

    def __init__(self, url: str, seconds: float) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.url, self.seconds = url, seconds

    async def async_timestamp(self, message_digest: bytes, md_algorithm: str) -> cms.ContentInfo:
        """Return a time-stamp of the digest; fail with one error, whatever the authority did."""
        try:
            token = await super().async_timestamp(message_digest, md_algorithm)
            found = await validate_tst_signed_data(
                token["content"],
                ValidationContext(trust_roots=[], allow_fetching=False),
                lambda algorithm: message_digest if algorithm == md_algorithm else b"",
            )
            status = TimestampSignatureStatus(**found)
            if not (status.intact and status.valid):
                raise TimeStampMissing("its time-stamp is not of this document or its signature is wrong")
        except TimeStampMissing as error:
            raise TimeStampMissing(f"{self.url}: {error}") from error
        except Exception as error:  # what junk does to a parser can't be listed
            raise TimeStampMissing(f"{self.url}: no time-stamp in its answer ({_said(error)})") from error
        return token

    async def async_request_tsa_response(self, req: tsp.TimeStampReq) -> tsp.TimeStampResp:
        return tsp.TimeStampResp.load(self._within_the_deadline(req.dump()), strict=True)

    def _within_the_deadline(self, question: bytes) -> bytes:
        """Ask in a thread that can be left behind: no timeout of a socket bounds a name that isn't found."""
        answers: list[bytes | Exception] = []

        def ask() -> None:
            try:
                answers.append(self._ask(question))
            except Exception as error:  # handed to the thread that waits
                answers.append(error)

        asking = threading.Thread(target=ask, name="time-stamp", daemon=True)
        asking.start()
        asking.join(self.seconds)
        if not answers:
            raise TimeStampMissing(f"no answer within {self.seconds:g} s")
        if isinstance(answers[0], Exception):
            raise answers[0]
        return answers[0]

    def _ask(self, question: bytes) -> bytes:
        end = time.monotonic() + self.seconds
        with httpx.stream(
            "POST", self.url, content=question, headers=_HEADERS, timeout=self.seconds, trust_env=False
        ) as answer:
            if answer.status_code != 200:
                raise TimeStampMissing(f"it answered HTTP {answer.status_code}")
            data = b""
            for part in answer.iter_bytes():
                data += part
                if len(data) > ANSWER_BYTES_MAX or time.monotonic() > end:
                    raise TimeStampMissing("its answer is too long or came too slowly")
        return data


def _said(error: Exception) -> str:
    return f"{type(error).__name__}: {error}".splitlines()[0][:200].rstrip(": ")
