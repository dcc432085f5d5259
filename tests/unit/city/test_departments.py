"""Department files: what stands in them is what the manifest says, to the line."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import pytest

from rongxin.catalogue import field_type, loader
from rongxin.catalogue.errors import Unclean
from rongxin.catalogue.schema import Item
from rongxin.city import channels, departments, faults, generation
from rongxin.city.manifest import DepartmentFile, Manifest
from rongxin.city.manifest import faults as listed
from rongxin.vocabulary.sharing_mode import SharingMode

ITEMS = loader.load().items
Read = Callable[[DepartmentFile], dict[int, dict[str, str]]]


def _wrong(item: Item, entry: DepartmentFile, row: dict[str, str]) -> Iterator[str]:
    """The fields of a row that the catalogue does not take, empty ones that must be filled among them."""
    headers = departments.senders()[item.item].headers
    names = [*(field.name for field in item.fields), *(column.name for column in item.source_columns)]
    known = _columns(item, headers, names)
    for header, text in row.items():
        field = known.get(header)
        if field is None:
            continue
        if field_type.is_blank(text):
            if field in item.field_names and item.field(field).required:
                yield field
            continue
        try:
            item.column(field).clean(text, today=generation.AS_OF)
        except Unclean:
            yield field


def _columns(item: Item, headers: str, names: list[str]) -> dict[str, str]:
    found = {}
    for name in names:
        try:
            (column,) = channels.columns(item, headers, (name,))
        except KeyError:
            continue
        found[column.header] = name
    return found


def test_it_writes_a_file_for_every_item_that_is_physically_aggregated(manifest: Manifest) -> None:
    expected = {
        name
        for name, item in ITEMS.items()
        if any(channel.mode is SharingMode.PHYSICAL_AGGREGATION for channel in item.channels)
    }
    assert {entry.item for entry in manifest.files if entry.role == "initial"} == expected
    assert manifest.files[0].item == "business_licence", "licences come first: names are matched against them"


def test_it_sends_in_all_formats_encodings_headers_and_spellings() -> None:
    senders = departments.senders().values()

    assert {sender.format for sender in senders} == {"csv", "xlsx", "jsonl", "parquet"}
    assert {"gb18030", "utf-8", "utf-8-sig"} <= {sender.encoding for sender in senders}
    assert {sender.headers.split(":")[0] for sender in senders} == {"label", "name", "double_publicity"}
    assert {"iso", "slash", "compact", "chinese", "serial", "cell", "mixed"} == {s.dates for s in senders}


def test_the_manifest_counts_every_row(manifest: Manifest, read: Read) -> None:
    for entry in manifest.files:
        rows = read(entry)
        assert len(rows) == entry.rows == entry.clean + entry.faults, entry.path
        assert list(next(iter(rows.values()))) == entry.headers, entry.path
        if entry.role != "conflict":
            assert sum(entry.expect.values()) == entry.rows, entry.path


def test_clean_rows_are_clean_under_the_catalogue(out: Path, manifest: Manifest, read: Read) -> None:
    for entry in manifest.files:
        planted = {fault.line for fault in listed(out, entry)}
        for line, row in read(entry).items():
            if line not in planted:
                assert not list(_wrong(ITEMS[entry.item], entry, row)), f"{entry.path}:{line} {row}"


def test_planted_faults_stand_in_the_lines_and_fields_that_the_manifest_names(
    out: Path, manifest: Manifest, read: Read
) -> None:
    visible = {"bad_check_digit", "short_code", "missing_code", "missing_name", "impossible_date"}
    visible |= {"chinese_numerals", "future_date", "formula"}
    for entry in manifest.files:
        rows = read(entry)
        for fault in listed(out, entry):
            wrong = set(_wrong(ITEMS[entry.item], entry, rows[fault.line]))
            if fault.kind in visible:
                # A workbook's formula has its cached result in the cell; its reader sees the formula itself.
                cached = fault.kind == "formula" and entry.format == "xlsx"
                assert wrong == (set() if cached else {fault.field}), (
                    f"{entry.path}:{fault.line} {fault.kind}"
                )
            elif fault.kind in (
                "bad_inner_check_digit",
                "old_code",
                "duplicate_row",
                "sent_again",
                "conflict",
            ):
                assert not wrong, f"{entry.path}:{fault.line} {fault.kind}"


def test_every_kind_of_fault_that_fits_stands_in_every_first_file(manifest: Manifest) -> None:
    for entry in manifest.files:
        if entry.role == "initial":
            fitting = {kind.name for kind in faults.fitting(ITEMS[entry.item])}
            assert set(entry.faulty) == fitting, entry.path
            assert entry.faults <= 0.03 * entry.rows + len(fitting)


def test_a_duplicate_repeats_a_row_of_the_same_file(out: Path, manifest: Manifest, read: Read) -> None:
    for entry in manifest.files:
        rows = read(entry)
        seen = Counter(tuple(row.items()) for row in rows.values())
        twice = [fault for fault in listed(out, entry) if fault.kind == "duplicate_row"]
        assert sum(count - 1 for count in seen.values()) == len(twice), entry.path
        assert all(seen[tuple(rows[fault.line].items())] == 2 for fault in twice)


def test_no_story_is_spoilt_even_where_every_row_goes_wrong(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(faults, "SHARE", 1.0)

    found = generation.generate(tmp_path / "city", subjects=40, seed=7)

    codes = {part["uscc"] for story in found.stories for part in story["parts"].values()}
    rows = (tmp_path / "city" / found.file("administrative_permit").path).read_text("gb18030").splitlines()
    permits = found.file("administrative_permit")
    spoilt = [rows[fault.line - 1] for fault in listed(tmp_path / "city", permits)]
    assert spoilt
    assert not any(code in row for row in spoilt for code in codes)


def test_only_a_graded_taxpayers_leave_the_tax_bureau(manifest: Manifest, read: Read) -> None:
    rows = read(manifest.file("taxpayer_credit_rating")).values()

    assert {row["纳税信用等级"] for row in rows} == {"A"}


def test_the_licence_file_carries_only_what_is_aggregated(manifest: Manifest) -> None:
    headers = manifest.file("business_licence").headers

    assert {"企业名称", "住所"} <= set(headers)
    assert not {"注册资本", "经营范围", "企业类型"} & set(headers)


def test_the_increment_changes_rows_of_the_first_file(out: Path, manifest: Manifest, read: Read) -> None:
    first = {row["XK_WSH"]: row for row in read(manifest.file("administrative_permit")).values()}
    entry = manifest.file("administrative_permit", "increment")
    again = {fault.line for fault in listed(out, entry)}
    changed = 0
    for line, row in read(entry).items():
        assert (row == first[row["XK_WSH"]]) == (line in again)
        changed += line not in again
    assert changed > 3


def test_the_conflict_file_says_two_things_of_one_record(manifest: Manifest, read: Read) -> None:
    rows = list(read(manifest.file("environmental_credit_rating", "conflict")).values())

    for first, second in zip(rows[::2], rows[1::2], strict=True):
        different = {header for header in first if first[header] != second[header]}
        assert different == {"环保信用评价等级"}


def test_penalties_are_sent_in_units_of_ten_thousand_yuan(manifest: Manifest, read: Read) -> None:
    rows = read(manifest.file("administrative_penalty")).values()
    (fine,) = (row["CF_NR_FK"] for row in rows if row["CF_WSH"] == "星槐市监罚〔虚构〕3号")

    assert fine == "0.2"


@pytest.mark.parametrize("kind", [kind.name for kind in faults.KINDS])
def test_every_expectation_is_an_outcome_of_intake(kind: str) -> None:
    expected = {entry.expect for entry in faults.KINDS if entry.name == kind}

    assert expected <= {"accepted", "rejected", "pending", "duplicate"}


def test_nothing_clean_is_younger_than_the_city(manifest: Manifest) -> None:
    assert date.fromisoformat(manifest.as_of) == generation.AS_OF
