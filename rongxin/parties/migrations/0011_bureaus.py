"""企业征信机构 that take part in running the platform: a party of its own, mandates, acts."""

import django.db.models.deletion
import uuid
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('parties', '0010_sign_ins'),
    ]

    operations = [
        migrations.CreateModel(
            name='Bureau',
            fields=[
                ('id', models.SlugField(max_length=64, primary_key=True, serialize=False)),
                ('name', models.CharField(max_length=200)),
                ('uscc', models.CharField(max_length=18, unique=True)),
            ],
        ),
        migrations.CreateModel(
            name='BureauAct',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('account', models.BigIntegerField()),
                ('act', models.CharField(max_length=128)),
                ('at', models.DateTimeField()),
                ('entry', models.UUIDField()),
            ],
        ),
        migrations.CreateModel(
            name='BureauMandate',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, primary_key=True, serialize=False)),
                ('basis', models.CharField(max_length=500)),
                ('valid_from', models.DateField()),
                ('valid_until', models.DateField()),
                ('proposed_by', models.CharField(max_length=200)),
                ('proposed_at', models.DateTimeField()),
                ('granted_by', models.CharField(blank=True, max_length=200)),
                ('granted_at', models.DateTimeField(null=True)),
                ('ended_by', models.CharField(blank=True, max_length=200)),
                ('ended_at', models.DateTimeField(null=True)),
                ('ended_why', models.CharField(blank=True, max_length=500)),
            ],
        ),
        migrations.RemoveConstraint(
            model_name='membership',
            name='membership_of_one_party',
        ),
        migrations.RemoveConstraint(
            model_name='membership',
            name='membership_once',
        ),
        migrations.RemoveConstraint(
            model_name='membership',
            name='role_fits_party',
        ),
        migrations.AddField(
            model_name='membership',
            name='bureau',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='memberships', to='parties.bureau'),
        ),
        migrations.AddConstraint(
            model_name='membership',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('bureau__isnull', True), ('department__isnull', True), ('institution__isnull', True), ('party_kind', 'subject'), ('provider__isnull', True), ('subject__isnull', False)), models.Q(('bureau__isnull', True), ('department__isnull', True), ('institution__isnull', True), ('party_kind', 'provider'), ('provider__isnull', False), ('subject__isnull', True)), models.Q(('bureau__isnull', True), ('department__isnull', True), ('institution__isnull', False), ('party_kind', 'institution'), ('provider__isnull', True), ('subject__isnull', True)), models.Q(('bureau__isnull', True), ('department__isnull', False), ('institution__isnull', True), ('party_kind', 'department'), ('provider__isnull', True), ('subject__isnull', True)), models.Q(('bureau__isnull', True), ('department__isnull', True), ('institution__isnull', True), ('party_kind', 'operator'), ('provider__isnull', True), ('subject__isnull', True)), models.Q(('bureau__isnull', False), ('department__isnull', True), ('institution__isnull', True), ('party_kind', 'bureau'), ('provider__isnull', True), ('subject__isnull', True)), _connector='OR'), name='membership_of_one_party'),
        ),
        migrations.AddConstraint(
            model_name='membership',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('party_kind', 'subject'), ('role__in', ['agent', 'legal_representative'])), models.Q(('party_kind', 'provider'), ('role__in', ['checker', 'clerk'])), models.Q(('party_kind', 'institution'), ('role__in', ['administrator', 'checker', 'clerk'])), models.Q(('party_kind', 'department'), ('role__in', ['checker', 'clerk'])), models.Q(('party_kind', 'operator'), ('role__in', ['audit_administrator', 'checker', 'clerk', 'security_administrator', 'system_administrator'])), models.Q(('party_kind', 'bureau'), ('role__in', ['checker', 'clerk'])), _connector='OR'), name='role_fits_party'),
        ),
        migrations.AddConstraint(
            model_name='membership',
            constraint=models.UniqueConstraint(condition=models.Q(('ended_at', None)), fields=('account', 'party_kind', 'subject', 'provider', 'institution', 'department', 'bureau', 'role'), name='membership_once', nulls_distinct=False),
        ),
        migrations.AddField(
            model_name='bureauact',
            name='bureau',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='parties.bureau'),
        ),
        migrations.AddField(
            model_name='bureaumandate',
            name='bureau',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='parties.bureau'),
        ),
        migrations.AddIndex(
            model_name='bureauact',
            index=models.Index(fields=['bureau', '-at', '-id'], name='bureau_acts_by_time'),
        ),
        migrations.AddConstraint(
            model_name='bureaumandate',
            constraint=models.CheckConstraint(condition=models.Q(('valid_until__gte', models.F('valid_from'))), name='bureau_mandate_runs_forward'),
        ),
        migrations.AddConstraint(
            model_name='bureaumandate',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('granted_at', None), ('granted_by', '')), models.Q(('granted_at__isnull', False), models.Q(('granted_by', ''), _negated=True), models.Q(('granted_by', models.F('proposed_by')), _negated=True)), _connector='OR'), name='bureau_mandate_takes_two'),
        ),
    ]
