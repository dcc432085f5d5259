"""Which function invents the rows of which item, and the rows of a subject as they come out."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from rongxin.city import authorities, stories
from rongxin.city.city import City
from rongxin.city.facts import (
    administration,
    contributions,
    ecology_trade,
    intellectual_property,
    judicial,
    real_estate,
    registration,
    support,
    utilities,
)
from rongxin.city.facts.rows import Invent, Row
from rongxin.city.subjects import Subject

ITEMS: Mapping[str, Invent] = {
    invent.__name__: invent
    for invent in (
        registration.business_licence,
        registration.change_record,
        registration.industry,
        registration.shareholder_contribution,
        registration.branch,
        registration.equity_pledge,
        registration.annual_report,
        registration.abnormal_operations_list,
        registration.serious_violation_list,
        registration.spot_check,
        judicial.court_judgment,
        judicial.terminated_enforcement,
        judicial.dishonest_judgment_debtor,
        judicial.bankruptcy,
        contributions.taxpayer_credit_rating,
        contributions.abnormal_taxpayer,
        contributions.tax_arrears,
        contributions.tax_payment,
        contributions.housing_fund,
        contributions.social_insurance,
        contributions.work_injury_insurance,
        ecology_trade.environmental_credit_rating,
        ecology_trade.customs_registration,
        ecology_trade.customs_credit_grade,
        intellectual_property.trademark,
        intellectual_property.patent,
        intellectual_property.software_copyright,
        intellectual_property.research_and_development,
        real_estate.real_estate,
        real_estate.mortgage,
        administration.administrative_permit,
        administration.administrative_penalty,
        administration.administrative_compulsion,
        utilities.water_fee,
        utilities.electricity_fee,
        utilities.gas_fee,
        support.agricultural_operator,
        support.honours,
        support.policy_support,
        support.serious_dishonesty_list,
    )
}
#: Items whose rows say themselves whose they are, in fields other than `name` and `uscc`.
_OWN_KEY = {"terminated_enforcement", "real_estate", "mortgage"}
_NAME_ONLY = {"dishonest_judgment_debtor", "agricultural_operator"}


def rows(city: City, subject: Subject, item: str) -> list[Row]:
    """The subject's rows of one item: as its story tells them, else as invented; empty fields are None."""
    part = city.parts.get(subject.number) if subject.story else None
    told = stories.records(part, item, city.seed, city.today) if part else None
    if told is None:
        found = list(ITEMS[item](city, subject, city.stream(subject, item)))
    else:
        found = [_complete(subject, item, row) for row in told]
    if not found:
        return found
    key = _key(subject, item)
    return [key | row for row in found]


def later(city: City, subject: Subject, item: str) -> list[Row]:
    """The rows that the subject's story tells of an item in a later file."""
    part = city.parts[subject.number]
    told = stories.records(part, item, city.seed, city.today, later=True) or []
    return [_key(subject, item) | _complete(subject, item, row) for row in told]


def _key(subject: Subject, item: str) -> Row:
    if item in _OWN_KEY:
        return {}
    return {"name": subject.name} if item in _NAME_ONLY else {"name": subject.name, "uscc": subject.uscc}


def _complete(subject: Subject, item: str, told: Mapping[str, Any]) -> Row:
    """A told row with the routine fields (who, by which office) where the story is silent.

    Only administrative documents are completed so: their routine fields would make stories unreadable.
    """
    row = {field: _value(value) for field, value in told.items()}
    if item in ("administrative_permit", "administrative_penalty", "administrative_compulsion"):
        office = authorities.find(row.pop("office"), subject.district)
        row = administration.parties(subject, office) | row
        if item == "administrative_compulsion":
            del row["counterpart_category"]
    return row


def _value(value: Any) -> Any:
    """A story's number as money; whole numbers stay whole (years, head counts) since types accept either."""
    if isinstance(value, float):
        return Decimal(str(value))
    if isinstance(value, str) and len(value) == 10 and value[4] == value[7] == "-":
        return date.fromisoformat(value)
    return value
