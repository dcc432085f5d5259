import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("financing", "0003_applications")]

    operations = [
        migrations.AlterField(
            model_name="outcome",
            name="corrected_by",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="financing.outcome",
            ),
        ),
    ]
