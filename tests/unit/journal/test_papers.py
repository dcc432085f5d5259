"""Papers of whatever room: sealed as they come, read whole or not at all, gone when their time is over."""

from __future__ import annotations

from uuid import UUID, uuid4

import pytest
from django.utils import timezone

from rongxin.catalogue.attachments import File
from rongxin.financing.models import ApplicationPaper
from rongxin.governance.models import ApplicationDocument
from rongxin.journal.papers import Cabinet, Card, SealedPaper, of_row
from rongxin.rights.models import Paper

pytestmark = pytest.mark.django_db
PDF = File("合同.pdf", "application/pdf", "%PDF-1.7 云州蓝鲸物流有限公司".encode())
ROOMS: list[tuple[type[SealedPaper], str]] = [
    (Paper, "act"),
    (ApplicationPaper, "act"),
    (ApplicationDocument, "application"),
]


class RefusedPaper(Exception):
    pass


class NoPaper(Exception):
    pass


@pytest.fixture(params=ROOMS, ids=lambda room: room[0]._meta.db_table)
def kept(request):
    """A cabinet with one paper in it, and whose it is."""
    rows, name = request.param
    cabinet: Cabinet[SealedPaper] = Cabinet(rows, RefusedPaper, NoPaper, whom="请告知")
    whose: dict[str, UUID] = {name: uuid4()}
    cabinet.keep(PDF, **whose, as_of=timezone.now())
    return cabinet, whose


def changed(row, **columns):
    type(row)._default_manager.filter(pk=row.pk).update(**columns)


def test_a_paper_is_sealed_listed_without_content_and_read_whole(kept):
    cabinet, whose = kept
    (row,) = cabinet.listed(**whose)
    assert "content" in row.get_deferred_fields()
    assert PDF.content not in bytes(row.content)
    found, content = cabinet.read("材料", "没有", **whose, pk=row.id)
    assert (content, of_row(found, Card)) == (PDF.content, of_row(row, Card))
    assert of_row(row, Card).document() == {
        "name": "合同.pdf",
        "media_type": "application/pdf",
        "size_bytes": len(PDF.content),
        "sha256": PDF.sha256,
    }


def test_what_is_damaged_or_exchanged_is_not_handed_out(kept):
    cabinet, whose = kept
    another = {key: uuid4() for key in whose}
    cabinet.keep(File("另.pdf", PDF.media_type, b"%PDF-other"), **another, as_of=timezone.now())
    (row,) = cabinet.listed(**whose)
    own, other = bytes(row.content), cabinet.rows._default_manager.exclude(pk=row.pk).get()
    changed(row, content=bytes(other.content))  # sealed for another's place
    with pytest.raises(NoPaper, match="材料打不开，请告知"):
        cabinet.read("材料", "没有", **whose)
    changed(row, content=own, sha256="0" * 64)
    with pytest.raises(NoPaper, match="哈希值不符，请告知"):
        cabinet.read("材料", "没有", **whose)


def test_what_is_not_there_is_said_to_be_missing_and_what_is_unfit_is_refused(kept):
    cabinet, whose = kept
    another = {key: uuid4() for key in whose}
    for ask in (cabinet.one, lambda missing, **which: cabinet.read("材料", missing, **which)):
        with pytest.raises(NoPaper, match="没有这份"):
            ask("没有这份", **another)
    text = File("a.pdf", "text/plain", b"x")
    for files, most, size in (([PDF, PDF], 1, 99), ([PDF], 1, 3), ([text], 1, 99)):
        with pytest.raises(RefusedPaper):
            cabinet.check(files, files_max=most, file_bytes_max=size)
    cabinet.check([PDF], files_max=1, file_bytes_max=99)


def test_only_what_is_over_is_erased(kept):
    cabinet, whose = kept
    with pytest.raises(TypeError):
        cabinet.erase()
    assert (cabinet.erase(**{key: uuid4() for key in whose}), len(cabinet.listed(**whose))) == (0, 1)
    assert (cabinet.erase(**whose), cabinet.listed(**whose)) == (1, [])
