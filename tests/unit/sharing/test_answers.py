"""A connector's rows are not taken on trust: whose they are, and whether the channel carries them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pytest

from rongxin.catalogue import loader
from rongxin.exchange.question import Question, SubjectKeys
from rongxin.sharing import calls, gateways
from rongxin.sharing.connectors.connector import Asked
from rongxin.vocabulary.availability import Availability
from tests.unit.gateway import stage
from tests.unit.sharing import fakes

ITEMS = loader.load().items
FIRM = SubjectKeys("91990100MA00000123", "云州第一有限公司", "云州市")
ALONE = replace(FIRM, unique_name=True)
UNAVAILABLE = Availability.PROVIDER_UNAVAILABLE


@dataclass
class Says(fakes.Provider):
    """A provider that answers whatever it likes."""

    provider: str = ""
    rows: Sequence[Any] = ()

    def fetch(self, question: Question) -> Sequence[Any]:
        return self.rows


@pytest.fixture(autouse=True)
def alone() -> Iterator[None]:
    yield
    for item in ITEMS.values():
        gateways.disconnect(item.channels[0].provider)


def ask(item: str, *rows: Any, fields: Sequence[str] = (), subject: SubjectKeys = ALONE) -> calls.Answer:
    asked = stage.question(item, *fields, subject=subject)
    gateways.connect(asked.provider, Says(asked.provider, rows))
    return calls.ask(Asked(ITEMS[item], asked))


@pytest.mark.parametrize(
    ("item", "row"),
    [
        ("tax_arrears", {"uscc": "91990100MA00000456", "name": FIRM.name}),
        ("terminated_enforcement", {"judgment_debtor_identifier": "91990100MA00000456"}),
        ("tax_arrears", {"name": "云州第二有限公司"}),
        ("agricultural_operator", {"name": "云州第二合作社", "location": "云州市"}),
        ("agricultural_operator", {"name": FIRM.name, "location": "他州市"}),
    ],
)
def test_an_answer_about_another_subject_is_no_answer(item: str, row: dict[str, str]) -> None:
    answer = ask(item, {"uscc": FIRM.uscc} if "uscc" in row else {"name": FIRM.name}, row)
    assert (answer.availability, answer.rows) == (UNAVAILABLE, [])


def test_a_code_is_compared_as_written_and_a_name_by_its_canonical_form() -> None:
    row = {"uscc": " 91990100ma00000123", "name": "云州第一有限责任公司"}
    assert ask("tax_arrears", row).rows == [row]
    assert ask("tax_arrears", {"name": "云州第一有限责任公司"}).availability is Availability.RECORDS


def test_an_answer_by_name_is_believed_only_where_nobody_else_bears_it() -> None:
    row = {"name": FIRM.name, "location": "云州市"}
    assert ask("agricultural_operator", row, subject=FIRM).availability is UNAVAILABLE
    assert ask("tax_arrears", {"name": FIRM.name}, subject=FIRM).availability is UNAVAILABLE
    coded = {"name": FIRM.name, "uscc": FIRM.uscc}
    assert ask("tax_arrears", coded, subject=FIRM).availability is Availability.RECORDS


def test_a_firm_of_the_code_asked_for_may_have_had_another_name() -> None:
    row = {"uscc": FIRM.uscc, "name": "云州旧名有限公司"}
    assert ask("tax_arrears", row).rows == [row]


def test_an_answer_that_does_not_say_what_its_filter_rests_on_is_no_answer() -> None:
    row = {"uscc": FIRM.uscc, "case_number": "一号"}
    assert ask("court_judgment", row).availability is UNAVAILABLE


def test_a_row_of_another_channel_is_dropped_and_the_filters_field_taken_off() -> None:
    rows = [
        {"uscc": FIRM.uscc, "case_number": number, "published_online": published}
        for number, published in [("一号", True), ("二号", False), ("三号", "是"), ("四号", 1)]
    ]
    assert ask("court_judgment", *rows).rows == [{"uscc": FIRM.uscc, "case_number": "一号"}]
    assert ask("court_judgment", rows[1]).availability is Availability.NO_RECORD


def test_what_was_not_asked_for_is_taken_off() -> None:
    row = {"uscc": FIRM.uscc, "name": FIRM.name, "secret": "x"}
    assert ask("tax_arrears", row, fields=("name", "secret")).rows == [{"name": FIRM.name}]


@pytest.mark.parametrize("row", ["text", None, 5, ["uscc"]])
def test_what_is_no_row_is_no_answer(row: Any) -> None:
    assert ask("tax_arrears", row).availability is UNAVAILABLE
