"""For which cases a provider's items were given, day by day: what `outcome_use` counts from.

Days that are over are kept as one row a provider, day and case; the others are read from the answers. A
request for public information names no case; where its reference is the number of a case that is open when
the day is counted, it was asked for that.
"""

from __future__ import annotations

#: The cases of the answers between two moments, of one provider or (NULL) of all. The two ways to the case
#: are no single condition with OR, which would be tried answer by answer.
GIVEN = """
    SELECT told.value->>1 AS provider, matter.id AS "case", array_agg(DISTINCT told.key) AS items
    FROM disclosure_outcome outcome JOIN disclosure_intent intent ON intent.id = outcome.intent_id
    LEFT JOIN consent_case asked
      ON intent."case" IS NULL AND intent.recipient_kind = 'institution'
         AND asked.institution_id = intent.recipient AND asked.reference = intent.reference
    CROSS JOIN LATERAL (SELECT COALESCE(intent."case", asked.id) AS id) matter
    CROSS JOIN jsonb_each(outcome.summary) told
    WHERE outcome.released AND outcome.decided_at >= %(from)s AND outcome.decided_at < %(to)s
      AND matter.id IS NOT NULL AND (%(provider)s::text IS NULL OR told.value->>1 = %(provider)s)
    GROUP BY 1, 2
"""
#: Keeps those of a day that is over; `usage` says which days are and that each is kept once.
KEEP = f"""
    INSERT INTO disclosure_givencase (provider, "case", items, day)
    SELECT given.*, %(day)s FROM ({GIVEN}) given
"""  # noqa: S608 - words of our own
KEPT = """
    SELECT provider, "case", items FROM disclosure_givencase
    WHERE provider = %(provider)s AND day >= %(since)s AND day <= %(until)s
"""
