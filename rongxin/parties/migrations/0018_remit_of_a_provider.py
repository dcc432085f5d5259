from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("parties", "0017_business_registration_number")]

    operations = [
        migrations.AddField("provider", "regions", models.JSONField(default=list)),
        migrations.AddField("provider", "subject_kinds", models.JSONField(default=list)),
    ]
