"""The decision table, sentence by sentence (国办发〔2021〕52号 (六)(九))."""

from __future__ import annotations

from datetime import date

import pytest

from rongxin.catalogue import loader
from rongxin.catalogue.schema import Item
from rongxin.disclosure import rules
from rongxin.vocabulary.period import Period
from rongxin.vocabulary.purpose import Purpose
from rongxin.vocabulary.reason import Reason
from rongxin.vocabulary.sharing_mode import SharingMode
from rongxin.vocabulary.subject_kind import SubjectKind
from rongxin.vocabulary.verdict import Verdict


def _item(name: str) -> Item:
    return loader.load().item(name)


def _context(
    reason: Reason = Reason.CONSENT_MISSING,
    *,
    recipient: rules.RecipientKind = rules.RecipientKind.INSTITUTION,
    kind: SubjectKind = SubjectKind.COMPANY,
    person: bool = False,
    period: Period | None = None,
) -> rules.Context:
    return rules.Context(recipient, kind, rules.Consented(reason, person, period))


def _decide(
    item: str, field: str, context: rules.Context, row: dict[str, object] | None = None
) -> rules.Decision:
    return rules.decide(_item(item), field, row or {}, context)


def test_it_reveals_a_published_penalty_without_consent():
    assert _decide("administrative_penalty", "fine_cny", _context()) == rules.Decision(
        Verdict.REVEAL, Reason.PUBLIC_INFORMATION
    )


def test_it_withholds_tax_payment_without_consent():
    decision = _decide("tax_payment", "name", _context())
    assert decision == rules.Decision(Verdict.WITHHOLD, Reason.CONSENT_MISSING)


@pytest.mark.parametrize(
    "reason", [Reason.CONSENT_WITHDRAWN, Reason.CONSENT_EXPIRED, Reason.ITEM_NOT_COVERED]
)
def test_it_withholds_with_the_consents_own_reason(reason):
    assert _decide("tax_payment", "uscc", _context(reason)) == rules.Decision(Verdict.WITHHOLD, reason)


def test_it_reveals_tax_payment_with_consent():
    assert _decide("tax_payment", "uscc", _context(Reason.CONSENTED)).reason is Reason.CONSENTED


def test_it_withholds_identity_number_without_consent_and_does_not_mask_it():
    decision = _decide("administrative_permit", "legal_representative_id_number", _context())
    assert decision == rules.Decision(Verdict.WITHHOLD, Reason.FIELD_CONSENT_MISSING)


def test_it_masks_the_identity_number_when_only_the_firm_consented():
    decision = _decide("administrative_permit", "legal_representative_id_number", _context(Reason.CONSENTED))
    assert decision == rules.Decision(Verdict.MASK, Reason.THIRD_PERSON)


def test_it_reveals_the_identity_number_when_the_person_consented_too():
    context = _context(Reason.CONSENTED, person=True)
    assert (
        _decide("administrative_permit", "legal_representative_id_number", context).verdict is Verdict.REVEAL
    )


def test_it_never_reveals_a_persons_consent_without_the_firms():
    context = _context(Reason.CONSENT_MISSING, person=True)
    assert not _decide("administrative_permit", "legal_representative_id_number", context).leaves


def test_it_redacts_free_text_even_where_the_row_is_public():
    assert _decide("administrative_penalty", "violation_facts", _context()).verdict is Verdict.MASK


def test_it_opens_the_a_list_and_holds_back_other_grades():
    a, b = {"taxpayer_credit_grade": "A"}, {"taxpayer_credit_grade": "B"}
    item, field = "taxpayer_credit_rating", "rating_year"
    assert _decide(item, field, _context(), a).verdict is Verdict.REVEAL
    assert _decide(item, field, _context(), b) == rules.Decision(Verdict.WITHHOLD, Reason.CONSENT_MISSING)


def test_it_only_verifies_real_estate_even_with_consent():
    fields = {
        d.verdict
        for entry in rules.table(_item("real_estate"), _context(Reason.CONSENTED))
        for d in entry.fields.values()
    }
    assert fields == {Verdict.VERIFY_ONLY}


def test_it_masks_a_small_shops_address_which_may_be_a_home():
    shop = _context(kind=SubjectKind.INDIVIDUAL_BUSINESS)
    firm = _context(kind=SubjectKind.COMPANY)
    address = next(f.name for f in _item("business_licence").fields if f.type == "registered_address")
    assert _decide("business_licence", address, shop).verdict is Verdict.MASK
    assert _decide("business_licence", address, firm).verdict is Verdict.REVEAL


def test_it_shows_the_subject_its_own_data_but_not_third_persons_identifiers():
    own = _context(recipient=rules.RecipientKind.SUBJECT)
    assert _decide("tax_payment", "uscc", own).reason is Reason.OWN_DATA
    assert _decide("administrative_permit", "legal_representative_id_number", own).verdict is Verdict.MASK


def test_it_never_releases_a_source_column():
    decision = _decide("administrative_penalty", "document_number", _context(Reason.CONSENTED))
    assert decision == rules.Decision(Verdict.WITHHOLD, Reason.NOT_IN_CATALOGUE)


def test_it_makes_no_call_that_the_consents_modes_leave_out():
    consented = rules.Consented(Reason.CONSENTED, modes=frozenset({SharingMode.DATA_VERIFICATION}))
    context = rules.Context(rules.RecipientKind.INSTITUTION, SubjectKind.COMPANY, consented)
    (entry,) = rules.table(_item("tax_payment"), context)
    assert not entry.permits_call
    assert {d.reason for d in entry.fields.values()} == {Reason.MODE_NOT_PERMITTED}


def test_it_keeps_facts_outside_the_consented_period():
    item = _item("change_record")
    context = _context(Reason.CONSENTED, period=Period(date(2025, 1, 1), date(2026, 12, 31)))
    assert item.observed_on is not None
    before, within = {item.observed_on: "2024-05-05"}, {item.observed_on: "2025-05-05"}
    assert rules.decide(item, "uscc", before, context).reason is Reason.PERIOD_NOT_COVERED
    assert rules.decide(item, "uscc", within, context).reason is Reason.CONSENTED


def test_a_year_counts_when_it_overlaps_the_consented_period():
    context = _context(Reason.CONSENTED, period=Period(date(2025, 9, 1), date(2026, 8, 31)))
    item = _item("annual_report")
    assert rules.decide(item, "uscc", {"report_year": "2025"}, context).leaves
    assert not rules.decide(item, "uscc", {"report_year": "2024"}, context).leaves


def test_every_field_of_every_item_has_a_decision_in_every_context():
    for item in loader.load().items.values():
        for recipient in rules.RecipientKind:
            for kind in SubjectKind:
                for reason in Reason:
                    table = rules.table(item, _context(reason, recipient=recipient, kind=kind))
                    assert {f for entry in table for f in entry.fields} == {f.name for f in item.fields}


def test_a_mask_never_stands_in_for_consent():
    """Without consent no field that needs one leaves, in clear or masked."""
    for item in loader.load().items.values():
        for entry in rules.table(item, _context()):
            for name, decision in entry.fields.items():
                if rules.needs_consent(entry.channel, item.field(name)):
                    assert decision.verdict is Verdict.WITHHOLD, (item.item, name)


@pytest.mark.parametrize("purpose", list(Purpose))
def test_an_institution_gets_nothing_for_purposes_beside_financing(purpose):
    refused = rules.admit(purpose, rules.RecipientKind.INSTITUTION)
    others = {
        Purpose.SELF_ACCESS,
        Purpose.OFFICIAL_DUTY,
        Purpose.OBJECTION_CHECK,
        Purpose.BREAK_GLASS,
        Purpose.COLLECTION,
    }
    assert (refused is Reason.PURPOSE_NOT_PERMITTED) == (purpose in others)


@pytest.mark.parametrize("purpose", list(Purpose))
def test_a_provider_gets_no_records_by_the_gate_for_whatever_purpose(purpose):
    assert rules.admit(purpose, rules.RecipientKind.PROVIDER) is Reason.PURPOSE_NOT_PERMITTED


@pytest.mark.parametrize(
    ("until", "day", "shown"),
    [
        ("2026-03-01", date(2026, 3, 1), True),
        ("2026-03-01", date(2026, 3, 2), False),
        (None, date(2026, 3, 2), True),
    ],
)
def test_a_record_is_shown_until_its_publication_ends(until, day, shown):
    item, row = loader.load().item("administrative_penalty"), {"published_until": until}
    assert rules.published(item, row, _context(), day) is shown
    assert rules.published(item, row, _context(recipient=rules.RecipientKind.SUBJECT), day)
