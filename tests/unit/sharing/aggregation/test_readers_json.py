"""JSON Lines: numbers stay as written, every bad line is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from rongxin.sharing.aggregation import readers


def read(path: Path) -> tuple[list[tuple[int, dict[str, str | None]]], list[readers.Fault]]:
    rows: list[tuple[int, dict[str, str | None]]] = []
    faults: list[readers.Fault] = []
    with readers.open_file(path) as source:
        for chunk in source.chunks():
            rows += zip(chunk.lines.to_list(), chunk.frame.to_dicts(), strict=True)
            faults += chunk.broken
    return rows, faults


def test_numbers_are_kept_as_they_are_written(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text(
        '{"名称":"甲","金额":12345678901234567890.10,"是":true}\n\n{"名称":null,"后来":["x","y"]}\n',
        encoding="utf-8",
    )
    rows, faults = read(path)
    assert rows == [
        (1, {"名称": "甲", "金额": "12345678901234567890.10", "是": "true", "后来": None}),
        (3, {"名称": None, "金额": None, "是": None, "后来": "x；y"}),
    ]
    assert not faults


@pytest.mark.parametrize(
    ("line", "rule"),
    [
        ('{"a":1', "json"),
        ('{"a":1,"a":2}', "json"),
        ('{"a":NaN}', "json"),
        ('["a"]', "json"),
        ('{"a":"\\ud800"}', "json"),
        ('{"\\ud800":1}', "json"),
        ('{"a":{"b":1}}', "nested"),
        ('{"a":[["b"]]}', "nested"),
        ('{"a":["x；y"]}', "nested"),
        ("[" * 100_000, "nested"),
    ],
)
def test_a_bad_line_is_a_fault_with_its_line(tmp_path: Path, line: str, rule: str) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text('{"a":"1"}\n' + line + '\n{"a":"3"}', encoding="utf-8")
    rows, faults = read(path)
    assert rows == [(1, {"a": "1"}), (3, {"a": "3"})]
    assert [(fault.line, fault.rule) for fault in faults] == [(2, rule)]


def test_an_array_is_refused_with_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text('[{"a":1}]', encoding="utf-8")
    with pytest.raises(readers.Refusal, match="每行一个"):
        readers.open_file(path)


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ('{"a":NaN}\n', "第1行", "NaN 不是 JSON 数字"),
        ('\n{"a":-Infinity}\n{"a":NaN}\n', "第2行", "-Infinity 不是 JSON 数字"),
        ('{"a":1', "第1行", "不是有效的 JSON"),
    ],
)
def test_a_file_without_one_valid_line_is_refused_for_its_first(
    tmp_path: Path, text: str, line: str, reason: str
) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(readers.Refusal) as refused:
        readers.open_file(path)
    assert (refused.value.code, refused.value.where) == ("json_invalid", line)
    assert reason in refused.value.message
    assert "null" in refused.value.what_to_do


def test_a_file_of_empty_objects_has_no_header(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text("{}\n", encoding="utf-8")
    with pytest.raises(readers.Refusal) as refused:
        readers.open_file(path)
    assert refused.value.code == "no_header"


def test_a_file_cut_anywhere_in_its_last_line_gives_the_whole_ones_and_names_the_cut_one(
    tmp_path: Path,
) -> None:
    """Inside a character too; a last line that is whole needs no newline."""
    path = tmp_path / "a.jsonl"
    first, last = '{"名":"甲"}\n'.encode(), '{"名":"乙"}'.encode()
    for length in range(1, len(last)):
        path.write_bytes(first + last[:length])
        rows, faults = read(path)
        assert rows == [(1, {"名": "甲"})]
        assert [fault.line for fault in faults] == [2]
        assert "文件可能被截断" in faults[0].message
    path.write_bytes(first + last)
    assert read(path) == ([(1, {"名": "甲"}), (2, {"名": "乙"})], [])
