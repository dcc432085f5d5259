from __future__ import annotations

from typing import ClassVar

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies: ClassVar[list[tuple[str, str]]] = [("disclosure", "0004_kept")]

    operations: ClassVar[list[object]] = [
        migrations.AddField(
            model_name="intent",
            name="branch",
            field=models.CharField(blank=True, default="", max_length=128),
            preserve_default=False,
        ),
    ]
