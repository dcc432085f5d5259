"""Files of the lake that were ended because no more rows fit into a sort; a compaction can't better them."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("records", "0009_by_id")]

    operations = [
        migrations.AddField("lakefile", "is_full", models.BooleanField(db_default=False)),
    ]
