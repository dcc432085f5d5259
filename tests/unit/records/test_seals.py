"""The quick search for rows with something to seal overlooks nothing that the redaction would find."""

from __future__ import annotations

import json
import string
from uuid import UUID

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rongxin.catalogue import redaction
from rongxin.records import seals

NUMBERS = st.sampled_from(["13912345678", "6222021234567890128", "990101198001010010", "110105194912310021"])
SIGNS = st.text(st.sampled_from(' -,、*()·._/\u200b\u3000，（）—"'), max_size=3)
WORDS = st.text(st.sampled_from(string.ascii_letters + '电话卡号\\"\n，。'), max_size=8)
DIGITS = ("0123456789", "０１２３４５６７８９", "零一二三四五六七八九", "〇壹贰叁肆伍陆柒捌玖")
SCRIPTS = st.sampled_from([str.maketrans("0123456789", digits) for digits in DIGITS])


@pytest.mark.parametrize("by_column", [True, False])
@pytest.mark.parametrize("item", ["administrative_penalty", "an_item_unknown_here"])
@given(number=NUMBERS, signs=st.lists(SIGNS, max_size=20), before=WORDS, behind=WORDS, script=SCRIPTS)
def test_whatever_redaction_finds_is_sealed(
    item: str,
    by_column: bool,
    number: str,
    signs: list[str],
    before: str,
    behind: str,
    script: dict[int, int],
) -> None:
    parts = [digit + (signs[n] if n < len(signs) else "") for n, digit in enumerate(number.translate(script))]
    text = f"{before}{''.join(parts)}{behind}"
    payload = json.dumps({"violation_facts": text}, ensure_ascii=False, separators=(",", ":"))
    row = {
        "line": 2,
        "subject_id": 1,
        "record_key": "一号",
        "digest": "00",
        "payload": payload,
        "source": "{}",
    }
    rows = pl.DataFrame([row])
    values = pl.DataFrame({"violation_facts": [text]}) if by_column else None
    closed = seals.close(rows, item=item, batch_id=UUID(int=1), values=values).row(0, named=True)
    assert (closed["sealed"] is not None) == (redaction.redact(text) != text)
    opened = seals.whole(
        1, item, UUID(int=1), 2, closed["payload"], bytes.fromhex(closed["sealed"] or "") or None
    )
    assert opened == {"violation_facts": text}
