"""Reading consents stays flat as they grow: the look-up goes by its index, however many there are."""

from __future__ import annotations

import pytest
from django.db import connection

from rongxin.consent.models import Consent
from tests.unit.consent import stage

pytestmark = pytest.mark.django_db

_MANY = """
    INSERT INTO consent_consent
        (id, subject_id, institution_id, case_id, form, artefact, valid_from, valid_until, granted_at, status,
         status_at, status_why, seal)
    SELECT gen_random_uuid(), %s, %s, %s, 'online', 'x', '2026-03-02', '2026-04-01', now(), 'withdrawn',
           now(), '', ''
    FROM generate_series(1, 5000)
"""


def test_it_looks_up_by_subject_institution_and_case() -> None:
    crowd, firm, bank = stage.firm("云州众多有限公司"), stage.firm(), stage.bank()
    crowded, asked = stage.case(crowd, bank), stage.case(firm, bank, "DK-2")
    stage.consent(firm, asked)
    with connection.cursor() as cursor:
        cursor.execute(_MANY, [crowd.id, bank, crowded])
        cursor.execute("ANALYZE consent_consent")
    rows = Consent.objects.filter(subject=firm.id, institution=bank, case=asked)
    assert "consent_by_parties" in rows.explain()
