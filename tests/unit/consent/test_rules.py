"""The law of consent, by itself: the table of states, and what covers what."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rongxin.catalogue import loader
from rongxin.consent import rules
from rongxin.consent.rules import Act, Ask, Form, Frequency, FrequencyUnit, Owner, Signature, Status, Terms
from rongxin.vocabulary.period import Period
from rongxin.vocabulary.purpose import Purpose
from rongxin.vocabulary.reason import Reason
from rongxin.vocabulary.sharing_mode import SharingMode

CASE = UUID(int=7)
GRANTED = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)
SIGNED = Signature("张建国", "c" * 64, "demo", 3, GRANTED)
TERMS = Terms(
    id=UUID(int=1),
    subject="91990101MA1000001X",
    signers=(SIGNED,),
    institution="bank_a",
    reach="0990-1",
    items=frozenset({"tax_payment", "social_insurance"}),
    modes=frozenset({SharingMode.INTERFACE_CALL}),
    purpose=Purpose.PRE_LOAN_REVIEW,
    case=CASE,
    data_period=Period(date(2025, 1, 1), date(2026, 4, 1)),
    valid_from=date(2026, 3, 2),
    valid_until=date(2026, 4, 1),
    frequency=Frequency(3, FrequencyUnit.TERM),
    retention_days=31,
    form=Form.ONLINE,
    notice_version="2026-01-01",
    notice_sha256="a" * 64,
    template="one_time_underwriting@1",
    granted_at=GRANTED,
)
ASK = Ask(
    institution="bank_a",
    subject=TERMS.subject,
    item="tax_payment",
    purpose=Purpose.PRE_LOAN_REVIEW,
    case=CASE,
    as_of=GRANTED,
    data_period=Period(date(2025, 6, 1), date(2026, 1, 1)),
    uses=2,
    mode=SharingMode.INTERFACE_CALL,
)


def test_every_state_has_its_row_and_every_act_its_owner() -> None:
    assert set(rules.TRANSITIONS) == set(Status)
    assert set(rules.OWNERS) == set(Act)
    assert all(owners for owners in rules.OWNERS.values())
    reached = {to for row in rules.TRANSITIONS.values() for to in row.values()}
    assert reached | {Status.ACTIVE} == set(Status)


def test_nothing_leads_out_of_an_end() -> None:
    ends = {Status.WITHDRAWN, Status.EXPIRED, Status.SUPERSEDED, Status.ENDED}
    assert {status for status, row in rules.TRANSITIONS.items() if not row} == ends
    assert rules.successor(Status.ACTIVE, Act.RESUME) is None


def test_the_firm_can_always_take_back_what_lives() -> None:
    live = [status for status, row in rules.TRANSITIONS.items() if row]
    assert all(rules.successor(status, Act.WITHDRAW) is Status.WITHDRAWN for status in live)
    assert Owner.SUBJECT in rules.OWNERS[Act.WITHDRAW]
    assert Owner.OPERATOR not in rules.OWNERS[Act.RESUME]


def test_it_covers_what_was_consented_to() -> None:
    assert rules.covers(TERMS, Status.ACTIVE, ASK) == rules.Coverage(True, Reason.CONSENTED)


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (Status.PAUSED, Reason.CONSENT_PAUSED),
        (Status.WITHDRAWN, Reason.CONSENT_WITHDRAWN),
        (Status.EXPIRED, Reason.CONSENT_EXPIRED),
        (Status.SUPERSEDED, Reason.CONSENT_SUPERSEDED),
        (Status.ENDED, Reason.SUBJECT_DEREGISTERED),
    ],
)
def test_only_an_active_consent_covers(status: Status, reason: Reason) -> None:
    assert rules.covers(TERMS, status, ASK) == rules.Coverage(False, reason)


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"subject": "91990101MA1000002Y"}, Reason.SUBJECT_MISMATCH),
        ({"institution": "bank_b"}, Reason.RECIPIENT_MISMATCH),
        ({"as_of": GRANTED - timedelta(seconds=1)}, Reason.CONSENT_NOT_YET_VALID),
        ({"as_of": datetime(2026, 4, 1, 15, 59, 59, tzinfo=UTC)}, None),
        ({"as_of": datetime(2026, 4, 1, 16, 0, tzinfo=UTC)}, Reason.CONSENT_EXPIRED),
        ({"case": None}, Reason.CASE_MISSING),
        ({"case": UUID(int=8)}, Reason.CASE_MISMATCH),
        ({"case_closed": True}, Reason.CASE_CLOSED),
        ({"purpose": Purpose.POST_LOAN_MONITORING}, Reason.PURPOSE_NOT_COVERED),
        ({"item": "real_estate"}, Reason.ITEM_NOT_COVERED),
        ({"mode": SharingMode.DATA_VERIFICATION}, Reason.MODE_NOT_PERMITTED),
        ({"data_period": Period(date(2024, 12, 31), date(2026, 1, 1))}, Reason.PERIOD_NOT_COVERED),
        ({"uses": 3}, Reason.FREQUENCY_EXHAUSTED),
    ],
)
def test_it_says_why_it_does_not_cover(changed: dict[str, object], reason: Reason | None) -> None:
    coverage = rules.covers(TERMS, Status.ACTIVE, replace(ASK, **changed))  # type: ignore[arg-type]
    assert coverage == rules.Coverage(reason is None, reason or Reason.CONSENTED)


def test_a_consent_of_tomorrow_does_not_cover_today() -> None:
    tomorrow = replace(TERMS, valid_from=date(2026, 3, 3))
    assert rules.covers(tomorrow, Status.ACTIVE, ASK).reason is Reason.CONSENT_NOT_YET_VALID


def test_it_needs_a_moment_with_a_zone() -> None:
    with pytest.raises(ValueError, match="time zone"):
        replace(ASK, as_of=datetime(2026, 3, 2, 10, 0))  # noqa: DTZ001


def test_it_counts_uses_in_the_span_of_the_day() -> None:
    day = date(2026, 3, 2)
    spans = {unit: Frequency(1, unit).span(day) for unit in FrequencyUnit}
    assert list(spans.values()) == ["term", "2026", "2026-03", "2026-03-02"]


def test_the_artefact_has_the_shape_of_rfc_9396() -> None:
    payload = rules.encode(TERMS)
    (details,) = payload["authorization_details"]
    assert details["type"] == rules.DETAILS_TYPE
    assert (details["actions"], details["datatypes"]) == (
        ["interface_call"],
        ["social_insurance", "tax_payment"],
    )
    assert "person" not in details


@pytest.mark.parametrize(
    "broken", [{}, {"authorization_details": []}, {"authorization_details": [{"type": "x"}]}]
)
def test_it_refuses_a_payload_that_is_no_consent(broken: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="not the payload of a consent"):
        rules.decode(broken)


def test_the_law_needs_no_django() -> None:
    program = (
        "import sys; from rongxin.consent import rules, errors, notices, templates; "
        "notices.every(); templates.every(); "
        "bad = {'django', 'psycopg', 'ninja', 'numpy', 'polars'} & set(sys.modules); "
        "sys.exit(f'imported: {bad}' if bad else 0)"
    )
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)


# ---- properties

days = st.dates(date(2026, 1, 1), date(2026, 6, 30))
items = st.frozensets(st.sampled_from(["tax_payment", "social_insurance", "real_estate"]), min_size=1)
modes = st.frozensets(st.sampled_from([SharingMode.INTERFACE_CALL, SharingMode.DATA_VERIFICATION]))
moments = st.datetimes(datetime(2026, 1, 1), datetime(2026, 6, 30), timezones=st.just(UTC))  # noqa: DTZ001
cases = st.sampled_from([CASE, UUID(int=8)])


@st.composite
def periods(draw: st.DrawFn) -> Period:
    first, second = sorted((draw(days), draw(days)))
    return Period(first, second)


@st.composite
def terms(draw: st.DrawFn) -> Terms:
    valid = draw(periods())
    return replace(
        TERMS,
        institution=draw(st.sampled_from(["bank_a", "bank_b"])),
        items=draw(items),
        modes=draw(modes),
        purpose=draw(st.sampled_from([Purpose.PRE_LOAN_REVIEW, Purpose.GUARANTEE_UNDERWRITING])),
        case=draw(cases),
        data_period=draw(periods()),
        valid_from=valid.from_,
        valid_until=valid.to,
        frequency=Frequency(draw(st.integers(1, 4)), draw(st.sampled_from(FrequencyUnit))),
        retention_days=draw(st.integers(1, 31)),
        granted_at=datetime.combine(valid.from_, datetime.min.time(), tzinfo=rules.BUSINESS_ZONE),
        person_signature=draw(st.sampled_from([None, SIGNED])),
        supersedes=draw(st.sampled_from([None, UUID(int=9)])),
        scan_sha256=draw(st.sampled_from(["", "b" * 64])),
    )


@st.composite
def narrowed(draw: st.DrawFn, wide: Terms) -> Terms:
    """Terms that allow no more than `wide`, in every dimension at once."""

    def within(first: date, last: date) -> tuple[date, date]:
        inner = st.dates(first, last)
        earlier, later = sorted((draw(inner), draw(inner)))
        return earlier, later

    valid_from, valid_until = within(wide.valid_from, wide.valid_until)
    return replace(
        wide,
        items=frozenset(draw(st.sets(st.sampled_from(sorted(wide.items))))) if wide.items else wide.items,
        modes=frozenset(draw(st.sets(st.sampled_from(sorted(wide.modes))))) if wide.modes else wide.modes,
        data_period=Period(*within(wide.data_period.from_, wide.data_period.to)),
        valid_from=valid_from,
        valid_until=valid_until,
        frequency=Frequency(draw(st.integers(1, wide.frequency.limit)), wide.frequency.unit),
        retention_days=draw(st.integers(1, wide.retention_days)),
        granted_at=wide.granted_at + draw(st.timedeltas(timedelta(0), timedelta(hours=20))),
    )


@st.composite
def asks(draw: st.DrawFn) -> Ask:
    return Ask(
        institution=draw(st.sampled_from(["bank_a", "bank_b"])),
        subject=TERMS.subject,
        item=draw(st.sampled_from(["tax_payment", "social_insurance", "real_estate"])),
        purpose=draw(st.sampled_from([Purpose.PRE_LOAN_REVIEW, Purpose.GUARANTEE_UNDERWRITING])),
        case=draw(st.none() | cases),
        as_of=draw(moments),
        data_period=draw(st.none() | periods()),
        uses=draw(st.integers(0, 5)),
        mode=draw(st.none() | st.sampled_from([SharingMode.INTERFACE_CALL, SharingMode.DATA_VERIFICATION])),
    )


@st.composite
def asks_within(draw: st.DrawFn, granted: Terms) -> Ask:
    """Asks close to what a consent allows, so that many are covered and the property isn't empty."""
    ask = draw(asks())
    close = {
        "institution": granted.institution,
        "purpose": granted.purpose,
        "case": granted.case,
        "uses": 0,
        "mode": min(granted.modes, default=None),
        "item": min(granted.items, default="tax_payment"),
        "data_period": granted.data_period,
        "as_of": datetime.combine(granted.valid_until, datetime.max.time(), tzinfo=rules.BUSINESS_ZONE),
    }
    # All but one: the one left to chance is what the consent may or may not allow.
    chance = draw(st.just("item") | st.sampled_from(sorted(close)))
    return replace(ask, **{name: value for name, value in close.items() if name != chance})  # type: ignore[arg-type]


@settings(max_examples=400)
@given(st.data(), st.just(Status.ACTIVE) | st.sampled_from(Status))
def test_narrower_terms_never_cover_more(data: st.DataObject, status: Status) -> None:
    wide = data.draw(terms())
    narrow = data.draw(narrowed(wide))
    ask = data.draw(asks_within(narrow) | asks_within(wide))
    assert rules.narrower(narrow, wide)
    if rules.covers(narrow, status, ask).covered:
        assert rules.covers(wide, status, ask).covered


@given(terms(), terms(), asks())
def test_what_calls_itself_narrower_is(some: Terms, other: Terms, ask: Ask) -> None:
    if rules.narrower(some, other) and rules.covers(some, Status.ACTIVE, ask).covered:
        assert rules.covers(other, Status.ACTIVE, ask).covered


@given(terms(), st.sampled_from(Status), asks())
def test_it_always_gives_a_reason(granted: Terms, status: Status, ask: Ask) -> None:
    coverage = rules.covers(granted, status, ask)
    assert coverage.covered is (coverage.reason is Reason.CONSENTED)


@given(terms())
def test_what_is_written_is_what_is_read(granted: Terms) -> None:
    assert rules.decode(rules.encode(granted)) == granted


def test_of_an_item_only_its_being_named_counts() -> None:
    """The gate asks once for the items that the terms name and once for the others."""
    for status in Status:
        for named in (True, False):
            items = [item for item in loader.load().items if (item in TERMS.items) is named]
            assert len({rules.covers(TERMS, status, replace(ASK, item=item)) for item in items}) == 1
