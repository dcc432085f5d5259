"""The check digits of GB 32100-2015 for a whole column; equal to `vocabulary.uscc.examine` code by code."""

from __future__ import annotations

from typing import Final

import numpy as np
import polars as pl

from rongxin.vocabulary import uscc

Octets = np.ndarray[tuple[int, int], np.dtype[np.uint8]]
Flags = np.ndarray[tuple[int], np.dtype[np.bool_]]

# The characters and places that `examine` calls well formed.
WELL_FORMED: Final = f"^[{uscc.ALPHABET}]{{2}}[0-9]{{6}}[{uscc.ALPHABET}]{{10}}$"

_INNER_ALPHABET: Final = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_INNER_DIGITS: Final = np.frombuffer(b"0123456789X", dtype=np.uint8)
_INNER_WEIGHTS: Final = np.array([3, 7, 9, 10, 5, 8, 4, 2], dtype=np.int16)
_OUTER_WEIGHTS: Final = np.array([pow(3, place, 31) for place in range(17)], dtype=np.int16)


def _values(alphabet: bytes) -> np.ndarray[tuple[int], np.dtype[np.int16]]:
    values = np.zeros(256, dtype=np.int16)
    for value, octet in enumerate(alphabet):
        values[octet] = value
    return values


_OUTER_VALUES: Final = _values(uscc.ALPHABET.encode())
_INNER_VALUES: Final = _values(_INNER_ALPHABET)


def octets_of(codes: pl.Series) -> Octets:
    """Lay well-formed codes (no nulls, 18 ASCII characters each) out as rows of octets."""
    joined = codes.str.join("").item() if len(codes) else ""
    return np.frombuffer(joined.encode("ascii"), dtype=np.uint8).reshape(-1, uscc.LENGTH)


def outer_right(codes: Octets) -> Flags:
    """Whether the 18th character is the one that the first seventeen demand."""
    sums = _OUTER_VALUES[codes[:, :17]] @ _OUTER_WEIGHTS
    right: Flags = _OUTER_VALUES[codes[:, 17]] == -sums % 31
    return right


def inner_right(codes: Octets) -> Flags:
    """Whether the 17th character is the one that GB 11714 demands of the eight before."""
    sums = _INNER_VALUES[codes[:, 8:16]] @ _INNER_WEIGHTS
    right: Flags = codes[:, 16] == _INNER_DIGITS[-sums % 11]
    return right
