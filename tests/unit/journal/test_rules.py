"""What an entry may hold: ids and hashes, never content."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rongxin.journal import rules
from rongxin.journal.rules import Kind, Unfit
from rongxin.proof import canonical
from rongxin.vocabulary.actor import SYSTEM, Actor, ActorKind

NOW = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)
names = st.from_regex(rules._NAME, fullmatch=True)
ids = st.from_regex(rules._ID, fullmatch=True)
numbers = st.integers(-rules.INTEGER_MAX, rules.INTEGER_MAX)
hashes = st.from_regex(rules._HASH, fullmatch=True)


def body(**changes: Any) -> dict[str, object]:
    given: dict[str, Any] = {"actor": SYSTEM, "refs": {}, "commitments": {}, "as_of": NOW}
    return rules.body(UUID(int=7), Kind.DEMO_NOTE, **(given | changes))


@given(
    st.dictionaries(names, ids | numbers),
    st.dictionaries(names, hashes),
    ids,
    st.datetimes(timezones=st.just(UTC)),
)
def test_its_fast_form_is_the_canonical_one(
    refs: dict[str, str | int], commitments: dict[str, str], actor: str, as_of: datetime
) -> None:
    content = body(
        refs=refs, commitments=commitments, actor=Actor(ActorKind.ACCOUNT, actor, actor), as_of=as_of
    )
    data = orjson.dumps(content, option=orjson.OPT_SORT_KEYS)
    assert data == canonical.dumps(content)
    assert b"\\" not in data  # what verification relies on to read fast
    assert not any(byte < 0x20 for byte in data)


@pytest.mark.parametrize(
    "refs",
    [
        {"name": "云州市宏达商贸有限公司"},
        {"note": "two words"},
        {"Upper": "x"},
        {"subject": ""},
        {"subject": "x" * 129},
        {"subject": 2**53},
        {"subject": True},
        {"subject": None},
        {"subject": 1.5},
        {"note": 'quote"'},
        {"note": "tab\t"},
    ],
)
def test_it_refuses_content_where_an_id_belongs(refs: dict[str, Any]) -> None:
    with pytest.raises(Unfit):
        body(refs=refs)


@pytest.mark.parametrize("commitment", ["", "abc", "A" * 64, "0" * 63, "0" * 65])
def test_it_refuses_a_commitment_that_is_no_hash(commitment: str) -> None:
    with pytest.raises(Unfit, match="SHA-256"):
        body(commitments={"response": commitment})


@pytest.mark.parametrize(
    "actor", [Actor(ActorKind.ACCOUNT, "张三"), Actor(ActorKind.ACCOUNT, "7", "银行 甲")]
)
def test_it_refuses_a_persons_name_as_actor(actor: Actor) -> None:
    with pytest.raises(Unfit, match="actor"):
        body(actor=actor)


def test_every_kind_is_a_noun_and_what_happened_to_it() -> None:
    assert all(len(kind.value.split(".")) == 2 for kind in Kind)
    assert len({kind.value for kind in Kind}) == len(Kind)
