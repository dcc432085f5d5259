"""On a telephone an owner forgets a box of a form: her papers come back with it."""

from __future__ import annotations

import pytest

from rongxin.journal.windows import Window
from rongxin.rights import objections, papers
from tests.journeys import browsing
from tests.journeys.test_portals import sign_in
from tests.unit.consent import stage

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_her_papers_come_back_with_the_form_and_go_along_with_it(home, tmp_path):
    firm = stage.firm("云州王记面馆有限公司")
    receipt, other = tmp_path / "完税证明.pdf", tmp_path / "照错的一张.pdf"
    for path in (receipt, other):
        path.write_bytes(b"%PDF-1.7 " + path.name.encode())
    with browsing.visit(home) as visit:
        sign_in(visit, firm)
        visit.go("/enterprise/rights/object/tax_payment")
        visit.fill("哪里有误", " ")
        visit.page.get_by_label("证据").set_input_files([receipt, other])
        visit.click("提交异议")
        visit.page.get_by_label("照错的一张.pdf").uncheck()
        visit.check("objection-kept-files")
        visit.fill("哪里有误", "少记一笔缴税")
        visit.click("提交异议")
        assert visit.sees("异议已提交")
    (card,) = objections.of_subject(firm.id, Window(9)).rows
    assert [one.name for one in papers.of(card.id)] == ["完税证明.pdf"]
