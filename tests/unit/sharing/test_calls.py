"""Calls and checks: the asked side decides for itself, and no answer is never no record."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import pytest

from rongxin.catalogue import loader
from rongxin.consent import rules as consent
from rongxin.journal import keyring
from rongxin.proof import jws
from rongxin.proof.keys import SigningKey
from rongxin.sharing import calls
from rongxin.sharing.connectors.query import Authority, Match, SubjectKeys
from rongxin.vocabulary.availability import Availability
from rongxin.vocabulary.period import Period
from rongxin.vocabulary.purpose import Purpose
from rongxin.vocabulary.sharing_mode import SharingMode

NOW = datetime(2026, 4, 1, 9, tzinfo=ZoneInfo("Asia/Shanghai"))
ITEMS = loader.load().items
TAX, ESTATE, JUDGMENT = ITEMS["tax_payment"], ITEMS["real_estate"], ITEMS["court_judgment"]
FIRM = SubjectKeys("91990100MA00000123", "云州第一公司", "云州市")
CASE = UUID(int=7)
FIELDS = ("name", "vat_paid_cny_12m", "last_normal_tax_payment_on")
TAX_YAML = """
provider: tax_bureau
connector: sqlite
path: tax.sqlite
items:
  tax_payment:
    table: t
    subject: {uscc: code}
    columns: {name: n, uscc: code, vat_paid_cny_12m: vat, last_normal_tax_payment_on: day}
"""


@dataclass
class Providers:
    directory: Path

    def writes(self, provider: str, mapping: str, table: str, *rows: Sequence[Any]) -> None:
        (self.directory / f"{provider}.yaml").write_text(mapping, "utf-8")
        base = sqlite3.connect(self.directory / mapping.split("path: ")[1].split()[0])
        with base:
            base.execute(f"CREATE TABLE {table}")
            for row in rows:
                base.execute(f"INSERT INTO {table.split('(')[0]} VALUES ({', '.join('?' * len(row))})", row)
        base.close()


@pytest.fixture
def providers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Providers]:
    monkeypatch.setenv("RONGXIN_PROVIDERS", str(tmp_path))
    yield Providers(tmp_path)
    calls.disconnect("tax_bureau")


@pytest.fixture
def tax(providers: Providers) -> Providers:
    rows = [
        ("云州第一公司", FIRM.uscc, 712400, "20260221"),
        ("云州第二公司", "91990100MA00000456", 1, "20260221"),
    ]
    providers.writes("tax_bureau", TAX_YAML, "t(n TEXT, code TEXT, vat NUMERIC, day TEXT)", *rows)
    return providers


def terms(**changes: Any) -> consent.Terms:
    signer = consent.Signature("云州第一公司", "c", "demo", 3, NOW)
    base = consent.Terms(
        id=uuid4(), subject=FIRM.uscc, signers=(signer,), institution="bank_a", reach="x",
        items=frozenset({"tax_payment", "real_estate"}), modes=frozenset(SharingMode),
        purpose=Purpose.PRE_LOAN_REVIEW, case=CASE, data_period=Period(date(2020, 1, 1), date(2027, 1, 1)),
        valid_from=date(2026, 1, 1), valid_until=date(2026, 12, 31), retention_days=30, template="t",
        frequency=consent.Frequency(3, consent.FrequencyUnit.TERM), form=consent.Form.ONLINE,
        notice_version="1", notice_sha256="0" * 64, granted_at=NOW - timedelta(days=1),
    )  # fmt: skip
    return replace(base, **changes)


def authority(
    item: str = "tax_payment",
    *,
    status: consent.Status = consent.Status.ACTIVE,
    key: SigningKey | None = None,
    **changes: Any,
) -> Authority:
    token = jws.sign(consent.encode(terms(**changes)), key or keyring.node_key(), type=consent.ARTEFACT_TYPE)
    ask = consent.Ask("bank_a", FIRM.uscc, item, Purpose.PRE_LOAN_REVIEW, CASE, NOW)
    return Authority(token, status, ask)


def ask_tax(given: Authority, subject: SubjectKeys = FIRM, fields: Sequence[str] = FIELDS) -> calls.Answer:
    return calls.call(TAX, TAX.channels[0], subject=subject, fields=fields, authority=given, as_of=NOW)


def test_it_answers_what_the_consent_covers_in_the_catalogues_form(tax: Providers) -> None:
    answer = ask_tax(authority())
    assert (answer.availability, answer.provider) == (Availability.RECORDS, "tax_bureau")
    (row,) = answer.rows
    assert row == {
        "name": "云州第一公司",
        "vat_paid_cny_12m": "712400",
        "last_normal_tax_payment_on": "2026-02-21",
    }


def _refusals() -> Mapping[str, Authority]:
    return {
        "none": Authority(),
        "withdrawn": authority(status=consent.Status.WITHDRAWN),
        "forged": authority(key=SigningKey.generate("node")),
        "other subject": authority(subject="91990100MA00000456"),
        "other item": authority(items=frozenset({"real_estate"})),
        "other institution": authority(institution="bank_b"),
        "expired": authority(valid_until=date(2026, 3, 1)),
        "used up": replace(authority(), ask=replace(authority().ask, uses=3)),  # type: ignore[type-var]
        "ask about another item": authority("real_estate"),
        "yesterday's ask": replace(authority(), ask=replace(authority().ask, as_of=NOW - timedelta(hours=9))),  # type: ignore[type-var]
        "no status": replace(authority(), status=None),
        "mode not agreed": authority(modes=frozenset({SharingMode.DATA_VERIFICATION})),
    }


NOT_COVERED = [
    "none",
    "withdrawn",
    "forged",
    "other subject",
    "other item",
    "other institution",
    "expired",
    "used up",
    "ask about another item",
    "yesterday's ask",
    "no status",
    "mode not agreed",
]


@pytest.mark.parametrize("which", NOT_COVERED)
def test_the_asked_side_gives_nothing_without_a_consent_that_covers(tax: Providers, which: str) -> None:
    answer = ask_tax(_refusals()[which])
    assert list(answer.rows) == []
    assert set(_refusals()) == set(NOT_COVERED)


def test_a_subject_needs_no_consent_for_its_own(tax: Providers) -> None:
    assert ask_tax(Authority(own=True)).availability is Availability.RECORDS


def test_it_says_no_record_only_when_the_provider_looked_and_found_none(tax: Providers) -> None:
    nobody = replace(FIRM, uscc="91990100MA00000999")
    given = authority(subject=nobody.uscc)
    assert given.ask is not None
    given = replace(given, ask=replace(given.ask, subject=nobody.uscc))
    assert ask_tax(given, nobody).availability is Availability.NO_RECORD


def test_it_never_says_no_record_of_a_provider_that_is_not_there(providers: Providers) -> None:
    assert ask_tax(authority()).availability is Availability.SOURCE_NOT_CONNECTED


@pytest.mark.parametrize(
    "broken",
    [
        lambda d: (d / "tax.sqlite").unlink(),
        lambda d: (d / "tax.sqlite").write_bytes(b"SQLite format 3\0" + b"x" * 200),
        lambda d: (d / "tax_bureau.yaml").write_text(
            TAX_YAML.replace("vat_paid_cny_12m: vat", "vat_paid_cny_12m: v")
        ),
        lambda d: (d / "tax_bureau.yaml").write_text(
            TAX_YAML.replace("vat_paid_cny_12m: vat", "vat_paid_cny_12m: n")
        ),
        lambda d: (d / "tax_bureau.yaml").write_text(TAX_YAML.replace("table: t", "table: gone")),
        lambda d: (d / "tax_bureau.yaml").write_text("provider: ["),
    ],
    ids=["gone", "garbage", "column gone", "no amount", "table gone", "mapping broken"],
)
def test_it_never_says_no_record_of_a_provider_that_fails(tax: Providers, broken: Any) -> None:
    broken(tax.directory)
    assert ask_tax(authority()).availability is Availability.PROVIDER_UNAVAILABLE


def test_it_gives_only_the_fields_asked_for_that_the_channel_carries(tax: Providers) -> None:
    (row,) = ask_tax(authority(), fields=("vat_paid_cny_12m", "no_such_field")).rows
    assert row == {"vat_paid_cny_12m": "712400"}


def test_it_calls_no_channel_that_is_not_for_calling(tax: Providers) -> None:
    with pytest.raises(ValueError, match="接口调用"):
        calls.call(ESTATE, ESTATE.channels[0], subject=FIRM, fields=("real_estate_use",), as_of=NOW)


def test_a_row_that_the_annex_does_not_publish_is_not_answered(providers: Providers) -> None:
    mapping = """
provider: peoples_court
connector: sqlite
path: court.sqlite
items:
  court_judgment:
    table: t
    subject: {uscc: c}
    columns: {uscc: c, case_number: a, published_online: p}
"""
    providers.writes(
        "peoples_court", mapping, "t(c, a, p)", (FIRM.uscc, "一号", "是"), (FIRM.uscc, "二号", "否")
    )
    answer = calls.call(JUDGMENT, JUDGMENT.channels[0], subject=FIRM, fields=("case_number",), as_of=NOW)
    assert [row["case_number"] for row in answer.rows] == ["一号"]


def test_a_provider_that_cannot_say_what_is_published_gives_no_answer(providers: Providers) -> None:
    mapping = """
provider: peoples_court
connector: sqlite
path: court.sqlite
items:
  court_judgment:
    table: t
    subject: {uscc: c}
    columns: {uscc: c, case_number: a}
"""
    providers.writes("peoples_court", mapping, "t(c, a)", (FIRM.uscc, "一号"))
    answer = calls.call(JUDGMENT, JUDGMENT.channels[0], subject=FIRM, fields=("case_number",), as_of=NOW)
    assert answer.availability is Availability.PROVIDER_UNAVAILABLE


FARM_YAML = """
provider: agriculture_bureau
connector: sqlite
path: farm.sqlite
items:
  agricultural_operator:
    table: t
    subject: {name: n, location: p}
    columns: {name: n, location: p, business_scope: s}
"""


@pytest.mark.parametrize(
    ("unique", "mapping", "expected"),
    [
        (True, FARM_YAML, Availability.RECORDS),
        (False, FARM_YAML, Availability.PROVIDER_UNAVAILABLE),
        (
            True,
            FARM_YAML.replace("location: p}\n    col", "business_scope: p}\n    col"),
            Availability.PROVIDER_UNAVAILABLE,
        ),
    ],
    ids=["unique", "perhaps shared", "sought by what is no key"],
)
def test_it_finds_by_name_and_place_only_where_the_name_is_unique(
    providers: Providers, unique: bool, mapping: str, expected: Availability
) -> None:
    providers.writes("agriculture_bureau", mapping, "t(n, p, s)", (FIRM.name, FIRM.place, "茶叶"))
    item = ITEMS["agricultural_operator"]
    firm = replace(FIRM, unique_name=unique)
    fields, own = ("business_scope",), Authority(own=True)
    answer = calls.call(item, item.channels[0], subject=firm, fields=fields, authority=own, as_of=NOW)
    assert answer.availability is expected


@pytest.fixture
def estate(providers: Providers) -> Providers:
    mapping = """
provider: natural_resources_bureau
connector: sqlite
path: e.sqlite
items:
  real_estate:
    table: t
    subject: {right_holder_identifier: c}
    columns: {right_holder_identifier: c, real_estate_certificate_number: cert, area_sqm: m}
"""
    rows = [(FIRM.uscc, "云(2026)不动产权第1号", 100), (FIRM.uscc, "云(2026)不动产权第2号", 200)]
    providers.writes("natural_resources_bureau", mapping, "t(c, cert, m)", *rows)
    return providers


@pytest.mark.parametrize(
    ("number", "area", "expected"),
    [
        ("云（2026）不动产权第2号", "200", [Match.MATCH, Match.MATCH]),
        ("云(2026)不动产权第1号", "200", [Match.MATCH, Match.MISMATCH]),
        ("云(2026)不动产权第9号", "很大", [Match.MISMATCH, Match.MISMATCH]),
    ],
)
def test_it_compares_claims_with_one_record_and_gives_no_value(
    estate: Providers, number: str, area: str, expected: list[Match]
) -> None:
    claims = {"real_estate_certificate_number": number, "area_sqm": area}
    check = calls.verify(
        ESTATE, ESTATE.channels[0], subject=FIRM, claims=claims, authority=authority("real_estate"), as_of=NOW
    )
    assert list(check.results.values()) == expected
    assert "100" not in repr(check)


def test_it_checks_nothing_without_consent_and_tells_no_record_apart(estate: Providers) -> None:
    claims = {"area_sqm": "100"}
    channel = ESTATE.channels[0]
    check = calls.verify(ESTATE, channel, subject=FIRM, claims=claims, as_of=NOW)
    assert (check.availability, check.results) == (Availability.WITHHELD, {})
    nobody = replace(FIRM, uscc="91990100MA00000999")
    check = calls.verify(
        ESTATE, channel, subject=nobody, claims=claims, authority=Authority(own=True), as_of=NOW
    )
    assert check.results == {"area_sqm": Match.NO_RECORD}
