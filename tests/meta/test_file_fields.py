"""No form loses a document: each field that takes one is `{% file_input %}`, its view reads `uploads`."""

from __future__ import annotations

import re

from tests.meta import house

TEMPLATES = house.PACKAGE / "entrypoints" / "templates"
PORTALS = house.PACKAGE / "entrypoints" / "portals"
# Files of data, not documents: what is wrong with such a form is nearly always the file, often a large one.
OF_DATA = {
    "provider/batches.html": "a batch: up to hundreds of megabytes, out of the department's own system",
    "provider/column.html": "a sample of a batch",
    "institution/outcomes.html": "a batch of outcomes: put right in the file",
    "institution/cards.html": "a score card: what is wrong is in the file",
    "operator/record.html": "a checkpoint: its form can't be mistaken, and comes back with the answer",
}
READS = {
    "uploads.py",
    "provider/batches.py",
    "provider/columns.py",
    "institution/telling.py",
    "institution/scorecards.py",
    "operator/record.py",
}


def test_a_field_that_takes_documents_is_the_one_that_keeps_them() -> None:
    own = {
        path.relative_to(TEMPLATES).as_posix()
        for path in TEMPLATES.rglob("*.html")
        if re.search(r'type="file"', path.read_text())
    }
    assert own == {"file_input.html", *OF_DATA}, "use {% file_input %}, or list the form with the reason"


def test_only_uploads_reads_what_a_page_was_sent_as_a_document() -> None:
    found = {
        path.relative_to(PORTALS).as_posix()
        for path in PORTALS.rglob("*.py")
        if "request.FILES" in path.read_text()
    }
    assert found == READS, "read a document by portals.uploads, which keeps it while the form is put right"


def test_a_form_with_such_a_field_is_sent_with_its_files() -> None:
    for path in TEMPLATES.rglob("*.html"):
        text = path.read_text()
        if "{% file_input" in text:
            assert "multipart/form-data" in text, path.name
            assert "mistake.html" in text, f"{path.name}: says nothing of what is lost"
