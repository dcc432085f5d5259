"""附件 and （九）: whose each field is, and how a row says whose it is."""

import pytest

from rongxin.catalogue import loader
from rongxin.vocabulary.subject_kind import SubjectKind
from rongxin.vocabulary.whose import Whose

CATALOGUE = loader.load()
PARTY_TYPES = {"person_name", "party_name", "party_identifier", "id_number", "id_type"}
EVERY_FIELD = [(item, field) for item in CATALOGUE.items.values() for field in item.fields]


@pytest.mark.parametrize(
    ("item", "field"),
    [
        ("court_judgment", "plaintiff"),
        ("court_judgment", "defendant_identifier"),
        ("equity_pledge", "pledgor"),
        ("equity_pledge", "pledgee_identifier"),
        ("business_licence", "legal_representative"),
        ("branch", "branch_legal_representative"),
        ("shareholder_contribution", "shareholder"),
        ("patent", "inventors"),
        ("mortgage", "mortgagee"),
        ("bankruptcy", "bankruptcy_administrator"),
        ("agricultural_operator", "person_in_charge"),
        ("agricultural_operator", "farmhouse_property_right"),
    ],
)
def test_it_treats_whoever_may_be_a_person_as_a_third_person(item: str, field: str):
    assert CATALOGUE.item(item).field(field).whose is Whose.THIRD_PERSON


def test_it_treats_every_person_field_as_a_third_persons_unless_it_says_whose_the_row_is():
    for item, field in EVERY_FIELD:
        if field.type in PARTY_TYPES:
            own = field.name in item.subject_key
            assert field.whose is (Whose.SUBJECT if own else Whose.THIRD_PERSON), f"{item.item}.{field.name}"


def test_it_treats_courts_and_authorities_as_organisations_of_their_own():
    for item, field in EVERY_FIELD:
        if field.name.endswith(("authority", "court", "authority_uscc")):
            assert field.whose is Whose.THIRD_ORGANISATION, f"{item.item}.{field.name}"


def test_it_says_that_a_row_concerns_a_person_wherever_one_may_stand_in_it():
    for item in CATALOGUE.items.values():
        keys = {item.field(name).type for name in item.subject_key}
        persons = any(field.whose is Whose.THIRD_PERSON for field in item.fields) or bool(keys & PARTY_TYPES)
        assert item.concerns_person or not persons, item.item


@pytest.mark.parametrize(
    ("item", "key"),
    [
        ("terminated_enforcement", ("judgment_debtor_identifier", "judgment_debtor")),
        ("dishonest_judgment_debtor", ("judgment_debtor_identifier", "name")),
        ("real_estate", ("right_holder_identifier", "right_holder")),
        ("mortgage", ("mortgagor",)),
        ("agricultural_operator", ("name", "location")),
    ],
)
def test_it_knows_the_rows_that_carry_no_credit_code_of_their_own(item: str, key: tuple[str, ...]):
    assert tuple(CATALOGUE.item(item).subject_key) == key


def test_it_keys_every_other_row_by_credit_code_then_name():
    others = {name for name, item in CATALOGUE.items.items() if tuple(item.subject_key) != ("uscc", "name")}
    assert others == {
        "terminated_enforcement",
        "dishonest_judgment_debtor",
        "real_estate",
        "mortgage",
        "agricultural_operator",
    }


def test_it_marks_every_adverse_record_so_that_no_name_alone_attaches_it():
    adverse = {name for name, item in CATALOGUE.items.items() if item.negative}
    assert adverse == {
        "abnormal_operations_list",
        "serious_violation_list",
        "spot_check",
        "court_judgment",
        "terminated_enforcement",
        "dishonest_judgment_debtor",
        "bankruptcy",
        "abnormal_taxpayer",
        "tax_arrears",
        "administrative_penalty",
        "administrative_compulsion",
        "serious_dishonesty_list",
    }


def test_it_looks_for_no_pledged_equity_but_a_companys():
    kinds = set(CATALOGUE.item("equity_pledge").not_applicable_to)
    assert kinds == set(SubjectKind) - {SubjectKind.COMPANY}


def test_it_looks_for_no_bankruptcy_of_an_individual_business_or_a_village_collective():
    kinds = set(CATALOGUE.item("bankruptcy").not_applicable_to)
    assert kinds == {SubjectKind.INDIVIDUAL_BUSINESS, SubjectKind.VILLAGE_COLLECTIVE}
