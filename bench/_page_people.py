"""People of every kind on the stage of `pages`, with what each finds on theirs; prints one JSON line.

    python bench/_page_people.py '{"looks": 300000, "withdrawn": 200}'

runs in the stage's environment. The owner's firm was asked about often; `looks` lie on all firms, copied from
real ones, so that the tables are as large as a year's.
"""

from __future__ import annotations

import json
import sys
from datetime import timedelta
from typing import Any

import django
from django.apps import apps

if not apps.ready:
    django.setup()

from django.contrib.auth.models import AnonymousUser
from django.contrib.sessions.backends.db import SessionStore
from django.db import connection
from django.http import HttpRequest
from django.utils import timezone

from rongxin.consent import cases, grants, requests, templates
from rongxin.consent.models import Consent
from rongxin.consent.rules import CaseKind
from rongxin.disclosure import gate, recipients, usage
from rongxin.disclosure.release import Recipient, Request
from rongxin.disclosure.rules import RecipientKind
from rongxin.entrypoints.portals import urls, visitors
from rongxin.journal import checkpoints, sequencer
from rongxin.parties import accounts, identity, memberships
from rongxin.parties.models import Subject
from rongxin.parties.rules.membership import PartyKind, Role
from rongxin.vocabulary.actor import SYSTEM, Actor, ActorKind
from rongxin.vocabulary.purpose import Purpose

BANK = "bench_bank"
CLERK = Actor(ActorKind.ACCOUNT, "1", f"institution:{BANK}")
NOW = timezone.now()
TODAY = timezone.localdate(NOW)
STAFF = {
    "clerk": (PartyKind.INSTITUTION, BANK, Role.CLERK),
    "provider": (PartyKind.PROVIDER, "tax_bureau", Role.CLERK),
    "security": (PartyKind.OPERATOR, None, Role.SECURITY_ADMINISTRATOR),
    "desk": (PartyKind.OPERATOR, None, Role.CHECKER),
    "audit": (PartyKind.OPERATOR, None, Role.AUDIT_ADMINISTRATOR),
}
LOOKS = """
    WITH made AS (
        SELECT gen_random_uuid() AS id, n, like_it.*
        FROM generate_series(1, %(count)s) AS n,
             (SELECT id AS of FROM disclosure_intent WHERE subject_id = %(first)s LIMIT 1) AS like_it
    ), asked AS (
        INSERT INTO disclosure_intent (id, recipient_kind, recipient, person, branch, subject_id, purpose,
            reference, items, asked_at, entry)
        SELECT made.id, i.recipient_kind, i.recipient, i.person, i.branch,
               %(first)s + made.n %% %(firms)s, i.purpose, 'CX-' || made.n,
               i.items, i.asked_at - made.n * interval '100 seconds', gen_random_uuid()
        FROM made JOIN disclosure_intent i ON i.id = made.of
    )
    INSERT INTO disclosure_outcome (intent_id, released, reason, digest, summary, decided_at, entry)
    SELECT made.id, o.released, o.reason, o.digest, o.summary,
           o.decided_at - made.n * interval '100 seconds', gen_random_uuid()
    FROM made JOIN disclosure_outcome o ON o.intent_id = made.of
"""


def people(given: dict[str, int]) -> dict[str, Any]:
    """Bring everybody on the stage; return sessions by role, and the numbers that pages name."""
    stamp = int(NOW.timestamp()) % 1_000_000  # a second time brings other people
    consented = Consent.objects.order_by("granted_at")[stamp % Consent.objects.count() // 2]
    firm = Subject.objects.get(pk=consented.subject_id)
    owner = accounts.open_account(f"owner{stamp}", "张建国", actor=SYSTEM, as_of=NOW)
    said = {"name": "张建国", "id_number": f"110101199003{stamp:06d}", "represents": ""}
    Subject.objects.filter(pk=firm.pk).update(
        legal_representative_commitment=identity.commit(said["id_number"])
    )
    assertion = identity.DemoIdentityProvider().attest(said, as_of=NOW)
    accounts.register_real_name(owner.id, assertion, actor=SYSTEM, as_of=NOW)
    me = Actor(ActorKind.ACCOUNT, str(owner.id))
    memberships.represent(owner.id, firm.pk, assertion, actor=me, as_of=NOW)
    sessions = {"": "", "owner": _session(owner.id, assertion)}
    for name, (kind, party, role) in STAFF.items():
        one = accounts.open_account(f"{name}{stamp}", f"员工{name}", actor=SYSTEM, as_of=NOW)
        memberships.appoint(one.id, kind, party, role, valid_from=TODAY, actor=SYSTEM, as_of=NOW)
        sessions[name] = _session(one.id, None)
        if name == "desk":  # who takes consents back on paper, as the operator's windows do
            window = Actor(ActorKind.ACCOUNT, str(one.id), "operator:")
    case = cases.open_case(BANK, firm.pk, f"BX-{stamp}", CaseKind.LOAN_APPLICATION, actor=SYSTEM, as_of=NOW)
    draft = templates.draft("one_time_underwriting", frozenset({"tax_payment", "honours"}), on=TODAY)
    request = requests.request(case.id, draft, actor=CLERK, as_of=NOW)
    used = [_look(firm.uscc or "") for _ in range(3)][-1]
    _withdrawn(given["withdrawn"], but=firm.pk, actor=window)
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")  # no other rows point at these
        cursor.execute(LOOKS, {"count": given["looks"], "first": firm.pk, "firms": 997})
        cursor.execute("SET session_replication_role = origin")
        cursor.execute("VACUUM (ANALYZE)")
    usage.settle(as_of=timezone.now())  # as the worker does each night
    sequencer.integrate()
    checkpoints.sign(as_of=timezone.now())
    given_first = grants.of_subject(firm.pk)[0].id
    numbers = {"case": consented.case_id, "request": request.id, "use": used, "consent": given_first}
    return {
        "sessions": sessions,
        "numbers": {key: str(value) for key, value in numbers.items()},
        "paths": [f"/{page.pattern}" for page in urls.urlpatterns if "<" not in str(page.pattern)],
    }


def _session(account: int, assertion: Any) -> str:
    request = HttpRequest()
    request.session = SessionStore()
    request.user = AnonymousUser()
    visitors.begin(request, account, way="bench", assertion=assertion)
    request.session.save()
    key = request.session.session_key
    assert key is not None
    return key


def _look(code: str) -> Any:
    question = Request(
        recipient=Recipient(RecipientKind.INSTITUTION, BANK, "测试银行（虚构）", "云小谷"),
        uscc=code,
        items=("business_licence", "administrative_penalty"),
        purpose=Purpose.FINANCING_SUPPORT,
        reference="CX-0",
    )
    return gate.release(question, actor=SYSTEM, as_of=timezone.now()).id


def _withdrawn(count: int, *, but: int, actor: Actor) -> None:
    """Let the bank use some consents, and have them taken back for their firms: receipts are due."""
    live = Consent.objects.filter(status="active").exclude(subject_id=but)
    for consent in live.order_by("-granted_at")[:count]:
        firm = Subject.objects.get(pk=consent.subject_id)
        question = Request(
            recipient=Recipient(RecipientKind.INSTITUTION, BANK, "测试银行（虚构）", "云小谷"),
            uscc=firm.uscc or "",
            items=("tax_payment",),
            purpose=Purpose.PRE_LOAN_REVIEW,
            reference=f"DK-{firm.pk}",
            case_id=consent.case_id,
            consent_id=consent.pk,
        )
        gate.release(question, actor=SYSTEM, as_of=timezone.now())
        grants.withdraw(consent.pk, actor=actor, as_of=timezone.now())
        recipients.settle(consent.pk, as_of=timezone.now() + timedelta(seconds=1))


if __name__ == "__main__":
    print(json.dumps(people(json.loads(sys.argv[1]))))  # noqa: T201
