"""What whoever runs the suite has to bring: one YAML file for each side, refused with its line of thought."""

from __future__ import annotations

from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError


class Unusable(Exception):
    """The file can't be used; the message says where and why."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Ended(_Strict):
    """A consent that was withdrawn, by whoever runs the node or in its sandbox."""

    subject: str
    case: UUID
    consent: UUID


class Listening(_Strict):
    """Where the suite may listen for a moment, and by which address the node reaches it."""

    bind: str = "127.0.0.1:0"
    url: str = ""


class Receiver(_Strict):
    """The institution's own receiver of events, with the secret of a webhook that is only for this trial."""

    url: str
    secret: str


class Institution(_Strict):
    """For `--as institution`: an account at the platform, or a receiver, or both."""

    account: str = ""
    key: Path | None = None
    #: A firm that the platform knows; only its public information is asked for.
    subject: str = ""
    #: Where the platform is reached through a machine in between: its own address.
    issuer: str = ""
    withdrawn: Ended | None = None
    listen: Listening | None = None
    receiver: Receiver | None = None
    #: How long the node's worker may take for a push or a challenge.
    worker_seconds: int = Field(default=60, ge=1, le=3600)


class Subject(_Strict):
    uscc: str
    name: str
    place: str = ""


class Called(_Strict):
    """An item that is called and needs consent: who has a record, and who has none."""

    item: str
    subject: Subject
    absent: Subject
    #: A field whose value the record has, and that may be shown in clear by consent.
    field: str


class Verified(_Strict):
    """An item that is only verified: what is true of the subject, and what isn't."""

    item: str
    subject: Subject
    absent: Subject
    field: str
    right: str
    wrong: str


class Provider(_Strict):
    """For `--as provider`: the gateway's public key, and a node's private key made for this trial alone."""

    provider: str
    gateway_key: Path
    #: Its public half lies in the gateway's `platform` while the trial lasts.
    node_key: Path
    called: Called | None = None
    verified: Verified | None = None
    #: An item whose source was made to fail for the trial.
    failing: str = ""


M = TypeVar("M", Institution, Provider)

_EXAMPLES = {
    "institution": """\
# 接入机构一侧 rongxin conformance run --as institution --base-url https://平台地址 --with 本文件
account: api-yunzhou-bank            # 平台登记的账号名 your account's name at the platform
key: keys/yunzhou_bank.key.pem       # 取令牌的私钥 the private key for tokens
subject: 91990100MA0000012L          # 平台已知的一户企业，只查公共信息 a firm; public information only
# withdrawn: {subject: …, case: …, consent: …}     # 一份已撤回的授权 a consent that was withdrawn
# listen: {bind: 0.0.0.0:8443, url: https://hooks.example.cn/trial}   # 平台能访问的临时地址
# receiver: {url: https://hooks.example.cn/events, secret: whsec_…}   # 也检查本机构的接收程序
""",
    "provider": """\
# 数据提供单位一侧 rongxin conformance run --as provider --base-url http://网关地址 --with 本文件
provider: tax_bureau
gateway_key: tax_bureau.pub.pem      # 网关公钥 the gateway's public key
node_key: trial.key.pem              # 试验用平台私钥，公钥放入网关的 platform 目录，试验后移除
called:
  item: tax_payment
  field: vat_paid_cny_12m
  subject: {uscc: 91990100MA0000012L, name: 云州第一公司, place: "990100"}
  absent: {uscc: 91990100MA00000451, name: 云州第二公司, place: "990100"}
# verified: {item: …, field: …, right: …, wrong: …, subject: …, absent: …}
# failing: tax_arrears               # 为试验而故意配错数据源的一项 an item whose source is made to fail
""",
}


def example(side: str) -> str:
    """Return a file to begin with."""
    return _EXAMPLES[side]


def read(path: Path, shape: type[M]) -> M:
    """Read a file; paths in it count from its directory. Raises `Unusable`."""
    try:
        document = yaml.safe_load(path.read_text("utf-8"))
    except (OSError, UnicodeError, yaml.YAMLError) as error:
        raise Unusable(f"{path}: 不能读取 can't be read ({error})") from error
    try:
        return shape.model_validate(_placed(document, path.parent))
    except ValidationError as error:
        told = "; ".join(
            f"{'.'.join(map(str, one['loc'])) or '(文件 file)'}: {one['msg']}" for one in error.errors()
        )
        raise Unusable(f"{path}: {told}；rongxin conformance example 可得样例 prints an example") from error


def _placed(document: Any, directory: Path) -> Any:
    """Take relative paths of keys from the file's own directory."""
    if not isinstance(document, dict):
        return document
    places = {name: str(directory / document[name]) for name in _PATHS if isinstance(document.get(name), str)}
    return {name: _placed(value, directory) for name, value in document.items()} | places


_PATHS = ("key", "gateway_key", "node_key")
