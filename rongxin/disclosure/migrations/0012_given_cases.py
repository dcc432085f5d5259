from django.contrib.postgres.fields import ArrayField
from django.db import migrations, models

# What `disclosure.given_cases` keeps of each day, for the days that `disclosure.usage` has counted already.
KEEP = """
    INSERT INTO disclosure_givencase (provider, day, "case", items)
    SELECT told.value->>1, counted.day, matter.id, array_agg(DISTINCT told.key)
    FROM disclosure_usageday counted
    JOIN disclosure_outcome outcome
      ON outcome.released AND outcome.decided_at >= counted.day::timestamp AT TIME ZONE 'Asia/Shanghai'
         AND outcome.decided_at < (counted.day + 1)::timestamp AT TIME ZONE 'Asia/Shanghai'
    JOIN disclosure_intent intent ON intent.id = outcome.intent_id
    LEFT JOIN consent_case asked
      ON intent."case" IS NULL AND intent.recipient_kind = 'institution'
         AND asked.institution_id = intent.recipient AND asked.reference = intent.reference
    CROSS JOIN LATERAL (SELECT COALESCE(intent."case", asked.id) AS id) matter
    CROSS JOIN jsonb_each(outcome.summary) told
    WHERE counted.provider = '' AND matter.id IS NOT NULL
    GROUP BY 1, 2, 3
"""


class Migration(migrations.Migration):
    dependencies = [("disclosure", "0011_answers_of_a_day"), ("consent", "0001_initial")]

    operations = [
        migrations.CreateModel(
            name="GivenCase",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("provider", models.CharField(max_length=64)),
                ("day", models.DateField()),
                ("case", models.UUIDField()),
                ("items", ArrayField(base_field=models.CharField(max_length=64), size=None)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("provider", "day", "case"), name="given_case_once")
                ],
            },
        ),
        migrations.RunSQL(KEEP, migrations.RunSQL.noop),
    ]
