"""Every dated parameter file says what it is called, what it rests on and which body decides its figures."""

from __future__ import annotations

import re

from rongxin.entrypoints import editions

OPERATOR = "平台运营机构"
#: How a citation owns up to a figure that no outer body has set.
OWN = re.compile("自定|本项目设定|the platform's own")


def test_every_edition_says_its_name_its_ground_and_who_decides() -> None:
    every = [one for family in editions.families().values() for one in family]
    assert len(every) > 30
    for one in every:
        where = f"{one.room}/{one.family}_{one.edition}"
        assert re.search("[\u4e00-\u9fff]", one.title), f"{where}: title"
        assert one.citation, f"{where}: citation"
        assert one.decided_by, f"{where}: decided_by"


def test_the_operator_decides_where_the_citation_says_that_a_figure_is_its_own_and_nowhere_else() -> None:
    for family in editions.families().values():
        for one in family:
            own = bool(OWN.search(one.citation))
            assert (OPERATOR in one.decided_by) is own, f"{one.room}/{one.family}: {one.decided_by}"
