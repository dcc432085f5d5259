"""A file of settings in YAML: read whole, checked, secrets taken from the environment."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from rongxin.outpost.errors import Misconfigured

_PORT_MAX = 65535
_VARIABLE = re.compile(r"\$\{(\w+)\}")


class Settings(BaseModel):
    """What stands in such a file: nothing that isn't known, and nothing that changes."""

    model_config = ConfigDict(extra="forbid", frozen=True, ignored_types=(cached_property,))


Model = TypeVar("Model", bound=Settings)


def read(path: Path, model: type[Model]) -> Model:
    """Return what a file says; raises `Misconfigured` with the file, the key and what is wrong."""
    try:
        document = yaml.safe_load(path.read_text("utf-8"))
    except FileNotFoundError as error:
        raise Misconfigured(f"{path}: 没有这个文件 no such file") from error
    except (OSError, UnicodeError, yaml.YAMLError) as error:
        raise Misconfigured(f"{path}: 不能读取 can't be read ({error})") from error
    if not isinstance(document, dict):
        raise Misconfigured(f"{path}: 应逐行写作“键: 值” write `key: value`, one a line")
    try:
        return model.model_validate(_with_environment(document))
    except ValidationError as error:
        told = "; ".join(
            f"{'.'.join(map(str, one['loc'])) or '(file)'}: {one['msg']}" for one in error.errors()
        )
        raise Misconfigured(f"{path}: {told}") from error


def address(key: str, listen: str) -> tuple[str, int]:
    """Return host and port of an address to listen at; raises `Misconfigured`."""
    host, _, port = listen.rpartition(":")
    if not host or not port.isdigit() or int(port) > _PORT_MAX:
        raise Misconfigured(f"{key}: {listen!r} 应写作 主机:端口 write host:port")
    return host.strip("[]"), int(port)


def _with_environment(value: Any) -> Any:
    """Put secrets in from the environment, so that none has to stand in a file."""
    if isinstance(value, dict):
        return {key: _with_environment(part) for key, part in value.items()}
    if not isinstance(value, str):
        return value
    # A password may hold what means something else in an address: @ : / # %.
    told, at, place = value.rpartition("@") if "://" in value else ("", "", value)
    return _filled(told, lambda secret: quote(secret, safe="")) + at + _filled(place, str)


def _filled(text: str, written: Callable[[str], str]) -> str:
    def found(match: re.Match[str]) -> str:
        name = match[1]
        if name not in os.environ:
            raise Misconfigured(f"${{{name}}}: 环境变量未设置 set this environment variable")
        return written(os.environ[name])

    return _VARIABLE.sub(found, text)
