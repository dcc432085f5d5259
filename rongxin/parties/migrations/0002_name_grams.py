"""Names by pairs of characters, so that a like name is found in a register of millions (the matching desk).

PostgreSQL's pg_trgm is not on every machine (it is in no wheel) and takes Chinese for blanks under some
locales; an array of pairs in a GIN index needs neither.
"""

from django.db import migrations

GRAMS = """
CREATE FUNCTION parties_name_grams(canonical_name text) RETURNS text[]
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT coalesce(array_agg(DISTINCT substr(split_part(canonical_name, '|', 1), place, 2)), '{}')
    FROM generate_series(1, length(split_part(canonical_name, '|', 1)) - 1) AS place
$$;

CREATE INDEX subject_by_name_grams ON parties_subject USING gin (parties_name_grams(canonical_name));
CREATE INDEX alias_by_name_grams ON parties_subjectalias USING gin (parties_name_grams(key))
    WHERE kind = 'former_name';
"""
UNDO = """
DROP INDEX alias_by_name_grams;
DROP INDEX subject_by_name_grams;
DROP FUNCTION parties_name_grams(text);
"""


class Migration(migrations.Migration):
    dependencies = [("parties", "0001_initial")]

    operations = [migrations.RunSQL(GRAMS, UNDO)]
