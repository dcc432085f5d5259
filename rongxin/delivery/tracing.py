"""From a page back to the request that it answered: the mark that every page of a report bears ((十)).

The mark is text, so it stays when one page is taken out of a file, printed to another PDF or copied as
text; a picture of a page keeps only what the eye reads. Its check digits tell a misread mark, they are no
signature: a mark can be copied, so it is a lead, and only content whose digest the register holds is proof.
"""

from __future__ import annotations

import hashlib
import io
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from rongxin.delivery import verification

_MARK = re.compile(r"RX1([0-9a-f]{32})([0-9a-f]{8})")
_ATTACHMENT = "report.json"


class Untraceable(ValueError):
    """文件中没有报告的标记；请提供可选中文字的 PDF、网页或 JSON，不要用图片
    no mark of a report: hand in the page as a text PDF, HTML or JSON, not as a picture
    """

    code = "untraceable"


@dataclass(frozen=True)
class Found:
    """What a file says of itself: the requests that it bears the marks of, the digest of its content, and the
    report that a PDF carries along, if it does.
    """

    requests: tuple[UUID, ...]
    digest: str | None
    document: dict[str, Any] | None = None


def mark(request: str) -> str:
    """Return the mark of a request: its number without hyphens, with eight check digits."""
    number = request.replace("-", "")
    return f"RX1{number}{_check(number)}"


def read(data: bytes) -> Found:
    """Return the marks of a report's PDF, of any page of it, of a saved page or of a report's JSON."""
    if data.startswith(b"%PDF-"):
        found = _read_pdf(data)
    elif data.lstrip()[:1] == b"{":
        found = _read_json(data)
    else:
        found = Found(_marks(data.decode("utf-8", "replace")), None)
    if not found.requests:
        raise Untraceable(" ".join((Untraceable.__doc__ or "").split()))
    return found


def _read_pdf(data: bytes) -> Found:
    import pypdf  # noqa: PLC0415 - for the operator's look alone, not for serving

    try:
        reader = pypdf.PdfReader(io.BytesIO(data))
        text = "\n".join(page.extract_text() for page in reader.pages)
        attached = reader.attachments.get(_ATTACHMENT)
    except Exception as error:  # a damaged file fails anywhere in the reader
        raise Untraceable(
            f"PDF 已损坏，请提供完好的副本 the PDF can't be read ({type(error).__name__})"
        ) from error
    if not attached:
        return Found(_marks(text), None)
    try:
        document = json.loads(attached[0])
    except ValueError:  # somebody put another file in its place: the pages still tell
        document = None
    return Found(_marks(text), _digest(document), document if isinstance(document, dict) else None)


def _read_json(data: bytes) -> Found:
    try:
        document = json.loads(data)
        return Found((UUID(document["report"]),), _digest(document))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise Untraceable("JSON 中没有报告编号，不是报告 no report: it has no number") from error


def _digest(document: Mapping[str, Any]) -> str:
    try:
        return verification.digest(document)
    except (KeyError, TypeError, ValueError):
        return "not a report's content"


def _marks(text: str) -> tuple[UUID, ...]:
    """Whatever breaks lines or spaces letters out on the way leaves the mark's letters in order."""
    together = re.sub(r"\s+", "", text)
    numbers = (number for number, check in _MARK.findall(together) if check == _check(number))
    return tuple(UUID(number) for number in dict.fromkeys(numbers))


def _check(number: str) -> str:
    return hashlib.sha256(f"rongxin-mark:{number}".encode()).hexdigest()[:8]
