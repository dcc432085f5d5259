"""A front's directory as it begins: keys, settings, and the public halves that are handed over."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from rongxin.outpost.errors import Misconfigured
from rongxin.proof import boxes
from rongxin.proof.keys import PRIVATE_SUFFIX, PUBLIC_SUFFIX, SigningKey
from rongxin.proof.signers import Sm2SigningKey

FILE = "front.yaml"
_SIGNING = ("tokens", "signatures")
_EXAMPLE = """\
# 融信前置机配置 the settings of a front; every line is explained in docs/front.md
node: https://node.example         # 平台地址 the platform's address
account: api-your-institution      # 平台登记密钥时给出的账号名 the account for which the key is registered
keys: {tokens: keys/tokens.key.pem, signatures: keys/signatures.key.pem, sealing: keys/sealing.key.pem}
inner: {listen: 127.0.0.1:8600}    # 对内：本机构的系统 the bank's own systems
outer: {listen: 127.0.0.1:8601}    # 对外：平台的事件通知 the node's events
"""


def begin(directory: Path, *, sm: bool) -> Sequence[Path]:
    """Write settings and keys (SM2 where `sm`), over nothing; return the public halves.

    Raises `Misconfigured` where something is there already, `ProofError` where SM2 can't be had.
    """
    keys, told = directory / "keys", directory / FILE
    wanted = {name: keys / f"{name}{PRIVATE_SUFFIX}" for name in (*_SIGNING, "sealing")}
    for path in (told, *wanted.values()):
        if path.exists():
            raise Misconfigured(f"{path} 已存在，未改动 is there already and was left as it is")
    keys.mkdir(parents=True, exist_ok=True, mode=0o700)
    (directory / "callers").mkdir(exist_ok=True)
    public = []
    for name in _SIGNING:
        public.append(_half(directory, name, _made(wanted[name], name, sm=sm)))
    public.append(
        _half(directory, "sealing", boxes.public_text(boxes.make(wanted["sealing"], sm=sm)).decode())
    )
    told.write_text(_EXAMPLE, "utf-8")
    return public


def _made(path: Path, name: str, *, sm: bool) -> str:
    """Make a key that signs, and return its public half (PEM)."""
    if not sm:
        key = SigningKey.generate(name)
        key.save(path)
        return key.public.pem()
    secret = Sm2SigningKey.generate(name)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(secret.key.pem())
    return secret.public.pem()


def _half(directory: Path, name: str, pem: str) -> Path:
    path = directory / f"{name}{PUBLIC_SUFFIX}"
    path.write_text(pem)
    return path
