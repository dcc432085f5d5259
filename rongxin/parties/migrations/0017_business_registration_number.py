from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("parties", "0016_subject_by_representative")]

    operations = [
        migrations.AlterField(
            model_name="subjectalias",
            name="kind",
            field=models.CharField(
                choices=[
                    ("organisation_code", "组织机构代码"),
                    ("registration_number", "工商注册号"),
                    ("former_name", "曾用名"),
                ],
                max_length=20,
            ),
        ),
    ]
