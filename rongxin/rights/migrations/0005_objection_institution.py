"""异议申诉 to one step that an institution told: who told it."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("rights", "0004_use_holds")]

    operations = [
        migrations.AddField("objection", "institution", models.CharField(blank=True, default="", max_length=64)),
        migrations.AlterField("objection", "institution", models.CharField(blank=True, max_length=64)),
    ]
