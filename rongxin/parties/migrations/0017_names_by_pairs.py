"""Part of a name is searched by its pairs of characters, as the matching desk finds like names (0002)."""

from django.db import migrations

PAIRS = """
CREATE FUNCTION parties_pairs(written text) RETURNS text[]
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT coalesce(array_agg(DISTINCT substr(written, place, 2)), '{}')
    FROM generate_series(1, length(written) - 1) AS place
$$;

CREATE INDEX subject_by_pairs_of_name ON parties_subject USING gin (parties_pairs(name));
ANALYZE parties_subject;
"""
UNDO = """
DROP INDEX subject_by_pairs_of_name;
DROP FUNCTION parties_pairs(text);
"""


class Migration(migrations.Migration):
    dependencies = [("parties", "0016_subject_by_representative")]

    operations = [migrations.RunSQL(PAIRS, UNDO)]
