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

from pathlib import Path
from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError, model_validator

from rongxin.catalogue.schema import Item
from rongxin.sharing.connectors.query import SubjectKeys


class InvalidMapping(Exception):
    """A mapping file can't be used; the message names file and key."""


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
    """Return column → value by which the subject's rows are found; None where a key isn't known here."""
    values: dict[str, str] = {}
    for name, column in table.subject.items():
        value = _key(item.field(name).type, subject)
        if not value:
            return None
        values[column] = value
    return values


def _key(field_type: str, subject: SubjectKeys) -> str:
    if field_type in ("uscc", "party_identifier"):
        return subject.uscc
    if field_type in ("organisation_name", "party_name"):
        return subject.name
    return subject.place
