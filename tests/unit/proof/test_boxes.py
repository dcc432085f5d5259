"""A box opens for its recipient and its purpose only."""

from __future__ import annotations

import pytest

from rongxin.proof import boxes
from rongxin.proof.errors import Forged, KeyMissing, KeyUnsafe, ProofError


@pytest.fixture(params=[False, True], ids=["X25519", "SM2"])
def sm(request):
    return request.param


@pytest.fixture
def key(tmp_path, sm):
    boxes.make(tmp_path / "key", sm=sm)
    return boxes.opener(tmp_path / "key")


def test_a_box_opens_for_its_recipient_and_purpose_only(key, sm, tmp_path):
    box = boxes.close(b"secret", key.public_key(), info="move 1")
    assert boxes.open_box(box, key, info="move 1") == b"secret"
    other = tmp_path / "other"
    boxes.make(other, sm=sm)
    boxes.make(tmp_path / "of another suite", sm=not sm)
    for changed, opener, info in [
        (box, boxes.opener(other), "move 1"),
        (box, boxes.opener(tmp_path / "of another suite"), "move 1"),
        (box, key, "move 2"),
        (box[:-1] + bytes([box[-1] ^ 1]), key, "move 1"),
        (b"", key, "move 1"),
    ]:
        with pytest.raises(Forged):
            boxes.open_box(changed, opener, info=info)


def test_a_private_key_is_its_owners_alone_and_never_written_over(tmp_path, sm):
    path = tmp_path / "key"
    boxes.make(path, sm=sm)
    with pytest.raises(FileExistsError):
        boxes.make(path, sm=sm)
    path.chmod(0o644)
    with pytest.raises(KeyUnsafe):
        boxes.opener(path)
    with pytest.raises(KeyMissing):
        boxes.opener(tmp_path / "none")


def test_what_is_no_key_of_the_kind_is_said_to_be_none(tmp_path, sm):
    path = tmp_path / "key"
    public = boxes.make(path, sm=sm)
    (tmp_path / "pub").write_bytes(boxes.public_text(public))
    assert boxes.fingerprint(boxes.recipient(tmp_path / "pub")) == boxes.fingerprint(public)
    for name in ("key", "none"):
        with pytest.raises(ProofError):
            boxes.recipient(tmp_path / name)
    (tmp_path / "junk").write_text("x")
    (tmp_path / "junk").chmod(0o600)
    with pytest.raises(ProofError):
        boxes.opener(tmp_path / "junk")
