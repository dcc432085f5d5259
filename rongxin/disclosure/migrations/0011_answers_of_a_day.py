from django.db import migrations

# A day is one of Beijing's, as `disclosure.usage` counts it.
COUNT = """
    UPDATE disclosure_usageday day SET requests = (
        SELECT count(*) FROM disclosure_outcome outcome
        WHERE outcome.released AND outcome.decided_at >= day.day::timestamp AT TIME ZONE 'Asia/Shanghai'
          AND outcome.decided_at < (day.day + 1)::timestamp AT TIME ZONE 'Asia/Shanghai')
    WHERE day.provider = ''
"""


class Migration(migrations.Migration):
    dependencies = [("disclosure", "0010_score_of_request")]

    operations = [migrations.RunSQL(COUNT, migrations.RunSQL.noop)]
