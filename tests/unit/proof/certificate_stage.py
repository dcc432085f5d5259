"""A directory of authorities and a bank that comes with certificates of theirs."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from rongxin.proof.certificates import checking
from rongxin.proof.certificates.checking import Certificate, Holder
from rongxin.proof.certificates.refusals import Refused, Why
from rongxin.proof.certificates.trust import Trust
from rongxin.proof.keys import SigningKey
from rongxin.proof.signers import Sm2SigningKey
from tests.authority import NOW, Authority, armoured, lay

CODE, OTHER = "91110000100000000R", "911100002000000005"
BANK = Holder(CODE, "云州银行股份有限公司")
SUBJECT: Mapping[str, Any] = {"country_name": "CN", "organization_name": BANK.name, "common_name": "api"}
KEY = Sm2SigningKey.generate("bank")
UNKNOWN = "1.2.3.4.5"
#: A moment that stands for no end (RFC 5280 4.1.2.5).
FOREVER = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)


class World:
    """A directory with a root and an intermediate, and a certificate of the bank's."""

    def __init__(
        self, directory: Path, *, kind: type[SigningKey | Sm2SigningKey] = Sm2SigningKey, **sub: Any
    ):
        self.directory, self.root = directory, Authority(kind=kind)
        self.sub = Authority("测试中间 Sub", kind, self.root, **sub)
        lay(directory, roots=[self.root], intermediates=[self.sub])
        self.trust = Trust(directory)

    def list(self, authority: Authority, *args: Any, **changes: Any) -> None:
        (self.directory / "crls" / f"{authority.name}.crl").write_bytes(authority.crl(*args, **changes))

    def issued(self, subject: Any = SUBJECT, key: Any = KEY, **changes: Any) -> str:
        return armoured(self.sub.issue(key, subject, **changes).dump())

    def check(self, pem: str, *, after: timedelta = timedelta(0), **more: Any) -> Certificate:
        return checking.check(pem, BANK, self.trust.now(), at=NOW + after, **more)

    def why(self, pem: str, **more: Any) -> Why:
        with pytest.raises(Refused) as refused:
            self.check(pem, **more)
        assert re.search("[\u4e00-\u9fff].*[a-z]{3}", str(refused.value)), "people read both languages"
        return refused.value.why
