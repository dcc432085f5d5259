"""Products through the pages: found by name and state, their regions and industries chosen by name."""

from __future__ import annotations

import pytest
from django.utils import timezone

from rongxin.financing.products import offers
from rongxin.parties.rules.membership import Role
from tests.unit.consent import stage
from tests.unit.entrypoints.portals.test_institution_desk import enter
from tests.unit.financing import shelf

pytestmark = pytest.mark.django_db(transaction=True)
AT = "/institution/products"
TERMS = {
    "name": "云科贷",
    "kind": "loan",
    "summary": "给科技企业",
    "repayment": "interest_monthly",
    "security": ["credit"],
    "amount_min_cny": "10000",
    "amount_max_cny": "500000",
    "term_min_months": "6",
    "term_max_months": "24",
    "rate_min_bp": "3.5",
    "rate_max_bp": "5",
    "first_answer_days": "3",
}


@pytest.fixture
def clerk():
    stage.bank("bank_a")
    return enter(Role.CLERK)[0]


def test_products_are_found_by_name_and_state(clerk):
    name = shelf.proposed("bank_a", as_of=timezone.now()).terms.name

    def there(query):
        return name in clerk.get(f"{AT}?{query}").content.decode()

    assert [there(f"find={text}") for text in ("", name[:2], "没有的名字")] == [True, True, False]
    assert [there(f"state={state}") for state in ("proposed", "published", "x")] == [True, False, False]
    assert "没有这样的产品" in clerk.get(f"{AT}?find=没有的名字").content.decode()


def test_where_and_what_business_is_chosen_by_name_and_kept_by_code(clerk):
    chosen = {
        "regions": ["云州市", ""],
        "industries": ["C 制造业", "农、林、牧、渔业"],
        "excluded_industries": "16",
    }
    wrong = clerk.post(f"{AT}/new", TERMS | chosen | {"security": []})
    assert wrong.status_code == 422
    assert 'value="990100 云州市"' in wrong.content.decode()
    assert clerk.post(f"{AT}/new", TERMS | chosen).status_code == 302
    (card,) = offers.of_institution("bank_a")
    admission = card.terms.admission
    assert (admission.regions, admission.industries) == (("990100",), ("C", "A"))
    assert admission.excluded_industries == ("16",)
    page = clerk.get(f"{AT}/new?of={card.product}").content.decode()
    assert 'value="16 烟草制品业"' in page
