"""The masks of `facts/masking.md`: total, idempotent, never more than allowed, one policy per type （九）."""

from __future__ import annotations

import random
import re
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rongxin.catalogue import bands, types

STREET = "浙江省杭州市西湖区文三路****"
DEED = "浙(2021)杭州市不动产权第%s号"
# type, value, outside (A), operator (B)
TABLE = [
    ("person_name", "张建三", "张**", "张*三"),
    ("person_name", "张三", "张*", "张*"),
    ("person_name", "欧阳建国", "欧***", "欧**国"),
    ("person_name", "买买提·吐尔逊", "买***", "买***"),
    ("person_name", "𠮷野家", "𠮷**", "𠮷*家"),
    ("person_name", "张", "*", "*"),
    ("person_name", "13812345678", "****", "****"),
    ("id_number", "110101199003071233", "1****************3", "110***********1233"),
    ("id_number", "E12345678", "E*******8", "E*****678"),
    ("id_number", "330106850101123", "3*************3", "3***********123"),
    ("id_number", "不知道", "****", "****"),
    ("phone", "13812345678", "138****5678", "138****5678"),
    ("phone", "0571-88886666", "0571-******66", "0571-****6666"),
    ("phone", "12345", "****", "****"),
    ("uscc", "91330100799655058B", "91330100799655058B", "91330100799655058B"),
    ("uscc", "110101199003071233", "****", "****"),
    ("account_number", "1202020209900123456", "***************3456", "***************3456"),
    ("account_number", "3301234567", "******4567", "******4567"),
    ("account_number", "1234567", "****", "****"),
    ("address", "浙江省杭州市西湖区文三路90号", "浙江省杭州市西湖区****", "浙江省杭州市西湖区文三路****"),
    ("address", "云州市云溪区星槐路9号", "云州市云溪区****", "云州市云溪区星槐路****"),
    ("address", "北京市海淀区中关村南大街5号", "北京市海淀区****", "北京市海淀区中关村****"),
    ("address", "张三家3号楼", "****", "****"),
    ("address", "杭州市翠苑小区3幢", "****", "****"),
    ("registered_address", "浙江省杭州市西湖区文三路90号", STREET, STREET),
    ("certificate_number", DEED % "0012345", DEED % "*******", DEED % "***2345"),
    ("certificate_number", "CN12345", "****", "****"),
    ("integer", 126, "100–299", "126"),
    ("money_cny", Decimal("126000.5"), "10万–50万元", "126000.5"),
    ("money_10k_cny", "12.6", "10万–50万元", "12.6"),
    ("percentage", Decimal(50), "50%–70%", "50"),
    ("band", "50–99人", "50–99人", "50–99人"),
    ("band", "126", "****", "****"),
    ("party_name", "云州市星槐贸易有限公司", "云州市星槐贸易有限公司", "云州市星槐贸易有限公司"),
    ("party_name", "张建三", "张**", "张*三"),
    ("party_name", "王公司", "王**", "王*司"),
    ("party_identifier", "91330100799655058B", "91330100799655058B", "91330100799655058B"),
    ("party_identifier", "110101199003071233", "1****************3", "110***********1233"),
    ("id_type", "身份证", "身份证", "身份证"),
    ("date", date(1990, 3, 7), "****", "****"),
    ("text", "随便什么", "****", "****"),
]  # fmt: skip

ANYTHING = st.one_of(
    st.text(max_size=60),
    st.none(),
    st.booleans(),
    st.integers(-(10**12), 10**12),
    st.decimals(allow_nan=True, allow_infinity=True, places=2),
    st.dates(),
    st.lists(st.text(max_size=5), max_size=3),
)
# Each with what may be seen of it at most: (first characters, last characters).
ALLOWED_A = {"person_name": (1, 0), "id_number": (1, 1), "account_number": (0, 4), "phone": (4, 4)}
NAMES = st.text(st.characters(min_codepoint=0x4E00, max_codepoint=0x9FFF), min_size=1, max_size=8)


@pytest.mark.parametrize(("name", "value", "outside", "operator"), TABLE)
def test_it_masks_as_the_table_says(name: str, value: object, outside: str, operator: str) -> None:
    assert types.get(name).mask(value) == outside
    assert types.get(name).mask_for_operator(value) == operator


@pytest.mark.parametrize("name", types.names())
@given(value=ANYTHING)
def test_a_mask_is_total_and_masking_twice_is_masking_once(name: str, value: object) -> None:
    kind = types.get(name)
    for mask in (kind.mask, kind.mask_for_operator):
        once = mask(value)
        assert isinstance(once, str)
        assert mask(once) == once


@pytest.mark.parametrize("name", types.names())
@given(seed=st.integers(0, 10**6))
def test_stored_form_and_value_have_one_mask(name: str, seed: int) -> None:
    """Two different masks of one value could be put together to reveal it."""
    kind = types.get(name)
    value = kind.example(random.Random(seed))
    assert kind.mask(kind.json(value)) == kind.mask(value)
    assert kind.mask_for_operator(kind.json(value)) == kind.mask_for_operator(value)


@pytest.mark.parametrize("name", sorted(ALLOWED_A))
@given(value=st.one_of(st.text(max_size=40), NAMES, st.from_regex(r"[0-9A-Z]{4,20}", fullmatch=True)))
def test_a_mask_never_shows_more_than_allowed(name: str, value: str) -> None:
    masked = types.get(name).mask(value)
    first, last = ALLOWED_A[name]
    assert len(masked.replace("*", "").replace("-", "")) <= first + last, (value, masked)
    assert "*" in masked


@given(NAMES)
def test_a_name_shows_its_first_character_and_hides_the_rest(name: str) -> None:
    masked = types.get("person_name").mask(name)
    assert masked == ("*" if len(name) == 1 else name[0] + "*" * (len(name) - 1))


@given(st.integers(0, 10**6))
def test_an_identity_number_in_a_code_column_is_never_shown(seed: int) -> None:
    number = types.get("id_number").example(random.Random(seed))
    masked = types.get("party_identifier").mask(number)
    assert re.fullmatch(r"9\*{16}[0-9X]", masked)


@given(st.text(st.sampled_from("0123456789号室幢单元-"), min_size=1, max_size=12))
def test_an_address_never_shows_a_door(door: str) -> None:
    for name in ("address", "registered_address"):
        kind = types.get(name)
        for mask in (kind.mask, kind.mask_for_operator):
            assert not re.search(r"[0-9号室幢]", mask(f"云州市云溪区星槐路{door}"))


@given(st.decimals(min_value=-(10**9), max_value=10**12, places=2))
def test_a_band_holds_the_figure_and_no_more_than_its_size(amount: Decimal) -> None:
    assert types.get("money_cny").mask(amount) in bands.labels("amount_cny")


@given(st.integers(0, 10**6), st.integers(0, 10**6))
def test_bands_keep_the_order_of_figures(one: int, other: int) -> None:
    order = bands.labels("head_count")
    low, high = (order.index(types.get("integer").mask(n)) for n in sorted((one, other)))
    assert low <= high


def test_every_scale_has_a_name_for_each_band() -> None:
    for scale, (edges, labels) in bands._scales().items():
        assert len(labels) == len(edges) + 1 == len(set(labels)), scale
        assert list(edges) == sorted(edges)
