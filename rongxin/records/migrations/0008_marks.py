"""What stands beside a record while an objection or repair is under way."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("records", "0007_by_agreement")]

    operations = [
        migrations.CreateModel(
            name="Mark",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("subject_id", models.BigIntegerField()),
                ("item", models.TextField(db_collation="C")),
                ("record_id", models.BigIntegerField(null=True)),
                ("field", models.TextField(blank=True, db_collation="C")),
                ("kind", models.TextField(db_collation="C")),
                ("act", models.UUIDField(db_index=True)),
                ("set_at", models.DateTimeField()),
                ("cleared_at", models.DateTimeField(null=True)),
            ],
            options={
                "indexes": [
                    models.Index(fields=["subject_id"], name="mark_standing", condition=models.Q(cleared_at=None)),
                    models.Index(fields=["item"], name="mark_of_item", condition=models.Q(cleared_at=None)),
                ],
            },
        ),
    ]
