"""Full and increments, taken in in turn, give what the gate answers now, whatever happens in between."""

from __future__ import annotations

import pytest
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rongxin.delivery.push import subscriptions
from rongxin.delivery.push.rules import Act, Status
from rongxin.parties import quotas
from rongxin.parties.models import Institution, Subject
from rongxin.records import filing
from rongxin.records.models import Record
from rongxin.records.rules import EndedWhy
from rongxin.vocabulary.actor import SYSTEM
from tests.unit.consent import stage as people
from tests.unit.delivery.push import stage
from tests.unit.records.conftest import CLERK, Bureau, Row

pytestmark = pytest.mark.django_db(transaction=True)
FIRMS = st.integers(0, 1)
WHYS = (EndedWhy.REPAIRED, EndedWhy.CORRECTED, EndedWhy.REMOVED_BY_AUTHORITY)
ACTS = st.one_of(
    st.tuples(st.just("fine"), FIRMS, st.sampled_from("一二"), st.sampled_from(["1.00", "2.00"])),
    st.tuples(st.just("licence"), FIRMS, st.sampled_from(["存续", "注销"])),
    st.tuples(st.just("rating"), FIRMS, st.sampled_from("AB")),
    st.tuples(st.just("end"), FIRMS, st.sampled_from(WHYS)),
    st.tuples(st.just("withdraw"), st.integers(0, 3)),
    st.tuples(st.just("move"), FIRMS, st.sampled_from(["990101", "110101"])),
    st.tuples(st.just("size"), FIRMS, st.sampled_from(["small", "large"])),
    st.tuples(st.just("terms"), st.sampled_from([stage.TERMS.items, (stage.PENALTY,)])),
    st.tuples(st.just("run"), st.booleans()),
)


class City:
    """Plays acts, and knows whom and what the subscription means now."""

    def __init__(self) -> None:
        self.firms = [people.firm("云州甲"), people.firm("云州乙")]
        Subject.objects.filter(pk__in=[firm.id for firm in self.firms]).update(size_class="small")
        self.bureau, self.batches, self.held = Bureau(), [], {}
        self.items = stage.TERMS.items
        there = [card for card in subscriptions.listed("bank_a") if card.status is Status.ACTIVE]
        for card in there:  # those of the examples before
            subscriptions.move(card.id, Act.END, institution=None, actor=SYSTEM, as_of=people.NOW)
        self.subscription = stage.subscription(regions=("990000",), sizes=("small",))

    def play(self, act: str, *given: object) -> None:
        getattr(self, act)(*given)

    def fine(self, firm: int, key: str, amount: str) -> None:
        self.batches.append((stage.fine(self.bureau, self.firms[firm], key, amount), stage.PENALTY))

    def licence(self, firm: int, status: str) -> None:
        self._file(stage.LICENCE, firm, "", {"registration_status": status}, is_state=True)

    def rating(self, firm: int, grade: str) -> None:
        self._file(stage.RATING, firm, "2025", {"rating_year": "2025", "taxpayer_credit_grade": grade})

    def _file(self, item: str, firm: int, key: str, content: dict[str, str], is_state: bool = False) -> None:
        row = {"name": "云州", "uscc": self.firms[firm].uscc, **content}
        filed = self.bureau.files(Row(2, self.firms[firm].id, key, row), item=item, is_state=is_state)
        self.batches.append((filed[0], item))

    def end(self, firm: int, why: EndedWhy) -> None:
        subject = self.firms[firm].id
        live = Record.objects.filter(subject=subject, ended_at=None).values_list("id", flat=True).first()
        if live is not None:
            how = {"subject_id": subject, "ended_by": "act:1", "actor": CLERK, "as_of": self.bureau.day}
            filing.end([live], why, **how)

    def withdraw(self, which: int) -> None:
        if which < len(self.batches):
            self.bureau.withdraws(*self.batches.pop(which))

    def move(self, firm: int, region: str) -> None:
        Subject.objects.filter(pk=self.firms[firm].id).update(region=region)

    def size(self, firm: int, size: str) -> None:
        Subject.objects.filter(pk=self.firms[firm].id).update(size_class=size)

    def terms(self, items: tuple[str, ...]) -> None:
        self.items, card = items, subscriptions.get(self.subscription)
        how = {"institution": card.institution, "actor": stage.BANK, "as_of": stage.later()}
        subscriptions.change(self.subscription, stage.replace(card.terms, items=items), **how)

    def run(self, acknowledges: bool) -> None:
        if acknowledges:
            stage.acknowledged(self.subscription, self.held)
        else:
            stage.run(self.subscription)

    def meant(self) -> list[people.Firm]:
        ids = {firm.id: firm for firm in self.firms}
        found = Subject.objects.filter(pk__in=ids, region__startswith="99", size_class="small")
        return [ids[subject.id] for subject in found]


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(acts=st.lists(ACTS, max_size=14))
def test_what_was_taken_in_is_what_the_gate_answers(acts):
    if not Institution.objects.exists():
        people.bank()
        Institution.objects.update(daily_quota=100_000)
        for scope in quotas.SETTABLE:
            quotas.set_limit("bank_a", scope, 100_000, actor=SYSTEM, as_of=timezone.now())
    Subject.objects.update(region="")  # firms of the example before are none of this one's
    city = City()
    for act in acts:
        city.play(*act)
    city.run(acknowledges=True)
    assert stage.told(city.held) == stage.by_the_gate(city.meant(), city.items)
