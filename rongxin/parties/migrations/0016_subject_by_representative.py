from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('parties', '0015_lists'),
    ]

    operations = [
        migrations.AddIndex(
            model_name='subject',
            index=models.Index(fields=['legal_representative_commitment'], name='subject_by_representative'),
        ),
    ]
