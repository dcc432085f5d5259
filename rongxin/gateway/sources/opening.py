"""Which kind of store a configuration names."""

from __future__ import annotations

from rongxin.gateway.config import Config
from rongxin.gateway.sources.files import Files
from rongxin.gateway.sources.http_json import HttpJson
from rongxin.gateway.sources.source import Source
from rongxin.gateway.sources.sql import Sql
from rongxin.outpost.errors import Misconfigured


def open_source(config: Config) -> Source:
    """Open the store that `source` names; raises `Misconfigured` where an item is written for another."""
    address, limits = config.source, config.limits
    if address.startswith(("http://", "https://")):
        kind, source = "path", _http(config)
    elif "://" in address:
        kind = "sql"
        source = Sql(address, config.directory, seconds=limits.seconds, connections=limits.workers)
    else:
        kind = "file"
        source = Files(config.place_of_source, seconds=limits.seconds)
    for name, mapped in config.mapped.items():
        if not getattr(mapped, kind):
            raise Misconfigured(f"items/{name}.yaml: 数据源为 {address}，应写 `{kind}` write `{kind}`")
    return source


def _http(config: Config) -> Source:
    limits = config.limits
    return HttpJson(config.source, headers=config.headers, seconds=limits.seconds, connections=limits.workers)
