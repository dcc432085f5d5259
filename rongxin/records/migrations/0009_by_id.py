"""Rows filed since a mark are found without reading all that were filed before.

Ids grow with time and rows lie in the order in which they came, so a BRIN of a few pages says where the newest
lie. The lake asks so for each item whenever anything was filed. With PostgreSQL's own 128 pages a range the planner
reads the whole primary key instead, which begins with the subject.
"""

from django.db import migrations

INDEX = """
CREATE INDEX records_record_newest ON records_record USING brin (id)
WITH (autosummarize = on, pages_per_range = 16)
"""


class Migration(migrations.Migration):
    dependencies = [("records", "0008_marks")]

    operations = [migrations.RunSQL(INDEX, "DROP INDEX records_record_newest")]
