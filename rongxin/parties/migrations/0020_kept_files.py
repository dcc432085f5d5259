import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("parties", "0019_vouched_representatives")]

    operations = [
        migrations.CreateModel(
            name="KeptFile",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("session", models.UUIDField()),
                ("party_kind", models.CharField(max_length=16)),
                ("party", models.CharField(max_length=64)),
                ("form", models.CharField(max_length=300)),
                ("field", models.CharField(max_length=100)),
                ("size_bytes", models.PositiveIntegerField()),
                ("sealed", models.BinaryField()),
                ("until", models.DateTimeField(db_index=True)),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="parties.opensession",
                    ),
                ),
            ],
        ),
    ]
