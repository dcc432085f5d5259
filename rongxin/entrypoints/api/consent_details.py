"""What is to be consented to, as RFC 9396 `authorization_details` say it: the form of the artefact itself."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any, Literal
from uuid import UUID

from ninja import Field, Schema
from pydantic import ConfigDict

from rongxin.catalogue import loader
from rongxin.consent import templates
from rongxin.consent.rules import DETAILS_TYPE, Frequency, FrequencyUnit
from rongxin.consent.templates import Draft
from rongxin.entrypoints.api.problems import Problem
from rongxin.vocabulary.period import Period
from rongxin.vocabulary.purpose import Purpose
from rongxin.vocabulary.sharing_mode import SharingMode


class FrequencyIn(Schema):
    model_config = ConfigDict(extra="forbid")

    limit: int = Field(ge=1, le=10_000)
    unit: FrequencyUnit


class Details(Schema):
    """One wish. What is left out is as wide as the fair-use template allows; nothing may be wider.

    A member that isn't known is refused (RFC 9396 §5): dropped in silence, the wish would be another.
    """

    model_config = ConfigDict(extra="forbid")

    type: Literal["urn:rongxin:consent:1"]
    identifier: UUID = Field(description="融资业务编号")
    datatypes: list[str] = Field(min_length=1, max_length=100, description="信息项")
    fair_use: str = Field("one_time_underwriting", max_length=64, description="公平使用范本")
    actions: list[SharingMode] | None = Field(None, min_length=1, max_length=10, description="共享方式")
    purpose: Purpose | None = None
    data_period: str | None = Field(None, max_length=32, description="数据期间，如 2025-01-01/2026-12-31")
    valid_from: date | None = None
    valid_until: date | None = None
    frequency: FrequencyIn | None = None
    retention_days: int | None = Field(None, ge=1, le=36_500)

    @classmethod
    def short(cls, case: UUID, items: list[str], fair_use: str, purpose: Purpose | None = None) -> Details:
        """Return the details of a wish for items as wide as the template allows."""
        said = {"type": DETAILS_TYPE, "identifier": case, "datatypes": items, "fair_use": fair_use}
        return cls.model_validate({**said, "purpose": purpose})

    def draft(self, *, on: date) -> Draft:
        """Return the draft of these details on a day, not yet held against the template."""
        catalogue = loader.load()
        wide = templates.draft(
            self.fair_use,
            frozenset(catalogue.item(name).item for name in self.datatypes),
            purpose=self.purpose,
            modes=frozenset(self.actions) if self.actions else None,
            on=on,
        )
        given: dict[str, Any] = {
            "valid_from": self.valid_from,
            "valid_until": self.valid_until,
            "data_period": self._period(),
            "frequency": Frequency(self.frequency.limit, self.frequency.unit) if self.frequency else None,
            "retention_days": self.retention_days,
        }
        said = {name: value for name, value in given.items() if value is not None}
        if self.valid_until and not self.data_period:  # data can't reach beyond the consent
            said["data_period"] = _until(wide.data_period, self.valid_until)
        return replace(wide, **said)

    def _period(self) -> Period | None:
        try:
            return Period.parse(self.data_period) if self.data_period else None
        except ValueError as error:
            raise Problem(
                422, "invalid_request", f"数据期间有误：{error}", where="authorization_details.0.data_period"
            ) from error


def _until(period: Period, last: date) -> Period:
    return Period(period.from_, max(period.from_, min(period.to, last)))


def of(draft: Draft, case: UUID) -> list[dict[str, Any]]:
    """Return a draft as the details of a request."""
    said = draft.as_json()
    return [
        {
            "type": DETAILS_TYPE,
            "identifier": str(case),
            "datatypes": said["items"],
            "actions": said["modes"],
            "fair_use": said["template"],
            **{
                name: said[name]
                for name in (
                    "purpose",
                    "data_period",
                    "valid_from",
                    "valid_until",
                    "frequency",
                    "retention_days",
                )
            },
        }
    ]
