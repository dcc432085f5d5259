"""A card: one table of bins and whole points that anybody can read, add up, and check by its digest.

`score = base + the points of each column's bin`; higher is better, 0 points is average. Missing has points of
its own, and so has what was never seen; where fitting saw neither, they are 0: neither good nor bad.
"""

from __future__ import annotations

import hashlib
import json
import math
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from rongxin.evaluation.fitting import writing
from rongxin.evaluation.fitting.errors import BadCard
from rongxin.proof import canonical
from rongxin.proof.errors import Uncanonical

BYTES_MAX = 4 << 20
COLUMNS_MAX, BINS_MAX, POINTS_MAX = 1000, 5000, 10_000
NAME_MAX = 200
# How odds are written as points. Each card carries its own: they move no order and no foretold probability,
# so they are a way of writing (as of 2026-11-29) and no policy.
POINTS_PER_DOUBLING = 40
SCORE_AT_ODDS, ODDS = 600, 20

Points = Annotated[int, Field(strict=True, ge=-POINTS_MAX, le=POINTS_MAX)]
Count = Annotated[int, Field(strict=True, ge=0)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Bin(_Strict):
    """`below` is where the bin ends (not in it), null for the last; `values` are the words of a category."""

    points: Points
    below: float | None = None
    values: tuple[str, ...] | None = None
    rows: Count = 0
    bad: Count = 0
    reads: str = ""


class Column(_Strict):
    name: Annotated[str, Field(min_length=1, max_length=NAME_MAX)]
    kind: Literal["number", "date", "category"]
    form: Annotated[str, Field(max_length=40)] = ""
    direction: Literal["+", "-", ""] = ""
    bins: Annotated[tuple[Bin, ...], Field(min_length=1, max_length=BINS_MAX)]
    missing: Bin
    unknown: Bin

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        if self.kind == "category":
            words = [word for part in self.bins for word in part.values or ()]
            if len(words) != len(set(words)) or any(not part.values for part in self.bins):
                raise ValueError(
                    f"{self.name}: 类别列的每段须列出取值，各取值只列一次 "
                    "each bin of a category lists its words, each word once"
                )
            return self
        edges = self.edges
        if self.bins[-1].below is not None or len(edges) != len(self.bins) - 1:
            raise ValueError(
                f"{self.name}: 除最后一段外，每段须写明上界 every bin but the last says what it ends below"
            )
        if any(low >= high for low, high in pairwise(edges)):
            raise ValueError(f"{self.name}: 各段次序不对 the bins aren't in order")
        points = [part.points for part in self.bins]
        if self.direction and points != sorted(points, reverse=self.direction == "-"):
            raise ValueError(
                f"{self.name}: 声明方向 {self.direction}，分值却不依此单调 "
                f"declared {self.direction}, but its points don't keep to it"
            )
        return self

    @property
    def edges(self) -> list[float]:
        return [part.below for part in self.bins if part.below is not None]


class Target(_Strict):
    column: str
    bad: str
    good: str


class Scale(_Strict):
    base: Annotated[int, Field(strict=True, ge=-1_000_000, le=1_000_000)]
    points_per_doubling: Annotated[int, Field(strict=True, ge=1, le=10_000)] = POINTS_PER_DOUBLING
    score_at_odds: int = SCORE_AT_ODDS
    odds: Annotated[int, Field(strict=True, ge=1, le=10_000)] = ODDS

    @property
    def factor(self) -> float:
        return self.points_per_doubling / math.log(2)

    @property
    def offset(self) -> float:
        return self.score_at_odds - self.factor * math.log(self.odds)


class Card(_Strict):
    format: Literal["rongxin-card-1"] = "rongxin-card-1"
    target: Target
    method: str
    id: str | None = None
    scale: Scale
    columns: Annotated[tuple[Column, ...], Field(max_length=COLUMNS_MAX)]
    made_from: dict[str, Any] = {}
    measured: dict[str, Any] = {}
    left_out: dict[str, str] = {}
    notes: tuple[str, ...] = ()
    digest: str = ""

    @model_validator(mode="after")
    def _names_once(self) -> Self:
        names = [column.name for column in self.columns]
        if len(names) != len(set(names)):
            raise ValueError("有一列出现两次 a column stands twice")
        return self


def seal(card: Card) -> Card:
    """Return the card with its digest: SHA-256 of its canonical JSON (RFC 8785) without the digest."""
    return card.model_copy(update={"digest": digest_of(card)})


def digest_of(card: Card) -> str:
    content = json.loads(card.model_dump_json(exclude={"digest"}))
    return "sha256:" + hashlib.sha256(canonical.dumps(content)).hexdigest()


def write(card: Card, path: Path) -> None:
    """Write the card, readable and the same bytes each time; raises `BadCard` where that can't be done."""
    text = json.dumps(json.loads(card.model_dump_json()), ensure_ascii=False, indent=1) + "\n"
    try:
        with writing.whole(path) as made:
            made.write_text(text, "utf-8")
    except OSError as error:
        raise BadCard(f"{path}: 写不进去 can't be written ({error.strerror})") from error


def read(path: Path) -> Card:
    """Read a card from a file; raises `BadCard`."""
    try:
        size = path.stat().st_size
        data = path.read_bytes() if size <= BYTES_MAX else b""
    except OSError as error:
        raise BadCard(f"{path}: 读不出来 can't be read ({error.strerror})") from error
    if size > BYTES_MAX:
        raise BadCard(
            f"{path}: {size} 字节，评分卡至多 {BYTES_MAX} 字节 {size} bytes; a card has at most {BYTES_MAX}"
        )
    return parse(data, str(path))


def parse(data: bytes, whose: str = "card") -> Card:
    """Read a card that somebody handed in, of whom nothing is believed; raises `BadCard` with the place."""
    if len(data) > BYTES_MAX:
        raise BadCard(
            f"{whose}: {len(data)} 字节，评分卡至多 {BYTES_MAX} 字节 "
            f"{len(data)} bytes; a card has at most {BYTES_MAX}"
        )
    try:
        card = Card.model_validate_json(data)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(map(str, first["loc"])) or "the card"
        raise BadCard(
            f"{whose}: 不是合格的评分卡 no card as it should be: {place}: {first['msg']}"
        ) from error
    try:
        digest = digest_of(card)
    except Uncanonical as error:
        raise BadCard(f"{whose}: 内容无法规范化 can't be made canonical: {error}") from error
    if card.digest != digest:
        raise BadCard(
            f"{whose}: 摘要与内容不符，评分卡被改动过，请重新拟合或封存 "
            "the digest doesn't fit the content; somebody changed it: fit or seal it anew"
        )
    return card
