"""`gateway.yaml` and one short file per item: all that a department writes to serve its data.

gateway.yaml:
    provider: tax_bureau
    listen: 127.0.0.1:8443
    source: postgresql://reader:…@10.0.0.5/tax   # or mysql://, sqlite:///FILE, https://…, a directory
    platform: platform                           # *.pub.pem of the nodes that may ask

items/tax_payment.yaml:
    sql: SELECT NSRMC AS name, SHXYDM AS uscc, SJZZS AS vat_paid_cny_12m FROM t_nsxx WHERE SHXYDM = :uscc
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from functools import cached_property
from itertools import pairwise
from pathlib import Path

from pydantic import Field, model_validator

from rongxin.catalogue import numerals
from rongxin.exchange.receipt import ROWS_MAX
from rongxin.exchange.subjects import Key
from rongxin.outpost import settings
from rongxin.outpost.errors import Misconfigured
from rongxin.outpost.settings import Settings
from rongxin.outpost.tls import Tls

_NAMED = re.compile(r"\{(\w+)\}")
_BOUND = re.compile(r"(?<![:\w]):(\w+)")


class Bands(Settings):
    """How an exact figure becomes the band that the annex shares (分档): edges upward, unit in words."""

    edges: tuple[Decimal, ...] = Field(min_length=1)
    unit: str = ""

    def of(self, figure: Decimal) -> str:
        """Return the band of a figure as the catalogue spells bands: 10–49人, 50人以上, 少于10人."""
        edges = sorted(self.edges)
        if figure < edges[0]:
            return f"少于{numerals.plain(edges[0])}{self.unit}"
        if figure >= edges[-1]:
            return f"{numerals.plain(edges[-1])}{self.unit}以上"
        low, high = next((a, b) for a, b in pairwise(edges) if a <= figure < b)
        return f"{numerals.plain(low)}–{numerals.plain(high - 1)}{self.unit}"

    def every(self) -> tuple[str, ...]:
        """Return all bands, the lowest first: that of what is below the first edge, and that of each edge."""
        edges = sorted(self.edges)
        return (self.of(edges[0] - 1), *(self.of(edge) for edge in edges))


#: What says where the rows lie → what else may be written beside it alone.
_OF_ONE: Mapping[str, frozenset[str]] = {
    "sql": frozenset(),
    "file": frozenset({"find", "encoding"}),
    "path": frozenset({"rows", "ok", "absent_status"}),
}


class Mapped(Settings):
    """Where one item lies in the department's store; exactly one of `sql`, `file`, `path`."""

    sql: str = ""
    file: str = ""
    path: str = ""
    #: Field of the catalogue → column; may be left out where columns bear the fields' names.
    columns: dict[str, str] = {}
    #: Of a file: which column holds the subject's uscc, name or place, or the number of its meter.
    find: dict[Key, str] = {}
    #: Of a JSON answer: where the rows stand in it, as `data.records`.
    rows: str = ""
    #: Of a JSON answer: place → what must stand there for it to be an answer at all, as `code: 0`.
    ok: dict[str, str | int | bool] = {}
    #: Of a JSON system: the HTTP status by which it says that it holds nothing of a subject.
    absent_status: int | None = None
    encoding: str = "utf-8"
    bands: dict[str, Bands] = {}

    @model_validator(mode="after")
    def _whole(self) -> Mapped:
        if sum(map(bool, (self.sql, self.file, self.path))) != 1:
            raise ValueError("请写 sql、file、path 之一 write exactly one of `sql`, `file` or `path`")
        kind = next(name for name in _OF_ONE if getattr(self, name))
        others = set().union(*(_OF_ONE[name] for name in _OF_ONE if name != kind)) - _OF_ONE[kind]
        if astray := sorted(others & self.model_fields_set):
            raise ValueError(f"{'、'.join(astray)} 不用于 {kind} means nothing beside `{kind}`")
        unknown = self.asked_by - set(Key)
        if unknown:
            raise ValueError(
                "主体只可按 uscc、name、place、account_number 查找 "
                f"a subject is found by uscc, name, place or account_number, not by {sorted(unknown)}"
            )
        if not self.asked_by:
            raise ValueError(
                "没有说明查的是谁 nothing tells which subject is meant: "
                "use :uscc in `sql`, {uscc} in `path`, or `find`"
            )
        return self

    @property
    def asked_by(self) -> set[str]:
        """The keys of a subject that the store is asked by."""
        if self.file:
            return {key.value for key in self.find}
        return set(_BOUND.findall(self.sql) if self.sql else _NAMED.findall(self.path))


class Limits(Settings):
    """What one gateway lends of itself; the defaults suit a department's small machine."""

    seconds: float = Field(default=5.0, gt=0)
    #: The node believes no answer with more rows than `ROWS_MAX`.
    rows: int = Field(default=1000, ge=1, le=ROWS_MAX)
    #: Questions answered at a time; one report asks one provider for up to ten items.
    workers: int = Field(default=12, ge=1, le=64)
    #: How often a consent's number of uses may be exceeded here, for requests that broke off on their way.
    spare_uses: int = Field(default=3, ge=0)
    #: 数据核验: mismatches of one field by one institution about one subject, before it has to wait.
    mismatches: int = Field(default=5, ge=1)
    #: 数据核验: different values that may be tried for one field in a day.
    claims_a_day: int = Field(default=3, ge=1)
    cool_down_days: int = Field(default=30, ge=1)


class Bulk(Settings):
    """What the department has agreed to in writing for one item: until when, and how often in a day."""

    until: date
    a_day: int = Field(ge=1)
    since: date = date.min
    #: The paper's number, for whoever reads the file.
    document: str = ""


class Config(Settings):
    """One provider's gateway. Paths are taken from the directory of the file."""

    provider: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    source: str
    listen: str = "127.0.0.1:8443"
    items: Path = Path("items")
    keys: Path = Path("keys")
    platform: Path = Path("platform")
    #: *.pub.pem of institutions to whose keys rows may be sealed, named <institution>.pub.pem.
    institutions: Path = Path("institutions")
    evidence: Path = Path("evidence.sqlite")
    #: Sent with every question to an HTTP source; ${NAME} is taken from the environment.
    headers: dict[str, str] = {}
    tls: Tls | None = None
    #: Whether a subject's questions about itself are answered on the node's word ((九)).
    self_access: bool = True
    limits: Limits = Limits()
    #: Items that the platform may call in bulk for its own store (批量调用); none unless named here.
    bulk: dict[str, Bulk] = {}
    directory: Path = Path()

    @cached_property
    def mapped(self) -> Mapping[str, Mapped]:
        """The items that this gateway serves, each from its own file."""
        return {path.stem: settings.read(path, Mapped) for path in sorted(self.at(self.items).glob("*.yaml"))}

    @property
    def address(self) -> tuple[str, int]:
        return settings.address("listen", self.listen)

    @property
    def place_of_source(self) -> Path:
        """The directory of a store of files."""
        return self.at(Path(self.source))

    def place(self, name: str) -> Path:
        """Return where one of the configured paths lies."""
        path: Path = getattr(self, name)
        return self.at(path)

    def at(self, path: Path) -> Path:
        """Return where a path of the configuration lies: it counts from the directory of the file."""
        return path if path.is_absolute() else self.directory / path


def read(path: Path) -> Config:
    """Read a configuration and the files of its items; raises `Misconfigured`."""
    config: Config = settings.read(path, Config).model_copy(update={"directory": path.parent})
    if not config.mapped:
        raise Misconfigured(
            f"{config.place('items')}: 没有信息项文件，每项一个 YAML write one YAML file per item"
        )
    return config
