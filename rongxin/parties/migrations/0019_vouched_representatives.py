from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("parties", "0018_remit_of_a_provider")]

    operations = [migrations.AddField("membership", "vouched_at", models.DateTimeField(null=True))]
