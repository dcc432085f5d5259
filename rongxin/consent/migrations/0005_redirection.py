"""Where people are sent back to, and the requests that they come with."""

import django.db.models.deletion
import uuid
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("consent", "0004_institutions_list"),
        ("parties", "0008_keys_take_two"),
    ]

    operations = [
        migrations.CreateModel(
            name="PushedRequest",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, primary_key=True, serialize=False)),
                ("client", models.CharField(max_length=150)),
                ("redirect_uri", models.CharField(max_length=500)),
                ("state", models.CharField(max_length=512)),
                ("challenge", models.CharField(max_length=64)),
                ("link", models.CharField(max_length=64, unique=True)),
                ("pushed_at", models.DateTimeField()),
                ("expires_at", models.DateTimeField(db_index=True)),
                ("answer", models.CharField(blank=True, max_length=8)),
                ("answered_at", models.DateTimeField(null=True)),
                ("code", models.CharField(blank=True, db_index=True, max_length=64)),
                ("code_until", models.DateTimeField(null=True)),
                ("redeemed_at", models.DateTimeField(null=True)),
                (
                    "request",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="consent.consentrequest",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="RedirectUri",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, primary_key=True, serialize=False)),
                ("uri", models.CharField(max_length=500)),
                ("proposed_at", models.DateTimeField()),
                ("proposed_by", models.CharField(max_length=200)),
                ("confirmed_at", models.DateTimeField(null=True)),
                ("confirmed_by", models.CharField(blank=True, max_length=200)),
                ("revoked_at", models.DateTimeField(null=True)),
                (
                    "institution",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="parties.institution",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("revoked_at", None)),
                        fields=("institution", "uri"),
                        name="one_live_redirect_uri",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("confirmed_at", None), ("confirmed_by", "")),
                            models.Q(
                                ("confirmed_at__isnull", False),
                                models.Q(("confirmed_by", models.F("proposed_by")), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="redirect_uri_takes_two",
                    ),
                ],
            },
        ),
    ]
