"""An authority can be asked for a certificate of the keys that a front makes, as its guide says."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest
from asn1crypto import csr, pem

from rongxin.front import founding
from rongxin.proof.certificates import signatures

GUIDE = Path(__file__).parents[3] / "docs" / "front.md"


@pytest.mark.skipif(
    not shutil.which("openssl"), reason="no OpenSSL on this machine (Debian: apt install openssl)"
)
@pytest.mark.parametrize("sm", [True, False])
def test_the_guides_command_asks_for_a_certificate_of_the_key(sm: bool, tmp_path: Path) -> None:
    founding.begin(tmp_path, sm=sm)
    (lines,) = re.findall(r"^ +(openssl req .*\\\n.*)$", GUIDE.read_text(), re.MULTILINE)
    lines = lines.replace("\\\n", " ")
    command = shlex.split(lines if sm else re.sub(r"-sm3 -sigopt \S+", "", lines), comments=True)
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)
    asked = csr.CertificationRequest.load(pem.unarmor((tmp_path / "tokens.csr").read_bytes())[2])
    info = asked["certification_request_info"]
    signed = (asked["signature_algorithm"]["algorithm"].dotted, asked["signature"].native, info.dump())
    key = info["subject_pk_info"].dump()
    assert pem.armor("PUBLIC KEY", key) == (tmp_path / "tokens.pub.pem").read_bytes()
    assert signatures.holds(key, *signed)
    assert not signatures.holds(key, *signed[:2], signed[2] + b" ")
    assert info["subject"].native["organization_name"] == "机构全称"
