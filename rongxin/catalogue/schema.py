"""What an item of the catalogue is: frozen, and closed to keys nobody knows (附件 信用信息共享清单)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from functools import cached_property
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, StringConstraints, model_validator
from pydantic import Field as Constraint

from rongxin.catalogue import codelists, field_rules, types
from rongxin.catalogue.errors import UnknownCodeList, UnknownField, UnknownType
from rongxin.catalogue.field_type import FieldType, Value
from rongxin.vocabulary.level import Level
from rongxin.vocabulary.openness import Openness
from rongxin.vocabulary.sharing_mode import SharingMode
from rongxin.vocabulary.subject_kind import SubjectKind
from rongxin.vocabulary.whose import Whose

Identifier = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$", max_length=63)]
Text = Annotated[str, StringConstraints(min_length=1)]


def _known_type(name: object) -> object:
    if isinstance(name, str):
        try:
            types.get(name)
        except UnknownType as fault:
            raise ValueError(str(fault)) from None
    return name


def _known_codes(name: object) -> object:
    if isinstance(name, str):
        try:
            codelists.get(name)
        except UnknownCodeList as fault:
            raise ValueError(str(fault)) from None
    return name


TypeName = Annotated[str, BeforeValidator(_known_type)]
CodeListName = Annotated[str, BeforeValidator(_known_codes)]


class Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", ignored_types=(cached_property,))


class Field(Frozen):
    """One field of an item: a column of the annex, its type and whose it is."""

    name: Identifier
    label: Text
    label_en: str = ""
    annex: str | None  # as printed; None where the annex has no such field (article （四）)
    type: TypeName
    whose: Whose = Whose.SUBJECT
    consent: bool = False  # needs consent of its own, beside the channel's
    openness: Openness
    classification_level: int = Constraint(ge=1, le=4)
    required: bool = False
    unit: str | None = None
    codes: CodeListName | None = None
    values: tuple[Text, ...] | None = None
    provider_defined: bool = False
    person: Literal["legal_representative"] | None = None  # whose own consent may open it
    min: Decimal | None = None
    max: Decimal | None = None
    future_allowed: bool = False
    description: str = ""

    @property
    def field_type(self) -> FieldType:
        return types.get(self.type)

    def clean(self, text: str, *, today: date) -> Value:
        """Read a department's cell as this field, or raise `Unclean`."""
        return field_rules.clean(self, text, today=today)


class SourceColumn(Frozen):
    """A column that a known layout has and the annex lacks: kept, never released."""

    name: Identifier
    label: Text
    type: TypeName = "text"
    codes: CodeListName | None = None
    values: tuple[Text, ...] | None = None
    min: Decimal | None = None
    max: Decimal | None = None
    future_allowed: bool = True
    unit: str | None = None
    description: str = ""

    @property
    def field_type(self) -> FieldType:
        return types.get(self.type)

    def clean(self, text: str, *, today: date) -> Value:
        """Read a department's cell as this column, or raise `Unclean`."""
        return field_rules.clean(self, text, today=today)


class RowFilter(Frozen):
    """Which rows a channel carries: those whose field equals a value (A级纳税人; 已在互联网上公开的文书)."""

    field: Identifier
    equals: bool | int | str

    def matches(self, row: Mapping[str, Any]) -> bool:
        value = row.get(self.field)
        return value == self.equals and isinstance(value, bool) == isinstance(self.equals, bool)


class LayoutColumn(Frozen):
    """What a header of a known layout means; `unit` where it differs from the field's own."""

    field: Identifier
    unit: Literal["10k_cny"] | None = None

    @model_validator(mode="before")
    @classmethod
    def _from_name(cls, value: Any) -> Any:
        return {"field": value} if isinstance(value, str) else value


class Channel(Frozen):
    """One way in which some fields of some rows reach the platform (（五）, 附件 共享方式)."""

    mode: SharingMode
    levels: tuple[Level, ...] = Constraint(min_length=1)
    consent: bool
    fields: tuple[Identifier, ...] = Constraint(min_length=1)
    where: RowFilter | None = None
    # Of which kinds of subject the channel speaks; empty stands for all.
    only: tuple[SubjectKind, ...] = ()
    provider: Identifier
    responsible: Text
    due: str
    edition: str

    def carries(self, row: Mapping[str, Any]) -> bool:
        """Say whether the row filter lets a row through."""
        return self.where is None or self.where.matches(row)


class Item(Frozen):
    """信息项: one file of the catalogue, from which everything else about the item is made."""

    item: Identifier
    label: Text
    label_en: Text
    category: int = Constraint(ge=0, le=14)
    category_label: Text
    annex_row: tuple[Annotated[int, Constraint(ge=1, le=38)], ...]
    version: int = Constraint(ge=1)
    subject_key: tuple[Identifier, ...] = Constraint(min_length=1)
    record_key: tuple[Identifier, ...]
    record_key_falls_back: tuple[Identifier, ...] = ()
    # Which fields name the deciding authority, the most certain one first: two sources that name different
    # ones don't speak of the same record, whatever its key.
    decided_by: tuple[Identifier, ...] = ()
    observed_on: Identifier | None
    # Which field says until when the record may be published; after that day it is shared and used no more.
    published_until: Identifier | None = None
    # Whether a provider may hand in its whole list, ending what no longer stands in it: the list holds all
    # records ("whole"), or all of each record key in it ("by_record_key": the A级名单 of a year).
    full_list: Literal["whole", "by_record_key"] | None = None
    # Which field the firm is asked for when it consents (户号): a provider may know its contract by
    # nothing else.
    asks: Identifier | None = None
    negative: bool
    concerns_person: bool
    not_applicable_to: tuple[SubjectKind, ...] = ()
    fields: tuple[Field, ...] = Constraint(min_length=1)
    source_columns: tuple[SourceColumn, ...] = ()
    layouts: Mapping[Identifier, Mapping[str, LayoutColumn]] = Constraint(default_factory=dict)
    channels: tuple[Channel, ...] = Constraint(min_length=1)

    @model_validator(mode="before")
    @classmethod
    def _spell_out_all(cls, value: Any) -> Any:
        """`fields: all` of a channel means every field, in the item's order."""
        if not isinstance(value, Mapping):
            return value
        fields, channels = value.get("fields"), value.get("channels")
        if not isinstance(fields, Sequence) or not isinstance(channels, Sequence):
            return value
        names = [field["name"] for field in fields if isinstance(field, Mapping) and "name" in field]
        spelt = [
            {**channel, "fields": names}
            if isinstance(channel, Mapping) and channel.get("fields") == "all"
            else channel
            for channel in channels
        ]
        return {**value, "channels": spelt}

    def __hash__(self) -> int:
        return hash((self.item, self.version))

    @cached_property
    def _fields(self) -> dict[str, Field]:
        return {field.name: field for field in self.fields}

    @cached_property
    def _source_columns(self) -> dict[str, SourceColumn]:
        return {column.name: column for column in self.source_columns}

    @cached_property
    def field_names(self) -> frozenset[str]:
        return frozenset(self._fields)

    def field(self, name: str) -> Field:
        """Give a field, or raise `UnknownField`."""
        try:
            return self._fields[name]
        except KeyError:
            raise UnknownField(self.item, name, self._fields) from None

    def column(self, name: str) -> Field | SourceColumn:
        """Give a field or source column, or raise `UnknownField`."""
        return self._source_columns[name] if name in self._source_columns else self.field(name)

    def fields_of(self, channel: Channel) -> tuple[str, ...]:
        """Name the fields that a channel carries, in the item's order."""
        carried = frozenset(channel.fields)
        return tuple(name for name in self._fields if name in carried)

    def channel_for(self, field: str, row: Mapping[str, Any]) -> Channel | None:
        """Find the first channel, in file order, that carries this field of this row.

        `row` holds fields and source columns by name, since a filter may rest on either.
        """
        for channel in self.channels:
            if field in channel.fields and channel.carries(row):
                return channel
        return None

    @property
    def aggregation(self) -> Channel | None:
        """The channel by which rows are handed over and stored (物理归集), if there is one."""
        return next((c for c in self.channels if c.mode is SharingMode.PHYSICAL_AGGREGATION), None)

    def may_be_stored(self, row: Mapping[str, Any]) -> bool:
        """Say whether a row is one that the platform stores (附件注2)."""
        return any(c.mode is SharingMode.PHYSICAL_AGGREGATION and c.carries(row) for c in self.channels)
