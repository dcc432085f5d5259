"""What PDF/A-3b (ISO 19005-3) asks of a file, as far as structure can tell: there is no validator here.

It is no validator: colours, glyph widths and the streams of fonts are typst's word alone.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from typing import Any

import pypdf
from pypdf.generic import ArrayObject, ContentStream, DictionaryObject, IndirectObject, NameObject

_FORBIDDEN_ACTIONS = {"/Launch", "/Sound", "/Movie", "/ResetForm", "/ImportData", "/Hide", "/JavaScript"}
_FORBIDDEN_KEYS = {"/JS", "/JavaScript", "/AA", "/XFA", "/NeedsRendering", "/OPI", "/Ref"}


def faults(data: bytes) -> list[str]:
    """Return what speaks against the file being PDF/A-3b."""
    reader = pypdf.PdfReader(io.BytesIO(data))
    return [
        *_file(data, reader),
        *_metadata(reader),
        *_objects(reader),
        *_annotations(reader),
        *_glyphs(reader),
    ]


def _file(data: bytes, reader: pypdf.PdfReader) -> Iterator[str]:
    root = reader.trailer["/Root"]
    if not re.match(rb"%PDF-1\.[0-7]\n%[\x80-\xff]{4}", data):
        yield "6.1.2 header"
    if len(reader.trailer.get("/ID", [])) != 2 or "/Encrypt" in reader.trailer:
        yield "6.1.3 trailer"
    if not data.rstrip(b"\r\n").endswith(b"%%EOF"):
        yield "6.1.3 data after the end"
    if "/Version" in root and not re.fullmatch(r"/1\.[0-7]", str(root["/Version"])):
        yield "6.1.2 version of the catalogue"
    intents = [intent.get_object() for intent in root.get("/OutputIntents", [])]
    if [i["/S"] for i in intents] != ["/GTS_PDFA1"] or not intents[0][
        "/DestOutputProfile"
    ].get_object().get_data():
        yield "6.2.3 output intent"
    files = [entry.get_object() for entry in root["/Names"]["/EmbeddedFiles"]["/Names"][1::2]]
    for entry in files:
        if (
            not {"/F", "/UF", "/AFRelationship", "/EF"} <= entry.keys()
            or "/Subtype" not in entry["/EF"]["/F"]
        ):
            yield "6.8 embedded file"
    if len(root.get("/AF", [])) != len(files):
        yield "6.8 associated files"
    if "/Perms" in root:
        for reference in root["/Perms"]["/DocMDP"]["/Reference"]:
            if {"/DigestLocation", "/DigestMethod", "/DigestValue"} & reference.get_object().keys():
                yield "6.1.12 permissions"


def _metadata(reader: pypdf.PdfReader) -> Iterator[str]:
    root, info = reader.trailer["/Root"], reader.metadata
    stream = root["/Metadata"].get_object()
    xmp = stream.get_data().decode()
    if "/Filter" in stream or not re.search(r"pdfaid:part\W+3\b.*pdfaid:conformance\W+B\b", xmp):
        yield "6.6.4 identification"
    pairs = (("/Title", "x-default"), ("/Creator", "xmp:CreatorTool"), ("/Producer", "pdf:Producer"))
    for key, tag in pairs:
        if info.get(key) and not re.search(rf"{tag}\W+{re.escape(str(info[key]))}", xmp):
            yield f"6.6.3 {key}"
    for key, tag in (("/CreationDate", "xmp:CreateDate"), ("/ModDate", "xmp:ModifyDate")):
        digits = re.sub(r"\D", "", re.search(rf"{tag}\W+([\d\-T:]+)", xmp)[1])
        if digits[:14] != re.sub(r"\D", "", str(info[key]))[:14]:
            yield f"6.6.3 {key}"


def _objects(reader: pypdf.PdfReader) -> Iterator[str]:
    for number in range(1, reader.trailer["/Size"]):
        for thing in _within(reader.get_object(number)):
            if _FORBIDDEN_KEYS & thing.keys() or str(thing.get("/S")) in _FORBIDDEN_ACTIONS:
                yield f"6.5 object {number} acts"
            if "/LZWDecode" in str(thing.get("/Filter", "")) or {"/FFilter", "/FDecodeParms"} & thing.keys():
                yield f"6.1.7 stream {number}"
            if (
                thing.get("/Type") == "/FontDescriptor"
                and not {"/FontFile", "/FontFile2", "/FontFile3"} & thing.keys()
            ):
                yield f"6.2.11 font {number}"


def _within(thing: Any) -> Iterator[DictionaryObject]:
    """The dictionaries of one object, not those that it refers to."""
    if isinstance(thing, DictionaryObject):
        yield thing
    parts = thing.values() if isinstance(thing, dict) else thing if isinstance(thing, ArrayObject) else ()
    for part in parts:
        if not isinstance(part, IndirectObject):
            yield from _within(part)


def _annotations(reader: pypdf.PdfReader) -> Iterator[str]:
    for number, page in enumerate(reader.pages, 1):
        for annotation in page.get("/Annots", []):
            found = annotation.get_object()
            flags = int(found.get("/F", 0))
            if not flags & 4 or flags & (1 | 2 | 32 | 256):
                yield f"6.3.2 flags of an annotation on page {number}"
            if "/AP" not in found and any(found["/Rect"]):
                yield f"6.3.3 appearance on page {number}"
            if {"/A", "/AA"} & found.keys():
                yield f"6.4.1 a widget on page {number} acts"


def _glyphs(reader: pypdf.PdfReader) -> Iterator[str]:
    """A glyph 0 is the empty box: 6.2.11.8 forbids it."""
    for number, page in enumerate(reader.pages, 1):
        for text in _shown(page.get_contents(), page["/Resources"], reader):
            if any(text[at : at + 2] == b"\0\0" for at in range(0, len(text), 2)):
                yield f"6.2.11.8 box on page {number}"


def _shown(content: Any, resources: Any, reader: pypdf.PdfReader) -> Iterator[bytes]:
    """What is shown in two-byte codes on a page and in the drawings on it."""
    for operands, operator in ContentStream(content, reader).operations:
        for part in operands[0] if operator == b"TJ" else operands if operator == b"Tj" else ():
            if isinstance(part, bytes | str):
                yield part if isinstance(part, bytes) else part.original_bytes
        if operator == b"Do":
            form = resources["/XObject"][NameObject(operands[0])].get_object()
            if form["/Subtype"] == "/Form":
                yield from _shown(form, form.get("/Resources", resources), reader)
