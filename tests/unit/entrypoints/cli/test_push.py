"""`rongxin push verify`: a push is checked where it arrived, with the node's key and nothing else."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from rongxin.entrypoints.cli.main import main
from rongxin.proof import canonical, push_manifest
from rongxin.proof.keys import SigningKey


@pytest.fixture
def arrived(tmp_path):
    """A push as its recipient has it, and the key that signed it."""
    key = SigningKey.generate("node")
    folder = tmp_path / "push"
    folder.mkdir()
    part = folder / "administrative_penalty-0000.csv"
    part.write_text("_record,fine_cny\n1,1000.00\n")
    said = {"rows": 1, "bytes": part.stat().st_size, "sha256": push_manifest.sha256(part)}
    manifest = {
        "format": push_manifest.FORMAT,
        **dict.fromkeys(("run", "kind", "based_on", "watermark", "counts"), "x"),
        "files": {part.name: said},
    }
    (folder / "manifest.json").write_bytes(canonical.dumps(manifest))
    (folder / "manifest.jws").write_text(push_manifest.detached(manifest, key))
    (tmp_path / "key.pem").write_text(key.public.pem())
    return folder


def _verify(folder: Path):
    return CliRunner().invoke(main, ["push", "verify", str(folder), "--key", str(folder.parent / "key.pem")])


def test_it_holds_as_it_was_signed(arrived):
    answer = _verify(arrived)
    assert answer.exit_code == 0, answer.output
    assert json.loads(answer.output)["manifest_sha256"] == push_manifest.sha256(arrived / "manifest.json")


@pytest.mark.parametrize("harm", ["row", "more", "less", "manifest", "attached", "signature"])
def test_what_was_changed_does_not_hold(arrived, harm):
    part, manifest = arrived / "administrative_penalty-0000.csv", arrived / "manifest.json"
    signature = arrived / "manifest.jws"
    if harm == "row":
        part.write_text(part.read_text().replace("1000.00", "1000.01"))
    elif harm == "more":
        (arrived / "more.csv").write_text("x")
    elif harm == "less":
        part.unlink()
    elif harm == "manifest":
        manifest.write_text(manifest.read_text().replace('"rows":1', '"rows":2'))
    elif harm == "attached":
        signature.write_text(signature.read_text().replace("..", ".e30."))
    else:
        signature.write_text(signature.read_text()[:-8] + "AAAAAAAA")
    answer = _verify(arrived)
    assert (answer.exit_code, json.loads(answer.output)["code"]) == (2, "forged")


def test_it_needs_no_node(arrived):
    """No Django is imported, no database looked for."""
    code = (
        "import sys; from rongxin.entrypoints.cli.main import main\n"
        "try: main(sys.argv[1:])\n"
        "finally: assert not [name for name in sys.modules if name.split('.')[0] in ('django', 'psycopg')]\n"
    )
    arguments = ["push", "verify", str(arrived), "--key", str(arrived.parent / "key.pem")]
    subprocess.run([sys.executable, "-c", code, *arguments], check=True, env=os.environ, capture_output=True)
