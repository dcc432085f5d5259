"""`<provider>.yaml`: how a provider's own tables and columns stand to the catalogue. Pure.

provider: tax_bureau
connector: sqlite            # or csv, with `encoding`
path: tax_bureau.sqlite      # beside the mapping file
items:
  tax_payment:
    table: t_nsxx            # of a csv store: `file`
    subject: {uscc: SHXYDM}  # by which columns a row is found
    columns: {name: NSRMC, uscc: SHXYDM, vat_paid_cny_12m: SJZZS}
"""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError, model_validator

from rongxin.catalogue.schema import Field, Item
from rongxin.sharing.connectors.query import SubjectKeys, Unavailable


class InvalidMapping(Exception):
    """A mapping file can't be used; the message names file and key."""


class Key(Enum):
    """By what a subject is known: its code tells it by itself, a name and a place do not."""

    CODE = "code"
    NAME = "name"
    PLACE = "place"


class _Frozen(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Table(_Frozen):
    """Where one item lies, and which column holds which field."""

    subject: dict[str, str]
    columns: dict[str, str]
    table: str | None = None
    file: str | None = None

    @model_validator(mode="after")
    def _whole(self) -> Table:
        if (self.table is None) == (self.file is None):
            raise ValueError("name either `table` or `file`")
        if not self.subject:
            raise ValueError("`subject` must name at least one column")
        return self


class Mapping(_Frozen):
    """One provider's store."""

    provider: str
    connector: Literal["sqlite", "csv"]
    path: str
    items: dict[str, Table]
    encoding: str = "utf-8"
    dates: str = "iso"


def read(path: Path) -> Mapping:
    """Read a mapping file; raises `InvalidMapping`."""
    try:
        mapping = Mapping.model_validate(yaml.safe_load(path.read_text("utf-8")))
    except (yaml.YAMLError, ValidationError, OSError) as error:
        raise InvalidMapping(f"{path}: {error}") from error
    if mapping.provider != path.stem:
        raise InvalidMapping(f"{path}: provider: {mapping.provider}, but the file is named {path.stem}")
    return mapping


def wanted(table: Table, item: Item, subject: SubjectKeys) -> dict[str, str] | None:
    """Return column → value by which the subject's rows are found; None where a key isn't known here.

    Raises `Unavailable` where only a name would tell the subject and others may bear it.
    """
    if not subject.unique_name and all(key_of(item.field(name)) is not Key.CODE for name in table.subject):
        raise Unavailable(f"{item.item} is found by name, and the name may be another subject's too")
    values: dict[str, str] = {}
    for name, column in table.subject.items():
        value = _of_subject(key_of(item.field(name)), subject)
        if not value:
            return None
        values[column] = value
    return values


def key_of(field: Field) -> Key:
    """Return by which key of a subject a field is sought; raises `InvalidMapping` where by none."""
    if field.type in ("uscc", "party_identifier"):
        return Key.CODE
    if field.type in ("organisation_name", "party_name"):
        return Key.NAME
    # 所在地 of an 经营主体 without a code is free text in the annex, so the field's name tells it.
    if field.type in ("registered_address", "address") or field.name == "location":
        return Key.PLACE
    raise InvalidMapping(
        f"subject: {field.name} is of type {field.type}, by which no subject is known; "
        "use a column that holds its code, name or place"
    )


def _of_subject(key: Key, subject: SubjectKeys) -> str:
    return {Key.CODE: subject.uscc, Key.NAME: subject.name, Key.PLACE: subject.place}[key]
