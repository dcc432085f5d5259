"""What goes wrong in departments' files, and how the node must take each row (附件 注2; 双公示).

A fault spoils a row of spelled cells, by field name. `expect` says how the row must end at intake.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from rongxin.catalogue.schema import Item
from rongxin.city import people, subjects, words
from rongxin.city.people import Person
from rongxin.city.spelling import Cell
from rongxin.city.streams import Stream
from rongxin.vocabulary import uscc
from rongxin.vocabulary.subject_kind import SubjectKind

Cells = dict[str, Cell]
ACCEPTED, REJECTED, PENDING, DUPLICATE = "accepted", "rejected", "pending", "duplicate"
#: The share of rows faulty by chance; in every file each kind that fits stands once anyway.
SHARE = 0.006
#: Ghosts are subjects that only faulty rows speak of. A ghost's number follows from the one place where it
#: stands, the item and the row in its file, and lies beyond any city: no two ghosts and no ghost and subject
#: share a number, and `subjects.code` gives different numbers different codes below `subjects.BODIES`.
FIRST_GHOST = 500_000_000
GHOST_ROWS = 25_000_000
#: Ghosts that are persons live in regions of their own, one an item; no subject lies in any.
_FIRST_GHOSTLY_REGION = 990150


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of fault.

    `spoil(cells, item, draw, ghost)` spoils the cells and names the field; `ghost` is the number of
    whom the row is about where that is nobody of the city.

    `whose` row it is: `spoilt`, a good row gone wrong; `ghost`, a further row about somebody who isn't in the
    city; `same`, a further row that repeats a good one.
    """

    name: str
    expect: str
    spoil: Callable[[Cells, Item, Stream, int], str]
    fits: Callable[[Item], bool]
    whose: str = "spoilt"


@dataclass(frozen=True, slots=True)
class Planted:
    """A faulty row as the manifest lists it; `line` as the file's reader counts."""

    line: int
    kind: str
    expect: str
    field: str


def code_field(item: Item) -> str:
    """The field that carries the subject's code."""
    return "uscc" if "uscc" in item.field_names else "judgment_debtor_identifier"


def make_ghost(cells: Cells, item: Item, number: int, seed: int, draw: Stream) -> None:
    """Give the row to somebody who isn't in the city, with a good code of his own."""
    draw.unit()  # once the number; without it the draws after it would plant other faults
    cells["name"] = (
        f"{words.CITY}影{draw.pick(words.BRAND)}{draw.pick(words.BRAND)}{number % 10_000:04d}商贸有限公司"
    )
    cells[code_field(item)] = subjects.code(seed, number, SubjectKind.COMPANY, "990101")


def _date_fields(item: Item) -> list[str]:
    """The dates a department sends that may not lie in the future."""
    sent = item.aggregation.fields if item.aggregation else ()
    dates = (field for field in item.fields if field.type == "date" and not field.future_allowed)
    return [field.name for field in dates if field.name in sent]


def _bad_check_digit(cells: Cells, item: Item, draw: Stream, ghost: int) -> str:
    field = code_field(item)
    code = str(cells[field])
    others = uscc.ALPHABET.replace(code[-1], "")
    cells[field] = code[:-1] + draw.pick(others)
    return field


def _bad_inner_digit(cells: Cells, item: Item, draw: Stream, ghost: int) -> str:
    field = code_field(item)
    code = str(cells[field])
    wrong = draw.pick("0123456789".replace(code[16], ""))
    cells[field] = code[:16] + wrong + uscc.check_digit(code[:16] + wrong)
    return field


def _short_code(cells: Cells, item: Item, draw: Stream, ghost: int) -> str:
    field = code_field(item)
    cells[field] = str(cells[field])[:-1]
    return field


def _old_code(cells: Cells, item: Item, draw: Stream, ghost: int) -> str:
    """The organisation code of before 2015 of somebody the register doesn't know: it waits for a person."""
    field = code_field(item)
    cells[field] = uscc.organisation_code(str(cells[field]))
    return field


def _other_kind(cells: Cells, item: Item, draw: Stream, ghost: int) -> str:
    """A public institution's code: no subject of the notice (附件 注1)."""
    field = code_field(item)
    cells["name"] = f"{words.CITY}第{draw.whole(2, 900)}幼儿园"
    cells[field] = uscc.compose("12", "990101", draw.digits(8))
    return field


def _missing_code(cells: Cells, item: Item, draw: Stream, ghost: int) -> str:
    cells[code_field(item)] = None
    return code_field(item)


def _missing_name(cells: Cells, item: Item, draw: Stream, ghost: int) -> str:
    cells["name"] = None
    return "name"


def _impossible_date(cells: Cells, item: Item, draw: Stream, ghost: int) -> str:
    field = draw.pick(_date_fields(item))
    cells[field] = f"{draw.whole(2023, 2025)}-{draw.pick(('02-30', '13-05', '06-31', '00-12'))}"
    return field


def _chinese_numerals(cells: Cells, item: Item, draw: Stream, ghost: int) -> str:
    field = draw.pick(_date_fields(item))
    cells[field] = draw.pick(("二〇二五年三月一日", "二零二四年十月十二日"))
    return field


def _future_date(cells: Cells, item: Item, draw: Stream, ghost: int) -> str:
    field = item.observed_on or ""
    cells[field] = draw.pick(("2062-03-01", "2052/11/9"))  # 2026, typed wrongly
    return field


def _formula(cells: Cells, item: Item, draw: Stream, ghost: int) -> str:
    cells["name"] = "=1+1"
    return "name"


def _ghostly_person(draw: Stream, ghost: int) -> Person:
    item, row = divmod(ghost - FIRST_GHOST, GHOST_ROWS)
    return people.invent(draw, str(_FIRST_GHOSTLY_REGION + item), row)


def _natural_person(cells: Cells, item: Item, draw: Stream, ghost: int) -> str:
    """A row about a person in a file about firms: nothing of it may stay, not even among the rejects."""
    person = _ghostly_person(draw, ghost)
    cells["name"], cells["uscc"] = person.name, None
    cells["counterpart_category"] = "自然人"
    cells["counterpart_id_type"], cells["counterpart_id_number"] = people.ID_CARD, person.id_number
    return "counterpart_category"


def _dishonest_person(cells: Cells, item: Item, draw: Stream, ghost: int) -> str:
    person = _ghostly_person(draw, ghost)
    while uscc.examine(person.id_number).acceptable:  # 18 digits can be both; here they must be one
        ghost += GHOST_ROWS // 10
        person = _ghostly_person(draw, ghost)
    cells["name"], cells["judgment_debtor_identifier"] = person.name, person.id_number
    return "judgment_debtor_identifier"


def _unchanged(cells: Cells, item: Item, draw: Stream, ghost: int) -> str:
    return ""


def _always(item: Item) -> bool:
    return True


def _has_person_columns(item: Item) -> bool:
    return "double_publicity" in item.layouts


def _code_is_required(item: Item) -> bool:
    return item.field(code_field(item)).required


def _takes_old_codes(item: Item) -> bool:
    return item.field(code_field(item)).type == "party_identifier"


def _has_dates(item: Item) -> bool:
    return bool(_date_fields(item))


def _observed_by_date(item: Item) -> bool:
    return item.observed_on in _date_fields(item)


KINDS: tuple[Kind, ...] = (
    Kind("bad_check_digit", REJECTED, _bad_check_digit, _always),
    Kind("bad_inner_check_digit", ACCEPTED, _bad_inner_digit, _always, whose="ghost"),
    Kind("short_code", REJECTED, _short_code, lambda item: not _takes_old_codes(item)),
    Kind("old_code", PENDING, _old_code, _takes_old_codes, whose="ghost"),
    Kind("other_kind", REJECTED, _other_kind, _always, whose="ghost"),
    Kind("missing_code", REJECTED, _missing_code, _code_is_required, whose="ghost"),
    Kind("missing_name", REJECTED, _missing_name, _always),
    Kind("impossible_date", REJECTED, _impossible_date, _has_dates),
    Kind("chinese_numerals", REJECTED, _chinese_numerals, _has_dates),
    Kind("future_date", REJECTED, _future_date, _observed_by_date),
    Kind("formula", REJECTED, _formula, _always, whose="ghost"),
    Kind("natural_person", REJECTED, _natural_person, _has_person_columns, whose="ghost"),
    Kind("natural_person", REJECTED, _dishonest_person, _takes_old_codes, whose="ghost"),
    Kind("duplicate_row", DUPLICATE, _unchanged, _always, whose="same"),
)


def fitting(item: Item) -> tuple[Kind, ...]:
    """The kinds of fault a file of this item can have."""
    return tuple(kind for kind in KINDS if kind.fits(item))
