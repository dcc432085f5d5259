"""Conditions of earlier approvals are asked for as they were imposed: without a day, so nothing ends by them.

The applications keep their texts as they are, since the journal commits to them.
"""

from uuid import uuid4

from django.db import migrations


def take_over(apps, schema_editor):
    application = apps.get_model("governance", "InstitutionApplication")
    condition = apps.get_model("governance", "ApprovalCondition")
    for row in application.objects.filter(state="approved").exclude(conditions=[]).iterator():
        condition.objects.bulk_create(
            condition(
                id=uuid4(),
                application=row,
                institution=row.institution,
                number=number,
                text=text[:500],
                edition=row.edition,
            )
            for number, text in enumerate(row.conditions, start=1)
        )


class Migration(migrations.Migration):
    dependencies = [
        ("governance", "0012_conditions"),
    ]

    operations = [
        migrations.RunPython(take_over, migrations.RunPython.noop),
    ]
