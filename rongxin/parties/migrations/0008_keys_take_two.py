from typing import ClassVar

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.db.models import F, Q


class Migration(migrations.Migration):
    """A key is entered by one person and confirmed by another; keys from before wait to be confirmed."""

    dependencies: ClassVar[list[tuple[str, str]]] = [("parties", "0007_idempotency_keys")]

    operations: ClassVar[list[migrations.operations.base.Operation]] = [
        migrations.AddField(
            "institutionkey", "purpose", models.CharField(max_length=12, default="signatures"), preserve_default=False
        ),
        migrations.AddField(
            "institutionkey",
            "account",
            models.ForeignKey(
                settings.AUTH_USER_MODEL,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
            ),
        ),
        migrations.AddField(
            "institutionkey", "proposed_by", models.CharField(max_length=200, default="unknown"), preserve_default=False
        ),
        migrations.AddField("institutionkey", "confirmed_at", models.DateTimeField(null=True)),
        migrations.AddField("institutionkey", "confirmed_by", models.CharField(max_length=200, blank=True, default=""), preserve_default=False),
        migrations.AddConstraint(
            "institutionkey",
            models.CheckConstraint(
                condition=Q(purpose="tokens", account__isnull=False) | Q(purpose="signatures", account=None),
                name="institution_key_is_for_one_thing",
            ),
        ),
        migrations.AddConstraint(
            "institutionkey",
            models.CheckConstraint(
                condition=Q(confirmed_at=None) | (~Q(confirmed_by="") & ~Q(confirmed_by=F("proposed_by"))),
                name="institution_key_takes_two",
            ),
        ),
    ]
