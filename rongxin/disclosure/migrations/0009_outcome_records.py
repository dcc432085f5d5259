"""Which of the store's records left with an answer."""

import django.contrib.postgres.fields
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("disclosure", "0008_deferred")]

    operations = [
        migrations.AddField(
            model_name="outcome",
            name="records",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.BigIntegerField(), null=True, size=None
            ),
        ),
    ]
