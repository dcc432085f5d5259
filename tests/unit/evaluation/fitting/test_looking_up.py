"""The quick look-up of bins gives what a search in the edges gives, for every figure there can be."""

from __future__ import annotations

import numpy as np
from hypothesis import example, given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from rongxin.evaluation.fitting.looking_up import Bins

FIGURES = st.floats(allow_nan=True, allow_infinity=True)
EDGES = st.floats(min_value=-1.7e308, max_value=1.7e308)
TIGHT = [1.0, float(np.nextafter(1.0, 2.0)), 1e300]


@given(
    edges=st.lists(EDGES, unique=True, max_size=40).map(sorted),
    figures=arrays(np.float64, st.integers(0, 50), elements=FIGURES),
)
@example(edges=TIGHT, figures=np.array([np.inf, -np.inf, np.nan, 1.0, 2.0, 1e300]))
@example(edges=[0.0], figures=np.array([-0.0, 0.0, -1e-300, np.inf]))
@example(edges=[float(n) for n in range(12)], figures=np.array([np.inf, 11.0, 10.999, 1.7e308, -1.7e308]))
def test_each_figure_gets_the_points_of_its_bin(edges: list[float], figures: np.ndarray) -> None:
    points = np.arange(len(edges) + 1, dtype=np.int32)
    bins = Bins(np.array(edges, dtype=np.float64), points, -1)
    for tried in (figures, np.array(edges), np.nextafter(edges, -np.inf), np.nextafter(edges, np.inf)):
        expected = points[np.searchsorted(edges, tried, side="right")]
        expected[np.isnan(tried)] = -1
        assert bins.at(tried.astype(np.float64)).tolist() == expected.tolist()
