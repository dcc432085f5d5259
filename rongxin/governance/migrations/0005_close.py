"""An institution may be closed by two people."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('governance', '0004_applications'),
    ]

    operations = [
        migrations.RemoveConstraint(model_name='measure', name='measure_act_known'),
        migrations.AddConstraint(
            model_name='measure',
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ('act__in', ['suspend', 'reinstate', 'close', 'require_cases', 'release_cases', 'limit', 'unlimit', 'daily_quota'])
                ),
                name='measure_act_known',
            ),
        ),
    ]
