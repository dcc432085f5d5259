from __future__ import annotations

from typing import ClassVar

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies: ClassVar[list[tuple[str, str]]] = [("parties", "0004_institution_keys")]

    operations: ClassVar[list[object]] = [
        migrations.AddField(
            model_name="institution", name="cases_required", field=models.BooleanField(default=False)
        ),
        migrations.RemoveConstraint(model_name="quotause", name="one_quota_row_a_day"),
        migrations.AddField(
            model_name="quotause",
            name="scope",
            field=models.CharField(default="institution", max_length=24),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="quotause",
            name="key",
            field=models.CharField(blank=True, default="", max_length=160),
            preserve_default=False,
        ),
        migrations.AddConstraint(
            model_name="quotause",
            constraint=models.UniqueConstraint(
                fields=("institution", "day", "scope", "key"), name="one_quota_row_a_day"
            ),
        ),
        migrations.CreateModel(
            name="QuotaLimit",
            fields=[
                ("id", models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    )),
                ("scope", models.CharField(max_length=24)),
                ("key", models.CharField(blank=True, max_length=160)),
                ("allowed", models.PositiveIntegerField()),
                (
                    "institution",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=models.CASCADE,
                        related_name="+",
                        to="parties.institution",
                    ),
                ),
            ],
        ),
        migrations.AddConstraint(
            model_name="quotalimit",
            constraint=models.UniqueConstraint(
                fields=("institution", "scope", "key"), name="one_quota_limit"
            ),
        ),
        migrations.CreateModel(
            name="SubjectAsked",
            fields=[
                ("id", models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    )),
                ("first_on", models.DateField()),
                (
                    "institution",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=models.CASCADE,
                        related_name="+",
                        to="parties.institution",
                    ),
                ),
                (
                    "subject",
                    models.ForeignKey(
                        db_index=False, on_delete=models.CASCADE, related_name="+", to="parties.subject"
                    ),
                ),
            ],
        ),
        migrations.AddConstraint(
            model_name="subjectasked",
            constraint=models.UniqueConstraint(fields=("institution", "subject"), name="subject_asked_once"),
        ),
    ]
