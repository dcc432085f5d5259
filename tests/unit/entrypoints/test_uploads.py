"""An upload lies on the node's own disk without a name, and for the readers in a folder that is swept."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import RequestFactory

from rongxin.entrypoints.api.batches import on_disk

LARGE = "名称,代码\n".encode() + b"x" * (3 << 20)


@pytest.fixture
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: Any) -> tuple[Path, Path]:
    """The node's own folder and the system's."""
    own, elsewhere = tmp_path / "var", tmp_path / "elsewhere"
    elsewhere.mkdir()
    settings.RONGXIN_VAR = own
    monkeypatch.setattr("tempfile.tempdir", str(elsewhere))
    return own / "scratch", elsewhere


@pytest.mark.parametrize("content", [LARGE, b"small"], ids=["large", "small"])
def test_an_upload_arrives_whole_and_has_no_name_on_disk(content: bytes, places: tuple[Path, Path]) -> None:
    request = RequestFactory().post("/", {"file": SimpleUploadedFile("企业.csv", content, "text/csv")})
    file = request.FILES["file"]
    assert not any(list(place.iterdir()) for place in places if place.exists())
    with on_disk(file) as path:
        assert path.read_bytes() == content
        assert path.parent.parent == places[0]
        assert not list(places[1].iterdir())
    assert (file.name, file.size, file.content_type) == ("企业.csv", len(content), "text/csv")
    assert not list(places[0].iterdir())
