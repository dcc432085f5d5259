"""A typo in a key, type, field or filter is refused with file, line, key and a suggestion."""

from __future__ import annotations

from pathlib import Path

import pytest

from rongxin.catalogue import loader
from rongxin.catalogue.errors import InvalidCatalogue, UnknownField, UnknownItem
from tests.unit.catalogue.conftest import Spoil

RATING = "taxpayer_credit_rating"
PENALTY = "administrative_penalty"


def _line(item: str, text: str) -> int:
    (file,) = loader.ITEMS.rglob(f"{item}.yaml")
    lines = file.read_text("utf-8").splitlines()
    return next(number for number, line in enumerate(lines, 1) if text in line)


TYPOS = [
    (RATING, "negative: false", "negativ: false", "negativ", "negative"),
    (RATING, "type: year", "typo: year", "typo", "type"),
    (RATING, "type: year", "type: yaer", "fields[2].type", "year"),
    (RATING, "levels: [national]", "level: [national]", "level", "levels"),
    (RATING, "levels: [national]", "levels: [nationl]", "channels[0].levels[0]", "national"),
    (RATING, "mode: interface_call", "mode: interface_cal", "channels[1].mode", "interface_call"),
    (RATING, "where: {field: taxpayer", "where: {feld: taxpayer", "where.feld", "field"),
    (
        RATING,
        "field: taxpayer_credit_grade",
        "field: taxpayer_credit_grad",
        "where.field",
        "taxpayer_credit_grade",
    ),
    (RATING, "equals: A}", "equals: AAA}", "where.equals", "A、B、M、C、D"),
    (RATING, "subject_key: [uscc, name]", "subject_key: [usc, name]", "subject_key[0]", "uscc"),
    (RATING, "record_key: [rating_year]", "record_key: [rating_yaer]", "record_key[0]", "rating_year"),
    (RATING, "observed_on: rating_year", "observed_on: rated_year", "observed_on", "rating_year"),
    (RATING, "provider: tax_bureau", "provider: tax_bureaux", "channels[0].provider", "tax_bureau"),
    (RATING, 'edition: "2021-52"', 'edition: "2021-25"', "channels[0].edition", "2021-52"),
    (RATING, "openness: consent", "openness: consnt", "fields[0].openness", "consent"),
    (RATING, "whose: subject", "whose: subjekt", "fields[0].whose", "subject"),
    (RATING, "not_applicable_to: []", "not_applicable_to: [companny]", "not_applicable_to[0]", "company"),
    (
        PENALTY,
        "codes: subject_categories",
        "codes: subject_category",
        "fields[2].codes",
        "subject_categories",
    ),
    (PENALTY, "CF_XDR_MC: name", "CF_XDR_MC: nmae", "layouts.double_publicity.CF_XDR_MC", "name"),
    (PENALTY, "{field: fine_cny, unit", "{field: fine_cn, unit", "CF_NR_FK", "fine_cny"),
    (PENALTY, "unit: 10k_cny}", "unit: 10k_cyn}", "CF_NR_FK.unit", "10k_cny"),
    (PENALTY, "decided_on, authority]", "decided_at, authority]", "record_key_falls_back[3]", "decided_on"),
    (
        "business_licence",
        "registered_address, registration",
        "registered_adress, registration",
        "fields",
        "_address",
    ),
]


@pytest.mark.parametrize(("item", "old", "new", "key", "suggestion"), TYPOS)
def test_a_typo_is_refused_with_its_place(
    spoil: Spoil, item: str, old: str, new: str, key: str, suggestion: str
) -> None:
    place = (f"/{item}.yaml", _line(item, old))
    problems = spoil(item, old, new)
    assert any(
        key in problem.key
        and suggestion in problem.message
        and (problem.file[-len(place[0]) :], problem.line) == place
        for problem in problems
    ), problems


CONTRADICTIONS = [
    (RATING, "category: 3", "category: 4", "category"),
    (RATING, "category_label: 纳税信息", "category_label: 税务信息", "category_label"),
    (RATING, "annex_row: [16]", "annex_row: []", "annex_row"),
    (RATING, "annex_row: [16]", "annex_row: [39]", "annex_row[0]"),
    (RATING, "version: 1", "version: 1\nversion: 2", "version"),
    (RATING, "name: rating_year", "name: uscc", "fields[2].name"),
    (RATING, "label: 评级年度", "label: 企业名称", "fields[2].label"),
    (RATING, "label: 纳税信用等级信息\n", "", "label"),
    (RATING, "equals: A}", "equals: true}", "channels[0].where.equals"),
    (RATING, "observed_on: rating_year", "observed_on: taxpayer_credit_grade", "observed_on"),
    ("court_judgment", "equals: true", "equals: yes please", "channels[0].where.equals"),
    ("honours", "annex_row: []", "annex_row: [3]", "annex_row"),
    (
        PENALTY,
        "classification_level: 3, consent: true, person",
        "classification_level: 9, consent: true, person",
        "classification",
    ),
    (PENALTY, "type: uscc, whose", "type: uscc, min: 0, whose", "fields[1].min"),
    (PENALTY, "unit: 10k_cny}", "unit: 10k_cny, factor: 3}", "CF_NR_FK.factor"),
    (PENALTY, "type: date, whose", "type: text, codes: id_types, values: [a], whose", "values"),
    ("business_licence", "registered_address, registration", "registration", "fields[4].name"),
    (
        "business_licence",
        "[business_scope, enter",
        "[business_scope, business_scope, enter",
        "channels[1].fields[1]",
    ),
]


@pytest.mark.parametrize(("item", "old", "new", "key"), CONTRADICTIONS)
def test_a_contradiction_is_refused_with_its_place(
    spoil: Spoil, item: str, old: str, new: str, key: str
) -> None:
    problems = spoil(item, old, new)
    assert any(key in problem.key for problem in problems), problems


OPENNESS = [
    (
        "openness: consent, classification_level: 3, consent: true",
        "openness: public, classification_level: 3, consent: true",
    ),
    ("type: date, whose: subject, openness: public", "type: date, whose: subject, openness: consent"),
]


@pytest.mark.parametrize(("old", "new"), OPENNESS)
def test_what_is_declared_and_what_channels_do_must_agree(spoil: Spoil, old: str, new: str) -> None:
    (problem,) = spoil(PENALTY, old, new)
    assert problem.key.endswith(".openness")


def test_a_public_field_behind_consent_only_is_a_contradiction(spoil: Spoil) -> None:
    (problem,) = spoil(
        "business_licence",
        "type: free_text, whose: subject, openness: consent",
        "type: free_text, openness: public",
    )
    assert problem.key == "fields[7].openness"


def test_the_file_is_named_as_its_item(spoil: Spoil) -> None:
    (problem,) = spoil(RATING, "version: 1", "version: 1", rename="taxpayer_rating")
    assert problem.key == "item"


def test_broken_yaml_is_refused_with_its_line(spoil: Spoil) -> None:
    (problem,) = spoil(RATING, "subject_key: [uscc, name]", "subject_key: [uscc, name")
    assert problem.line >= _line(RATING, "subject_key")


def test_all_faults_are_named_at_once(spoil: Spoil) -> None:
    old = "negative: false\nconcerns_person: false"
    assert len(spoil(RATING, old, "negativ: false\nconcerns_persn: false")) == 4


def test_an_empty_folder_is_no_catalogue(tmp_path: Path) -> None:
    with pytest.raises(InvalidCatalogue, match="no item files"):
        loader.load(tmp_path)


def test_one_item_in_two_files_is_refused(tmp_path: Path) -> None:
    (file,) = loader.ITEMS.rglob(f"{RATING}.yaml")
    for folder in ("a/03_tax", "b/03_tax"):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / file.name).write_bytes(file.read_bytes())
    with pytest.raises(InvalidCatalogue, match="重复"):
        loader.load(tmp_path)


def test_an_unknown_item_names_close_ones_and_what_to_do() -> None:
    with pytest.raises(UnknownItem, match="business_licence") as caught:
        loader.load().item("busines_licence")
    assert "catalogue show" in str(caught.value)


def test_an_unknown_field_names_close_ones() -> None:
    with pytest.raises(UnknownField, match="fine_cny"):
        loader.load().item(PENALTY).field("fine_cyn")


def test_sections_follow_the_annex_then_article_4_then_the_platforms_own() -> None:
    sections = [(number, label) for number, label, _ in loader.load().sections()]
    assert [number for number, _ in sections] == [*range(1, 14), 0, 14]
    assert sections[0] == (1, "市场主体登记信息")


def test_the_catalogue_names_its_providers() -> None:
    catalogue = loader.load()
    assert catalogue.provider_label("tax_bureau") == "税务部门"
    assert catalogue.provider_label("stranger") == "stranger"
    used = {channel.provider for item in catalogue.items.values() for channel in item.channels}
    assert used == set(catalogue.providers)
